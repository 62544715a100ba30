//! Given events, when a command, then events or a refusal: every cell of `docs/states/feature.md`,
//! and the bounds.

use super::content::Content;
use super::event::{self, Closing, MergeFault};
use super::*;
use crate::aggregate::Aggregate;
use crate::backlog::{Born, Remark};
use crate::grid::{assert_documented, given};
use crate::holder::{Holder, SlotSession};
use crate::id::{Digest, Epoch, FeatureId, SessionId, Sha, SlotNo, Timestamp};
use crate::outcome::Outcome;
use crate::verdict::{Finding, Judgement, Ran, Verdict};

fn id(text: &str) -> FeatureId {
    text.parse().expect("feature id")
}
fn session(n: u8) -> SessionId {
    SessionId::from_bytes([n; 10])
}
fn sha(c: char) -> Sha {
    c.to_string().repeat(40).parse().expect("sha")
}
fn slot_session(n: u8) -> SlotSession {
    SlotSession {
        n: SlotNo(1),
        session: session(n),
    }
}
fn created() -> Event {
    event::Created {
        content: Content::titled("A part"),
        batch: Digest::of(b"batch"),
        blockers: vec![],
    }
    .into()
}
fn claimed(epoch: u64) -> Event {
    event::Claimed {
        epoch: Epoch(epoch),
        holder: Holder::Slot {
            n: SlotNo(1),
            session: session(1),
        },
    }
    .into()
}
fn submitted(epoch: u64) -> Event {
    event::Submitted {
        epoch: Epoch(epoch),
        sha: sha('a'),
        base: Some(sha('0')),
    }
    .into()
}
fn pass() -> Verdict {
    Verdict {
        judgement: Judgement::Pass,
        findings: vec![],
        ran: vec![Ran {
            command: "make".into(),
            exit: 0,
        }],
    }
}
fn reject() -> Verdict {
    let finding = Finding {
        path: Some("src/a.rs".into()),
        line: Some(7),
        why: "no usage line".into(),
    };
    Verdict {
        judgement: Judgement::Reject,
        findings: vec![finding],
        ran: vec![],
    }
}
fn released(epoch: u64, outcome: Outcome) -> Event {
    event::Released {
        epoch: Epoch(epoch),
        outcome,
        detail: String::new(),
    }
    .into()
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) fn logs() -> Vec<(&'static str, Vec<Event>)> {
    let open = vec![created()];
    let with = |base: &[Event], more: Vec<Event>| [base.to_vec(), more].concat();
    let was_claimed = with(&open, vec![claimed(1)]);
    let handed_in = with(&was_claimed, vec![submitted(1)]);
    let reviewing = with(
        &handed_in,
        vec![
            event::ReviewStarted {
                slot_session: slot_session(2),
            }
            .into(),
        ],
    );
    let approved = with(
        &reviewing,
        vec![
            event::ReviewPassed {
                session: session(2),
                verdict: pass(),
            }
            .into(),
        ],
    );
    let merging = with(
        &approved,
        vec![
            event::MergeBegun {
                candidate: sha('c'),
            }
            .into(),
        ],
    );
    let closing = Closing::Merged { sha: sha('c') };
    let closed = with(
        &merging,
        vec![
            event::Closed {
                closing,
                by: "trunk".into(),
            }
            .into(),
        ],
    );
    let asked = vec![
        event::QuestionAsked {
            epoch: Epoch(1),
            question: "which?".into(),
        }
        .into(),
        released(1, Outcome::Asked),
    ];

    vec![
        ("new", vec![]),
        ("open", open.clone()),
        (
            "blocked",
            with(&open, vec![event::Blocked { by: id("other") }.into()]),
        ),
        ("asked", with(&was_claimed, asked)),
        ("claimed", was_claimed.clone()),
        ("submitted", handed_in.clone()),
        ("reviewing", reviewing.clone()),
        ("approved", approved.clone()),
        ("merging", merging.clone()),
        ("closed", closed.clone()),
        (
            "quarantined",
            with(
                &was_claimed,
                vec![
                    released(1, Outcome::Failed),
                    event::Quarantined { why: "3".into() }.into(),
                ],
            ),
        ),
        (
            "withdrawn",
            with(
                &was_claimed,
                vec![
                    released(1, Outcome::Interrupted),
                    event::Withdrawn { by: "me".into() }.into(),
                ],
            ),
        ),
    ]
}

