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
const STORMS: u64 = 60;

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
