//! A project's own image: used when the runner works in it, and named with what to do when it does
//! not or is not there.

use supercargo::engine::docker::image::IMPORTED_BASE;

use super::on_docker;
use crate::binary::Serving;
use crate::newcomer::{AGENT, Newcomer};
use crate::world::stub::git;

fn begin(image: &str) -> (Newcomer, Serving) {
    let me = Newcomer::new();
    let server =
        Serving::start(me.command(&["serve", "--listen", "127.0.0.1:0", "--engine", "docker"]));
    me.add_zoo();
    let agent = [
        "--agent-command",
        AGENT,
        "--image",
        image,
        "--memory",
        "512",
        "--work",
        "128",
        "--cpus",
        "0.5",
        "--pids",
        "200",
    ];

    me.ok(&[
        &[
            "project",
            "set",
            "zoo",
            "--verify",
            "test -f README",
            "--target",
            "1",
        ],
        &agent[..],
    ]
    .concat());
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);

    (me, server)
}

#[test]
fn an_image_of_ones_own_is_tried_and_used_with_its_limits() {
    on_docker("a project's own image", |docker| async move {
        if !supercargo::engine::docker::image::has(&docker, IMPORTED_BASE)
            .await
            .expect("asked")
        {
            return super::skip(
                "a project's own image",
                "the engine has no second image to choose",
            );
        }
        let (me, server) = begin(IMPORTED_BASE);
        me.ok(&["project", "start", "zoo"]);
        me.follow_until("container.started");
        let options = bollard::query_parameters::ListContainersOptions {
            all: true,
            ..Default::default()
        };
        let listed = docker.list_containers(Some(options)).await.expect("listed");
        let own = listed.iter().find(|c| {
            c.image.as_deref() == Some(IMPORTED_BASE)
                && format!("{c:?}").contains("supercargo-zoo-1")
        });
        if let Some(id) = own.and_then(|c| c.id.clone())
            && let Ok(found) = docker.inspect_container(&id, None).await
        {
            let host = found.host_config.expect("a host part");
            assert_eq!(
                (host.memory, host.pids_limit, host.nano_cpus),
                (Some(512 << 20), Some(200), Some(500_000_000))
            );
            assert!(host.tmpfs.expect("folders in memory")["/work"].contains("size=128m"));
        }
        me.follow_until_all_is_quiet();
        server.stop();
        let files = git(&me.upstream(), &["ls-tree", "--name-only", "main"]).expect("tree");
        assert_eq!(
            files.lines().filter(|f| f.ends_with(".txt")).count(),
            1,
            "{files}"
        );
    });
}

#[test]
fn an_agent_that_is_not_in_the_image_is_not_started() {
    on_docker("an agent that is not in the image", |docker| async move {
        if !supercargo::engine::docker::image::has(&docker, IMPORTED_BASE)
            .await
            .expect("asked")
        {
            return super::skip("an agent that is not in the image", "no second image");
        }
        let (me, server) = begin(IMPORTED_BASE);
        let set = ["project", "set", "zoo", "--target", "0"];
        me.ok(&[&set[..], &["--agent-command", "no-such-agent -p"]].concat());
        let missing = format!("no-such-agent is not in the image {IMPORTED_BASE}");
        me.refused(&["project", "start", "zoo"], &missing);
        me.ok(&[&set[..], &["--agent-command", "sh -c true"]].concat());
        me.ok(&["project", "start", "zoo"]);
        server.stop();
    });
}

#[test]
fn an_image_that_cannot_be_had_is_named() {
    on_docker("an image that is not there", |_| async {
        let (me, server) = begin("127.0.0.1:1/no-such-image:7");
        let start = ["project", "start", "zoo"];
        me.refused(&start, "choose another image");
        me.ok(&[&start[..], &["--no-trial"]].concat());
        me.follow_until("container.start_failed");
        server.stop();
        let log = me.export();
        let failed = log
            .iter()
            .find(|event| event["type"] == "container.start_failed")
            .expect("a failure");
        assert_eq!(failed["data"]["class"], "image");
        let detail = failed["data"]["detail"].as_str().expect("text");
        assert!(
            detail.contains("no-such-image:7") && detail.contains("choose another image"),
            "{detail}"
        );
    });
}