pub(crate) fn states() -> Vec<(&'static str, Feature)> {
    let logs = logs().into_iter();
    logs.map(|(name, log)| (name, given(&log))).collect()
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) fn commands() -> Vec<(&'static str, Command)> {
    use Command as C;
    let content = Content::titled("Another");
    let by = || "me".to_owned();
    let holder = Holder::Outside {
        principal: "ann".into(),
    };
    let why = || "because".to_owned();

    vec![
        (
            "create",
            C::Create {
                content: content.clone(),
                batch: Digest::of(b"b"),
                blockers: vec![],
                born: Born::Open,
                comments: vec![],
            },
        ),
        ("edit", C::Edit { content }),
        (
            "rank",
            C::Rank {
                priority: 0,
                rank: 1,
            },
        ),
        (
            "deny push",
            C::DenyPush {
                epoch: Epoch(1),
                by: by(),
                why: "over".into(),
            },
        ),
        (
            "deny push (no claim of its)",
            C::DenyPush {
                epoch: Epoch(7),
                by: by(),
                why: "over".into(),
            },
        ),
        (
            "comment",
            C::Comment {
                by: by(),
                text: "hm".into(),
            },
        ),
        (
            "answer",
            C::Answer {
                by: by(),
                text: "the left one".into(),
            },
        ),
        ("block", C::Block { by: id("other") }),
        ("unblock", C::Unblock { by: id("other") }),
        ("claim", C::Claim { holder }),
        (
            "release",
            C::Release {
                epoch: Epoch(1),
                outcome: Outcome::Failed,
                detail: why(),
            },
        ),
        (
            "release (no claim of its)",
            C::Release {
                epoch: Epoch(0),
                outcome: Outcome::Failed,
                detail: why(),
            },
        ),
        (
            "expire",
            C::Expire {
                epoch: Epoch(1),
                last_seen: Timestamp(1),
                up_since: Timestamp(0),
            },
        ),
        (
            "ask",
            C::Ask {
                epoch: Epoch(1),
                question: "which?".into(),
            },
        ),
        (
            "submit",
            C::Submit {
                epoch: Epoch(1),
                sha: sha('a'),
                base: None,
            },
        ),
        (
            "submit (no claim of its)",
            C::Submit {
                epoch: Epoch(0),
                sha: sha('a'),
                base: None,
            },
        ),
        (
            "start review",
            C::StartReview {
                slot_session: slot_session(2),
            },
        ),
        (
            "lapse review",
            C::LapseReview {
                session: session(2),
                outcome: Outcome::Lost,
            },
        ),
        (
            "pass review",
            C::PassReview {
                session: session(2),
                epoch: Epoch(1),
                sha: sha('a'),
                verdict: pass(),
            },
        ),
        (
            "pass review (wrong session)",
            C::PassReview {
                session: session(3),
                epoch: Epoch(1),
                sha: sha('a'),
                verdict: pass(),
            },
        ),
        (
            "reject review",
            C::RejectReview {
                session: session(2),
                epoch: Epoch(1),
                sha: sha('a'),
                verdict: reject(),
            },
        ),
        (
            "begin merge",
            C::BeginMerge {
                epoch: Epoch(1),
                candidate: sha('c'),
            },
        ),
        (
            "abort merge",
            C::AbortMerge {
                candidate: sha('c'),
                why: why(),
            },
        ),
        (
            "reject merge",
            C::RejectMerge {
                epoch: Epoch(1),
                fault: MergeFault::Conflict,
                paths: vec![],
                detail: why(),
            },
        ),
        (
            "close as merged",
            C::Close {
                closing: Closing::Merged { sha: sha('c') },
                by: by(),
            },
        ),
        (
            "close by a person",
            C::Close {
                closing: Closing::DoneElsewhere,
                by: by(),
            },
        ),
        (
            "close as restored",
            C::Close {
                closing: Closing::Restored { commit: sha('d') },
                by: by(),
            },
        ),
        (
            "reopen",
            C::Reopen {
                why: why(),
                by: by(),
            },
        ),
        ("requeue", C::Requeue { by: by() }),
        (
            "secure work",
            C::SecureWork {
                epoch: Epoch(1),
                sha: None,
            },
        ),
        (
            "lose work",
            C::LoseWork {
                epoch: Epoch(1),
                last_sha: None,
                why: why(),
            },
        ),
        ("withdraw", C::Withdraw { by: by() }),
    ]
}

