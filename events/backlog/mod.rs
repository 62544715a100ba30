//! A project's backlog: it owns the ids and the edges between features, because no single feature can.
//!
//! A batch is accepted as one fact; creation of its features follows by policy and resumes after a crash. The graph is acyclic at
//! every position: each decision that adds an edge walks it. `docs/states/backlog.md` is the whole table.

pub mod batch;
mod decide;
pub mod event;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use crate::backlog::batch::{Batch, BatchItem, BatchRefusal};
pub use crate::backlog::event::{Edge, Event};
use crate::id::{Digest, FeatureId};
use crate::refusal_enum;
use crate::stream::Position;

/// A request to a backlog.
#[derive(Debug, Clone, Serialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of the events of the same name"
)]
pub enum Command {
    Admit {
        batch: Digest,
        ids: Vec<FeatureId>,
        edges: Vec<Edge>,
    },
    AddDependency {
        edge: Edge,
    },
    RemoveDependency {
        edge: Edge,
    },
    Withdraw {
        id: FeatureId,
    },
}

refusal_enum! {
    /// Why a backlog turned a command down.
    pub enum Refusal {
        Empty = "empty", "the batch holds no feature";
        Reused { id: String } = "id_reused", "the id {id} is taken, and ids are never used again";
        Unknown { id: String } = "unknown_feature", "there is no feature {id} in this backlog; `feature list` shows those there are";
        Cycle { path: String } = "cycle", "that dependency would close a circle: {path}; leave out one of its edges";
        NoEdge = "no_dependency", "there is no such dependency";
        Large { bytes: usize } = "too_large", "the ids and dependencies of the batch have {bytes} bytes together, more than one record holds: add it in parts";
        Withdrawn { id: String } = "withdrawn", "the feature {id} was withdrawn";
    }
}

/// The state of a backlog stream.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Backlog {
    /// Every id ever admitted, with the batch that brought it and its place there.
    pub ids: BTreeMap<FeatureId, Origin>,
    /// Feature → those it depends on.
    pub edges: BTreeMap<FeatureId, BTreeSet<FeatureId>>,
    /// Ids that left.
    pub withdrawn: BTreeSet<FeatureId>,
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

    /// The path from `from` to `to` along dependencies, if there is one.
    fn path(&self, from: &FeatureId, to: &FeatureId) -> Option<Vec<FeatureId>> {
        let mut stack = vec![vec![from.clone()]];
        let mut seen = BTreeSet::new();
        while let Some(path) = stack.pop() {
            let last = path.last()?;
            if last == to {
                return Some(path);
            }
            if seen.insert(last.clone()) {
                stack.extend(
                    self.dependencies(last)
                        .map(|next| [path.clone(), vec![next.clone()]].concat()),
                );
            }
        }
        None
    }
}
