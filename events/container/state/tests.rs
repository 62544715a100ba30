//! Given events, what a slot is: its failures in a row, its duty, and what is left of a session.

use super::*;
use crate::grid::given;
use crate::holder::Role;
use crate::id::Digest;
use crate::scene::{job, session};

const GENERATION: Generation = Generation(1);

fn assigned(n: u8) -> Event {
    let assignment = job(&session(n), Role::Coder, Some("a"));
    event::Assigned { assignment }.into()
}

fn requested() -> Event {
    let generation = GENERATION;
    event::StartRequested { generation }.into()
}

fn started() -> Event {
    event::Started {
        generation: GENERATION,
        engine_id: "e".into(),
    }
    .into()
}

fn begun() -> Event {
    let session = session(1);
    event::SessionStarted { session }.into()
}

fn failed() -> Event {
    event::StartFailed {
        generation: GENERATION,
        class: Class::Image,
        detail: "no such image".into(),
    }
    .into()
}

fn ended(outcome: Outcome, evidence: Option<Digest>) -> Event {
    event::SessionEnded {
        session: session(1),
        outcome,
        exit_code: None,
        evidence,
        detail: "so".into(),
    }
    .into()
}

fn exited(exit: Exit) -> Event {
    let generation = GENERATION;
    event::Exited { generation, exit }.into()
}

fn lost() -> Event {
    event::Lost {
        generation: GENERATION,
        reason: "not there".into(),
    }
    .into()
}

fn quarantined() -> Event {
    event::Quarantined { why: "so".into() }.into()
}

fn reinstated() -> Event {
    event::Reinstated { by: "me".into() }.into()
}

fn idle() -> Event {
    event::Idle {}.into()
}

/// What these make of a slot with a job.
fn after(events: &[Event]) -> Slot {
    let mut all = vec![event::Enlisted {}.into(), assigned(1)];
    all.extend(events.iter().cloned());
    let state = given::<Container>(&all);
    state.slot().expect("in service").clone()
}

/// When the nth of `after`'s events was recorded.
fn at(n: i64) -> Timestamp {
    Timestamp((n + 2) * 1_000_000)
}

