//! Verifications that do not end: a child that stays behind, a command that hangs, and a person who
//! does not wait for it. The slot is free again, and each is somebody's with a reason.

use serde_json::{Value, json};

use crate::binary::Serving;
use crate::newcomer::{Newcomer, OTHER_ROLES};

/// Coders write a file that is named after the animals of their feature's title.
const CODER: &str = r#"case "$SUPERCARGO_ROLE" in
coder)
    set -e
    name=$(sed -n 's/^# Feed the //p' "$SUPERCARGO_PROMPT")
    echo fed > "$name"
    git add --all
    git commit --quiet -m "Feed $name"
    supercargo agent submit ;;"#;

fn begin(verify: &str, wall_ms: u64, titles: &[&str]) -> (Newcomer, Serving) {
    let me = Newcomer::new();
    let server = me.serve();
    me.add_zoo();

    let set = ["project", "set", "zoo", "--target", "1"];
    let agent = format!("{CODER}{OTHER_ROLES}");
    let own = ["--verify", verify, "--agent-command", &agent];
    me.ok(&[&set[..], &own].concat());
    me.patch(
        "/api/v1/projects/zoo",
        &json!({"session_wall_ms": wall_ms, "batch_max": 1}),
    );
    for title in titles {
        me.ok(&["feature", "add", "zoo", title]);
    }
    me.ok(&["project", "start", "zoo"]);

    (me, server)
}

fn of<'a>(log: &'a [Value], kind: &str) -> Vec<&'a Value> {
    let kept = log.iter().filter(|event| event["type"] == kind);
    kept.map(|event| &event["data"]).collect()
}

#[test]
fn a_verification_is_over_with_its_shell_whatever_it_leaves_running() {
    let (me, server) = begin("(sleep 300 &) ; true", 7_200_000, &["Feed the lions"]);
    me.follow_until_all_is_quiet();
    server.stop();

    let log = me.export();
    assert_eq!(of(&log, "trunk.verification_lapsed").len(), 0);
    assert_eq!(of(&log, "trunk.advanced").len(), 1);
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

#[test]
fn a_verification_that_hangs_is_red_at_the_wall() {
    let hangs = "echo feeding; test ! -f lions || sleep 600";
    let (me, server) = begin(hangs, 8_000, &["Feed the lions"]);
    me.follow_until("feature.merge_rejected");
    me.stop_all();
    server.stop();

    let log = me.export();
    assert_eq!(of(&log, "trunk.verification_lapsed").len(), 0);
    let red = of(&log, "trunk.verification_failed")[0];
    assert_eq!(red["evidence"]["exit"], 124, "{red}");
    let tail = red["evidence"]["tail"].as_str().expect("a tail");
    assert!(
        tail.starts_with("feeding") && tail.contains("took longer than"),
        "what it printed is kept: {tail}"
    );
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}

#[test]
fn a_person_ends_a_verification_by_taking_its_entry_out() {
    let hangs = "test ! -f lions || sleep 600";
    let (me, server) = begin(hangs, 7_200_000, &["Feed the lions"]);
    me.follow_until("trunk.verification_started");
    let entry = of(&me.export(), "trunk.verification_started")[0]["entry"].to_string();

    let shown = me.ok(&["queue", "show", "zoo"]);
    assert!(
        shown.contains("verifying") && shown.contains("in slot 1 since 2"),
        "how long it takes is shown: {shown}"
    );
    me.refused(
        &["queue", "refuse", "zoo", "999", "no such"],
        "no entry of that number waits",
    );
    me.ok(&["queue", "refuse", "zoo", &entry, "its test never ends"]);
    me.follow_until("feature.merge_rejected");
    let shown = me.ok(&["feature", "list", "zoo", "--json"]);
    let features: Value = serde_json::from_str(&shown).expect("JSON");
    let id = features[0]["id"].as_str().expect("an id");
    let shown = me.ok(&["feature", "show", "zoo", id]);
    assert!(shown.contains("its test never ends"), "{shown}");

    // The coder's, the reviewer's, and the verifier's.
    me.follow_until_nth("container.session_ended", 3);
    me.stop_all();
    server.stop();
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}
