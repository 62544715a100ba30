//! A fork: a data folder as it was at an instant, to be looked at, or for a fleet to go on from
//! there.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::binary::{Serving, supercargo};
use crate::newcomer::{AGENT, Newcomer};
use crate::world::stub::git;

/// A fleet that finished two features, and its server has ended.
fn finished() -> Newcomer {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let fleet = [
        "--target",
        "1",
        "--verify",
        "test -f README",
        "--agent-command",
        AGENT,
    ];
    me.ok(&[&["project", "set", "zoo"], &fleet[..]].concat());
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    me.ok(&["feature", "add", "zoo", "Feed the bears"]);
    me.ok(&["project", "start", "zoo"]);
    me.follow_until_all_is_quiet();
    server.stop();
    me
}

/// The position of the nth event of a type.
fn nth(events: &[Value], kind: &str, n: usize) -> u64 {
    let mut found = events.iter().filter(|event| event["type"] == kind);
    let found = found.nth(n).unwrap_or_else(|| panic!("no {kind} {n}"));
    found["position"].as_u64().expect("a position")
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path")
}

fn data(me: &Newcomer) -> PathBuf {
    me.folder.path().join("data")
}

/// What a verb says about another folder.
fn of(folder: &Path, args: &[&str]) -> String {
    let output = supercargo(args, folder).output().expect("ran");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The commits of a repository's branch, newest first.
fn commits(repository: &Path) -> Vec<String> {
    let log = git(repository, &["log", "--format=%H", "main"]).expect("commits");
    log.lines().map(str::to_owned).collect()
}

#[test]
fn a_fork_has_the_states_of_its_instant_and_nothing_is_changed_in_it() {
    let me = finished();
    let events = me.export();
    let merged = nth(&events, "trunk.advanced", 0);
    let at = merged.to_string();
    let fork = me.folder.path().join("fork");
    let said = me.ok(&["replay", "fork", path(&fork), "--at", &at]);
    assert!(said.contains(&format!("forked {at} events")), "{said}");
    assert!(said.contains("to be looked at"), "{said}");

    for view in ["state", "board", "queue"] {
        let ask = [
            "replay",
            "state",
            "--project",
            "zoo",
            "--view",
            view,
            "--json",
        ];
        let then = me.ok(&[&ask[..], &["--at", &at]].concat());
        assert_eq!(of(&fork, &ask), then, "{view}");
    }
    assert!(
        of(&fork, &["log", "verify"]).contains("sound"),
        "its chain holds"
    );
    assert!(of(&fork, &["log", "audit"]).starts_with("clean"));
    let same = me.ok(&["replay", "compare", path(&fork)]);
    assert!(
        same.contains(&format!("the same up to position {at}")),
        "{same}"
    );

    // The gate has the branch where it was then.
    let head = events.iter().find(|event| event["position"] == merged);
    let head = head.expect("the merge")["data"]["to"]
        .as_str()
        .expect("a commit");
    assert_eq!(commits(&fork.join("gates/zoo.git"))[0], head);
    assert_ne!(commits(&me.upstream())[0], head, "upstream went on");

    // A server shows it, and changes nothing.
    let serve = ["serve", "--allow-unisolated", "--listen", "127.0.0.1:0"];
    let server = Serving::start(supercargo(&serve, &fork));
    assert!(of(&fork, &["feature", "list", "zoo"]).contains("Feed the lions"));
    let added = supercargo(&["feature", "add", "zoo", "Feed nobody"], &fork).output();
    let said = String::from_utf8_lossy(&added.expect("ran").stderr).into_owned();
    assert!(said.contains("nothing is changed in it"), "{said}");
    server.stop();
    assert_eq!(
        of(&fork, &["log", "export"]).lines().count() as u64,
        merged + 1
    );
}

#[test]
fn a_fleet_goes_on_in_a_fork_that_lives_and_touches_nothing_of_the_original() {
    let me = finished();
    let events = me.export();
    let before = commits(&me.upstream());

    // While the session of a claim is at work.
    let at = nth(&events, "container.session_started", 0).to_string();
    let twin = Newcomer::new();
    let said = me.ok(&["replay", "fork", path(&data(&twin)), "--at", &at, "--live"]);
    assert!(said.contains("the upstream of zoo is a copy"), "{said}");

    let server = twin.serve();
    twin.follow_until("project.completed");
    server.stop();
    let copy = data(&twin).join("upstreams/zoo.git");
    let root = |of: &Path| git(of, &["rev-list", "--max-parents=0", "main"]).expect("a root");
    assert_eq!(root(&copy), root(&me.upstream()), "the same beginning");
    assert_eq!(
        commits(&copy).len(),
        before.len(),
        "both features are merged"
    );
    assert!(twin.ok(&["log", "audit"]).starts_with("clean"));
    let parts = me.ok(&["replay", "compare", path(&data(&twin))]);
    let next = at.parse::<u64>().expect("a number") + 1;
    assert!(
        parts.contains(&format!("differ from position {next}")),
        "{parts}"
    );
    assert_eq!(commits(&me.upstream()), before, "upstream is as it was");
    assert_eq!(me.export(), events, "and so is the log");
}

#[test]
fn what_cannot_be_forked_is_told_and_leaves_nothing() {
    let me = finished();
    let there = me.folder.path().join("there");
    fs_err::create_dir(&there).expect("a folder");
    fs_err::write(there.join("mine"), "mine").expect("a file");
    let none = me.folder.path().join("none");

    let table: &[(&[&str], &str)] = &[
        (&[path(&there)], "is not empty"),
        (&[path(&none), "--at", "99999"], "beyond the head"),
        (&[path(&none), "--at", "yesterday"], "neither a position"),
    ];
    for (args, words) in table {
        me.refused(&[&["replay", "fork"], *args].concat(), words);
    }
    assert!(!none.exists());
    let left = fs_err::read_dir(me.folder.path())
        .expect("listed")
        .flatten();
    let left: Vec<_> = left
        .map(|entry| entry.file_name().into_string().expect("text"))
        .collect();
    assert!(
        left.iter().all(|name| !name.starts_with(".fork-")),
        "{left:?}"
    );

    // Before the first event there is nothing, and that can be looked at as well.
    let said = me.ok(&["replay", "fork", path(&none), "--at", "0"]);
    assert!(said.contains("forked 0 events"), "{said}");
    assert_eq!(
        of(&none, &["log", "export"]).lines().count(),
        1,
        "a header alone"
    );
}
