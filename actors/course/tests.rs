//! Given logs of random storms, when their course is gone through again, then it is the recorded
//! one; and when it parts from that, then the same work is done.

use events::envelope::Envelope;
use events::feature::Stage;
use events::id::Timestamp;
use events::stream::Position;
use events::view::{ProjectView, Projections};

use super::follow::Parting;
use super::{Change, Course, Ending, Record};
use crate::driver::model::name;
use crate::driver::run;

/// Storms that each law is looked at in.
const STORMS: u64 = 24;

/// The log of a storm and of the quiet after it.
fn storm(seed: u64) -> Vec<Envelope> {
    let (model, ended) = run(seed);
    assert_eq!(ended, Ok(()), "seed {seed}");
    model.recorded
}

/// The record after a position of a log.
fn record(events: &[Envelope], after: usize) -> Record {
    let mut start = Projections::default();
    for event in &events[..after] {
        start.apply(event).expect("it folds");
    }
    let since = events[..after]
        .last()
        .map_or(Timestamp(0), |event| event.at);
    let mut reading = Record::read(name(), start, since);
    for event in &events[after..] {
        reading.take(event.clone()).expect("it is read");
    }
    reading.end().expect("it is read")
}

fn view(projections: &Projections) -> &ProjectView {
    projections.projects.get(&name()).expect("the project")
}

/// A course that parts from the record at a position, though nothing is otherwise.
fn parted(record: &Record, next: usize) -> Course {
    let none = Change::default();
    let mut followed = record.follow_until(&none, next).expect("it folds");
    let why = "so that it does".to_owned();
    let (position, at) = (followed.ledger.projections.position, followed.ledger.now);
    followed.parting = Some(Parting { position, at, why });
    record.course_from(followed, &none).expect("it folds")
}

/// Where everything stands, in few words.
fn standing(view: &ProjectView) -> String {
    let word = |debug: String| debug.chars().take(60).collect::<String>();
    let slots: Vec<_> = view
        .enlisted()
        .map(|(_, slot, _)| word(format!("{:?}", slot.state)))
        .collect();
    let stages: Vec<_> = view
        .known()
        .map(|(_, known, _)| word(format!("{:?} {:?}", known.stage, known.blockers)))
        .collect();
    let queue: Vec<_> = view
        .merge_queue
        .state
        .queue
        .iter()
        .map(|entry| word(format!("{:?}", entry.stage)))
        .collect();
    let intent = view
        .registered()
        .map(|r| (r.intent, word(format!("{:?}", r.initialization)), r.target));
    format!(
        "{intent:?} {slots:?} {stages:?} {queue:?} {:?}",
        view.merge_queue.state.halt
    )
}

#[test]
fn with_nothing_otherwise_the_recorded_course_comes_out() {
    for seed in 0..STORMS {
        let events = storm(seed);
        let record = record(&events, 0);
        let course = record.course(&Change::default()).expect("it folds");

        assert_eq!(course.ending, Ending::Recorded);
        assert!(course.parting.is_none(), "seed {seed}");
        assert!(course.events == events, "seed {seed}: other events");
        assert!(
            course.projections == record.end,
            "seed {seed}: other states"
        );
        let unexplained: Vec<_> = course
            .unexplained
            .iter()
            .map(|at| {
                let event = &events[usize::try_from(at.0).expect("small") - 1];
                format!(
                    "{at} {} {} {}",
                    event.kind,
                    event.cause.principal,
                    String::from_utf8_lossy(&event.payload)
                )
            })
            .collect();
        assert_eq!(unexplained, Vec::<String>::new(), "seed {seed}");
    }
}

#[test]
fn a_course_that_parts_anywhere_does_the_same_work() {
    for seed in 0..STORMS {
        let events = storm(seed);
        let record = record(&events, 0);
        let acts = record.acts.len();
        for part in [0, acts / 3, acts / 2, acts - 1] {
            let course = parted(&record, part);
            let told = format!("seed {seed}, from act {part} of {acts}");
            assert_ne!(course.ending, Ending::Endless, "{told}");

            let view = view(&course.projections);
            let needs = view.standing().needs_you;
            for (id, known, _) in view.known() {
                let over = |stage: &Stage| matches!(stage, Stage::Closed { .. } | Stage::Withdrawn);
                assert!(
                    over(&known.stage) || !needs.is_empty(),
                    "{told}: {id} stands still: {}",
                    standing(view)
                );
            }
            let again = parted(&record, part);
            assert!(
                again.events == course.events,
                "{told}: twice, and not the same"
            );
        }
    }
}

