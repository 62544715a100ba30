//! The projections: every aggregate's state, folded from the one log in its order. Policies,
//! reconcilers and readers look here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Moment};
use crate::backlog::{self, Backlog};
use crate::codec::{CodecError, EventCodec};
use crate::container::{Container, Slot};
use crate::envelope::Envelope;
use crate::feature::{Feature, Known};
use crate::id::{CommandId, Digest, FeatureId, ProjectName, SlotNo, SubscriptionName, Timestamp};
use crate::merge_queue::MergeQueue;
use crate::node::Node;
use crate::project::{Project, Registered};
use crate::stream::{Position, StreamId, Version};
use crate::subscription::Subscription;
use crate::view::queue::Queue;
use crate::view::said;
use crate::view::sessions::SessionsView;

/// A folded stream: its state, and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tracked<A> {
    /// The folded state.
    pub state: A,
    /// Its version.
    pub version: Version,
    /// Position of its newest event.
    pub position: Position,
    /// Correlation of its newest event: what follows from it belongs to the same story.
    pub correlation: CommandId,
    /// When its first event was recorded.
    pub made: Timestamp,
    /// When its newest one was.
    pub changed: Timestamp,
}

impl<A: Default> Default for Tracked<A> {
    fn default() -> Self {
        let (state, never) = (A::default(), Timestamp(0));
        Self {
            state,
            version: Version(0),
            position: Position(0),
            correlation: CommandId([0; 16]),
            made: never,
            changed: never,
        }
    }
}

impl<A: Aggregate> Tracked<A> {
    /// Takes the next envelope of this stream and answers what it held.
    fn apply(&mut self, envelope: &Envelope) -> Result<A::Event, CodecError> {
        let event = A::Event::decode(&envelope.kind, envelope.schema, &envelope.payload)?;
        let moment = Moment {
            position: envelope.position,
            version: envelope.version,
            at: envelope.at,
        };
        self.state.evolve(&event, moment);
        if self.version == Version(0) {
            self.made = envelope.at;
        }

        self.changed = envelope.at;
        self.version = envelope.version;
        self.position = envelope.position;
        self.correlation = envelope.cause.correlation;

        Ok(event)
    }
}

/// Everything about one project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectView {
    /// Its name.
    pub name: ProjectName,
    /// The project itself.
    pub project: Tracked<Project>,
    /// Its backlog.
    pub backlog: Tracked<Backlog>,
    /// Its features.
    pub features: BTreeMap<FeatureId, Tracked<Feature>>,
    /// What of them is claimable, in order.
    pub(super) queue: Queue,
    /// Its slots.
    pub slots: BTreeMap<SlotNo, Tracked<Container>>,
    /// Its merge queue.
    pub merge_queue: Tracked<MergeQueue>,
    /// Every session there was.
    pub sessions: SessionsView,
    /// Position of its newest event in any stream.
    pub position: Position,
}

impl ProjectView {
    /// An empty view.
    pub fn new(name: ProjectName) -> Self {
        Self {
            name,
            project: Tracked::default(),
            backlog: Tracked::default(),
            features: BTreeMap::new(),
            queue: Queue::default(),
            slots: BTreeMap::new(),
            merge_queue: Tracked::default(),
            sessions: SessionsView::default(),
            position: Position(0),
        }
    }

    fn apply(&mut self, envelope: &Envelope) -> Result<(), CodecError> {
        let by = &envelope.cause.principal;

        match &envelope.stream {
            StreamId::Project(_) => {
                let event = self.project.apply(envelope)?;
                self.sessions.hear(by, said::of_project(&event));
            }
            StreamId::Backlog(_) => match self.backlog.apply(envelope)? {
                backlog::Event::Admitted(admitted) => {
                    self.sessions.brought(by, admitted.ids.len());
                    self.requeue_admitted(admitted.batch);
                }
                backlog::Event::Withdrawn(withdrawn) => self.requeue(&withdrawn.id),
                backlog::Event::DependencyAdded(_) | backlog::Event::DependencyRemoved(_) => {}
            },
            StreamId::Feature(_, id) => {
                let counted = self.counted(id);
                let feature = self.features.entry(id.clone()).or_default();
                let event = feature.apply(envelope)?;
                self.sessions.hear(by, said::of_feature(&event));
                if let crate::feature::Event::Commented(comment) = &event {
                    self.sessions.commented(by, comment.text.len());
                }
                self.requeue_changed(id, counted);
            }
            StreamId::Container(_, n) => {
                let event = self.slots.entry(*n).or_default().apply(envelope)?;
                self.sessions.apply(*n, &event, envelope.at);
            }
            StreamId::MergeQueue(_) => {
                self.merge_queue.apply(envelope)?;
                self.requeue_restored();
            }
            StreamId::Node(_) | StreamId::Subscription(_) => {}
        }

        self.position = envelope.position;
        Ok(())
    }

