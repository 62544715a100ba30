//! The books: every aggregate's state, folded from the one log in its order. Policies, reconcilers
//! and readers look here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Moment};
use crate::backlog::Backlog;
use crate::codec::{CodecError, EventCodec};
use crate::container::{Berth, Container};
use crate::envelope::Envelope;
use crate::feature::{Feature, Known};
use crate::id::{BerthNo, CommandId, Digest, FeatureId, ProjectName, Timestamp};
use crate::node::Node;
use crate::project::{Project, Registered};
use crate::stream::{Position, StreamId, Version};
use crate::subscription::Subscription;
use crate::trunk::{self, EntryKind, Trunk};
use crate::view::said;
use crate::view::sessions::SessionsView;

/// When a feature's turn comes: priority, rank, age (its batch's, then its place there); the id
/// last, so that the order is total.
type Turn<'a> = (u8, i64, Position, u32, &'a FeatureId);

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
pub struct ProjectBook {
    /// Its name.
    pub name: ProjectName,
    /// The project itself.
    pub project: Tracked<Project>,
    /// Its backlog.
    pub backlog: Tracked<Backlog>,
    /// Its features.
    pub features: BTreeMap<FeatureId, Tracked<Feature>>,
    /// Its berths.
    pub berths: BTreeMap<BerthNo, Tracked<Container>>,
    /// Its trunk.
    pub trunk: Tracked<Trunk>,
    /// Every session there was.
    pub sessions: SessionsView,
    /// Position of its newest event in any stream.
    pub position: Position,
}

impl ProjectBook {
    /// An empty book.
    pub fn new(name: ProjectName) -> Self {
        Self {
            name,
            project: Tracked::default(),
            backlog: Tracked::default(),
            features: BTreeMap::new(),
            berths: BTreeMap::new(),
            trunk: Tracked::default(),
            sessions: SessionsView::default(),
            position: Position(0),
        }
    }