fn over(slot: &Slot) -> &Ended {
    match &slot.state {
        SlotState::Ended(ended) => ended,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_start_that_fails_counts_and_leaves_the_job() {
    let slot = after(&[requested(), failed()]);
    assert_eq!((slot.failures, slot.failed_at), (1, Some(at(2))));
    assert!(matches!(slot.state, SlotState::Assigned { .. }));
    let [unstarted] = &slot.unstarted[..] else {
        panic!("{slot:?}");
    };
    assert_eq!(unstarted.class, Class::Image);
    assert_eq!(unstarted.at, Position(4));

    let pair = [requested(), failed()];
    let often: Vec<_> = (0..FAILURES_MAX + 2).flat_map(|_| pair.clone()).collect();
    let worn = after(&often);
    assert_eq!(worn.failures, FAILURES_MAX + 2);
    assert_eq!(worn.unstarted.len(), FAILURES_MAX as usize, "the newest");
}

#[test]
fn a_container_that_ends_early_is_a_start_that_failed_and_says_how() {
    let signal = Exit {
        signal: Some(9),
        oom: true,
        ..Exit::default()
    };
    for (end, how) in [
        (exited(Exit::with_code(Some(3))), "exit code 3"),
        (exited(Exit::default()), "the engine does not say how"),
        (exited(signal), "ended by signal 9, its memory ran out"),
        (lost(), "not there"),
    ] {
        let slot = after(&[requested(), started(), end]);
        assert!(matches!(slot.state, SlotState::Assigned { .. }), "{how}");
        let [early] = &slot.unstarted[..] else {
            panic!("{slot:?}");
        };
        assert_eq!(early.class, Class::EndedEarly);
        assert!(early.detail.ends_with(how), "{}", early.detail);
        assert!(early.detail.contains("1 s after"), "{}", early.detail);
    }
}

#[test]
fn a_session_that_begins_ends_a_row_of_starts_that_failed() {
    let again = [requested(), failed(), requested(), started()];
    assert_eq!(after(&again).unstarted.len(), 1, "not before it begins");
    let slot = after(&[&again[..], &[begun()]].concat());
    assert_eq!(slot.unstarted.len(), 0);
    assert_eq!(slot.begun_at, Position(7));
    assert_eq!(slot.failures, 1, "that is for its end to say");
}

#[test]
fn how_a_session_ends_says_whether_the_slot_failed_again() {
    for (outcome, failures, unstarted) in [
        (Outcome::Lost, 2, 1),
        (Outcome::NeverStarted, 1, 1),
        (Outcome::Stopped, 1, 1),
        (Outcome::EngineRefused, 0, 0),
        (Outcome::Completed, 0, 1),
        (Outcome::Failed, 0, 1),
    ] {
        let slot = after(&[requested(), failed(), ended(outcome, None)]);
        assert_eq!(slot.failures, failures, "{outcome:?}");
        assert_eq!(slot.unstarted.len(), unstarted, "{outcome:?}");
        assert_eq!(slot.last, Some((session(1), outcome)));
    }
    let lost = after(&[requested(), started(), begun(), ended(Outcome::Lost, None)]);
    assert_eq!((lost.failures, lost.failed_at), (1, Some(at(4))));
}

#[test]
fn what_ended_waits_for_the_end_of_its_container() {
    let report = Some(Digest::of(b"report"));
    let running = [requested(), started(), begun()];
    for (evidence, reported) in [(report, true), (None, false)] {
        let end = ended(Outcome::Completed, evidence);
        let slot = after(&[&running[..], std::slice::from_ref(&end)].concat());
        assert_eq!((over(&slot).gone, over(&slot).reported), (false, reported));
        let exit = Exit::with_code(Some(0));
        let left = after(&[&running[..], &[end.clone(), exited(exit.clone())]].concat());
        assert_eq!(over(&left).exit, Some(exit));
        assert!(over(&left).gone);
        let vanished = after(&[&running[..], &[end, lost()]].concat());
        assert_eq!(over(&vanished).exit, None);
        assert!(over(&vanished).gone);
    }

    let never = after(&[ended(Outcome::NeverStarted, None)]);
    assert!(over(&never).gone, "it had no container");
}

#[test]
fn a_person_puts_a_slot_back_into_service() {
    let worn = [requested(), failed(), quarantined()];
    let slot = after(&[&worn[..], &[reinstated()]].concat());
    assert_eq!((slot.failures, slot.unstarted.len()), (0, 0));
    assert_eq!(slot.state, SlotState::Idle);

    let withheld: Event = event::Withheld { by: "me".into() }.into();
    let out = after(&[requested(), failed(), withheld.clone()]);
    assert!(out.is_interrupted());
    let back = after(&[requested(), failed(), withheld, reinstated()]);
    assert_eq!(back.duty, Duty::Serve);
    assert!(matches!(back.state, SlotState::Assigned { .. }), "at work");
    assert_eq!((back.failures, back.unstarted.len()), (1, 1));
}

#[test]
fn an_interruption_ends_with_its_session_and_a_withdrawal_does_not() {
    let interrupt: Event = event::InterruptRequested {
        session: session(1),
        by: "me".into(),
    }
    .into();
    let withheld: Event = event::Withheld { by: "me".into() }.into();
    let by = "me".to_owned();

    for (wish, duty) in [(interrupt, Duty::Serve), (withheld, Duty::Withhold { by })] {
        let slot = after(std::slice::from_ref(&wish));
        assert!(slot.is_interrupted(), "{wish:?}");
        let free = after(&[wish.clone(), ended(Outcome::Stopped, None), idle()]);
        assert_eq!(free.duty, duty, "{wish:?}");
        let next = after(&[wish, ended(Outcome::Stopped, None), idle(), assigned(2)]);
        assert_eq!(next.is_interrupted(), duty != Duty::Serve);
    }
}

#[test]
fn a_slot_works_for_the_session_that_it_has_until_that_is_over() {
    let (ours, other) = (session(1), session(2));
    let running = [requested(), started(), begun()];
    for (events, works) in [
        (&running[..0], true),
        (&running[..1], true),
        (&running[..2], true),
        (&running[..3], true),
    ] {
        let slot = after(events);
        assert_eq!(slot.works_for(&ours), works, "{events:?}");
        assert!(!slot.works_for(&other));
        assert_eq!(slot.job().map(|job| &job.session), Some(&ours));
    }
    let done = after(&[ended(Outcome::Failed, None)]);
    assert!(!done.works_for(&ours));
    assert_eq!(done.job().map(|job| &job.session), Some(&ours));
    for end in [idle(), quarantined()] {
        assert_eq!(after(&[end]).job(), None);
    }
}
