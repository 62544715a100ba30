//! What is looked at of an instant, as a document: the same words that the API has for now, or the
//! folded state itself.

use events::envelope::Envelope;
use events::id::ProjectName;
use events::stream::StreamId;
use events::view::{ProjectView, Projections};
use serde::Serialize;
use serde_json::Value;

use crate::api;

/// The thing that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A stream: the state that its events fold to.
    Stream(StreamId),
    /// A project, in one of its views.
    Project(ProjectName, View),
    /// Every project, as the list of them has it.
    Projects,
}

/// A view of a project.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// The folded states of all its streams.
    State,
    /// The project, with its settings, its figures and what needs a person.
    Project,
    /// The board.
    Board,
    /// Its features in order.
    Features,
    /// Its slots.
    Fleet,
    /// The merge queue.
    Queue,
    /// The things that need a person.
    Needs,
    /// Its sessions, with what each used.
    Sessions,
}

/// A value that serialises; all of ours do.
fn value(shape: impl Serialize) -> Value {
    serde_json::to_value(shape).unwrap_or(Value::Null)
}

impl Subject {
    /// The document of this subject; none where it was not there.
    pub fn document(&self, projections: &Projections) -> Option<Value> {
        match self {
            Self::Stream(stream) => of_stream(projections, stream),
            Self::Project(name, view) => {
                view.document(projections.projects.get(name)?, projections)
            }
            Self::Projects => {
                let shapes = projections.projects.values().filter_map(api::project);
                Some(value(shapes.collect::<Vec<_>>()))
            }
        }
    }

    /// Whether an event is of this subject.
    pub fn is_of(&self, envelope: &Envelope) -> bool {
        match self {
            Self::Stream(stream) => envelope.stream == *stream,
            Self::Project(name, _) => envelope.stream.project() == Some(name),
            Self::Projects => true,
        }
    }

    /// Whether an expression about this subject may come to something else after an event.
    pub fn is_moved_by(&self, envelope: &Envelope) -> bool {
        match self.project() {
            Some(project) => envelope.stream.project() == Some(project),
            None => true,
        }
    }

    /// The project that events of this subject are of; none where every event may matter.
    pub fn project(&self) -> Option<&ProjectName> {
        match self {
            Self::Stream(stream) => stream.project(),
            Self::Project(name, _) => Some(name),
            Self::Projects => None,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stream(stream) => write!(f, "stream {stream}"),
            Self::Project(name, _) => write!(f, "project {name}"),
            Self::Projects => f.write_str("projects"),
        }
    }
}

impl View {
    fn document(self, view: &ProjectView, projections: &Projections) -> Option<Value> {
        if self == Self::State {
            return Some(value(view));
        }

        view.registered()?;
        match self {
            Self::State => None,
            Self::Project => api::project(view).map(value),
            Self::Board => api::board(view, projections).map(value),
            Self::Features => Some(value(api::features(view))),
            Self::Fleet => Some(value(api::slots(view))),
            Self::Queue => Some(value(api::merge_queue(view))),
            Self::Needs => api::project(view).map(|shape| value(shape.needs)),
            Self::Sessions => Some(value(api::sessions(view))),
        }
    }
}

/// The folded state of one stream; none before its first event.
fn of_stream(projections: &Projections, stream: &StreamId) -> Option<Value> {
    let project = |name| projections.projects.get(name);
    let found = match stream {
        StreamId::Project(name) => value(&project(name)?.project),
        StreamId::Backlog(name) => value(&project(name)?.backlog),
        StreamId::Feature(name, id) => value(project(name)?.features.get(id)?),
        StreamId::Container(name, n) => value(project(name)?.slots.get(n)?),
        StreamId::MergeQueue(name) => value(&project(name)?.merge_queue),
        StreamId::Node(_) => value(&projections.node),
        StreamId::Subscription(name) => value(projections.subscriptions.get(name)?),
    };

    // A project's streams are made with the first event of any of them.
    let is_there = found.get("version").is_some_and(|version| *version != 0);
    is_there.then_some(found)
}
