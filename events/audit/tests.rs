//! Each invariant seen broken: a sound history, then the same with one thing wrong, and the audit names it.

use serde::Serialize;
use serde_json::{Value, json};

use super::*;
use crate::cause::{Cause, Principal};
use crate::id::{CommandId, Timestamp};
use crate::stream::{Position, Version};

#[derive(Serialize)]
#[serde(transparent)]
struct Raw(Value);

/// Records events as (stream, kind, payload), chained and numbered as a log would.
fn record(history: &[(&str, &str, Value)]) -> Vec<Envelope> {
    let mut digest = genesis("test");
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    let mut envelopes = Vec::new();
    for ((stream, kind, payload), n) in history.iter().zip(1..) {
        let version = versions.entry((*stream).to_owned()).or_default();
        *version += 1;
        let id = CommandId([0; 16]);
        let mut envelope = Envelope {
            position: Position(n),
            stream: stream.parse().expect("stream"),
            version: Version(*version),
            kind: (*kind).to_owned(),
            schema: 1,
            at: Timestamp(0),
            cause: Cause::first(Principal::Operator("me".into()), id),
            command: id,
            trace: None,
            payload: rmp_serde::to_vec_named(&Raw(payload.clone())).expect("payload"),
            digest: Digest::default(),
        };
        envelope.digest = envelope.chained(digest);
        digest = envelope.digest;
        envelopes.push(envelope);
    }
    envelopes
}

fn audit(envelopes: &[Envelope], landed: &[Landed]) -> Vec<&'static str> {
    let mut audit = Audit::new("test");
    for envelope in envelopes {
        audit.take(envelope);
    }
    audit.compare("p", landed);
    audit.finish().into_iter().map(|b| b.id).collect()
}

type History = Vec<(&'static str, &'static str, Value)>;

/// A feature from creation to closing, with its container and its merge.
fn sound() -> History {
    let candidate = json!({ "base": "00", "sha": "c1", "tree": "t1" });
    vec![
        ("project-p", "project.started", json!({})),
        ("feature-p/f", "feature.created", json!({ "blockers": [] })),
        ("feature-p/f", "feature.claimed", json!({ "epoch": 1 })),
        ("container-p/1", "container.start_requested", json!({ "generation": 1 })),
        ("container-p/1", "container.started", json!({ "generation": 1 })),
        ("feature-p/f", "feature.submitted", json!({ "epoch": 1, "sha": "a1" })),
        ("container-p/1", "container.exited", json!({ "generation": 1 })),
        ("container-p/1", "container.removed", json!({ "generation": 1 })),
        ("trunk-p", "trunk.queued", json!({ "entry": 1, "kind": { "feature": "f" } })),
        ("trunk-p", "trunk.candidate_built", json!({ "entry": 1, "candidate": candidate })),
        ("trunk-p", "trunk.verified", json!({ "entry": 1, "evidence": { "tree": "t1", "exit": 0 } })),
        ("trunk-p", "trunk.publish_intended", json!({ "entry": 1, "from": "00", "to": "c1" })),
        ("trunk-p", "trunk.advanced", json!({ "entry": 1, "from": "00", "to": "c1" })),
        ("feature-p/f", "feature.closed", json!({ "closing": { "how": "merged", "sha": "c1" } })),
        ("project-p", "project.completed", json!({})),
    ]
}

fn chain() -> Vec<Landed> {
    let landed = |sha: &str, tree: &str, feature: Option<&str>| Landed {
        sha: sha.into(),
        tree: tree.into(),
        feature: feature.map(str::to_owned),
    };
    vec![landed("00", "t0", None), landed("c1", "t1", Some("f"))]
}

#[test]
fn a_sound_history_is_clean() {
    assert_eq!(audit(&record(&sound()), &chain()), Vec::<&str>::new());
}

