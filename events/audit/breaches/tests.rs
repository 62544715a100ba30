//! Every breach by itself: a history that has it and nothing else, and its neighbour that has none.
//! What is found is compared whole, so that no check can hide behind another.

use super::*;

type Told = (&'static str, &'static str, Value);

const F: &str = "feature-p/f";
const G: &str = "feature-p/g";
const PROJECT: &str = "project-p";
const ONE: &str = "container-p/1";
const TWO: &str = "container-p/2";

const HOUR: i64 = 3_600_000_000;

/// A server, a project that runs with two slots, and the features `f` and `g`.
fn begun() -> History {
    vec![
        ("node-n", "node.started", json!({ "epoch": 1 })),
        (PROJECT, "project.started", json!({})),
        (PROJECT, "project.target_set", json!({ "count": 2 })),
        (ONE, "container.enlisted", json!({})),
        (TWO, "container.enlisted", json!({})),
        (F, "feature.created", json!({ "blockers": [] })),
        (G, "feature.created", json!({ "blockers": [] })),
    ]
}

/// What is found in these events, without a look at upstream.
fn found_in(history: &[Told]) -> Vec<&'static str> {
    found_at(history, |_| 0)
}

/// The same, each event recorded when this says.
fn found_at(history: &[Told], at: impl Fn(usize) -> i64) -> Vec<&'static str> {
    let mut audit = Audit::new("test");
    for envelope in recorded_at(history, at) {
        audit.take(&envelope);
    }
    audit.finish().into_iter().map(|breach| breach.id).collect()
}

fn recorded_at(history: &[Told], at: impl Fn(usize) -> i64) -> Vec<Envelope> {
    let mut envelopes = record(history);
    for (n, envelope) in envelopes.iter_mut().enumerate() {
        envelope.at = Timestamp(at(n));
    }
    chained(envelopes)
}

fn chained(mut envelopes: Vec<Envelope>) -> Vec<Envelope> {
    let mut digest = genesis("test");
    for envelope in &mut envelopes {
        envelope.digest = envelope.chained(digest);
        digest = envelope.digest;
    }
    envelopes
}

/// Holds a table of what follows [`begun`] against what is found in it.
fn all_found(table: Vec<(&str, Vec<Told>, &[&str])>) {
    for (what, more, expected) in table {
        let history = [begun(), more].concat();
        assert_eq!(found_in(&history), expected, "{what}");
    }
}

fn claimed(stream: &'static str, epoch: u64) -> Told {
    (stream, "feature.claimed", json!({ "epoch": epoch }))
}

fn claimed_by(stream: &'static str, epoch: u64, n: u64) -> Told {
    let payload = json!({ "epoch": epoch, "holder": { "kind": "berth", "n": n } });
    (stream, "feature.claimed", payload)
}

fn released(epoch: u64, outcome: &str) -> Told {
    let payload = json!({ "epoch": epoch, "outcome": outcome });
    (F, "feature.released", payload)
}

fn submitted(epoch: u64) -> Told {
    (F, "feature.submitted", json!({ "epoch": epoch }))
}

fn of(stream: &'static str, kind: &'static str) -> Told {
    (stream, kind, json!({}))
}

fn by(stream: &'static str, kind: &'static str, by: &str) -> Told {
    (stream, kind, json!({ "by": by }))
}

fn epoch(kind: &'static str, epoch: u64) -> Told {
    (F, kind, json!({ "epoch": epoch }))
}

fn assigned(slot: &'static str, session: &str, role: &str, claim: Option<&str>) -> Told {
    let assignment = json!({
        "session": session, "role": role, "feature": claim, "epoch": claim.map(|_| 1),
    });
    let payload = json!({ "assignment": assignment });
    (slot, "container.assigned", payload)
}

fn session(stream: &'static str, kind: &'static str, session: &str) -> Told {
    (stream, kind, json!({ "session": session }))
}

fn completed(slot: &'static str, session: &str, evidence: Option<&str>) -> Told {
    let payload = json!({ "session": session, "outcome": "completed", "evidence": evidence });
    (slot, "container.session_ended", payload)
}

fn generation(kind: &'static str, generation: u64) -> Told {
    let exit = json!({ "code": 0, "oom": false, "signal": null });
    let payload = json!({ "generation": generation, "exit": exit });
    (ONE, kind, payload)
}

fn edge(kind: &'static str, feature: &str, on: &str) -> Told {
    let payload = json!({ "edge": { "feature": feature, "on": on } });
    ("backlog-p", kind, payload)
}