#[test]
fn grid() {
    assert_documented("feature", &states(), &commands());
}

/// Folds what a command decides and returns the new state with the names of the events.
fn then(state: &Feature, command: &Command) -> (Feature, Vec<&'static str>) {
    use crate::codec::EventCodec;
    let events = state.decide(command, Timestamp(0)).expect("accepted");
    let mut next = state.clone();
    for event in &events {
        let moment = crate::aggregate::Moment {
            position: Default::default(),
            version: Default::default(),
            at: Timestamp(0),
        };
        next.evolve(event, moment);
    }
    (next, events.iter().map(|e| e.kind().name).collect())
}

#[test]
fn the_third_failed_try_quarantines_and_lost_sessions_do_not_count() {
    let mut state = given::<Feature>(&[created()]);
    let holder = Holder::Outside {
        principal: "ann".into(),
    };

    for (outcome, epoch) in [
        Outcome::Failed,
        Outcome::Lost,
        Outcome::NoWork,
        Outcome::Interrupted,
    ]
    .into_iter()
    .zip(1..)
    {
        state = then(
            &state,
            &Command::Claim {
                holder: holder.clone(),
            },
        )
        .0;
        let (next, names) = then(
            &state,
            &Command::Release {
                epoch: Epoch(epoch),
                outcome,
                detail: String::new(),
            },
        );
        assert_eq!(names, ["feature.released"], "{outcome:?}");
        state = next;
    }
    state = then(&state, &Command::Claim { holder }).0;
    let (last, names) = then(
        &state,
        &Command::Release {
            epoch: Epoch(5),
            outcome: Outcome::TimedOut,
            detail: String::new(),
        },
    );
    assert_eq!(names, ["feature.released", "feature.quarantined"]);
    let (again, _) = then(&last, &Command::Requeue { by: "me".into() });
    assert_eq!(again.known().expect("known").tally, Tally::default());
    assert!(again.known().expect("known").is_ready());
}

#[test]
fn an_epoch_counts_claims_and_never_goes_back() {
    let mut state = given::<Feature>(&[created(), claimed(1), released(1, Outcome::Lost)]);

    state = then(
        &state,
        &Command::Claim {
            holder: Holder::Outside {
                principal: "ann".into(),
            },
        },
    )
    .0;
    assert_eq!(state.known().expect("known").epoch, Epoch(2));
    let late = state.decide(
        &Command::Submit {
            epoch: Epoch(1),
            sha: sha('a'),
            base: None,
        },
        Timestamp(0),
    );
    assert_eq!(
        late,
        Err(Refusal::StaleEpoch {
            given: Epoch(1),
            current: Epoch(2)
        })
    );
}

#[test]
fn an_epic_is_not_claimable_and_does_not_count() {
    let content = Content {
        kind: FeatureType::Epic,
        ..Content::titled("All parts")
    };

    let state = given::<Feature>(&[event::Created {
        content,
        batch: Digest::of(b"b"),
        blockers: vec![],
    }
    .into()]);
    let claim = Command::Claim {
        holder: Holder::Outside {
            principal: "ann".into(),
        },
    };
    assert_eq!(state.decide(&claim, Timestamp(0)), Err(Refusal::Epic));
    assert!(!state.known().expect("known").counts());
}

