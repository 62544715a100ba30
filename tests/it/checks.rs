//! Work that changes what it is judged by, work without content, and merges that nothing verified:
//! said wherever a person looks.

use events::audit::Audit;
use events::log::EventLog;
use events::stream::Position;
use supercargo::api::ProjectChange;

use crate::newcomer::{Newcomer, agent_that};
use crate::world::{World, ZOO, context, scripted, story};

/// The gate's script is made to succeed; what is asked for besides is done.
const WEAKENS: &str = "write check.sh true\nwrite lions fed\ncommit Feed\nsubmit";

async fn opened(world: &World, server: &crate::world::Server, hold: bool) {
    world.push_upstream("check.sh", "test -f README\n");
    let items = vec![scripted("lions", WEAKENS, &[])];
    server.open_zoo(world, 0, items).await.expect("opened");
    let set = ProjectChange {
        verify: Some("sh check.sh".to_owned()),
        hold_checks: Some(hold),
        target: Some(1),
        ..ProjectChange::default()
    };
    let changed = server.operator.change_project(&context(), ZOO, &set).await;
    changed.expect("set");
}

/// The prompts of reviewers, as they were given.
async fn reviewers_read(world: &World) -> String {
    let folder = world.folder.path().join("blobs");
    let assigned = world.facts("container.assigned").await;
    let jobs = assigned.iter().map(|fact| &fact["assignment"]);
    let digests = jobs.filter(|job| job["role"] == "reviewer").map(|job| {
        let digest = job["prompt_digest"].as_str().expect("a digest");
        digest.to_owned()
    });
    let wanted: Vec<String> = digests.collect();
    let found = walk(&folder).into_iter().filter(|path| {
        let path = path.display().to_string().replace('/', "");
        wanted.iter().any(|digest| path.ends_with(digest.as_str()))
    });

    found
        .map(|path| fs_err::read_to_string(path).expect("a prompt"))
        .collect()
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs_err::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let found = paths.map(|path| match path.is_dir() {
        true => walk(&path),
        false => vec![path],
    });
    found.collect::<Vec<_>>().concat()
}

#[test]
fn work_that_changes_its_own_checks_is_flagged_to_reviewer_and_person() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        opened(&world, &server, false).await;
        world.within("completed", server.completed()).await;
        let read = reviewers_read(&world).await;
        assert!(
            read.contains("changes what its own verification runs or obeys: check.sh"),
            "{read}"
        );
        let features = server.operator.features(ZOO).expect("features");
        assert_eq!(features[0].checks, ["check.sh"]);
        assert_eq!(features[0].proof.as_deref(), Some("verified"));
        assert_eq!(world.count("trunk.held").await, 0);
        world.end(server).await;
    });
}

#[test]
fn work_that_changes_its_own_checks_is_held_where_the_project_says_so() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        opened(&world, &server, true).await;
        let held = server.until(|view| {
            let held = view.merge_queue.state.held.first();
            held.map(|entry| (entry.number, entry.changes.protected.clone()))
        });
        let (entry, paths) = world.within("held", held).await;
        assert_eq!(paths, ["check.sh"]);
        let approved = server.operator.approve_change(&context(), ZOO, entry).await;
        approved.expect("approved");
        world.within("completed", server.completed()).await;
        world.end(server).await;
    });
}

#[test]
fn a_waived_verification_is_shown_on_card_entry_merge_and_in_the_audit() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let items = vec![scripted(
            "lions",
            "write lions fed\ncommit Feed\nsubmit",
            &[],
        )];
        server.open_zoo(&world, 0, items).await.expect("opened");
        let set = ProjectChange {
            verify: Some(String::new()),
            allow_unverified: Some(true),
            target: Some(1),
            ..ProjectChange::default()
        };
        let changed = server.operator.change_project(&context(), ZOO, &set).await;
        changed.expect("set");
        world.within("completed", server.completed()).await;

        let features = server.operator.features(ZOO).expect("features");
        assert_eq!(features[0].proof.as_deref(), Some("unverified"));
        let board = server.operator.board(ZOO).expect("board");
        assert_eq!(board.columns.done[0].proof.as_deref(), Some("unverified"));
        let merge_queue = server.operator.merge_queue(ZOO).expect("trunk");
        assert_eq!(merge_queue.unverified, [features[0].id.clone()]);
        let mut audit = Audit::new(&world.log.id());
        let all = world.log.read_all(Position(0), 10_000).await;
        for envelope in &all.expect("read") {
            audit.take(envelope);
        }
        assert_eq!(audit.waived(), [format!("{ZOO}/{}", features[0].id)]);
        world.end(server).await;
    });
}

/// Hands in a commit without content, notes what it was told, and does its work then.
const EMPTY_FIRST: &str = agent_that!(
    r#"    git commit --quiet --allow-empty -m Nothing
    if supercargo agent submit; then exit 9; fi
    echo fed > lions
    git add --all
    git commit --quiet -m Feed
    supercargo agent submit"#
);

#[test]
fn work_without_content_is_refused_and_never_reviewed() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let set = ["project", "set", "zoo", "--verify", "test -f README"];
    me.ok(&[&set[..], &["--agent-command", EMPTY_FIRST]].concat());
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();
    server.stop();
    let printed = me.printed();
    assert!(
        printed.contains("changes no file that is not so on the trunk already"),
        "{printed}"
    );
    let log = me.export();
    let count = |kind: &str| log.iter().filter(|event| event["type"] == kind).count();
    assert_eq!(
        (count("feature.submitted"), count("feature.review_started")),
        (1, 1)
    );

    assert_eq!(
        (count("trunk.found_empty"), count("trunk.advanced")),
        (0, 1)
    );
}
