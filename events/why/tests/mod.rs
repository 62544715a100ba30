//! Given a log, a question and a time, which sentences: every kind, every state of the tables, and
//! what the audit says of the same.

mod kinds;
mod scenes;
pub(crate) mod walk;
mod wishes;

use crate::envelope::Envelope;
use crate::id::Timestamp;
use crate::own_time::OwnTime;
use crate::policy::{Observed, accounts};
use crate::stream::Position;
use crate::view::Projections;
use crate::why::{About, Kind, Question, Record, Sentence, streams, why};

/// The projections of a log.
pub(crate) fn folded(log: &[Envelope]) -> Projections {
    let mut projections = Projections::default();
    for envelope in log {
        projections.apply(envelope).expect("a known event");
    }
    projections
}

/// What is observed so many seconds after the epoch.
pub(crate) fn at(seconds: i64, projections: &Projections) -> Observed {
    let now = Timestamp(seconds * 1_000_000);
    let own = OwnTime::new(now, &[], &[]);
    Observed {
        now,
        accounts: accounts(projections, &own),
        own,
        ..Observed::default()
    }
}

pub(crate) fn question(about: About) -> Question {
    Question {
        project: "z".parse().expect("a name"),
        about,
    }
}

/// The events of a log that a question has to be answered from.
pub(crate) fn concerned(
    log: &[Envelope],
    question: &Question,
    projections: &Projections,
) -> Vec<Envelope> {
    let streams = streams(question, projections);
    let concerned = log.iter().filter(|event| streams.contains(&event.stream));
    concerned.cloned().collect()
}

/// The answer from a log and nothing else.
pub(crate) fn asked(log: &[Envelope], about: &About, seconds: i64) -> Vec<Sentence> {
    answered(log, &folded(log), about, seconds)
}

/// The same, where it is folded already.
pub(crate) fn answered(
    log: &[Envelope],
    projections: &Projections,
    about: &About,
    seconds: i64,
) -> Vec<Sentence> {
    let question = question(about.clone());
    let observed = at(seconds, projections);
    let events = concerned(log, &question, projections);
    let record = Record {
        projections,
        observed: &observed,
        events: &events,
    };
    why(&question, record)
}

/// The names of the events at these positions.
pub(crate) fn names(log: &[Envelope], positions: &[Position]) -> Vec<String> {
    let cited = log
        .iter()
        .filter(|event| positions.contains(&event.position));
    cited.map(|event| event.kind.to_string()).collect()
}

/// What is said, for a failed assertion.
pub(crate) fn listed(said: &[Sentence]) -> String {
    let line = |one: &Sentence| format!("{:?} {:?} {}\n", one.kind, one.positions, one.text);
    said.iter().map(line).collect()
}

/// The first sentence of a kind.
pub(crate) fn of_kind(said: &[Sentence], kind: Kind) -> Option<&Sentence> {
    said.iter().find(|sentence| sentence.kind == kind)
}
