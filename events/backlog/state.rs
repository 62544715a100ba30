//! What a backlog is at a point of the log: its ids, its edges, and the ways along them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::backlog::event::Edge;
use crate::id::{Digest, FeatureId};
use crate::stream::Position;

/// The state of a backlog stream.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Backlog {
    /// Every id ever admitted, with the batch that brought it and its place there.
    pub ids: BTreeMap<FeatureId, Origin>,
    /// Feature → those it depends on.
    pub edges: BTreeMap<FeatureId, BTreeSet<FeatureId>>,
    /// Ids that left.
    pub withdrawn: BTreeSet<FeatureId>,
    /// A batch whose last part is not folded yet; between two commands there is none.
    pub incoming: Incoming,
}

/// The parts of a batch so far.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Incoming {
    pub(super) ids: Vec<FeatureId>,
    pub(super) edges: Vec<Edge>,
}

/// Where an id came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The batch, in the blob store.
    pub batch: Digest,
    /// Where the batch was admitted: what came first is older.
    pub admitted: Position,
    /// Place within the batch, from 0.
    pub index: u32,
}

impl Backlog {
    /// What a feature depends on.
    pub fn dependencies(&self, id: &FeatureId) -> impl Iterator<Item = &FeatureId> {
        self.edges.get(id).into_iter().flatten()
    }

    /// The path from `from` to `to` along dependencies, if there is one. Each feature is looked at
    /// once.
    pub(super) fn path(&self, from: &FeatureId, to: &FeatureId) -> Option<Vec<FeatureId>> {
        let mut reached_by: BTreeMap<&FeatureId, Option<&FeatureId>> = BTreeMap::new();
        let mut waiting = vec![(from, None)];
        while let Some((feature, by)) = waiting.pop() {
            if reached_by.contains_key(feature) {
                continue;
            }
            reached_by.insert(feature, by);
            if feature == to {
                return Some(traced(&reached_by, feature));
            }
            waiting.extend(self.dependencies(feature).map(|on| (on, Some(feature))));
        }

        None
    }

    /// A circle along dependencies that can be reached from these features, if there is one. Each
    /// feature is looked at once.
    pub(super) fn circle<'a>(
        &'a self,
        from: impl Iterator<Item = &'a FeatureId>,
    ) -> Option<Vec<FeatureId>> {
        let mut done = BTreeSet::new();
        for first in from {
            let circle = self.circle_from(first, &mut done);
            if circle.is_some() {
                return circle;
            }
        }
        None
    }

    /// A circle that can be reached from a feature without those that are `done`; what is looked at
    /// is done then.
    fn circle_from<'a>(
        &'a self,
        first: &'a FeatureId,
        done: &mut BTreeSet<&'a FeatureId>,
    ) -> Option<Vec<FeatureId>> {
        let mut path = vec![first];
        let mut open = vec![self.edges.get(first).into_iter().flatten()];
        while let Some(rest) = open.last_mut() {
            let Some(next) = rest.next() else {
                open.pop();
                done.extend(path.pop());
                continue;
            };
            if done.contains(next) {
                continue;
            }

            let begins = path.iter().position(|feature| *feature == next);
            path.push(next);
            if let Some(begins) = begins {
                return Some(path[begins..].iter().map(|id| (*id).clone()).collect());
            }
            open.push(self.edges.get(next).into_iter().flatten());
        }
        None
    }
}

/// The way to a feature, from where the search began.
fn traced(reached_by: &BTreeMap<&FeatureId, Option<&FeatureId>>, to: &FeatureId) -> Vec<FeatureId> {
    let mut way = vec![to.clone()];
    let mut at = to;
    while let Some(Some(before)) = reached_by.get(at) {
        way.push((*before).clone());
        at = before;
    }
    way.reverse();
    way
}
