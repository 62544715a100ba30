//! The issues of a repository kept in step by themselves: no verb, no timer of the wall clock.

use actors::ports::PortError;
use actors::ports::repo::{Onto, SideFile};
use events::id::{ProjectName, Timestamp};
use events::stream::Position;
use supercargo::beads::{self, import::UnderWay};
use supercargo::operator::Exchange;

use crate::world::{Server, World, ZOO, context, scripted, story};

const ISSUES: &str = r#"{"id":"zoo-1","title":"Feed the lions","status":"open","priority":2,"issue_type":"feature"}
{"id":"zoo-2","title":"Feed the bears","status":"open","priority":2,"issue_type":"feature"}
"#;
const FILE: &str = "beads-sync:.beads/issues.jsonl";

/// Changes the published file as somebody with `bd` does, and pushes it.
fn change_published(world: &World, from: &str, to: &str) {
    let folder = tempfile::tempdir().expect("folder");
    let upstream = world.upstream().display().to_string();

    let clone = [
        "clone",
        "--quiet",
        "--branch",
        "beads-sync",
        &upstream,
        "theirs",
    ];
    world.git(folder.path(), &clone);
    let tree = folder.path().join("theirs");
    let file = tree.join(".beads/issues.jsonl");
    let text = fs_err::read_to_string(&file).expect("the file");
    assert!(text.contains(from), "{text}");
    fs_err::write(&file, text.replace(from, to)).expect("written");
    world.git(&tree, &["commit", "--quiet", "--all", "-m", "bd sync"]);
    world.git(&tree, &["push", "--quiet", "origin", "beads-sync"]);
}

/// Waits until everything up to a position was written.
async fn written(world: &World, exchange: &Exchange, through: Position) {
    let zoo: ProjectName = ZOO.parse().expect("name");
    let mut done = exchange.done();
    let there = done.wait_for(|done| done.get(&zoo).is_some_and(|at| *at >= through));
    world.within("written", there).await.expect("an exchange");
}

fn titles(server: &Server) -> Vec<String> {
    server.zoo(|view| {
        let all = view.known();
        all.map(|(_, known, _)| known.content.title.clone())
            .collect()
    })
}

#[test]
fn issues_of_a_repository_are_kept_in_step_without_a_verb() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        // A feature that waits keeps the project running, and upstream looked at.
        let asks = scripted("pond", "ask Which fish?", &[]);
        let opened = server.open_zoo(&world, 1, vec![asks]).await;
        opened.expect("opened");
        let exchange = Exchange::new(server.operator.clone());
        let running = tokio::spawn(exchange.clone().run());
        let asked = server.until(|view| {
            let mut all = view.known();
            all.any(|(_, known, _)| known.notes.iter().any(|n| n.text.contains("Which fish?")))
                .then_some(())
        });
        world.within("asked", asked).await;
        let published = world.git(&world.upstream(), &["branch", "--list", "beads-sync"]);
        assert_eq!(published, "", "nobody asked for it, and none was imported");

        // Work under way is not changed by others: nobody begins any.
        let target = server.operator.set_target(&context(), ZOO, 0).await;
        target.expect("lowered");
        server
            .operator
            .import_beads(&context(), ZOO, ISSUES, UnderWay::Theirs)
            .await
            .expect("imported");
        let change = supercargo::api::ProjectChange {
            sync_issues: Some(true),
            ..Default::default()
        };
        let set = server
            .operator
            .change_project(&context(), ZOO, &change)
            .await;
        let set = set.expect("set").position;
        written(&world, &exchange, Position(set - 1)).await;
        let text = world.git(&world.upstream(), &["show", FILE]);
        assert!(
            text.contains("zoo-1") && text.contains("\"pond\""),
            "{text}"
        );

        change_published(&world, "Feed the bears", "Feed all bears");
        server.core.poll_requests.add(ZOO.parse().expect("name"));
        let taken = server.until(|view| {
            let mut all = view.known();
            all.any(|(_, known, _)| known.content.title == "Feed all bears")
                .then_some(())
        });
        world.within("taken in", taken).await;
        assert!(titles(&server).contains(&"Feed the lions".to_owned()));
        running.abort();
        assert!(world.breaches().await.is_empty());
        world.stop(server).await;
    });
}

/// An exchange looks at the branch, takes what is new, and writes: what somebody pushed in between it
/// has not looked at, and does not write over.
#[test]
fn what_is_pushed_while_issues_are_exchanged_is_not_written_over() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let opened = server.open_zoo(&world, 0, vec![scripted("pond", "exit 0", &[])]);
        opened.await.expect("opened");
        let copied = server.until(|view| view.merge_queue.state.branch.clone());
        world.within("copied", copied).await;
        server
            .operator
            .import_beads(&context(), ZOO, ISSUES, UnderWay::Theirs)
            .await
            .expect("imported");
        server.operator.publish_beads(ZOO).await.expect("published");

        let zoo: ProjectName = ZOO.parse().expect("name");
        let url = world.upstream().display().to_string();
        let repo = &server.core.world.repo;
        let looked = || repo.side_file(&zoo, &url, beads::BRANCH, beads::PATH);
        let file = |onto| SideFile {
            branch: beads::BRANCH.to_owned(),
            path: beads::PATH.to_owned(),
            bytes: b"ours".to_vec(),
            at: Timestamp(0),
            onto,
        };
        let seen = looked().await.expect("looked").expect("a branch").head;
        change_published(&world, "Feed the bears", "Feed all bears");

        let over = file(Onto::Seen(Some(seen)));
        let refused = repo.publish_file(&zoo, &url, &over).await;
        assert!(
            matches!(refused, Err(PortError::Transient(_))),
            "{refused:?}"
        );
        let none = file(Onto::Seen(None));
        assert!(repo.publish_file(&zoo, &url, &none).await.is_err());
        let text = world.git(&world.upstream(), &["show", FILE]);
        assert!(text.contains("Feed all bears"), "{text}");

        // Asked again it looks again, and takes what they changed.
        let synced = server.operator.sync_beads(&context(), ZOO).await;
        assert_eq!(synced.expect("exchanged").changed, 1);
        assert!(titles(&server).contains(&"Feed all bears".to_owned()));
        let seen = looked().await.expect("looked").expect("a branch").head;
        let ours = file(Onto::Seen(Some(seen)));
        repo.publish_file(&zoo, &url, &ours).await.expect("written");
        world.stop(server).await;
    });
}
