//! Another course of a project, beside the recorded one: on logs that real fleets wrote.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::house::root;
use crate::newcomer::Newcomer;

/// A data folder with a recorded log, by the commit that recorded it.
fn with(commit: &str) -> Newcomer {
    let me = Newcomer::new();
    let file = root().join(format!("tests/logs/{commit}.jsonl.gz"));
    let packed = fs_err::read(file).expect("a recorded log");
    let mut log = String::new();
    GzDecoder::new(&packed[..])
        .read_to_string(&mut log)
        .expect("unpacked");
    let plain = me.folder.path().join("log.jsonl");
    fs_err::write(&plain, log).expect("written");
    me.ok(&["log", "import", plain.to_str().expect("a path")]);
    me
}

fn what_if(me: &Newcomer, more: &[&str]) -> Value {
    let args = [&["replay", "what-if", "demo", "--json"], more].concat();
    serde_json::from_str(&me.ok(&args)).expect("JSON")
}

/// The part of it that is about work done.
fn done(course: &Value) -> [&Value; 4] {
    let figures = &course["figures"];
    [
        &figures["merged"],
        &figures["quarantined"],
        &course["completed"],
        &course["needs_you"],
    ]
}

#[test]
fn with_nothing_otherwise_policies_and_rules_bring_about_what_was_recorded() {
    let me = with("1c4b6d6");
    let found = what_if(&me, &[]);
    assert_eq!(found["parting"], Value::Null, "{found}");
    assert_eq!(found["unexplained"], serde_json::json!([]), "{found}");
    assert_eq!(found["recorded"], found["otherwise"]);
    assert_eq!(found["features"], serde_json::json!([]));
    assert!(found["recorded"]["figures"]["merged"].as_u64() > Some(0));

    // What is as it was makes no difference, wherever it begins.
    let state = me.ok(&[
        "replay",
        "state",
        "--project",
        "demo",
        "--view",
        "state",
        "--json",
    ]);
    let state: Value = serde_json::from_str(&state).expect("JSON");
    let target = &state["state"]["project"]["state"]["Registered"]["target"];
    let slots = target.to_string();
    for from in ["0", "40", "200"] {
        let found = what_if(&me, &["--slots", &slots, "--from", from]);
        assert_eq!(found["parting"], Value::Null, "from {from}: {found}");
    }
}

#[test]
fn rules_that_came_later_are_told_of_an_older_log() {
    let found = what_if(&with("b78547c"), &[]);
    assert_eq!(found["recorded"], found["otherwise"]);
    let unexplained = found["unexplained"].as_array().expect("positions");
    assert!(!unexplained.is_empty(), "its policies were others");
}

#[test]
fn fewer_slots_take_longer_and_more_take_less_for_the_same_work() {
    let me = with("1c4b6d6");
    let (one, six) = (
        what_if(&me, &["--slots", "1"]),
        what_if(&me, &["--slots", "6"]),
    );
    let took = |found: &Value| found["otherwise"]["took_s"].as_u64().expect("seconds");
    let recorded = one["recorded"]["took_s"].as_u64().expect("seconds");
    assert!(
        took(&one) > recorded && recorded > took(&six),
        "{one} {six}"
    );

    for found in [&one, &six] {
        assert_eq!(
            done(&found["otherwise"]),
            done(&found["recorded"]),
            "{found}"
        );
        assert_eq!(found["endless"], false);
        assert!(found["parting"]["position"].as_u64() > Some(0), "{found}");
        assert!(!found["features"].as_array().expect("features").is_empty());
    }
    assert_eq!(
        one,
        what_if(&me, &["--slots", "1"]),
        "the same question has the same answer"
    );

    let late = what_if(&me, &["--slots", "1", "--from", "150"]);
    let parts = late["parting"]["position"].as_u64();
    assert!(parts >= Some(150), "{late}");
    assert_eq!(done(&late["otherwise"]), done(&late["recorded"]), "{late}");
}

#[test]
fn settings_and_what_a_person_did_may_be_otherwise() {
    let me = with("1c4b6d6");
    let same = what_if(&me, &["--set", "keep_work_ms=86400000"]);
    assert_eq!(same["parting"], Value::Null, "nothing hangs on it: {same}");

    // Nobody ever started it.
    let events = me.export();
    let started = events
        .iter()
        .find(|event| event["type"] == "project.started");
    let position = started.expect("it was started")["position"].to_string();
    let never = what_if(&me, &["--without", &position]);
    assert_eq!(never["otherwise"]["figures"]["merged"], 0, "{never}");
    assert_eq!(
        never["otherwise"]["figures"]["sessions_begun"], 0,
        "{never}"
    );
    let why = never["parting"]["why"].as_str().expect("a reason");
    assert!(why.contains("project.started is left out"), "{why}");

    let told = me.ok(&["replay", "what-if", "demo", "--without", &position]);
    assert!(told.contains("the courses part after position"), "{told}");
    assert!(
        told.contains("recorded") && told.contains("otherwise"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_otherwise_is_told() {
    let me = with("1c4b6d6");
    let events = me.export();
    let policy = events
        .iter()
        .find(|event| event["type"] == "container.enlisted");
    let policy = policy.expect("slots")["position"].to_string();

    let table: &[(&[&str], &str)] = &[
        (&["nobody"], "there was no project nobody"),
        (&["demo", "--to", "9999"], "beyond the head"),
        (
            &["demo", "--from", "9", "--to", "3"],
            "the earlier instant comes first",
        ),
        (&["demo", "--from", "yesterday"], "neither a position"),
        (&["demo", "--set", "batch_max"], "write NAME=VALUE"),
        (&["demo", "--set", "colour=red"], "unknown field `colour`"),
        (&["demo", "--set", "batch_max=0"], "batch"),
        (
            &["demo", "--without", &policy],
            "followed from something else",
        ),
        (&["demo", "--without", "9999"], "is not among those after 0"),
        (
            &["demo", "--without", "4", "--from", "6"],
            "is not among those after 6",
        ),
        (&["demo", "--slots", "-1"], "invalid value"),
        (&["demo", "--slots", "70000"], "invalid value"),
    ];
    for (args, words) in table {
        me.refused(&[&["replay", "what-if"], *args].concat(), words);
    }
    assert_eq!(me.export(), events, "nothing is written");
}
