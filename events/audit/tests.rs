//! Each invariant seen broken: a sound history, then the same with one thing wrong, and the audit
//! names it.

use crate::envelope::Envelope;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::*;
use crate::cause::{Cause, Principal};
use crate::envelope::genesis;
use crate::id::{CommandId, Digest, Timestamp};
use crate::stream::{Position, Version};

#[path = "breaches/tests.rs"]
mod breaches;
#[path = "upstream/tests.rs"]
mod upstream;

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
        let id = CommandId::derived(&["audit", &n.to_string()]);
        let mut envelope = Envelope {
            position: Position(n),
            stream: stream.parse().expect("stream"),
            version: Version(*version),
            kind: (*kind).into(),
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
    audit_seen(envelopes, landed, Position(u64::MAX))
}

/// Audits with a chain that was looked at when the log had been read up to here.
fn audit_seen(envelopes: &[Envelope], landed: &[Landed], seen: Position) -> Vec<&'static str> {
    let mut audit = Audit::new("test");
    for envelope in envelopes {
        audit.take(envelope);
    }
    audit.compare("p", landed, seen);
    audit.finish().into_iter().map(|b| b.id).collect()
}

type History = Vec<(&'static str, &'static str, Value)>;

/// A feature from creation to closing, with its containers, its review and its merge.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn sound() -> History {
    let candidate = json!({ "base": "00", "sha": "c1", "tree": "t1" });
    let assigned = |session: &str, role: &str, epoch: Option<u64>| json!({ "assignment": { "session": session, "role": role, "feature": epoch.map(|_| "f"), "epoch": epoch } });
    let ended =
        |session: &str| json!({ "session": session, "outcome": "completed", "evidence": null });
    let exit = json!({ "code": 0, "oom": false, "signal": null });

    vec![
        ("node-n", "node.started", json!({ "epoch": 1 })),
        ("project-p", "project.started", json!({})),
        ("project-p", "project.target_set", json!({ "count": 2 })),
        ("container-p/1", "container.enlisted", json!({})),
        ("container-p/2", "container.enlisted", json!({})),
        ("feature-p/f", "feature.created", json!({ "blockers": [] })),
        (
            "feature-p/f",
            "feature.claimed",
            json!({ "epoch": 1, "holder": { "kind": "berth", "n": 1, "session": "s-1" } }),
        ),
        (
            "container-p/1",
            "container.assigned",
            assigned("s-1", "coder", Some(1)),
        ),
        (
            "container-p/1",
            "container.start_requested",
            json!({ "generation": 1 }),
        ),
        (
            "container-p/1",
            "container.started",
            json!({ "generation": 1 }),
        ),
        (
            "container-p/1",
            "container.session_started",
            json!({ "session": "s-1" }),
        ),
        (
            "feature-p/f",
            "feature.submitted",
            json!({ "epoch": 1, "sha": "a1" }),
        ),
        ("container-p/1", "container.session_ended", ended("s-1")),
        (
            "container-p/1",
            "container.exited",
            json!({ "generation": 1, "exit": exit }),
        ),
        (
            "container-p/1",
            "container.transcript_kept",
            json!({ "session": "s-1", "chunks": 2, "bytes": 9, "digest": "d" }),
        ),
        (
            "container-p/1",
            "container.removed",
            json!({ "generation": 1 }),
        ),
        (
            "container-p/2",
            "container.assigned",
            assigned("s-2", "reviewer", None),
        ),
        (
            "feature-p/f",
            "feature.review_passed",
            json!({ "session": "s-2" }),
        ),
        ("container-p/2", "container.session_ended", ended("s-2")),
        (
            "trunk-p",
            "trunk.queued",
            json!({ "entry": 1, "kind": { "feature": "f", "epoch": 1 } }),
        ),
        (
            "trunk-p",
            "trunk.candidate_built",
            json!({ "entry": 1, "candidate": candidate }),
        ),
        (
            "trunk-p",
            "trunk.verified",
            json!({ "entry": 1, "evidence": { "tree": "t1", "exit": 0 } }),
        ),
        (
            "trunk-p",
            "trunk.publish_intended",
            json!({ "entry": 1, "from": "00", "to": "c1" }),
        ),
        (
            "trunk-p",
            "trunk.advanced",
            json!({ "entry": 1, "from": "00", "to": "c1" }),
        ),
        (
            "feature-p/f",
            "feature.closed",
            json!({ "closing": { "how": "merged", "sha": "c1" } }),
        ),
        ("project-p", "project.completed", json!({})),
        ("node-n", "node.stopped", json!({ "epoch": 1 })),
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

fn without(kind: &str) -> History {
    sound().into_iter().filter(|(_, k, _)| *k != kind).collect()
}

fn after(kind: &str, more: (&'static str, &'static str, Value)) -> History {
    let mut history = sound();
    let at = history
        .iter()
        .position(|(_, k, _)| *k == kind)
        .expect("kind");
    history.insert(at + 1, more);
    history
}

fn changed(kind: &str, payload: Value) -> History {
    let mut history = sound();
    history
        .iter_mut()
        .find(|(_, k, _)| *k == kind)
        .expect("kind")
        .2 = payload;
    history
}

fn claim(epoch: u64) -> (&'static str, &'static str, Value) {
    ("feature-p/f", "feature.claimed", json!({ "epoch": epoch }))
}

fn all_are_named(cases: Vec<(&str, History)>) {
    for (id, history) in cases {
        let found = audit(&record(&history), &chain());
        assert!(
            found.contains(&id),
            "{id} expected, found {found:?} in {history:?}"
        );
    }
}

/// Three tries under claims that end one after the other, then a fourth claim.
fn tried() -> History {
    let mut tried = sound();
    let at = tried
        .iter()
        .position(|(_, kind, _)| *kind == "feature.claimed")
        .expect("claimed");

    for (epoch, n) in (1..=3_u64).zip(0..) {
        let end = (
            "feature-p/f",
            "feature.released",
            json!({ "epoch": epoch, "outcome": "failed" }),
        );
        tried.splice(at + 2 * n..at + 2 * n, [claim(epoch), end]);
    }

    tried
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn what_sessions_say_and_the_limits_of_claims_are_seen_broken() {
    let released = |outcome: &str| {
        (
            "feature-p/f",
            "feature.released",
            json!({ "epoch": 1, "outcome": outcome }),
        )
    };
    let exit = |exit: Value| json!({ "generation": 1, "exit": exit });
    let circle = json!({ "edges": [{ "feature": "f", "on": "g" }, { "feature": "g", "on": "h" }, { "feature": "h", "on": "f" }] });

    all_are_named(vec![
        ("I2", without("container.assigned")),
        (
            "I2",
            after(
                "container.session_ended",
                (
                    "container-p/1",
                    "container.session_ended",
                    json!({ "session": "s-1" }),
                ),
            ),
        ),
        (
            "I2",
            after(
                "container.session_started",
                (
                    "container-p/1",
                    "container.session_started",
                    json!({ "session": "s-1" }),
                ),
            ),
        ),
        (
            "I2",
            after(
                "feature.review_passed",
                (
                    "feature-p/f",
                    "feature.review_rejected",
                    json!({ "session": "s-2" }),
                ),
            ),
        ),
        (
            "K7",
            after("feature.claimed", released("failed"))
                .into_iter()
                .filter(|(_, k, _)| *k != "feature.submitted")
                .collect(),
        ),
        (
            "K7",
            changed("container.exited", exit(json!({ "code": 0 }))),
        ),
        ("C4", without("feature.review_passed")),
        (
            "C4",
            changed(
                "trunk.queued",
                json!({ "entry": 1, "kind": { "feature": "f", "epoch": 7 } }),
            ),
        ),
        ("C7", changed("project.target_set", json!({ "count": 0 }))),
        ("C7", without("container.enlisted")),
        ("C8", tried()),
        (
            "C10",
            after("project.started", ("backlog-p", "backlog.admitted", circle)),
        ),
        (
            "C10",
            after(
                "feature.created",
                ("feature-p/f", "feature.created", json!({ "blockers": [] })),
            ),
        ),
        (
            "C10",
            after(
                "feature.closed",
                ("feature-p/f", "feature.review_started", json!({})),
            ),
        ),
        ("G2", without("trunk.advanced")),
        (
            "G2",
            after(
                "trunk.publish_intended",
                (
                    "trunk-p",
                    "trunk.publish_intended",
                    json!({ "entry": 2, "from": "00", "to": "c1" }),
                ),
            ),
        ),
        ("S-E1", changed("node.started", json!({ "epoch": 3 }))),
        ("S-E1", changed("node.stopped", json!({ "epoch": 2 }))),
        (
            "S-E1",
            after(
                "node.stopped",
                ("node-n", "node.stopped", json!({ "epoch": 1 })),
            ),
        ),
        (
            "L5",
            after(
                "node.started",
                ("node-n", "node.books_diverged", json!({ "at": 1 })),
            ),
        ),
        (
            "X1",
            after(
                "container.transcript_kept",
                (
                    "container-p/1",
                    "container.transcript_kept",
                    json!({ "session": "s-1" }),
                ),
            ),
        ),
        (
            "X1",
            after(
                "project.started",
                (
                    "container-p/1",
                    "container.transcript_dropped",
                    json!({ "session": "s-1" }),
                ),
            ),
        ),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn every_invariant_is_seen_broken() {
    all_are_named(vec![
        ("C1", after("feature.claimed", claim(2))),
        ("C2", changed("feature.submitted", json!({ "epoch": 7 }))),
        (
            "C2",
            after(
                "feature.submitted",
                ("feature-p/f", "feature.released", json!({ "epoch": 1 })),
            ),
        ),
        ("C3", without("feature.submitted")),
        (
            "C6",
            changed("feature.created", json!({ "blockers": ["other"] })),
        ),
        ("C6", after("feature.submitted", claim(2))),
        (
            "C6",
            after(
                "project.started",
                ("project-p", "project.edit_opened", json!({})),
            ),
        ),
        (
            "C6",
            after(
                "feature.created",
                ("feature-p/f", "feature.quarantined", json!({ "why": "3" })),
            ),
        ),
        (
            "C11",
            after(
                "feature.created",
                ("project-p", "project.stopped", json!({})),
            ),
        ),
        ("K1", without("container.start_requested")),
        (
            "K1",
            after(
                "container.removed",
                (
                    "container-p/1",
                    "container.start_requested",
                    json!({ "generation": 2 }),
                ),
            ),
        ),
        ("K2", without("container.exited")),
        (
            "K2",
            after(
                "container.exited",
                (
                    "container-p/1",
                    "container.lost",
                    json!({ "generation": 1 }),
                ),
            ),
        ),
        ("G4", without("trunk.verified")),
        (
            "G4",
            changed(
                "trunk.verified",
                json!({ "entry": 1, "evidence": { "tree": "other", "exit": 0 } }),
            ),
        ),
        (
            "G4",
            changed(
                "trunk.verified",
                json!({ "entry": 1, "evidence": { "tree": "t1", "exit": 2 } }),
            ),
        ),
        (
            "G4",
            changed(
                "trunk.publish_intended",
                json!({ "entry": 1, "from": "zz", "to": "c1" }),
            ),
        ),
        ("G6", without("trunk.advanced")),
    ]);
}

#[test]
fn dependencies_are_unblocked_by_their_end_only() {
    let mut history = sound();
    let at = history
        .iter()
        .position(|(_, kind, _)| *kind == "feature.created")
        .expect("created");
    history[at].2 = json!({ "blockers": ["g"] });
    history.insert(
        at + 1,
        (
            "backlog-p",
            "backlog.admitted",
            json!({ "edges": [{ "feature": "f", "on": "g" }] }),
        ),
    );
    history.insert(
        at + 2,
        ("feature-p/f", "feature.unblocked", json!({ "by": "g" })),
    );
    assert_eq!(audit(&record(&history), &chain()), ["C6"]);

    let withdrawn = ("feature-p/g", "feature.withdrawn", json!({ "by": "me" }));
    let left = ("backlog-p", "backlog.withdrawn", json!({ "id": "g" }));
    let created = ("feature-p/g", "feature.created", json!({}));
    for (before, found) in [
        (vec![withdrawn], vec![]),
        // It was admitted, never came to exist, and left.
        (vec![left.clone()], vec![]),
        // It exists: its own word counts.
        (vec![created, left], vec!["C6"]),
    ] {
        let mut history = history.clone();
        history.splice(at + 2..at + 2, before);
        assert_eq!(audit(&record(&history), &chain()), found);
    }
}

/// The same history under other causes, commands and times.
fn altered(mut change: impl FnMut(usize, &mut Envelope)) -> Vec<&'static str> {
    let mut envelopes = record(&sound());
    let mut digest = genesis("test");
    for (n, envelope) in envelopes.iter_mut().enumerate() {
        change(n, envelope);
        envelope.digest = envelope.chained(digest);
        digest = envelope.digest;
    }
    audit(&envelopes, &chain())
}

#[test]
fn causes_commands_and_times_are_checked() {
    assert_eq!(altered(|_, _| ()), Vec::<&str>::new());
    let later = altered(|n, envelope| envelope.cause.causation = (n == 4).then_some(Position(9)));
    assert_eq!(later, ["L11"]);
    let command = CommandId::derived(&["again"]);
    let again = altered(|n, envelope| {
        envelope.command = if n == 2 || n == 9 {
            command
        } else {
            envelope.command
        }
    });
    assert_eq!(again, ["I1"]);
    let two = altered(|n, envelope| {
        envelope.command = if n == 5 || n == 6 || n == 7 {
            command
        } else {
            envelope.command
        }
    });
    assert_eq!(two, ["I4"], "one command, two streams");
    let month = crate::log::ANSWERS_KEPT_FOR + 2;

    let later = altered(|n, envelope| {
        envelope.command = if n == 2 || n == 26 {
            command
        } else {
            envelope.command
        };
        envelope.at = Timestamp(if n == 26 { month } else { 0 });
    });
    assert_eq!(
        later,
        Vec::<&str>::new(),
        "beyond the time for which answers are remembered"
    );
    let back = altered(|n, envelope| envelope.at = Timestamp(if n < 5 { 10 } else { 9 }));
    assert_eq!(back, ["L4"]);
    let day = 24 * 3_600 * 1_000_000;
    let slow = altered(|n, envelope| envelope.at = Timestamp(if n < 8 { 0 } else { day }));
    assert_eq!(slow, ["T-3"]);
}

#[test]
fn time_without_a_server_counts_for_no_bound() {
    let mut history = sound();
    let at = history
        .iter()
        .position(|(_, kind, _)| *kind == "container.started")
        .expect("started");
    history.insert(at + 1, ("node-n", "node.started", json!({ "epoch": 2 })));
    history.last_mut().expect("the stop").2 = json!({ "epoch": 2 });
    let mut envelopes = record(&history);
    let mut digest = genesis("test");

    for (n, envelope) in envelopes.iter_mut().enumerate() {
        envelope.at = Timestamp(if n <= at { 0 } else { 24 * 3_600 * 1_000_000 });
        envelope.digest = envelope.chained(digest);
        digest = envelope.digest;
    }

    assert_eq!(audit(&envelopes, &chain()), Vec::<&str>::new());
}

#[test]
fn transcripts_are_compared_with_what_was_recorded() {
    let kept = Spoken {
        chunks: 2,
        bytes: 9,
        digest: "d".into(),
    };

    let compare = |kept: Option<&Spoken>| {
        let mut audit = Audit::new("test");
        for envelope in record(&sound()) {
            audit.take(&envelope);
        }
        assert_eq!(audit.transcripts(), ["s-1"]);
        audit.compare_transcript("s-1", kept);
        audit.finish().into_iter().map(|b| b.id).collect::<Vec<_>>()
    };
    assert_eq!(compare(Some(&kept)), Vec::<&str>::new());
    assert_eq!(compare(None), ["X1"], "it is gone and was not dropped");
    assert_eq!(
        compare(Some(&Spoken {
            chunks: 1,
            ..kept.clone()
        })),
        ["X1"]
    );
    assert_eq!(
        compare(Some(&Spoken {
            digest: "e".into(),
            ..kept.clone()
        })),
        ["X1"]
    );
}

/// What was there when the queue was opened is nobody's breach, whoever merged it; what came since
/// without the log is.
#[test]
fn merges_of_an_earlier_installation_are_its_own() {
    let earlier = |sha: &str| Landed {
        sha: sha.into(),
        tree: "t".into(),
        feature: Some("of-another-log".into()),
    };
    let opened = (
        "trunk-p",
        "trunk.opened",
        json!({ "branch": "main", "head": "00" }),
    );
    let mut history = sound();
    let at = history
        .iter()
        .position(|(stream, ..)| *stream == "trunk-p")
        .expect("a queue");
    history.insert(at, opened);
    let mut landed = chain();
    landed.insert(0, earlier("e1"));
    assert_eq!(audit(&record(&history), &landed), Vec::<&str>::new());

    landed.push(earlier("e2"));
    assert_eq!(audit(&record(&history), &landed), ["G6"]);
}

/// What a person took as it is need not hold what was merged before; what was merged since has to
/// be there, and nothing of ours may be that the log does not know.
#[test]
fn an_upstream_that_was_rewritten_and_accepted_is_no_breach() {
    let rewritten =
        json!({ "reason": "r", "fault": { "kind": "rewritten", "lost": "c1", "seen": "r9" } });
    let halted = ("trunk-p", "trunk.halted", rewritten);
    let followed = |accepted: serde_json::Value| {
        let payload = json!({ "from": "c1", "to": "r9", "files": [], "accepted": accepted });
        ("trunk-p", "trunk.followed", payload)
    };
    let landed = |sha: &str, feature: Option<&str>| Landed {
        sha: sha.into(),
        tree: "t".into(),
        feature: feature.map(str::to_owned),
    };
    // Somebody made every commit anew: ours among them, under another name.
    let anew = [landed("r8", Some("f")), landed("r9", None)];

    let mut history = sound();
    assert_eq!(
        audit(&record(&history), &anew),
        ["G6", "G6"],
        "nobody has seen it yet"
    );
    history.push(halted);
    assert_eq!(
        audit(&record(&history), &anew),
        Vec::<&str>::new(),
        "the log knows"
    );
    let mut taken_back = history.clone();
    taken_back.push(("trunk-p", "trunk.unhalted", json!({})));
    assert_eq!(audit(&record(&taken_back), &anew), ["G6", "G6"]);

    let mut moved = history.clone();
    moved.push(followed(json!(null)));
    assert_eq!(audit(&record(&moved), &anew), ["G6", "G6"]);

    history.push(followed(json!("operator")));
    assert_eq!(
        audit(&record(&history), &anew),
        Vec::<&str>::new(),
        "accepted"
    );
    let mut since = anew.to_vec();
    since.push(landed("r10", Some("f")));
    assert_eq!(
        audit(&record(&history), &since),
        ["G6"],
        "what came since without the log"
    );
}

#[test]
fn a_replay_is_the_same_through_every_station() {
    let envelopes = crate::golden::told();

    for every in [1, 7, 10_000] {
        let mut replay = Replay::every("test", every);
        envelopes.iter().for_each(|envelope| replay.take(envelope));
        assert_eq!(replay.finish(), []);
    }

    let mut foreign = envelopes.clone();
    foreign[3].kind = "feature.eaten".into();
    let mut replay = Replay::new("test");
    foreign.iter().for_each(|envelope| replay.take(envelope));
    assert_eq!(
        replay
            .finish()
            .first()
            .map(|breach| (breach.id, breach.position)),
        Some(("L5", 4))
    );
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
fn upstream_may_lack_what_was_published_after_the_look_at_it() {
    let envelopes = record(&sound());
    let published = envelopes
        .iter()
        .find(|e| e.kind == "trunk.advanced")
        .expect("published");
    let before = Position(published.position.0 - 1);
    assert_eq!(
        audit_seen(&envelopes, &chain()[..1], before),
        Vec::<&str>::new(),
        "it was published after upstream was looked at"
    );

    assert_eq!(
        audit_seen(&envelopes, &chain()[..1], published.position),
        ["G6"],
        "it was published before upstream was looked at"
    );
}

#[test]
fn upstream_is_compared_with_the_log() {
    let envelopes = record(&sound());
    assert_eq!(
        audit(&envelopes, &chain()[..1]),
        ["G6"],
        "the merge is missing"
    );
    let mut other = chain();
    other[1].tree = "t9".into();
    assert_eq!(
        audit(&envelopes, &other),
        ["G4"],
        "another tree than the verified one"
    );
    let mut foreign = chain();
    foreign[1].feature = Some("g".into());
    assert!(
        audit(&envelopes, &foreign).contains(&"G6"),
        "the trailer names another feature"
    );
    let mut two = sound();

    two.truncate(
        two.iter()
            .position(|(_, kind, _)| *kind == "feature.closed")
            .expect("closed")
            + 1,
    );
    let candidate = json!({ "base": "c1", "sha": "c2", "tree": "t2" });

    two.extend([
        (
            "trunk-p",
            "trunk.queued",
            json!({ "entry": 2, "kind": { "feature": "g" } }),
        ),
        (
            "trunk-p",
            "trunk.candidate_built",
            json!({ "entry": 2, "candidate": candidate }),
        ),
        (
            "trunk-p",
            "trunk.verified",
            json!({ "entry": 2, "evidence": { "kind": "none_configured" } }),
        ),
        (
            "trunk-p",
            "trunk.publish_intended",
            json!({ "entry": 2, "from": "c1", "to": "c2" }),
        ),
        (
            "trunk-p",
            "trunk.advanced",
            json!({ "entry": 2, "from": "c1", "to": "c2" }),
        ),
    ]);
    let mut landed = chain();

    landed.insert(
        1,
        Landed {
            sha: "c2".into(),
            tree: "t2".into(),
            feature: Some("g".into()),
        },
    );
    assert_eq!(audit(&record(&two), &landed), ["G3"]);
}