#[test]
fn a_claim_is_held_against_the_project_and_the_feature() {
    all_found(vec![
        (
            "the next one",
            vec![claimed(F, 1), released(1, "lost"), claimed(F, 2)],
            &[],
        ),
        (
            "one is left out",
            vec![claimed(F, 1), released(1, "lost"), claimed(F, 3)],
            &["C2"],
        ),
        (
            "after a stop",
            vec![of(PROJECT, "project.stopped"), claimed(F, 1)],
            &["C11", "C6"],
        ),
        (
            "while it drains",
            vec![of(PROJECT, "project.drain_requested"), claimed(F, 1)],
            &["C6"],
        ),
        (
            "while it is edited",
            vec![of(PROJECT, "project.edit_opened"), claimed(F, 1)],
            &["C6"],
        ),
        (
            "after an edit was thrown away",
            vec![
                of(PROJECT, "project.edit_opened"),
                of(PROJECT, "project.edit_discarded"),
                claimed(F, 1),
            ],
            &[],
        ),
        ("of nothing", vec![claimed("feature-p/x", 1)], &["C6"]),
        (
            "of what was withdrawn",
            vec![of(F, "feature.withdrawn"), claimed(F, 1)],
            &["C10", "C6"],
        ),
        (
            "of what was withdrawn and taken up again",
            vec![
                of(F, "feature.withdrawn"),
                of(F, "feature.reopened"),
                claimed(F, 1),
            ],
            &[],
        ),
        (
            "words about what is over move nothing",
            vec![of(F, "feature.withdrawn"), of(F, "feature.commented")],
            &[],
        ),
        (
            "an end under an open claim",
            vec![claimed(F, 1), of(F, "feature.closed")],
            &["C3"],
        ),
        (
            "left open by a project that is completed",
            vec![claimed(F, 1), of(PROJECT, "project.completed")],
            &["C3"],
        ),
    ]);
}

#[test]
fn what_carries_an_epoch_lies_within_its_claim() {
    all_found(vec![
        (
            "a question under its claim",
            vec![claimed(F, 1), epoch("feature.question_asked", 1)],
            &[],
        ),
        (
            "a question under the next claim",
            vec![claimed(F, 1), epoch("feature.question_asked", 2)],
            &["C2"],
        ),
        (
            "a question under none",
            vec![epoch("feature.question_asked", 1)],
            &["C2"],
        ),
        (
            "a claim while a question waits",
            vec![
                claimed(F, 1),
                epoch("feature.question_asked", 1),
                released(1, "given_back"),
                claimed(F, 2),
            ],
            &["C6"],
        ),
        (
            "a claim after its answer",
            vec![
                claimed(F, 1),
                epoch("feature.question_asked", 1),
                released(1, "given_back"),
                of(F, "feature.question_answered"),
                claimed(F, 2),
            ],
            &[],
        ),
        (
            "work of the claim that is open",
            vec![claimed(F, 1), epoch("feature.work_secured", 1)],
            &[],
        ),
        (
            "work of an earlier claim",
            vec![
                claimed(F, 1),
                released(1, "lost"),
                claimed(F, 2),
                epoch("feature.work_lost", 1),
            ],
            &[],
        ),
        (
            "work of a claim to come",
            vec![claimed(F, 1), epoch("feature.work_secured", 2)],
            &["C2"],
        ),
        (
            "work of claim nought",
            vec![claimed(F, 1), epoch("feature.work_lost", 0)],
            &["C2"],
        ),
    ]);
}

/// So many rounds of a claim that is handed in, each followed by this; then another claim.
fn rounds(count: u64, answer: impl Fn(u64) -> Vec<Told>) -> Vec<Told> {
    let mut told = vec![];
    for n in 1..=count {
        told.extend([claimed(F, n), submitted(n)]);
        told.extend(answer(n));
    }
    told.push(claimed(F, count + 1));
    told
}

fn rejected(fault: &str) -> Vec<Told> {
    vec![(F, "feature.merge_rejected", json!({ "fault": fault }))]
}

fn reviewed(n: u64) -> Vec<Told> {
    let name = format!("r-{n}");
    vec![
        assigned(TWO, &name, "reviewer", None),
        session(F, "feature.review_rejected", &name),
    ]
}

