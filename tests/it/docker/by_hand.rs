//! Somebody removes, pauses, renames and kills containers of ours by hand, while a fleet works in
//! them.

use std::collections::HashMap;

use bollard::Docker;
use bollard::query_parameters::{
    EventsOptions, KillContainerOptions, ListContainersOptions, RemoveContainerOptions,
    RenameContainerOptions,
};
use futures::StreamExt;

use super::on_docker;
use crate::binary::{Serving, supercargo, wait};
use crate::newcomer::Newcomer;
use crate::trial::is_built_as_the_log_says;

const FEATURES: usize = 6;

/// What a hand does to a container.
#[derive(Debug, Clone, Copy)]
enum Hand {
    Removes,
    Renames,
    Kills,
    Pauses,
}

impl Hand {
    async fn acts(self, docker: &Docker, id: &str) -> Result<(), bollard::errors::Error> {
        match self {
            Self::Removes => {
                let options = RemoveContainerOptions {
                    force: true,
                    ..RemoveContainerOptions::default()
                };
                docker.remove_container(id, Some(options)).await
            }
            Self::Renames => {
                docker
                    .rename_container(
                        id,
                        RenameContainerOptions {
                            name: format!("mine-{}", &id[..12]),
                        },
                    )
                    .await
            }
            Self::Kills => {
                docker
                    .kill_container(id, None::<KillContainerOptions>)
                    .await
            }
            Self::Pauses => {
                docker.pause_container(id).await?;
                tokio::time::sleep(std::time::Duration::from_secs(3)).await;
                docker.unpause_container(id).await
            }
        }
    }
}

/// T14: a session that is silent past its lease loses its claim and is ended, paused or not;
/// another one does the work.
#[test]
fn a_container_that_is_paused_past_its_lease_loses_its_claim() {
    on_docker("a container paused past its lease", |docker| async move {
        let me = Newcomer::new();
        let serve = me.command(&["serve", "--listen", "127.0.0.1:0", "--engine", "docker"]);
        let server = Serving::start(serve);
        let upstream = me.upstream().display().to_string();
        me.ok(&[
            "project",
            "add",
            "zoo",
            "--git-url",
            &upstream,
            "--existing",
        ]);
        let agent = r#"case "$SUPERCARGO_ROLE $SUPERCARGO_CLAIM" in
            "coder 1") exec sleep 600 ;;
            coder*) echo made > "$SUPERCARGO_FEATURE.txt"; git add --all; git commit --quiet -m Make; supercargo agent submit ;;
            reviewer*) echo '{"judgement":"pass","findings":[],"ran":[{"command":"ls","exit":0}]}' | supercargo agent verdict - ;;
            overseer*) echo '{"checked":[{"requirement":"it is there","evidence":"ls"}],"findings":[]}' | supercargo agent report - ;;
            esac"#;
        me.ok(&[
            "project",
            "set",
            "zoo",
            "--target",
            "1",
            "--verify",
            "test -f README",
            "--agent-command",
            agent,
        ]);
        me.patch(
            "/api/v1/projects/zoo",
            &serde_json::json!({"lease_ms": 12_000}),
        );
        me.ok(&["feature", "add", "zoo", "Feed the lions"]);
        me.ok(&["project", "start", "zoo"]);
        me.follow_until("container.session_started");
        let log = me.export();
        let started = log
            .iter()
            .find(|event| event["type"] == "container.started")
            .expect("started");
        let id = started["data"]["engine_id"].as_str().expect("an id");
        docker.pause_container(id).await.expect("paused");
        me.follow_until("feature.claim_expired");
        me.follow_until_all_is_quiet();
        server.stop();
        let log = me.export();
        let claims = log
            .iter()
            .filter(|event| event["type"] == "feature.claimed")
            .count();
        let closed = log
            .iter()
            .filter(|event| event["type"] == "feature.closed")
            .count();
        assert_eq!(
            (claims, closed),
            (2, 1),
            "one claim was lost, the next one did it"
        );
        let gone = docker.inspect_container(id, None).await;
        assert!(gone.is_err(), "the paused container is removed");
        assert!(me.ok(&["log", "audit"]).starts_with("clean"));
    });
}

/// K1 to K3: whatever a hand does, the project completes, and what was renamed is ended and removed
/// like everything else.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn the_demo_is_built_while_somebody_meddles() {
    on_docker(
        "containers removed, paused, renamed and killed by hand",
        |docker| async move {
            let folder = tempfile::tempdir().expect("folder");
            let features = FEATURES.to_string();
            let mut demo = supercargo(
                &[
                    "try",
                    "--agents",
                    "3",
                    "--features",
                    &features,
                    "--exit-when-done",
                ],
                folder.path(),
            );
            let log = fs_err::File::create(folder.path().join("said"))
                .expect("file")
                .into_file();
            demo.env("SUPERCARGO_ENGINE", "docker")
                .stdout(log.try_clone().expect("file"))
                .stderr(log);
            let child = demo.spawn().expect("started");
            let path = folder.path().to_owned();
            let mut ended = tokio::task::spawn_blocking(move || wait(child));

            // The installation is known by its log once that is there.
            let instance = loop {
                match supercargo::log::SqliteLog::open_reader(&path.join("log.db")).await {
                    Ok(log) => break events::log::EventLog::id(&log),
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                }
            };
            let label = vec![format!("supercargo.instance={instance}")];
            let filters = HashMap::from([
                ("event".to_owned(), vec!["start".to_owned()]),
                ("label".to_owned(), label.clone()),
            ]);
            let mut starts = docker.events(Some(EventsOptions {
                filters: Some(filters),
                ..EventsOptions::default()
            }));
            let mut done = Vec::new();
            for hand in [
                Hand::Removes,
                Hand::Renames,
                Hand::Kills,
                Hand::Pauses,
                Hand::Renames,
            ] {
                // A container that has ended meanwhile has nothing to be meddled with: the next one
                // is.
                loop {
                    let event = tokio::select! {
                        event = starts.next() => event.expect("the engine lives").expect("an event"),
                        code = &mut ended => {
                            let said = fs_err::read_to_string(path.join("said"));
                            let said = said.unwrap_or_default();
                            panic!("it ended with {code:?} after {done:?}: {said}")
                        }
                    };
                    let actor = event.actor.expect("whose");
                    if actor.attributes.is_some_and(|labels| {
                        labels
                            .get("supercargo.name")
                            .is_some_and(|name| name == "probe")
                    }) {
                        continue;
                    }
                    let id = actor.id.expect("whose");
                    if let Ok(()) = hand.acts(&docker, &id).await {
                        done.push(hand);
                        break;
                    }
                }
            }
            assert_eq!(done.len(), 5);
            let code = ended.await.expect("waited");
            assert_eq!(
                code,
                Some(0),
                "{}",
                fs_err::read_to_string(path.join("said")).unwrap_or_default()
            );
            is_built_as_the_log_says(&path, FEATURES);
            let options = ListContainersOptions {
                all: true,
                filters: Some(HashMap::from([("label".to_owned(), label)])),
                ..ListContainersOptions::default()
            };
            let left = docker.list_containers(Some(options)).await.expect("list");
            assert!(left.is_empty(), "K3: {left:?}");
        },
    );
}
