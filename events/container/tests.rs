//! Given events, when a command, then events or a refusal: every cell of
//! `docs/states/container.md`, and the failures in a row.

use super::event::{self, Assignment};
use super::*;
use crate::aggregate::Aggregate;
use crate::grid::{assert_documented, given};
use crate::holder::Role;
use crate::id::{Digest, Generation, SessionId, Timestamp};
use crate::outcome::Outcome;

fn session(n: u8) -> SessionId {
    SessionId::from_bytes([n; 10])
}
fn job(n: u8) -> Assignment {
    let digest = Digest::of(b"prompt");
    Assignment {
        session: session(n),
        role: Role::Coder,
        feature: None,
        epoch: None,
        sha: None,
        agent: None,
        prompt_digest: digest,
    }
}
fn assigned() -> Vec<Event> {
    vec![
        event::Enlisted {}.into(),
        event::Assigned { assignment: job(1) }.into(),
    ]
}
fn requested(generation: u64) -> Event {
    event::StartRequested {
        generation: Generation(generation),
    }
    .into()
}
fn started(generation: u64) -> Event {
    event::Started {
        generation: Generation(generation),
        engine_id: "e1".into(),
    }
    .into()
}
fn begun() -> Event {
    let session = session(1);
    event::SessionStarted { session }.into()
}
fn failed(generation: u64) -> Event {
    event::StartFailed {
        generation: Generation(generation),
        class: Class::Image,
        detail: "missing".into(),
    }
    .into()
}
fn with(base: &[Event], more: Vec<Event>) -> Vec<Event> {
    [base.to_vec(), more].concat()
}
fn exit() -> Exit {
    Exit {
        code: Some(0),
        oom: false,
        signal: None,
    }
}

pub(crate) fn logs() -> Vec<(&'static str, Vec<Event>)> {
    let over = event::SessionEnded {
        session: session(1),
        outcome: Outcome::Completed,
        exit_code: Some(0),
        evidence: None,
        detail: String::new(),
    };
    let started = with(&assigned(), vec![requested(1), started(1)]);
    let running = with(&started, vec![begun()]);
    let ended = with(&running, vec![over.into()]);
    let gone = with(
        &ended,
        vec![
            event::Exited {
                generation: Generation(1),
                exit: exit(),
            }
            .into(),
        ],
    );
    let quarantined: Vec<Event> = vec![
        event::Enlisted {}.into(),
        event::Quarantined { why: "5".into() }.into(),
    ];

    vec![
        ("new", vec![]),
        ("idle", vec![event::Enlisted {}.into()]),
        ("assigned", assigned()),
        ("requested", with(&assigned(), vec![requested(1)])),
        ("started", started.clone()),
        ("running", running.clone()),
        ("ended", ended.clone()),
        ("gone", gone.clone()),
        ("quarantined", quarantined.clone()),
        (
            "withheld",
            vec![
                event::Enlisted {}.into(),
                event::Withheld { by: "me".into() }.into(),
            ],
        ),
        (
            "withheld, running",
            with(&running, vec![event::Withheld { by: "me".into() }.into()]),
        ),
        (
            "dismissed",
            vec![event::Enlisted {}.into(), event::Dismissed {}.into()],
        ),
    ]
}

pub(crate) fn states() -> Vec<(&'static str, Container)> {
    let logs = logs().into_iter();
    logs.map(|(name, log)| (name, given(&log))).collect()
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) fn commands() -> Vec<(&'static str, Command)> {
    use Command as C;
    let end = |n| C::EndSession {
        session: session(n),
        outcome: Outcome::Failed,
        exit_code: Some(1),
        evidence: None,
        detail: "x".into(),
    };
    let fail = C::RecordStartFailed {
        generation: Generation(1),
        class: Class::Image,
        detail: "missing".into(),
    };

    vec![
        ("enlist", C::Enlist),
        (
            "assign",
            C::Assign {
                assignment: Box::new(job(2)),
            },
        ),
        (
            "request start",
            C::RequestStart {
                generation: Generation(1),
            },
        ),
        (
            "request start (old generation)",
            C::RequestStart {
                generation: Generation(0),
            },
        ),
        (
            "record started",
            C::RecordStarted {
                generation: Generation(1),
                engine_id: "e1".into(),
            },
        ),
        ("record start failed", fail),
        (
            "begin session",
            C::BeginSession {
                session: session(1),
            },
        ),
        (
            "begin session (another)",
            C::BeginSession {
                session: session(9),
            },
        ),
        ("end session", end(1)),
        ("end session (another)", end(9)),
        (
            "record exited",
            C::RecordExited {
                generation: Generation(1),
                exit: exit(),
            },
        ),
        (
            "record exited (another generation)",
            C::RecordExited {
                generation: Generation(7),
                exit: exit(),
            },
        ),
        (
            "record lost",
            C::RecordLost {
                generation: Generation(1),
                reason: "not listed".into(),
            },
        ),
        (
            "record removed",
            C::RecordRemoved {
                generation: Generation(1),
            },
        ),
        ("withhold", C::Withhold { by: "me".into() }),
        ("interrupt", C::Interrupt { by: "me".into() }),
        ("reinstate", C::Reinstate { by: "me".into() }),
        ("dismiss", C::Dismiss),
        (
            "keep transcript",
            C::KeepTranscript {
                session: session(1),
                chunks: 2,
                bytes: 9,
                digest: Digest::of(b"t"),
            },
        ),
        (
            "drop transcript",
            C::DropTranscript {
                session: session(1),
            },
        ),
    ]
}

