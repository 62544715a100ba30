//! Trouble of things outside, with the real binary and a scripted provider: one state of the thing
//! with its advice, one probe, no try used, and work that goes on when it is mended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::Value;

use super::endpoint::{Answer, Endpoint};
use super::vendors::serving_with;
use crate::binary::Serving;
use crate::newcomer::{AGENT, Newcomer, agent_that};

/// Asks its model once, ends with an error when that is refused, and else does its role.
const ASKING: &str = agent_that!(
    r#"set -e
curl -fsS -o answer -X POST -H 'content-type: application/json' -d '{"model":"m","messages":[],
    "tools":[{"name":"Bash","input_schema":{"properties":{"command":{"type":"string"}}}}]}' "$ANTHROPIC_BASE_URL/v1/messages"
rm answer
"#,
    r#"    echo made > "$SUPERCARGO_FEATURE.txt"
    git add --all
    git commit --quiet -m Make
    supercargo agent submit"#
);

fn serving(endpoint: &Endpoint, agent: &[&str]) -> (Newcomer, Serving) {
    serving_features(
        endpoint,
        agent,
        &["Feed the lions", "Feed the bears", "Feed the owls"],
    )
}

fn serving_features(endpoint: &Endpoint, agent: &[&str], titles: &[&str]) -> (Newcomer, Serving) {
    let me = Newcomer::new();
    let server = Serving::start(serving_with(&me, endpoint));
    me.add_zoo();
    let set = ["project", "set", "zoo", "--verify", "test -f README"];
    me.ok(&[&set[..], &["--target", "2"], agent].concat());
    for title in titles {
        me.ok(&["feature", "add", "zoo", title]);
    }
    // A tool that is missing is the matter of one of these tests.
    me.ok(&["project", "start", "zoo", "--no-trial"]);
    (me, server)
}

fn of(log: &[Value], kind: &str) -> Vec<Value> {
    let found = log.iter().filter(|event| event["type"] == kind);
    found.map(|event| event["data"].clone()).collect()
}

/// Until the first sessions have left; the next probe is a minute away.
fn until_it_rests(me: &Newcomer) {
    me.follow_until("project.trouble_reported");
    me.follow_until_nth("container.idle", 2);
}

/// What stands under Needs you, and that no feature paid for it.
fn named(me: &Newcomer, words: &str, outcome: &str) {
    let shown = me.ok(&["project", "show", "zoo", "--json"]);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let needs = shown["needs_you"].to_string();
    assert!(
        needs.contains(words) && needs.contains("project retry zoo"),
        "{words}: {needs}"
    );
    let log = me.export();
    let ended = of(&log, "container.session_ended");
    assert!(
        ended.iter().all(|end| end["outcome"] == outcome),
        "{ended:?}"
    );

    assert_eq!(
        of(&log, "project.trouble_reported").len(),
        1,
        "all slots say the same"
    );
    assert_eq!(of(&log, "feature.quarantined").len(), 0);
}

/// An expired key, a provider that fails, a limit: what the provider answered is known here, and a
/// person's word ends the pause.
#[test]
fn a_provider_in_trouble_is_one_state_and_costs_no_try() {
    for (status, outcome) in [
        (401, "provider_refused"),
        (500, "provider_refused"),
        (429, "provider_limited"),
    ] {
        let answer = Arc::new(AtomicU16::new(status));
        let told = answer.clone();
        let endpoint = Endpoint::start(Box::new(move |_| match told.load(Ordering::SeqCst) {
            200 => Answer::Run("true".to_owned()),
            failing => Answer::Fail(failing),
        }));
        let agent = ["--agent-command", ASKING, "--provider", "anthropic"];
        let (me, server) = serving(&endpoint, &agent);
        until_it_rests(&me);
        named(&me, "the provider anthropic", outcome);
        answer.store(200, Ordering::SeqCst);
        me.ok(&["project", "retry", "zoo"]);
        me.follow_until_all_is_quiet();
        server.stop();
        let log = me.export();
        assert_eq!(of(&log, "project.trouble_ended").len(), 1, "{status}");
        assert_eq!(of(&log, "feature.closed").len(), 3, "{status}");
        assert!(me.ok(&["log", "audit"]).starts_with("clean"));
    }
}

/// A tool that says nothing, and one that is not there: a change of the settings is tried at once.
#[test]
fn a_tool_in_trouble_is_one_state_and_costs_no_try() {
    for (broken, name) in [("true", "true"), ("no-such-agent -p", "no-such-agent")] {
        let endpoint = Endpoint::start(Box::new(|_| Answer::Fail(500)));
        let (me, server) = serving(&endpoint, &["--agent-command", broken]);
        until_it_rests(&me);
        named(&me, name, "tool_broken");
        me.ok(&["project", "set", "zoo", "--agent-command", AGENT]);
        me.follow_until_all_is_quiet();
        server.stop();
        let log = me.export();
        assert_eq!(of(&log, "feature.closed").len(), 3, "{broken}");
        assert!(me.ok(&["log", "audit"]).starts_with("clean"));
    }
}

/// An agent that says nothing about one feature, and does its work on all others.
const MUTE_ABOUT_ONE: &str = agent_that!(
    r#"    if grep -q "the mute one"; then exit 0; fi
    echo made > "$SUPERCARGO_FEATURE.txt"
    git add --all
    git commit --quiet -m Make
    supercargo agent submit"#
);

/// What works beside a feature is not broken: the feature that it does nothing for is tried as
/// often as any, and then waits for a person, who is told which one it is.
#[test]
fn a_feature_that_a_working_tool_is_silent_about_is_its_own_trouble() {
    let endpoint = Endpoint::start(Box::new(|_| Answer::Fail(500)));
    let agent = ["--agent-command", MUTE_ABOUT_ONE];
    let titles = ["the mute one", "Feed the lions", "Feed the bears"];
    let (me, server) = serving_features(&endpoint, &agent, &titles);
    me.follow_until("project.trouble_reported");
    let reported = of(&me.export(), "project.trouble_reported");
    let mute = reported[0]["feature"].as_str().expect("the feature");
    let shown = me.ok(&["project", "show", "zoo"]);
    assert!(
        shown.contains(&format!("on {mute}, which may be")),
        "{shown}"
    );

    // Twice it may be the tool: both times it is tried on something else, and works.
    me.ok(&["project", "retry", "zoo"]);
    me.follow_until_nth("project.trouble_reported", 2);
    me.ok(&["project", "retry", "zoo"]);
    me.follow_until("feature.quarantined");
    server.stop();
    let log = me.export();
    assert_eq!(of(&log, "project.trouble_reported").len(), 2);
    let quarantined = of(&log, "feature.quarantined");
    assert_eq!(quarantined.len(), 1, "{quarantined:?}");
    assert!(
        me.ok(&["feature", "show", "zoo", mute])
            .contains("quarantined")
    );
    assert!(me.ok(&["log", "audit"]).starts_with("clean"));
}
