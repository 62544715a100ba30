//! The verbs, with the real binary: beside a server, without one, and on wrong inputs.

use std::path::Path;

use crate::binary::supercargo;
use crate::newcomer::Newcomer;

pub(super) fn with_a_log() -> Newcomer {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    server.stop();
    me
}

#[test]
fn the_past_is_looked_at_with_and_without_a_server() {
    let me = with_a_log();
    let state = |args: &[&str]| me.ok(&[&["replay", "state"], args].concat());
    let before = state(&["--project", "zoo", "--json"]);
    let then: serde_json::Value = serde_json::from_str(&before).expect("JSON");
    let head = then["position"].as_u64().expect("a position");
    let found = me.ok(&[
        "replay",
        "bisect",
        "--project",
        "zoo",
        "--until",
        "project.total == 1",
        "--json",
    ]);
    let found: serde_json::Value = serde_json::from_str(&found).expect("JSON");
    assert_eq!(
        (&found["holds"], &found["event"]["type"]),
        (&true.into(), &"feature.created".into())
    );

    // A server goes on with the log, and the past stays what it was.
    let server = me.serve();
    me.ok(&["feature", "add", "zoo", "Feed the bears"]);
    let at = head.to_string();
    assert_eq!(state(&["--project", "zoo", "--json", "--at", &at]), before);
    let diff = me.ok(&["replay", "diff", &at, "--project", "zoo"]);
    assert!(
        diff.contains("/state: + {") && diff.contains("feature.created"),
        "{diff}"
    );
    let board = state(&["--project", "zoo", "--view", "board"]);
    assert!(board.contains("Feed the bears"), "{board}");
    server.stop();

    // A backup has the same past.
    let copy = me.folder.path().join("copy");
    let copy = copy.to_str().expect("a path");
    me.ok(&["log", "backup", copy]);
    let args = ["replay", "state", "--project", "zoo", "--json", "--at", &at];
    let there = supercargo(&args, Path::new(copy)).output().expect("ran");
    let there = String::from_utf8_lossy(&there.stdout).into_owned();
    assert_eq!(there, before);
}

#[test]
fn reasons_cite_the_log() {
    let me = with_a_log();
    let listed = me.ok(&["feature", "list", "zoo", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    let id = listed[0]["id"].as_str().expect("an id");

    let why = me.ok(&["replay", "why", "feature", "zoo", id, "--json"]);
    let why: serde_json::Value = serde_json::from_str(&why).expect("JSON");
    let sentences = why["sentences"].as_array().expect("sentences");
    assert!(sentences.len() > 1, "a state, and a wait: {why}");
    let mut kinds = Vec::new();
    for position in sentences
        .iter()
        .flat_map(|one| one["positions"].as_array().expect("some"))
    {
        kinds.push(me.ok(&["log", "show", &position.to_string()]));
    }
    let cites = |kind: &str| kinds.iter().any(|event| event.contains(kind));
    assert!(cites("feature.created"), "{kinds:?}");

    let claim = ["replay", "why-not", "claim", "zoo", id];
    let now = me.ok(&claim);
    assert!(
        now.contains("would be refused") && now.contains("not_running"),
        "{now}"
    );
    let start = me.ok(&["replay", "why-not", "start", "zoo"]);
    assert!(start.contains("(no_agent)"), "{start}");
    let before = me.ok(&[&claim[..], &["--at", "1"]].concat());
    assert!(before.contains("there is no project zoo"), "{before}");
}

#[test]
fn what_was_not_is_said_and_nothing_is_written() {
    let me = with_a_log();
    let head = me.ok(&["log", "tail", "-n", "1"]);
    let long = "x".repeat(5_000);
    let bisect = ["replay", "bisect", "--project", "zoo", "--until"];
    let table: &[(&[&str], &str)] = &[
        (&["replay", "state", "--at", "9999"], "beyond the head"),
        (
            &["replay", "state", "--at", "yesterday"],
            "neither a position nor a time",
        ),
        (
            &[
                "replay",
                "state",
                "--at",
                "2020-01-01T00:00:00Z",
                "--project",
                "zoo",
            ],
            "no project zoo at position 0",
        ),
        (
            &["replay", "state", "--stream", "feature-zoo/feat-zzzzz"],
            "no stream feature-zoo/feat-zzzzz",
        ),
        (
            &["replay", "state", "--stream", "lions"],
            "not a valid stream name",
        ),
        (&["replay", "state", "--project", "ark"], "no project ark"),
        (
            &["replay", "diff", "5", "2"],
            "the earlier instant comes first",
        ),
        (&["replay", "diff", "-1"], "unexpected argument"),
        (
            &[&bisect[..], &["project.total >"]].concat(),
            "project.total >\n                 ^",
        ),
        (
            &[&bisect[..], &["lions > 1"]].concat(),
            "there is no `lions`; there are event, state",
        ),
        (
            &[&bisect[..], &["project.lions > 1"]].concat(),
            "no field `lions`",
        ),
        (
            &[&bisect[..], &["project.total"]].concat(),
            "neither true nor false",
        ),
        (
            &[&bisect[..], &["project.total > 'a'"]].concat(),
            "cannot be answered at",
        ),
        (
            &[&bisect[..], &[long.as_str()]].concat(),
            "at most 4096 are read",
        ),
    ];
    for (args, words) in table {
        me.refused(args, words);
    }
    assert_eq!(me.ok(&["log", "tail", "-n", "1"]), head);
}
