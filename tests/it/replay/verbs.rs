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
    let before = [&claim[..], &["--at", "1"]].concat();
    me.refused(&before, "there was no project zoo at position 1");
}

/// What is asked for, and the words of the refusal.
type Refused = (&'static [&'static str], &'static str);

const STATE: &[Refused] = &[
    (&["--at", "9999"], "beyond the head"),
    (
        &["--at", "yesterday"],
        "neither a position such as 42 nor a time",
    ),
    (&["--at", "+5"], "neither a position"),
    (&["--at", "2026-11-26T04:49:00"], "it lacks its zone"),
    (
        &["--at", "2020-01-01T00:00:00Z", "--project", "zoo"],
        "no project zoo at position 0",
    ),
    (
        &["--stream", "feature-zoo/feat-zzzzz"],
        "no stream feature-zoo/feat-zzzzz",
    ),
    (&["--stream", "lions"], "not a valid stream name"),
    (&["--project", "ark"], "no project ark"),
    (&["--view", "board"], "--project <PROJECT>"),
];

const DIFF: &[Refused] = &[
    (&["5", "2"], "the earlier instant comes first"),
    (&["-1"], "unexpected argument"),
    (&["1", "--project", "ark"], "no project ark"),
];

const WHY: &[Refused] = &[(&["project", "ark"], "no project ark")];

const WHY_NOT: &[Refused] = &[
    (&["start", "ark"], "no project ark"),
    (
        &["claim", "zoo", "feat-zzzzz", "--by", ""],
        "a holder is 1 to 64",
    ),
    (
        &["claim", "zoo", "feat-zzzzz", "--by", "a\u{1b}[31m"],
        "a holder is 1 to 64",
    ),
    (
        &["claim", "zoo", "feat-zzzzz", "--by", "0"],
        "slots are counted from 1",
    ),
];

const BISECT: &[Refused] = &[
    (&["project.total >"], "project.total >\n                 ^"),
    (
        &["lions > 1"],
        "there is no `lions`; there are event, state",
    ),
    (&["project.lions > 1"], "no field `lions`"),
    (&["project.total"], "neither true nor false"),
    (&["project.total > 'a'"], "cannot be answered at"),
];

#[test]
fn what_was_not_is_said_and_nothing_is_written() {
    let me = with_a_log();
    let head = me.ok(&["log", "tail", "-n", "1"]);
    let bisect = ["bisect", "--project", "zoo", "--until"];
    let tables: [(&[&str], _); 5] = [
        (&["state"], STATE),
        (&["diff"], DIFF),
        (&["why"], WHY),
        (&["why-not"], WHY_NOT),
        (&bisect, BISECT),
    ];
    for (verb, table) in tables {
        for (args, words) in table {
            me.refused(&[&["replay"], verb, args].concat(), words);
        }
    }

    let long = "x".repeat(5_000);
    let nested = format!("{}true{}", "(".repeat(33), ")".repeat(33));
    for (text, words) in [(long, "at most 4096"), (nested, "at most 32 are read")] {
        me.refused(
            &[&["replay"], &bisect[..], &[text.as_str()]].concat(),
            words,
        );
    }
    assert_eq!(me.ok(&["log", "tail", "-n", "1"]), head);
}

/// Expressions as long and as deep as they may be are answered, or refused in words: none of them
/// ends the process.
#[test]
fn the_longest_expressions_are_borne() {
    let me = with_a_log();
    let (size, few) = (|n| "size(".repeat(n), ")".repeat(32));
    let cases = [
        format!("{}true{few}", "(".repeat(32)),
        format!("{}1{} == 1", "[".repeat(32), "]".repeat(32)),
        format!("{}'a'{few} == 1", size(32)),
        format!("{}true", "!".repeat(4_000)),
        format!("-1 < 0{}", " || true".repeat(500)),
        format!("1{} > 0", "+1".repeat(2_000)),
        format!("{}true", "true ? false : ".repeat(32)),
        format!("project{} == 1", ".a".repeat(2_000)),
        format!("project{} == 1", "[0]".repeat(1_300)),
    ];
    for text in cases {
        let args = ["replay", "bisect", "--project", "zoo", "--until", &text];
        let output = supercargo(&args, &me.folder.path().join("data"))
            .output()
            .expect("ran");
        let code = output.status.code();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(code, Some(0 | 1)), "{text}: {code:?} {said}");
    }
}

/// A log that has lost an event is walked over by nothing: whatever would have to is refused, and
/// names the event.
#[test]
fn a_gap_in_the_log_is_told_wherever_it_is_walked_over() {
    let me = with_a_log();
    let path = me.folder.path().join("data/log.db");
    let connection = rusqlite::Connection::open(path).expect("the log");
    let lose = "DROP TRIGGER events_are_never_deleted; DELETE FROM events WHERE position = 3";
    connection.execute_batch(lose).expect("lost");
    drop(connection);

    for args in [
        &["replay", "state", "--project", "zoo"][..],
        &["replay", "state", "--at", "3"],
        &["replay", "diff", "1"],
        &["replay", "digests"],
        &["replay", "why", "project", "zoo"],
        &["report", "--since", "1"],
    ] {
        me.refused(args, "position 3 is missing");
    }
    me.ok(&["replay", "state", "--at", "2", "--project", "zoo"]);
}

#[test]
fn a_log_that_breaks_no_invariant_has_no_first_breach() {
    let me = with_a_log();
    for args in [&["--audit"][..], &["--audit", "L3"]] {
        let said = me.ok(&[&["replay", "bisect"], args].concat());
        assert!(said.contains("nothing is broken from 0 to"), "{said}");
    }
    let found = me.ok(&["replay", "bisect", "--audit", "--json"]);
    assert_eq!(found.trim(), "null");

    me.refused(&["replay", "bisect"], "--until");
    let both = ["replay", "bisect", "--until", "true", "--audit", "L3"];
    me.refused(&both, "cannot be used with");
}