    /// The project, if it is registered.
    pub fn registered(&self) -> Option<&Registered> {
        self.project.state.registered()
    }

    /// The features that exist.
    pub fn known(&self) -> impl Iterator<Item = (&FeatureId, &Known, &Tracked<Feature>)> {
        self.features
            .iter()
            .filter_map(|(id, tracked)| Some((id, tracked.state.known()?, tracked)))
    }

    /// One feature, if it exists.
    pub fn feature(&self, id: &FeatureId) -> Option<&Known> {
        self.features.get(id)?.state.known()
    }

    /// The slots in service.
    pub fn enlisted(&self) -> impl Iterator<Item = (SlotNo, &Slot, &Tracked<Container>)> {
        self.slots
            .iter()
            .filter_map(|(n, tracked)| Some((*n, tracked.state.slot()?, tracked)))
    }

    /// One slot, if it is in service.
    pub fn slot(&self, n: SlotNo) -> Option<&Slot> {
        self.slots.get(&n)?.state.slot()
    }

    /// Whether an admitted feature exists, or left before it did.
    pub(super) fn exists_or_left(&self, id: &FeatureId) -> bool {
        self.feature(id).is_some() || self.backlog.state.withdrawn.contains(id)
    }

    /// Whether nothing has to wait for this feature: it is settled, or left before it existed.
    pub fn is_settled(&self, id: &FeatureId) -> bool {
        match self.feature(id) {
            Some(known) => known.is_settled(),
            None => self.backlog.state.withdrawn.contains(id),
        }
    }

    /// The features that exist, in the order of the queue.
    pub fn in_order(&self) -> Vec<(&FeatureId, &Known, &Tracked<Feature>)> {
        let mut all: Vec<_> = self.known().collect();
        all.sort_by_cached_key(|(id, known, _)| self.turn(id, known));
        all
    }
}

/// The projections of all projects.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Projections {
    /// By name.
    pub projects: BTreeMap<ProjectName, ProjectView>,
    /// The server's own stream.
    pub node: Tracked<Node>,
    /// Readers whose place is kept, by name.
    pub subscriptions: BTreeMap<SubscriptionName, Tracked<Subscription>>,
    /// Position of the newest folded event.
    pub position: Position,
    /// Its digest: which chain these projections are of.
    pub digest: Digest,
}

impl Projections {
    /// Names of the projects that are there: registered, and not deleted.
    pub fn registered_names(&self) -> BTreeSet<ProjectName> {
        self.projects
            .values()
            .filter(|view| view.registered().is_some())
            .map(|view| view.name.clone())
            .collect()
    }

    /// The version of a stream; 0 before its first event.
    pub fn version_of(&self, stream: &StreamId) -> Version {
        let view = stream.project().and_then(|name| self.projects.get(name));
        let found = match (stream, view) {
            (StreamId::Project(_), Some(view)) => Some(view.project.version),
            (StreamId::Backlog(_), Some(view)) => Some(view.backlog.version),
            (StreamId::MergeQueue(_), Some(view)) => Some(view.merge_queue.version),
            (StreamId::Feature(_, id), Some(view)) => view.features.get(id).map(|one| one.version),
            (StreamId::Container(_, n), Some(view)) => view.slots.get(n).map(|one| one.version),
            (StreamId::Node(_), _) => Some(self.node.version),
            (StreamId::Subscription(name), _) => {
                self.subscriptions.get(name).map(|one| one.version)
            }
            (
                StreamId::Project(_)
                | StreamId::Backlog(_)
                | StreamId::MergeQueue(_)
                | StreamId::Feature(..)
                | StreamId::Container(..),
                None,
            ) => None,
        };
        found.unwrap_or(Version(0))
    }

    /// Takes the next envelope; answers whose project it was.
    pub fn apply(&mut self, envelope: &Envelope) -> Result<Option<ProjectName>, CodecError> {
        let name = envelope.stream.project().cloned();
        match (&envelope.stream, &name) {
            (StreamId::Subscription(name), _) => {
                drop(
                    self.subscriptions
                        .entry(name.clone())
                        .or_default()
                        .apply(envelope)?,
                );
            }
            (_, None) => drop(self.node.apply(envelope)?),
            (_, Some(name)) => {
                let view = self
                    .projects
                    .entry(name.clone())
                    .or_insert_with(|| ProjectView::new(name.clone()));
                view.apply(envelope)?;
            }
        }

        (self.position, self.digest) = (envelope.position, envelope.digest);
        Ok(name)
    }
}
