//! `report`, with the real binary: the same beside a server and without one, in every form, and on
//! wrong inputs.

use std::path::Path;

use crate::binary::supercargo;
use crate::newcomer::Newcomer;

fn with_a_log() -> Newcomer {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();
    me.ok(&["feature", "add", "zoo", "Feed <b>the</b> lions"]);
    server.stop();
    me
}

/// The newest position.
fn head(me: &Newcomer) -> u64 {
    let state = me.ok(&["replay", "state", "--json"]);
    let state: serde_json::Value = serde_json::from_str(&state).expect("JSON");
    state["position"].as_u64().expect("a position")
}

#[test]
fn a_report_is_the_same_from_a_server_a_folder_and_a_backup() {
    let me = with_a_log();
    let at = head(&me).to_string();
    let asked = ["report", "--since", "0", "--until", &at];
    let told = |more: &[&str]| me.ok(&[&asked[..], more].concat());
    let before = told(&["--json"]);
    let report: serde_json::Value = serde_json::from_str(&before).expect("JSON");
    assert_eq!(
        (&report["figures"]["added"], &report["events"]),
        (&1.into(), &at.parse::<u64>().expect("a number").into()),
        "{report}"
    );

    let server = me.serve();
    me.ok(&["feature", "add", "zoo", "Feed the bears"]);
    assert_eq!(told(&["--json"]), before, "while a server goes on");
    let later = me.ok(&["report", "--since", &at, "--project", "zoo"]);
    assert!(
        later.contains("1 feature was added.") && later.contains("The server started"),
        "{later}"
    );
    server.stop();

    let copy = me.folder.path().join("copy");
    let copy = copy.to_str().expect("a path");
    me.ok(&["log", "backup", copy]);
    let args = [&asked[..], &["--json"]].concat();
    let there = supercargo(&args, Path::new(copy)).output().expect("ran");
    assert_eq!(String::from_utf8_lossy(&there.stdout), before);
}

#[test]
fn every_form_says_the_same_sentences() {
    let me = with_a_log();
    let text = me.ok(&["report"]);
    let markdown = me.ok(&["report", "--format", "markdown"]);
    let link = ["--base-url", "https://fleet.example/"];
    let html = me.ok(&[&["report", "--format", "html"], &link[..]].concat());

    for form in [&text, &markdown, &html] {
        assert!(form.contains("The project was registered."), "{form}");
        assert!(form.contains("1 feature was added."), "{form}");
    }
    assert!(text.contains("\n  What people did\n"), "{text}");
    assert!(markdown.contains("\n## zoo\n") && markdown.contains("\n### Features\n"));
    let address = "https:&#x2f;&#x2f;fleet.example&#x2f;p&#x2f;zoo&#x2f;log?event=";
    assert!(
        html.contains(address) && !html.contains("<script"),
        "{html}"
    );
    assert!(!me.ok(&["report", "--format", "html"]).contains("<a href"));
}

#[test]
fn a_quiet_time_is_one_sentence_and_wrong_words_are_told() {
    let me = with_a_log();
    let newest = me.ok(&["log", "tail", "-n", "1"]);
    let head = head(&me);
    let quiet = me.ok(&["report", "--since", &head.to_string(), "--project", "zoo"]);
    assert!(!quiet.contains("added"), "{quiet}");

    let beyond = (head + 1).to_string();
    let table: &[(&[&str], &str)] = &[
        (
            &["--since", "5", "--until", "2"],
            "would begin after its end",
        ),
        (
            &["--since", "2999-01-01T00:00:00Z"],
            "would begin after its end",
        ),
        (&["--since", &beyond], "beyond the head"),
        (&["--since", "yesterday"], "neither a position, nor a time"),
        (&["--since", "0h"], "more than nothing"),
        (&["--since", "-8h"], "more than nothing"),
        (&["--since", "1000000d"], "3660 days at most"),
        (&["--since", "99999999999999999999d"], "neither a position"),
        (&["--since", "99999999999999999999"], "neither a position"),
        (&["--since", "1mo"], "say it in days"),
        (&["--project", "ark"], "there was no project ark"),
        (
            &["--project", "zoo", "--until", "0", "--since", "0"],
            "there was no project zoo",
        ),
    ];
    for (args, said) in table {
        me.refused(&[&["report"], *args].concat(), said);
    }
    assert_eq!(
        me.ok(&["log", "tail", "-n", "1"]),
        newest,
        "nothing was written"
    );
}