#[test]
fn tries_rejections_and_conflicts_are_counted_each_for_itself() {
    let mixed = |n: u64| match n.is_multiple_of(2) {
        true => rejected("conflict"),
        false => rejected("verification"),
    };
    let requeued = |kind: &'static str| {
        let mut told = rounds(5, |_| rejected("conflict"));
        let last = told.len() - 1;
        told.insert(last, of(F, kind));
        told
    };

    // Reviews and red verifications are one count, conflicts are another.
    let after_reviews = |fault: &'static str| {
        let answer = move |n: u64| match n {
            1..=3 => reviewed(n),
            _ => rejected(fault),
        };
        rounds(5, answer)
    };

    all_found(vec![
        ("reviews, then conflicts", after_reviews("conflict"), &[]),
        ("reviews, then red", after_reviews("verification"), &["C8"]),
        ("four reviews", rounds(4, reviewed), &[]),
        ("five reviews", rounds(5, reviewed), &["C8"]),
        ("four conflicts", rounds(4, |_| rejected("conflict")), &[]),
        (
            "five conflicts",
            rounds(5, |_| rejected("conflict")),
            &["C8"],
        ),
        (
            "five verifications",
            rounds(5, |_| rejected("verification")),
            &["C8"],
        ),
        ("four of each", rounds(8, mixed), &[]),
        ("five of one", rounds(9, mixed), &["C8"]),
        ("a person wants it", requeued("feature.requeued"), &[]),
        ("it is taken up again", requeued("feature.reopened"), &[]),
    ]);

    for (outcome, counts) in [
        ("completed", true),
        ("no_work", true),
        ("failed", true),
        ("stuck", true),
        ("timed_out", true),
        ("given_back", true),
        ("lost", false),
        ("interrupted", false),
    ] {
        let mut told = vec![];
        for n in 1..=3 {
            told.extend([claimed(F, n), released(n, outcome)]);
        }
        told.push(claimed(F, 4));
        let expected: &[&str] = if counts { &["C8"] } else { &[] };
        all_found(vec![(outcome, told, expected)]);
    }
}

#[test]
fn dependencies_hold_a_feature_and_close_no_circle() {
    let added = |feature, on| edge("backlog.dependency_added", feature, on);
    let removed = |feature, on| edge("backlog.dependency_removed", feature, on);
    let left = ("backlog-p", "backlog.withdrawn", json!({ "id": "x" }));

    all_found(vec![
        (
            "it waits",
            vec![by(F, "feature.blocked", "g"), claimed(F, 1)],
            &["C6"],
        ),
        (
            "nothing says any more that it has to",
            vec![
                by(F, "feature.blocked", "g"),
                by(F, "feature.unblocked", "g"),
                claimed(F, 1),
            ],
            &[],
        ),
        (
            "the backlog says that it has to",
            vec![
                added("f", "g"),
                by(F, "feature.blocked", "g"),
                by(F, "feature.unblocked", "g"),
            ],
            &["C6"],
        ),
        (
            "the backlog said so before",
            vec![
                added("f", "g"),
                removed("f", "g"),
                by(F, "feature.unblocked", "g"),
            ],
            &[],
        ),
        (
            "what was spoken of, never came to be, and left",
            vec![
                added("f", "x"),
                of("feature-p/x", "feature.commented"),
                left,
                by(F, "feature.unblocked", "x"),
            ],
            &[],
        ),
        ("a circle", vec![added("f", "g"), added("g", "f")], &["C10"]),
        ("a circle of one", vec![added("f", "f")], &["C10"]),
        (
            "one of its edges left before",
            vec![added("f", "g"), removed("f", "g"), added("g", "f")],
            &[],
        ),
        (
            "edges of others are no way",
            vec![added("z", "f"), added("f", "g")],
            &[],
        ),
        (
            "two ways to one end",
            vec![
                added("f", "g"),
                added("f", "h"),
                added("g", "i"),
                added("h", "i"),
            ],
            &[],
        ),
    ]);
}