    fn apply(&mut self, envelope: &Envelope) -> Result<(), CodecError> {
        match &envelope.stream {
            StreamId::Project(_) => {
                let event = self.project.apply(envelope)?;
                self.sessions
                    .hear(&envelope.cause.principal, said::of_project(&event));
            }
            StreamId::Backlog(_) => {
                if let crate::backlog::Event::Admitted(admitted) = self.backlog.apply(envelope)? {
                    self.sessions
                        .brought(&envelope.cause.principal, admitted.ids.len());
                }
            }
            StreamId::Feature(_, id) => {
                let event = self
                    .features
                    .entry(id.clone())
                    .or_default()
                    .apply(envelope)?;
                let by = &envelope.cause.principal;
                self.sessions.hear(by, said::of_feature(&event));
                if let crate::feature::Event::Commented(comment) = &event {
                    self.sessions.commented(by, comment.text.len());
                }
            }
            StreamId::Container(_, n) => {
                let event = self.berths.entry(*n).or_default().apply(envelope)?;
                self.sessions.apply(*n, &event, envelope.at);
            }
            StreamId::Trunk(_) => drop(self.trunk.apply(envelope)?),
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
        self.features.get(id).and_then(|t| t.state.known())
    }

    /// The berths in service.
    pub fn enlisted(&self) -> impl Iterator<Item = (BerthNo, &Berth, &Tracked<Container>)> {
        self.berths
            .iter()
            .filter_map(|(n, tracked)| Some((*n, tracked.state.berth()?, tracked)))
    }

    /// One berth, if it is in service.
    pub fn berth(&self, n: BerthNo) -> Option<&Berth> {
        self.berths.get(&n).and_then(|t| t.state.berth())
    }

    /// Whether every admitted feature of this batch exists: nothing of a batch is claimable before
    /// it is whole.
    pub fn is_whole(&self, batch: Digest) -> bool {
        self.backlog
            .state
            .ids
            .iter()
            .filter(|(_, origin)| origin.batch == batch)
            .all(|(id, _)| self.exists_or_left(id))
    }

    /// Whether an admitted feature exists, or left before it did.
    fn exists_or_left(&self, id: &FeatureId) -> bool {
        self.feature(id).is_some() || self.backlog.state.withdrawn.contains(id)
    }

    /// Whether nothing has to wait for this feature: it is settled, or left before it existed.
    pub fn is_settled(&self, id: &FeatureId) -> bool {
        match self.feature(id) {
            Some(known) => known.is_settled(),
            None => self.backlog.state.withdrawn.contains(id),
        }
    }

    /// Whether every admitted feature exists.
    pub fn is_complete_backlog(&self) -> bool {
        self.backlog
            .state
            .ids
            .keys()
            .all(|id| self.exists_or_left(id))
    }

    /// Features a claim would be granted for now, best first: priority, rank, age.
    pub fn ready(&self) -> Vec<&FeatureId> {
        let none = BTreeSet::new();
        let mut ready: Vec<_> = self.claimable(&none).collect();
        ready.sort_unstable();
        ready.into_iter().map(|turn| turn.4).collect()
    }

    /// The best feature that a claim would be granted for now and that is not among these.
    pub fn next_ready(&self, except: &BTreeSet<FeatureId>) -> Option<&FeatureId> {
        self.claimable(except).min().map(|turn| turn.4)
    }

    /// Features whose sessions vanished and that are not tried again yet; and when the next of them
    /// is.
    pub fn resting(&self, now: Timestamp) -> (BTreeSet<FeatureId>, Option<Timestamp>) {
        let until = |known: &Known| {
            let pause = crate::policy::backoff_ms(known.tally.gone);
            known.tally.gone_at.plus_ms(pause)
        };
        let resting = self
            .known()
            .filter(|(_, known, _)| known.is_ready() && until(known) > now);
        let (mut ids, mut next) = (BTreeSet::new(), None::<Timestamp>);
        for (id, known, _) in resting {
            ids.insert(id.clone());
            let at = until(known);
            next = Some(next.map_or(at, |next| next.min(at)));
        }
        (ids, next)
    }

    /// The claimable features that are not among these, each with what orders it. Nothing of a batch
    /// is claimable before it is whole.
    fn claimable<'a>(&'a self, except: &BTreeSet<FeatureId>) -> impl Iterator<Item = Turn<'a>> {
        let missing = self
            .backlog
            .state
            .ids
            .iter()
            .filter(|(id, _)| !self.exists_or_left(id));
        let partial: BTreeSet<_> = missing.map(|(_, origin)| origin.batch).collect();
        let ready = self.known().filter(move |(id, known, _)| {
            known.is_ready()
                && !except.contains(*id)
                && !partial.contains(&known.batch)
                && !self.is_being_restored(id, known)
        });
        ready.map(|(id, known, _)| self.turn(id, known))
    }

    /// Whether what was taken out of it is on its way back: nobody builds it anew meanwhile.
    fn is_being_restored(&self, id: &FeatureId, known: &Known) -> bool {
        let trunk = &self.trunk.state;
        let restores = |entry: &trunk::Entry| matches!(&entry.kind, EntryKind::Revert { feature, restores: true, .. } if feature == id);
        let unheard = trunk
            .undone
            .get(id)
            .is_some_and(|undone| match &undone.verdict {
                trunk::Verdict::Merged(merged) => {
                    undone.restores && known.restored.as_ref() != Some(&merged.sha)
                }
                _ => false,
            });
        unheard || trunk.waiting().any(restores)
    }

    fn turn<'a>(&'a self, id: &'a FeatureId, known: &Known) -> Turn<'a> {
        let origin = self.backlog.state.ids.get(id);
        let (admitted, index) =
            origin.map_or((known.created, 0), |origin| (origin.admitted, origin.index));
        (
            known.content.priority,
            known.content.rank,
            admitted,
            index,
            id,
        )
    }

    /// The features that exist, in the order of the queue.
    pub fn in_order(&self) -> Vec<(&FeatureId, &Known, &Tracked<Feature>)> {
        let mut all: Vec<_> = self.known().collect();
        all.sort_by(|a, b| self.turn(a.0, a.1).cmp(&self.turn(b.0, b.1)));
        all
    }
}

/// The books of all projects.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Books {
    /// By name.
    pub projects: BTreeMap<ProjectName, ProjectBook>,
    /// The server's own stream.
    pub node: Tracked<Node>,
    /// Readers whose place is kept, by name.
    pub subscriptions: BTreeMap<ProjectName, Tracked<Subscription>>,
    /// Position of the newest folded event.
    pub position: Position,
    /// Its digest: which chain these books are of.
    pub digest: Digest,
}

impl Books {
    /// Names of the projects that are there: registered, and not deleted.
    pub fn registered_names(&self) -> BTreeSet<ProjectName> {
        self.projects
            .values()
            .filter(|book| book.registered().is_some())
            .map(|book| book.name.clone())
            .collect()
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
                let book = self
                    .projects
                    .entry(name.clone())
                    .or_insert_with(|| ProjectBook::new(name.clone()));
                book.apply(envelope)?;
            }
        }
        (self.position, self.digest) = (envelope.position, envelope.digest);
        Ok(name)
    }
}