#[test]
fn a_rejection_and_a_conflict_reach_the_next_coder() {
    let handed_in = [
        created(),
        claimed(1),
        submitted(1),
        event::ReviewStarted {
            slot_session: slot_session(2),
        }
        .into(),
    ];
    let state = given::<Feature>(&handed_in);
    let command = Command::RejectReview {
        session: session(2),
        epoch: Epoch(1),
        sha: sha('a'),
        verdict: reject(),
    };
    let (state, _) = then(&state, &command);
    let notes = &state.known().expect("known").notes;

    assert!(
        notes
            .iter()
            .any(|n| n.text.contains("\n- src/a.rs:7: no usage line")),
        "{notes:?}"
    );
    assert!(state.known().expect("known").is_ready());
}

#[test]
fn a_pass_that_checked_nothing_is_refused() {
    let state = given::<Feature>(&[
        created(),
        claimed(1),
        submitted(1),
        event::ReviewStarted {
            slot_session: slot_session(2),
        }
        .into(),
    ]);
    let verdict = Verdict {
        ran: vec![],
        ..pass()
    };

    let command = Command::PassReview {
        session: session(2),
        epoch: Epoch(1),
        sha: sha('a'),
        verdict,
    };
    assert!(matches!(
        state.decide(&command, Timestamp(0)),
        Err(Refusal::Invalid { .. })
    ));
}

/// What was done or deleted before it came is never open here: its end lies in the append that
/// creates it.
#[test]
fn an_imported_feature_begins_as_it_was() {
    let create = |born| Command::Create {
        content: Content::titled("old"),
        batch: Digest::of(b"b"),
        blockers: vec![],
        born,
        comments: vec![Remark {
            by: "ann".into(),
            text: "done in May".into(),
        }],
    };

    for (born, kinds) in [
        (Born::Open, vec!["feature.created", "feature.commented"]),
        (
            Born::Closed,
            vec!["feature.created", "feature.commented", "feature.closed"],
        ),
        (
            Born::Withdrawn,
            vec!["feature.created", "feature.commented", "feature.withdrawn"],
        ),
        (
            Born::Aside("put off".into()),
            vec!["feature.created", "feature.commented", "feature.set_aside"],
        ),
    ] {
        let events = Feature::Unknown
            .decide(&create(born.clone()), Timestamp(0))
            .expect("accepted");
        let found: Vec<_> = events
            .iter()
            .map(|e| crate::codec::EventCodec::kind(e).name)
            .collect();
        assert_eq!(found, kinds);
        assert_eq!(
            given::<Feature>(&events).known().expect("known").is_ready(),
            born == Born::Open
        );
    }
}

#[test]
fn an_answer_is_told_from_a_remark_and_stands_beside_its_question() {
    let asked = [
        created(),
        claimed(3),
        event::QuestionAsked {
            epoch: Epoch(3),
            question: "Which lions?".into(),
        }
        .into(),
    ];
    let (state, _) = then(
        &given::<Feature>(&asked),
        &Command::Comment {
            by: "ann".into(),
            text: "Mind the gap.".into(),
        },
    );
    let answer = Command::Answer {
        by: "ann".into(),
        text: "The old ones.".into(),
    };
    let (state, _) = then(&state, &answer);
    let known = state.known().expect("known");
    let said: Vec<&str> = known.notes.iter().map(|n| n.text.as_str()).collect();

    assert!(
        matches!(
            said.as_slice(),
            [_, "Mind the gap.", answer]
                if answer.starts_with("Answer of a person to the question under claim 3")
                    && answer.contains("\nWhich lions?\n")
                    && answer.ends_with("\nThe old ones.")
        ),
        "{said:?}"
    );
    assert!(known.is_ready());
}
