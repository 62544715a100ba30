//! What waits for a person at the end of a span, and since when: the needs of a project, each with
//! the event that it goes back to. That one may be older than the span.

use crate::envelope::Envelope;
use crate::id::ProjectName;
use crate::report::said::Said;
use crate::report::shown::{Sentence, Shown};
use crate::stream::StreamId;
use crate::view::{Need, NeedKind, ProjectView, Remedy};
use crate::why::{self, Record};

/// The needs of a project at the instant of a record; `record.events` are those of
/// [`why::streams`] for the project.
pub fn waits(record: Record<'_>, name: &ProjectName) -> Vec<Sentence> {
    let Some(view) = record.projections.projects.get(name) else {
        return vec![];
    };
    let needs = why::needs(record, view).into_iter();
    needs
        .map(|(need, sentence)| {
            let began = began(record, view, &need);
            let shows = |event: &&Envelope| sentence.positions.first() == Some(&event.position);
            let known = sentence.shown == why::Shown::Events;
            let first = record.events.iter().find(shows).filter(|_| known);
            let first = began.or(first);

            let positions = match first {
                Some(event) => vec![event.position],
                None => sentence.positions,
            };
            Sentence {
                said: Said::Waits {
                    need: need.kind,
                    command: need.remedy.command(name),
                    text: need.text,
                    since: first.map(|event| event.at),
                },
                shown: Shown { positions, more: 0 },
            }
        })
        .collect()
}

/// Where something began that is seen again and again: the first sight of it since it was well.
fn began<'a>(record: Record<'a>, view: &ProjectView, need: &Need) -> Option<&'a Envelope> {
    let (project, queue) = (
        StreamId::Project(view.name.clone()),
        StreamId::MergeQueue(view.name.clone()),
    );
    let (stream, seen, well): (_, &str, &[&str]) = match (need.kind, &need.remedy) {
        (NeedKind::Copy, _) => (project, "project.clone_failed", &["project.cloned"]),
        (NeedKind::Upstream, _) => (queue, "trunk.halted", UPSTREAM_ANSWERS),
        (NeedKind::Trunk, _) | (NeedKind::Verification, Remedy::ResumeQueue) => {
            let well = &["trunk.head_verified", "trunk.red_ended"];
            (queue, "trunk.head_failed", well)
        }
        (NeedKind::Outside, _) => return of_trouble(record, view, need),
        _ => return None,
    };

    let own = record.events.iter().filter(|event| event.stream == stream);
    let mut first = None;
    for event in own {
        if well.contains(&&*event.kind) {
            first = None;
        } else if event.kind == seen {
            first = first.or(Some(event));
        }
    }
    first
}

/// Events that end a halt: upstream was asked and answered, or a person had the queue go on.
const UPSTREAM_ANSWERS: &[&str] = &[
    "trunk.unhalted",
    "trunk.branch_followed",
    "trunk.candidate_built",
    "trunk.advanced",
    "trunk.upstream_moved",
    "trunk.followed",
];

/// Where the trouble of a thing began.
fn of_trouble<'a>(record: Record<'a>, view: &ProjectView, need: &Need) -> Option<&'a Envelope> {
    let registered = view.registered()?;
    let mut troubles = registered.troubles.iter();
    let trouble = troubles.find(|trouble| trouble.told() == need.text)?;
    let mut events = record.events.iter();
    events.find(|event| event.kind == "project.trouble_reported" && event.at == trouble.since)
}