#[test]
fn every_invariant_is_seen_broken() {
    let without = |kind: &str| sound().into_iter().filter(|(_, k, _)| *k != kind).collect::<History>();
    let after = |kind: &str, more: (&'static str, &'static str, Value)| {
        let mut history = sound();
        let at = history.iter().position(|(_, k, _)| *k == kind).expect("kind");
        history.insert(at + 1, more);
        history
    };
    let changed = |kind: &str, payload: Value| {
        let mut history = sound();
        history.iter_mut().find(|(_, k, _)| *k == kind).expect("kind").2 = payload;
        history
    };
    let claim = |epoch: u64| ("feature-p/f", "feature.claimed", json!({ "epoch": epoch }));
    let cases: Vec<(&str, History)> = vec![
        ("C1", after("feature.claimed", claim(2))),
        ("C2", changed("feature.submitted", json!({ "epoch": 7 }))),
        ("C2", after("feature.submitted", ("feature-p/f", "feature.released", json!({ "epoch": 1 })))),
        ("C3", without("feature.submitted")),
        ("C6", changed("feature.created", json!({ "blockers": ["other"] }))),
        ("C6", after("feature.submitted", claim(2))),
        ("C6", after("project.started", ("project-p", "project.edit_opened", json!({})))),
        ("C6", after("feature.created", ("feature-p/f", "feature.quarantined", json!({ "why": "3" })))),
        ("C11", after("feature.created", ("project-p", "project.stopped", json!({})))),
        ("K1", without("container.start_requested")),
        ("K1", after("container.removed", ("container-p/1", "container.start_requested", json!({ "generation": 2 })))),
        ("K2", without("container.exited")),
        ("K2", after("container.exited", ("container-p/1", "container.lost", json!({ "generation": 1 })))),
        ("G4", without("trunk.verified")),
        ("G4", changed("trunk.verified", json!({ "entry": 1, "evidence": { "tree": "other", "exit": 0 } }))),
        ("G4", changed("trunk.verified", json!({ "entry": 1, "evidence": { "tree": "t1", "exit": 2 } }))),
        ("G4", changed("trunk.publish_intended", json!({ "entry": 1, "from": "zz", "to": "c1" }))),
        ("G6", without("trunk.advanced")),
    ];
    for (id, history) in cases {
        let found = audit(&record(&history), &chain());
        assert!(found.contains(&id), "{id} expected, found {found:?} in {history:?}");
    }
}

#[test]
fn dependencies_are_unblocked_by_their_end_only() {
    let mut history = sound();
    history[1].2 = json!({ "blockers": ["g"] });
    history.insert(2, ("backlog-p", "backlog.admitted", json!({ "edges": [{ "feature": "f", "on": "g" }] })));
    history.insert(3, ("feature-p/f", "feature.unblocked", json!({ "by": "g" })));
    assert_eq!(audit(&record(&history), &chain()), ["C6"]);
    history.insert(3, ("feature-p/g", "feature.withdrawn", json!({ "by": "me" })));
    assert_eq!(audit(&record(&history), &chain()), Vec::<&str>::new());
}

#[test]
fn the_log_itself_is_checked() {
    let mut gap = record(&sound());
    gap.remove(4);
    assert!(audit(&gap, &chain()).contains(&"L3"));
    let mut altered = record(&sound());
    altered[3].payload[0] ^= 1;
    assert!(audit(&altered, &chain()).contains(&"L4"));
}

#[test]
fn upstream_is_compared_with_the_log() {
    let envelopes = record(&sound());
    assert_eq!(audit(&envelopes, &chain()[..1]), ["G6"], "the merge is missing");
    let mut other = chain();
    other[1].tree = "t9".into();
    assert_eq!(audit(&envelopes, &other), ["G4"], "another tree than the verified one");
    let mut foreign = chain();
    foreign[1].feature = Some("g".into());
    assert!(audit(&envelopes, &foreign).contains(&"G6"), "the trailer names another feature");
    let mut two = sound();
    two.truncate(14);
    let candidate = json!({ "base": "c1", "sha": "c2", "tree": "t2" });
    two.extend([
        ("trunk-p", "trunk.queued", json!({ "entry": 2, "kind": { "feature": "g" } })),
        ("trunk-p", "trunk.candidate_built", json!({ "entry": 2, "candidate": candidate })),
        ("trunk-p", "trunk.verified", json!({ "entry": 2, "evidence": { "kind": "none_configured" } })),
        ("trunk-p", "trunk.publish_intended", json!({ "entry": 2, "from": "c1", "to": "c2" })),
        ("trunk-p", "trunk.advanced", json!({ "entry": 2, "from": "c1", "to": "c2" })),
    ]);
    let mut landed = chain();
    landed.insert(1, Landed { sha: "c2".into(), tree: "t2".into(), feature: Some("g".into()) });
    assert_eq!(audit(&record(&two), &landed), ["G3"]);
}