#[test]
fn a_session_that_is_completed_handed_in_what_it_was_for() {
    let coder = || vec![claimed_by(F, 1, 1), assigned(ONE, "s", "coder", Some("f"))];
    let done = |more: Vec<Told>| [coder(), more, vec![completed(ONE, "s", None)]].concat();
    let verifier = |evidence| {
        let verifier = assigned(ONE, "s", "verifier", None);
        vec![verifier, completed(ONE, "s", evidence)]
    };
    let of_project = |more: &[&'static str]| {
        let mut told = vec![assigned(ONE, "s", "initializer", None)];
        told.extend(more.iter().map(|kind| session(PROJECT, kind, "s")));
        told.push(completed(ONE, "s", None));
        told
    };
    let (proposed, settled) = ("project.backlog_proposed", "project.milestone_settled");

    all_found(vec![
        ("work", done(vec![submitted(1)]), &[]),
        (
            "a question",
            done(vec![epoch("feature.question_asked", 1)]),
            &[],
        ),
        ("nothing", done(vec![]), &["K7"]),
        (
            "its claim was given back",
            done(vec![released(1, "failed")]),
            &["K7"],
        ),
        (
            "a coder's evidence is no work",
            [coder(), vec![completed(ONE, "s", Some("e"))]].concat(),
            &["K7"],
        ),
        (
            "the work is the coder's, whoever else has the claim",
            done(vec![
                assigned(TWO, "a", "reviewer", Some("f")),
                submitted(1),
            ]),
            &[],
        ),
        (
            "the work is of its own claim",
            done(vec![assigned(TWO, "a", "coder", Some("g")), submitted(1)]),
            &[],
        ),
        ("a verifier's evidence", verifier(Some("e")), &[]),
        ("a verifier without", verifier(None), &["K7"]),
        ("a backlog", of_project(&[proposed]), &[]),
        ("a report", of_project(&[settled]), &[]),
        ("neither", of_project(&[]), &["K7"]),
        (
            "a backlog twice",
            of_project(&[proposed, proposed]),
            &["I2"],
        ),
        (
            "a report by nobody",
            vec![session(PROJECT, settled, "nobody")],
            &["I2"],
        ),
        (
            "a report after its end",
            [of_project(&[settled]), vec![session(PROJECT, settled, "s")]].concat(),
            &["I2"],
        ),
    ]);
}

#[test]
fn a_session_is_its_slots_once() {
    let ended = |session: &str| {
        let payload = json!({ "session": session, "outcome": "failed" });
        (ONE, "container.session_ended", payload)
    };
    let first = || assigned(ONE, "s", "overseer", None);

    all_found(vec![
        (
            "assigned to two slots",
            vec![first(), assigned(TWO, "s", "overseer", None)],
            &["I2"],
        ),
        (
            "another slot reports it",
            vec![first(), session(TWO, "container.session_started", "s")],
            &["I2"],
        ),
        (
            "reported by its own",
            vec![
                first(),
                session(ONE, "container.session_started", "s"),
                ended("s"),
            ],
            &[],
        ),
        (
            "it ended without an outcome to be judged, and says a verdict",
            vec![
                first(),
                ended("s"),
                session(PROJECT, "project.milestone_settled", "s"),
            ],
            &["I2"],
        ),
        (
            "its slot has another by now, and it says a verdict",
            vec![
                first(),
                assigned(ONE, "t", "overseer", None),
                session(PROJECT, "project.milestone_settled", "s"),
            ],
            &["I2"],
        ),
    ]);
}

#[test]
fn claims_of_slots_stay_within_the_target() {
    let target = |count: u64| (PROJECT, "project.target_set", json!({ "count": count }));
    all_found(vec![
        (
            "a claim each",
            vec![claimed_by(F, 1, 1), claimed_by(G, 1, 2)],
            &[],
        ),
        (
            "two of one slot",
            vec![claimed_by(F, 1, 1), claimed_by(G, 1, 1)],
            &["C7"],
        ),
        (
            "beyond the target",
            vec![target(1), claimed_by(F, 1, 1), claimed_by(G, 1, 2)],
            &["C7"],
        ),
        (
            "people from outside take no slot",
            vec![target(1), claimed(F, 1), claimed_by(G, 1, 2)],
            &[],
        ),
        (
            "by a slot that is out of service",
            vec![of(ONE, "container.withheld"), claimed_by(F, 1, 1)],
            &["C7"],
        ),
        (
            "by one that came back",
            vec![
                of(ONE, "container.quarantined"),
                of(ONE, "container.reinstated"),
                claimed_by(F, 1, 1),
            ],
            &[],
        ),
        (
            "by one that was dismissed",
            vec![of(ONE, "container.dismissed"), claimed_by(F, 1, 1)],
            &["C7"],
        ),
    ]);
}

