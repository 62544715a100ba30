//! What can be asked of a backlog, and why it is turned down.

use serde::Serialize;

use crate::backlog::event::Edge;
use crate::id::{Digest, FeatureId};
use crate::refusal_enum;

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
        Empty: Invalid = "empty", "the batch holds no feature";
        Reused { id: String } = "feature_id_taken", "the id {id} is taken, and ids are \
                                                    never used again";
        Unknown { id: String }: NotFound = "unknown_feature", "there is no feature {id} in this \
                                                     backlog; `feature list` shows those there are";
        Cycle { path: String }: Invalid = "cycle", "that dependency would close a circle: {path}; \
                                           leave out one of its edges";
        NoEdge = "no_dependency", "there is no such dependency";
        Withdrawn { id: String } = "withdrawn", "the feature {id} was withdrawn";
    }
}
