//! What the command line answers about what is not there, what is said in no words, and what
//! nobody reads any more: the same by every verb.

use std::process::Stdio;

use crate::newcomer::Newcomer;

/// Verbs of a project that is not there.
const OF_NO_PROJECT: &[&[&str]] = &[
    &["project", "show", "nope"],
    &["project", "start", "nope"],
    &["project", "drain", "nope"],
    &["project", "stop", "nope"],
    &["project", "retry", "nope"],
    &["project", "initialize", "nope"],
    &["project", "scaffold", "nope"],
    &["project", "set", "nope", "--target", "1"],
    &["project", "delete", "nope", "--yes"],
    &["project", "evidence", "nope"],
    &["project", "upstream", "fetch", "nope"],
    &["project", "upstream", "forget-host-keys", "nope"],
    &["queue", "show", "nope"],
    &["queue", "resume", "nope"],
    &["queue", "approve", "nope", "1"],
    &["queue", "refuse", "nope", "1", "why"],
    &["queue", "diff", "nope", "1"],
    &["queue", "evidence", "nope", "1"],
    &["queue", "conflicts", "nope"],
    &["container", "list", "nope"],
    &["container", "stop", "nope", "1"],
    &["container", "restart", "nope", "1"],
    &["container", "sessions", "nope"],
    &["container", "find", "nope", "text"],
    &["feature", "add", "nope", "title"],
    &["feature", "list", "nope"],
    &["feature", "show", "nope", "f"],
    &["feature", "edit", "nope", "f", "--title", "other"],
    &["feature", "comment", "nope", "f", "text"],
    &["feature", "answer", "nope", "f", "text"],
    &["feature", "close", "nope", "f"],
    &["feature", "reopen", "nope", "f", "why"],
    &["feature", "requeue", "nope", "f"],
    &["feature", "requeue", "nope", "--all"],
    &["feature", "withdraw", "nope", "f"],
    &["feature", "undo", "nope", "f"],
    &["feature", "depend", "nope", "f", "g"],
    &["feature", "claim", "nope"],
    &["feature", "claim", "nope", "f"],
    &["feature", "diff", "nope", "f"],
    &["feature", "evidence", "nope", "f"],
];

#[test]
fn a_project_that_is_not_there_is_answered_so_by_every_verb() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    for verb in OF_NO_PROJECT {
        me.refused(verb, "project list");
    }
    let recorded = me.export();
    let about_it = |event: &&serde_json::Value| event["stream"].to_string().contains("nope");
    assert_eq!(recorded.iter().filter(about_it).count(), 0);
    server.stop();
}

#[test]
fn what_is_not_there_and_what_says_nothing_is_refused() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    let said = me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    let id = said.split_whitespace().next().expect("an id");
    let sha = "0".repeat(40);
    let long = "x".repeat(20_000);
    let of_claim = |verb, claim| ["feature", verb, "zoo", id, "--claim", claim];

    let table: &[(&[&str], &str)] = &[
        (&["queue", "evidence", "zoo", "99"], "there was no entry 99"),
        (&["queue", "evidence", "zoo", "0"], "there was no entry 0"),
        (&["queue", "diff", "zoo", "99"], "is not in the queue"),
        (
            &[&of_claim("release", "7")[..], &["--reason", "over"]].concat(),
            "there was no claim 7",
        ),
        (
            &[&of_claim("submit", "1")[..], &["--sha", &sha]].concat(),
            "there was no claim 1",
        ),
        (
            &[&of_claim("release", "1")[..], &["--reason", ""]].concat(),
            "the reason is empty",
        ),
        (
            &["feature", "reopen", "zoo", id, " "],
            "the reason is empty",
        ),
        (
            &["feature", "reopen", "zoo", id, &long],
            "20000 bytes, at most",
        ),
        (
            &["feature", "comment", "zoo", id, ""],
            "the comment is empty",
        ),
        (&["feature", "answer", "zoo", id, ""], "the answer is empty"),
        (
            &["queue", "refuse", "zoo", "1", &long],
            "20000 bytes, at most",
        ),
        (
            &["feature", "add", "zoo", "x", "--label", ""],
            "a step or a label is empty",
        ),
        (
            &["feature", "add", "zoo", "x", "--step", " "],
            "a step or a label is empty",
        ),
        (&["feature", "add", "zoo", "x", "--priority", "5"], "0..=4"),
        (&["log", "verify", "--key", "zz"], "64 hex digits"),
        (
            &["subscription", "create", "Ä"],
            "is no name of a subscription",
        ),
    ];
    for (verb, words) in table {
        me.refused(verb, words);
    }

    server.stop();
}

/// The place of whoever works on it is shown for as long as it is theirs; who finds nothing ready
/// is told what all of it is doing.
#[test]
fn a_claim_is_shown_with_its_place_and_nothing_ready_with_its_reasons() {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    me.ok(&["project", "set", "zoo", "--target", "0"]);
    assert!(
        me.ok(&["feature", "list", "zoo"])
            .contains("feature add zoo")
    );
    let said = me.ok(&["feature", "add", "zoo", "Feed the lions"]);
    let id = said.split_whitespace().next().expect("an id");

    // No agent of its own is needed where it has no slot.
    me.ok(&["project", "start", "zoo"]);
    me.refused(
        &["project", "set", "zoo", "--target", "1"],
        "no agent was chosen",
    );
    me.follow_until("trunk.opened");
    me.ok(&["feature", "claim", "zoo", "--holder", "ann"]);
    let shown = me.ok(&["feature", "show", "zoo", id]);
    assert!(
        shown.contains(&format!("push to work/{id}/1 of http://127.0.0.1:"))
            && shown.contains("/git/zoo.git"),
        "{shown}"
    );
    let none = me.ok(&["feature", "claim", "zoo", "--holder", "bob"]);
    assert!(none.contains("nothing is ready: 1 claimed"), "{none}");
    assert!(
        me.ok(&["container", "find", "zoo", "text"])
            .contains("no session printed that")
    );
    server.stop();
}

/// Nobody reads any more: a tail that waits for what comes ends by itself.
#[test]
fn a_tail_that_nobody_reads_ends_though_nothing_comes() {
    let me = Newcomer::new();
    let server = me.serve();
    let mut tail = me
        .command(&["log", "tail", "--follow"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("tail");
    drop(tail.stdout.take());
    assert!(tail.wait().expect("ended").success());
    server.stop();
}

/// What keeps a server from starting is what the doctor finds.
#[test]
fn a_log_that_does_not_open_is_found_by_the_doctor() {
    let me = Newcomer::new();
    me.serve().stop();
    let found = me.ok(&["doctor"]);
    assert!(found.contains("events"), "{found}");
    let log = me.folder.path().join("data/log.db");

    fs_err::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(&log)
        .and_then(|mut file| std::io::Write::write_all(&mut file, &[b'x'; 8192]))
        .expect("spoiled");
    me.refused(&["serve", "--listen", "127.0.0.1:0"], "");
    let output = me.command(&["doctor"]).output().expect("ran");
    let found = String::from_utf8_lossy(&output.stdout);
    assert!(
        !output.status.success() && found.contains("bad   log"),
        "{found}"
    );
}
