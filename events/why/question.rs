//! A question, and the streams that have to be read for its answer.

use std::collections::BTreeSet;

use crate::feature::Known;
use crate::id::{FeatureId, ProjectName, SessionId, SlotNo};
use crate::stream::StreamId;
use crate::view::{ProjectView, Projections};
use crate::why::owing::last_closed;

/// Something about a project of which the state is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The name of the project.
    pub project: ProjectName,
    /// The thing in it.
    pub about: About,
}

/// What in a project is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// The project itself.
    Project,
    /// One of its features.
    Feature(FeatureId),
    /// One of its slots.
    Slot(SlotNo),
    /// An entry of its merge queue, by its number.
    Merge(u64),
    /// A session, of now or long ago.
    Session(SessionId),
}

/// The streams whose events belong into the record of a question, each once. What they hold after
/// the instant is left out by whoever reads them.
pub fn streams(question: &Question, projections: &Projections) -> Vec<StreamId> {
    let name = &question.project;
    let mut streams: BTreeSet<_> = [
        StreamId::Project(name.clone()),
        StreamId::Backlog(name.clone()),
        StreamId::MergeQueue(name.clone()),
    ]
    .into();

    if let Some(view) = projections.projects.get(name) {
        streams.extend(streams_of(view, &question.about));
    }
    streams.into_iter().collect()
}

/// Streams of features and slots that say something about it.
fn streams_of(view: &ProjectView, about: &About) -> Vec<StreamId> {
    match about {
        About::Project => of_project(view),
        About::Feature(id) => of_feature(view, id),
        About::Slot(n) => of_slot(view, *n),
        About::Merge(number) => {
            let mut waiting = view.merge_queue.state.waiting();
            let entry = waiting.find(|entry| entry.number == *number);
            match entry.and_then(|entry| entry.feature()) {
                Some(id) => of_feature(view, id),
                None => slots(view),
            }
        }
        About::Session(session) => of_session(view, session),
    }
}

/// What is at work, and what needs a person, lies in the streams of those things.
fn of_project(view: &ProjectView) -> Vec<StreamId> {
    let mut streams = slots(view);
    for grant in view.grants() {
        let claim = grant.subject.feature();
        streams.extend(claim.map(|(id, _)| feature(view, id)));
    }
    for need in view.standing().needs_you {
        streams.extend(need.remedy.feature().map(|id| feature(view, id)));
    }
    // A milestone is due because of what was closed last.
    streams.extend(last_closed(view).map(|id| feature(view, id)));
    streams
}

/// A feature, whatever it waits for, and the slots: one of them has it, or may get it.
fn of_feature(view: &ProjectView, id: &FeatureId) -> Vec<StreamId> {
    let mut streams = slots(view);
    streams.push(feature(view, id));
    let known = view.feature(id);
    let blockers = known.into_iter().flat_map(|known: &Known| &known.blockers);
    streams.extend(blockers.map(|on| feature(view, on)));
    streams
}

/// A slot, and the feature that its job is about.
fn of_slot(view: &ProjectView, n: SlotNo) -> Vec<StreamId> {
    let mut streams = slots(view);
    streams.push(StreamId::Container(view.name.clone(), n));
    let job = view.slot(n).and_then(|slot| slot.job());
    if let Some(id) = job.and_then(|job| job.feature.as_ref()) {
        streams.push(feature(view, id));
    }
    streams
}

/// The slot of a session, and the feature that it was given.
fn of_session(view: &ProjectView, session: &SessionId) -> Vec<StreamId> {
    let mut streams = slots(view);
    if let Some(record) = view.sessions.get(session) {
        streams.push(StreamId::Container(view.name.clone(), record.n));
        streams.extend(record.feature.iter().map(|id| feature(view, id)));
    }
    if let Some(grant) = view.grant_of(session) {
        streams.push(StreamId::Container(view.name.clone(), grant.slot_session.n));
        if let Some((id, _)) = grant.subject.feature() {
            streams.push(feature(view, id));
        }
    }
    streams
}

fn feature(view: &ProjectView, id: &FeatureId) -> StreamId {
    StreamId::Feature(view.name.clone(), id.clone())
}

fn slots(view: &ProjectView) -> Vec<StreamId> {
    let slots = view.slots.keys();
    slots
        .map(|n| StreamId::Container(view.name.clone(), *n))
        .collect()
}
