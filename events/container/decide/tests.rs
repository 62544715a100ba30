//! Given a slot, when a word of another session or generation, or beyond a bound, then it is not
//! taken; and what a person's stop makes of an end.

use super::*;
use crate::agent::{AgentSpec, Dialect};
use crate::codec::EventCodec;
use crate::grid::given;
use crate::holder::Role;
use crate::scene::{job, session};

const GENERATION: Generation = Generation(1);

fn assigned() -> Vec<Event> {
    let assignment = job(&session(1), Role::Coder, Some("a"));
    vec![
        event::Enlisted {}.into(),
        event::Assigned { assignment }.into(),
    ]
}

fn requested() -> Vec<Event> {
    let generation = GENERATION;
    let requested = event::StartRequested { generation };
    [assigned(), vec![requested.into()]].concat()
}

fn running() -> Vec<Event> {
    let started = event::Started {
        generation: GENERATION,
        engine_id: "e".into(),
    };
    let session = session(1);
    let begun = event::SessionStarted { session };
    [requested(), vec![started.into(), begun.into()]].concat()
}

fn over(outcome: Outcome) -> Vec<Event> {
    let (session, detail) = (session(1), "so".to_owned());
    let over = event::SessionEnded {
        session,
        outcome,
        exit_code: None,
        evidence: None,
        detail,
    };
    [running(), vec![over.into()]].concat()
}

fn gone() -> Vec<Event> {
    let (generation, exit) = (GENERATION, Exit::default());
    let exited = event::Exited { generation, exit };
    [over(Outcome::Completed), vec![exited.into()]].concat()
}

fn interrupted(mut events: Vec<Event>) -> Vec<Event> {
    let (session, by) = (session(1), "me".to_owned());
    events.push(event::InterruptRequested { session, by }.into());
    events
}

/// The names of what is recorded, or the code of the refusal.
fn said(events: &[Event], command: &Command) -> String {
    use crate::aggregate::Refusal as _;
    match given::<Container>(events).decide(command, Timestamp(0)) {
        Ok(events) => {
            let names: Vec<_> = events.iter().map(|event| event.kind().name).collect();
            names.join(" + ")
        }
        Err(refusal) => refusal.code().to_owned(),
    }
}

#[test]
fn only_the_session_at_hand_is_heard_and_until_its_container_is_gone() {
    let usage = |n| Command::MeterUsage {
        session: session(n),
        models: vec![],
    };
    let egress = |n| Command::RecordEgress {
        session: session(n),
        bytes: 1,
        denied: vec![],
    };
    let keep = |n| Command::KeepTranscript {
        session: session(n),
        chunks: 1,
        bytes: 1,
        digest: Digest::of(b"t"),
    };
    let begin = |n| Command::BeginSession {
        session: session(n),
    };
    let idle = vec![event::Enlisted {}.into()];

    for (events, command, expected) in [
        (running(), usage(1), "container.usage_metered"),
        (
            over(Outcome::Completed),
            usage(1),
            "container.usage_metered",
        ),
        (running(), usage(2), "session_over"),
        (idle.clone(), usage(1), "session_over"),
        (running(), egress(1), "container.egress_recorded"),
        (gone(), egress(1), "container.egress_recorded"),
        (running(), egress(2), "session_over"),
        (idle, egress(1), "session_over"),
        (gone(), keep(1), "container.transcript_kept"),
        (gone(), keep(2), "wrong_state"),
        (over(Outcome::Completed), keep(1), "wrong_state"),
        (running(), begin(1), ""),
        (running(), begin(2), "session_over"),
    ] {
        assert_eq!(said(&events, &command), expected, "{command:?}");
    }
}

#[test]
fn an_assignment_has_to_fit_its_event() {
    let idle = [Event::from(event::Enlisted {})];
    for (length, expected) in [
        (AGENT_COMMAND_MAX, "container.assigned"),
        (AGENT_COMMAND_MAX + 1, "agent_too_long"),
    ] {
        let mut assignment = job(&session(1), Role::Coder, Some("a"));
        assignment.agent = Some(AgentSpec {
            command: Some("x".repeat(length)),
            ..AgentSpec::of(Dialect::Command)
        });
        let assignment = Box::new(assignment);
        let command = Command::Assign { assignment };
        assert_eq!(said(&idle, &command), expected, "{length}");
    }
}

#[test]
fn a_start_is_asked_for_once_in_order_and_not_for_what_is_to_end() {
    let request = |n| Command::RequestStart {
        generation: Generation(n),
    };
    assert_eq!(said(&assigned(), &request(1)), "container.start_requested");
    assert_eq!(said(&assigned(), &request(2)), "stale_generation");
    assert_eq!(said(&requested(), &request(2)), "wrong_state");
    assert_eq!(said(&interrupted(assigned()), &request(1)), "wrong_state");
}

/// How a session ended is its runner's word, but for what a person's stop ended.
#[test]
fn a_stop_makes_an_end_that_came_from_outside_its_own() {
    use Outcome::{Completed, Failed, Lost, NeverStarted, Stopped};
    for (outcome, stopped) in [
        (Lost, Stopped),
        (NeverStarted, Stopped),
        (Failed, Failed),
        (Completed, Completed),
        (Stopped, Stopped),
    ] {
        let end = Command::EndSession {
            session: session(1),
            outcome,
            exit_code: None,
            evidence: None,
            detail: String::new(),
        };
        for (events, expected) in [(running(), outcome), (interrupted(running()), stopped)] {
            let state = given::<Container>(&events);
            let events = state.decide(&end, Timestamp(0)).expect("accepted");
            let Some(Event::SessionEnded(over)) = events.first() else {
                panic!("{events:?}");
            };
            assert_eq!(over.outcome, expected, "{outcome:?}");
        }
    }
}

#[test]
fn what_the_engine_saw_of_a_stopped_container_is_its_stop() {
    let (generation, exit) = (GENERATION, Exit::default());
    let reason = "not there".to_owned();
    let seen = [
        Command::RecordExited { generation, exit },
        Command::RecordLost { generation, reason },
    ];
    for command in seen {
        let unbegun = requested();
        let started = event::Started {
            generation,
            engine_id: "e".into(),
        };
        let unbegun = [unbegun, vec![started.into()]].concat();
        for (events, expected) in [
            (running(), Outcome::Lost),
            (interrupted(running()), Outcome::Stopped),
            (interrupted(unbegun.clone()), Outcome::Stopped),
        ] {
            let state = given::<Container>(&events);
            let events = state.decide(&command, Timestamp(0)).expect("accepted");
            let Some(Event::SessionEnded(over)) = events.first() else {
                panic!("{events:?}");
            };
            assert_eq!(over.outcome, expected, "{command:?}");
        }
        let early = said(&unbegun, &command);
        assert!(!early.contains("session_ended"), "{early}");
    }
}

#[test]
fn a_slot_whose_sessions_vanish_in_a_row_is_not_given_another() {
    let removed = Command::RecordRemoved {
        generation: GENERATION,
    };
    let (generation, exit) = (GENERATION, Exit::default());
    let exited: Event = event::Exited { generation, exit }.into();
    let vanish = [over(Outcome::Lost)[1..].to_vec(), vec![exited]].concat();

    let mut events = vec![event::Enlisted {}.into()];
    for n in 1..=FAILURES_MAX {
        events.extend(vanish.clone());
        let expected = match n == FAILURES_MAX {
            true => "container.removed + container.quarantined",
            false => "container.removed + container.idle",
        };
        assert_eq!(said(&events, &removed), expected, "{n}");
        events.push(event::Idle {}.into());
    }
}