#[test]
fn containers_start_and_end_one_after_another() {
    let (requested, started) = ("container.start_requested", "container.started");
    let (exited, removed) = ("container.exited", "container.removed");
    let ran = |n| vec![generation(requested, n), generation(started, n)];
    let kinds = |kinds: &[&'static str]| kinds.iter().map(|kind| generation(kind, 1)).collect();

    all_found(vec![
        ("a life", kinds(&[requested, started, exited, removed]), &[]),
        (
            "one that failed to start",
            kinds(&[requested, "container.start_failed", removed]),
            &[],
        ),
        (
            "one that was lost",
            kinds(&[requested, started, "container.lost", removed]),
            &[],
        ),
        (
            "in a stopped project",
            vec![of(PROJECT, "project.stopped"), generation(requested, 1)],
            &["C11"],
        ),
        ("asked for twice", kinds(&[requested, requested]), &["K1"]),
        (
            "another than was asked for",
            vec![generation(requested, 1), generation(started, 2)],
            &["K1"],
        ),
        ("beside one that runs", [ran(1), ran(2)].concat(), &["K2"]),
        (
            "an end of another",
            [ran(1), vec![generation(exited, 2)]].concat(),
            &["K2"],
        ),
        (
            "removed before it started",
            kinds(&[requested, removed]),
            &["K2"],
        ),
        (
            "removed while it runs",
            kinds(&[requested, started, removed]),
            &["K2"],
        ),
        (
            "asked for, and the project is completed",
            vec![generation(requested, 1), of(PROJECT, "project.completed")],
            &["K1"],
        ),
    ]);
}

/// A claim of slot 1 that ends when this says, after these events; the breaches of it.
fn held(more: Vec<Told>, ends: i64) -> Vec<&'static str> {
    let mut history = begun();
    let claim = history.len();
    history.push(claimed_by(F, 1, 1));
    history.extend(more);
    history.push(submitted(1));
    let last = history.len() - 1;

    found_at(&history, |n| match n {
        n if n == last => ends,
        n if n <= claim => 0,
        _ => HOUR,
    })
}

#[test]
fn a_claim_of_a_slot_ends_in_time_of_which_only_uptime_counts() {
    let minute = HOUR / 60;
    // Two hours of a session, a minute of lease, half an hour.
    let bound = 2 * HOUR + 31 * minute;
    assert_eq!(held(vec![], bound), Vec::<&str>::new());
    assert_eq!(held(vec![], bound + 1), ["T-3"]);

    // What the clock jumped over is no time.
    let gap = json!({ "gap": { "before": 5, "after": 5 + 10 * minute } });
    let stood = ("node-n", "node.stood_still", gap);
    assert_eq!(
        held(vec![stood.clone()], bound + 10 * minute),
        Vec::<&str>::new()
    );
    assert_eq!(held(vec![stood], bound + 10 * minute + 1), ["T-3"]);

    // Nor is what passes after a server's end.
    let stopped = ("node-n", "node.stopped", json!({ "epoch": 1 }));
    assert_eq!(held(vec![stopped], 99 * HOUR), Vec::<&str>::new());

    // A claim keeps the limits that it began with; longer ones hold for what begins under them.
    let settings = json!({ "session_wall_ms": 5 * 3_600_000, "lease_ms": 120_000 });
    let longer = (
        PROJECT,
        "project.settings_changed",
        json!({ "settings": settings }),
    );
    assert_eq!(held(vec![longer.clone()], bound + 1), ["T-3"]);
    let bound = 5 * HOUR + 32 * minute;
    let history = [begun(), vec![longer, claimed_by(F, 1, 1), submitted(1)]].concat();
    let last = history.len() - 1;
    let ends = |at: i64| found_at(&history, |n| if n == last { at } else { 0 });
    assert_eq!(ends(bound), Vec::<&str>::new());
    assert_eq!(ends(bound + 1), ["T-3"]);
}

#[test]
fn people_from_outside_may_take_longer_than_any_slot() {
    let history = [begun(), vec![claimed(F, 1), submitted(1)]].concat();
    let last = history.len() - 1;
    let found = found_at(&history, |n| if n == last { 99 * HOUR } else { 0 });
    assert_eq!(found, Vec::<&str>::new());
}

#[test]
fn transcripts_are_kept_and_dropped_once_each() {
    let kept = |session: &str| {
        let payload = json!({ "session": session, "chunks": 1, "bytes": 2, "digest": session });
        (ONE, "container.transcript_kept", payload)
    };
    let dropped = |name| session(ONE, "container.transcript_dropped", name);
    all_found(vec![
        ("each once", vec![kept("a"), kept("b"), dropped("b")], &[]),
        ("kept twice", vec![kept("a"), kept("a")], &["X1"]),
        ("another is there", vec![kept("a"), dropped("b")], &["X1"]),
        (
            "dropped twice",
            vec![kept("a"), dropped("a"), dropped("a")],
            &["X1"],
        ),
    ]);

    let mut audit = Audit::new("test");
    for envelope in record(&[begun(), vec![kept("a"), kept("b"), dropped("b")]].concat()) {
        audit.take(&envelope);
    }
    assert_eq!(audit.projects(), ["p"]);
    assert_eq!(audit.transcripts(), ["a"], "the other need not be there");
    audit.compare_transcript("nobody", None);
    let (chunks, bytes) = (1, 2);
    for session in ["a", "b"] {
        let digest = session.to_owned();
        let there = Spoken {
            chunks,
            bytes,
            digest,
        };
        audit.compare_transcript(session, Some(&there));
    }
    assert_eq!(audit.finish(), []);
}