#[test]
fn a_course_is_a_log_like_any_other() {
    for seed in 0..STORMS {
        let events = storm(seed);
        let record = record(&events, 0);
        let course = parted(&record, record.acts.len() / 2);

        let mut folded = Projections::default();
        let mut before = Position(0);
        for event in &course.events {
            assert_eq!(event.position, Position(before.0 + 1), "seed {seed}");
            before = event.position;
            folded.apply(event).expect("it folds");
        }
        assert!(folded == course.projections, "seed {seed}");
    }
}

/// How long a course of a long record takes, in an optimised build:
/// `cargo test --release -p actors a_long_course -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, and no test"]
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement takes the time it takes"
)]
fn a_long_course_is_measured() {
    let features =
        std::env::var("FEATURES").map_or(1_000, |count| count.parse().expect("a number"));
    let mut model = crate::driver::model::Model::well_behaved(features, 8);
    let begun = std::time::Instant::now();
    while model.look() {}
    let events = model.recorded;
    println!("{} events, made in {:?}", events.len(), begun.elapsed());

    let begun = std::time::Instant::now();
    let record = record(&events, 0);
    println!("read in {:?}", begun.elapsed());
    for slots in [8, 4, 12] {
        let begun = std::time::Instant::now();
        let change = Change {
            slots: Some(slots),
            ..Change::default()
        };
        let course = record.course(&change).expect("it folds");
        let took = begun.elapsed();
        let ending = course.ending;
        println!(
            "{slots} slots: {took:?}, {} events, {ending:?}",
            course.events.len()
        );
    }
}

/// A project on which everybody behaves well, and its log.
fn calm(features: u64, slots: u16) -> Vec<Envelope> {
    let mut model = crate::driver::model::Model::well_behaved(features, slots);
    while model.look() {}
    model.recorded
}

fn slots(count: u16) -> Change {
    Change {
        slots: Some(count),
        ..Change::default()
    }
}

/// Features that were merged, and how often each was claimed.
fn merged(course: &Course) -> Vec<(String, u64)> {
    let view = view(&course.projections);
    let closed = view
        .known()
        .filter(|(_, known, _)| matches!(known.stage, Stage::Closed { .. }));
    closed
        .map(|(id, known, _)| (id.to_string(), known.epoch.0))
        .collect()
}

fn count(events: &[Envelope], kind: &str) -> usize {
    events.iter().filter(|event| *event.kind == *kind).count()
}

/// The most slots that had a session at once.
fn at_once(events: &[Envelope]) -> usize {
    let (mut now, mut most) = (0usize, 0);
    for event in events {
        match &*event.kind {
            "container.assigned" => now += 1,
            "container.idle" => now = now.saturating_sub(1),
            _ => {}
        }
        most = most.max(now);
    }
    most
}

#[test]
fn other_numbers_of_slots_do_the_same_work_with_as_many_at_once() {
    let events = calm(30, 4);
    let record = record(&events, 0);
    let recorded = record.course(&Change::default()).expect("it folds");
    assert_eq!(merged(&recorded).len(), 30);

    for wanted in [1, 2, 3, 5, 8] {
        let course = record.course(&slots(wanted)).expect("it folds");
        let told = format!("{wanted} slots");
        assert_eq!(course.ending, Ending::Quiet, "{told}");
        assert_eq!(merged(&course), merged(&recorded), "{told}");
        assert_eq!(at_once(&course.events), usize::from(wanted), "{told}");
        assert_eq!(
            course.guessed, 0,
            "{told}: each session has done this before"
        );

        let parting = course.parting.expect("another number is another course");
        let at = usize::try_from(parting.position.0).expect("small");
        assert!(
            course.events[..at] == events[..at],
            "{told}: one up to there"
        );
        assert!(parting.why.contains("fleet"), "{told}: {}", parting.why);
    }

    let same = record.course(&slots(4)).expect("it folds");
    assert!(same.parting.is_none() && same.events == events);
}

#[test]
fn a_change_that_comes_late_leaves_the_beginning_as_it_was() {
    let events = calm(30, 4);
    let half = events.len() / 2;
    let record = record(&events, half);
    let course = record.course(&slots(1)).expect("it folds");
    let parting = course.parting.as_ref().expect("it parts");
    assert!(parting.position.0 >= half as u64, "{parting:?}");

    let whole = record_of_all(&events, &course, half);
    assert_eq!(merged_in(&whole), 30);
    // Whoever is at work ends first.
    let late = count(&course.events, "container.assigned");
    assert!(late > 0 && at_once(&course.events) <= 4, "{late}");
}

/// The projections of a log's first half, with a course after it.
fn record_of_all(events: &[Envelope], course: &Course, half: usize) -> Projections {
    let mut all = Projections::default();
    for event in events[..half].iter().chain(&course.events) {
        all.apply(event).expect("it folds");
    }
    all
}