#[test]
fn grid() {
    assert_documented("container", &states(), &commands());
}

#[test]
fn five_starts_that_fail_in_a_row_quarantine_the_slot() {
    let mut events = assigned();

    for generation in 1..=4 {
        events.extend([requested(generation), failed(generation)]);
    }

    events.push(requested(5));
    let state = given::<Container>(&events);
    let fail = Command::RecordStartFailed {
        generation: Generation(5),
        class: Class::Image,
        detail: "missing".into(),
    };
    let decided = state.decide(&fail, Timestamp(0)).expect("accepted");
    assert!(
        matches!(
            decided[..],
            [
                Event::StartFailed(_),
                Event::SessionEnded(_),
                Event::Quarantined(_)
            ]
        ),
        "{decided:?}"
    );
}

#[test]
fn a_generation_is_counted_on_after_dismissal() {
    let events = vec![
        event::Enlisted {}.into(),
        event::Dismissed {}.into(),
        event::Enlisted {}.into(),
    ];
    let mut all = with(&assigned(), vec![requested(1), failed(1)]);
    all.truncate(3);
    let state = given::<Container>(&events);
    assert_eq!(state.slot().expect("enlisted").generation, Generation(0));
}

#[test]
fn an_exit_without_a_report_is_lost_whatever_its_code() {
    let running = vec![requested(1), started(1), begun()];
    let state = given::<Container>(&with(&assigned(), running));

    for code in [Some(0), Some(137), None] {
        let command = Command::RecordExited {
            generation: Generation(1),
            exit: Exit {
                code,
                oom: false,
                signal: None,
            },
        };
        let decided = state.decide(&command, Timestamp(0)).expect("accepted");
        assert!(
            matches!(&decided[0], Event::SessionEnded(e) if e.outcome == Outcome::Lost),
            "{code:?}"
        );
    }
}

#[test]
fn an_interruption_is_about_one_session_and_ends_with_it() {
    let running = with(&assigned(), vec![requested(1), started(1)]);
    let asked = event::InterruptRequested {
        session: session(1),
        by: "me".into(),
    };
    let mut events = with(&running, vec![asked.into()]);
    assert!(
        given::<Container>(&events)
            .slot()
            .expect("slot")
            .is_interrupted()
    );
    let over = event::SessionEnded {
        session: session(1),
        outcome: Outcome::Interrupted,
        exit_code: None,
        evidence: None,
        detail: String::new(),
    };
    let generation = Generation(1);
    let exited = event::Exited {
        generation,
        exit: exit(),
    };

    events.extend([
        over.into(),
        exited.into(),
        event::Removed { generation }.into(),
        event::Idle {}.into(),
    ]);
    let slot = given::<Container>(&events).slot().expect("slot").clone();
    assert_eq!((slot.duty, slot.state), (Duty::Serve, SlotState::Idle));
}

fn exited(generation: u64) -> Event {
    let generation = Generation(generation);
    let exit = Exit::with_code(Some(1));
    event::Exited { generation, exit }.into()
}

/// What ended before its session began is a start that failed: the slot keeps the job, and goes on
/// with the next container. Of one session only so many; of one slot only five.
#[test]
fn a_container_that_ends_before_its_session_began_is_a_start_that_failed() {
    let round = |n: u64| vec![requested(n), started(n)];
    let end = |n: u64| Command::RecordExited {
        generation: Generation(n),
        exit: Exit::with_code(Some(1)),
    };
    let mut events = assigned();
    for n in 1..=3 {
        events.extend(round(n));
        let decided = given::<Container>(&events).decide(&end(n), Timestamp(0));
        assert_eq!(decided, Ok(vec![exited(n)]), "{n}");
        events.push(exited(n));
        let state = given::<Container>(&events);
        let slot = state.slot().expect("slot");
        let failures = usize::try_from(n).expect("small");
        assert_eq!(slot.state, SlotState::Assigned { job: job(1) });
        assert_eq!(slot.unstarted.len(), failures);
        assert_eq!(slot.unstarted[0].class, Class::EndedEarly);
    }

    // The work goes back, and the slot takes another.
    events.extend(round(4));
    let state = given::<Container>(&events);
    let decided = state.decide(&end(4), Timestamp(0)).expect("accepted");
    assert!(
        matches!(
            &decided[..],
            [Event::Exited(_), Event::SessionEnded(over), Event::Idle(_)]
            if over.outcome == Outcome::NeverStarted
        ),
        "{decided:?}"
    );
    events.extend(decided);
    events.push(event::Assigned { assignment: job(2) }.into());
    events.extend(round(5));
    let state = given::<Container>(&events);
    let decided = state.decide(&end(5), Timestamp(0)).expect("accepted");
    assert!(
        matches!(
            &decided[..],
            [
                Event::Exited(_),
                Event::SessionEnded(_),
                Event::Quarantined(_)
            ]
        ),
        "{decided:?}"
    );

    // A person's stop is told as one, whatever had begun.
    let stopped = event::Withheld { by: "me".into() };
    let events = with(&assigned(), [round(1), vec![stopped.into()]].concat());
    let decided = given::<Container>(&events).decide(&end(1), Timestamp(0));
    let decided = decided.expect("accepted");
    assert!(
        matches!(&decided[0], Event::SessionEnded(e) if e.outcome == Outcome::Stopped),
        "{decided:?}"
    );
}