fn merged_in(projections: &Projections) -> usize {
    let known = view(projections).known();
    let closed = known.filter(|(_, known, _)| matches!(known.stage, Stage::Closed { .. }));
    closed.count()
}

#[test]
fn what_a_person_did_is_left_out_with_all_that_came_of_it() {
    let events = calm(20, 2);
    let record = record(&events, 0);
    let of = |kind: &str| {
        events
            .iter()
            .find(|event| *event.kind == *kind)
            .expect(kind)
    };
    let without = |position| Change {
        without: [position].into(),
        ..Change::default()
    };

    // Nobody started it.
    let started = of("project.started");
    assert!(record.can_leave_out(started.position));
    let course = record.course(&without(started.position)).expect("it folds");
    assert_eq!(count(&course.events, "feature.claimed"), 0);
    assert_eq!(
        count(&course.events, "feature.created"),
        20,
        "the backlog is there"
    );
    assert_eq!(course.ending, Ending::Quiet);
    let why = course.parting.expect("it parts").why;
    assert_eq!(why, "project.started is left out");

    // Ten features were never thought of.
    let admitted = of("backlog.admitted");
    let course = record
        .course(&without(admitted.position))
        .expect("it folds");
    assert_eq!(merged(&course).len(), 10);

    for kind in [
        "feature.claimed",
        "container.started",
        "trunk.advanced",
        "feature.submitted",
    ] {
        assert!(
            !record.can_leave_out(of(kind).position),
            "{kind} followed from something else"
        );
    }
    assert!(!record.can_leave_out(Position(0)));
    assert!(!record.can_leave_out(Position(1_000_000)));
}

#[test]
fn settings_part_the_courses_where_they_first_make_a_difference() {
    let events = calm(20, 4);
    let record = record(&events, 0);
    let with = |otherwise: fn(&mut events::settings::Settings)| {
        let change = Change {
            settings: Some(std::sync::Arc::new(move |settings| {
                let mut other = settings.clone();
                otherwise(&mut other);
                other
            })),
            ..Change::default()
        };
        record.course(&change).expect("it folds")
    };

    let never = with(|settings| settings.keep_work_ms += 1);
    assert!(never.parting.is_none(), "nothing that happened hangs on it");

    // Entries go upstream together: fewer verifications for the same work.
    let batches = with(|settings| settings.batch_max = 8);
    assert_eq!(merged(&batches).len(), 20);
    let verified = |events: &[Envelope]| count(events, "trunk.verification_started");
    assert!(
        verified(&batches.events) < verified(&events),
        "{}",
        verified(&batches.events)
    );
    let parting = batches.parting.expect("it parts");
    assert!(
        parting.position.0 > 40,
        "not before there are two entries: {parting:?}"
    );

    // Another command is another verification, and another agent another session.
    let verified_by = with(|settings| settings.verify = Some("make another".into()));
    let why = verified_by
        .parting
        .as_ref()
        .map(|parting| parting.why.as_str());
    assert!(why.is_some(), "the terms of a verification are others");
    assert_eq!(merged(&verified_by).len(), 20);
    let agent = with(|settings| settings.agent.model = Some("another".into()));
    let why = agent.parting.expect("it parts").why;
    assert!(why.contains("assigning slot"), "{why}");

    // Nothing is verified where nothing says how.
    let none = with(|settings| {
        settings.verify = None;
        settings.allow_unverified = true;
    });
    assert_eq!(verified(&none.events), 0);
    assert_eq!(merged(&none).len(), 20);
}

#[test]
fn a_session_that_was_never_seen_to_work_is_done_by_another_one_of_its_role() {
    let events = calm(20, 2);
    // The record ends while the first features are at work: of the others nothing is known.
    let end = events
        .iter()
        .position(|event| *event.kind == *"feature.closed")
        .expect("one is closed");
    let record = record(&events[..=end + 1], 0);
    let course = record.course(&slots(3)).expect("it folds");
    assert_eq!(
        merged(&course).len(),
        20,
        "the others are done like the first"
    );
    assert!(course.guessed > 0);
}

#[test]
fn every_course_comes_to_rest() {
    for seed in 0..STORMS {
        let events = storm(seed);
        let record = record(&events, 0);
        let most = record.acts.len() * 4 + 20_000;
        for count in [1, 9] {
            let course = record.course(&slots(count)).expect("it folds");
            assert!(course.events.len() <= most + 300, "seed {seed}");
            assert_ne!(course.ending, Ending::Endless, "seed {seed}, {count} slots");
        }
    }
}
