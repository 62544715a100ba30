//! What happened to a backlog. Frozen by golden files.

use serde::{Deserialize, Serialize};

use crate::bounds::Bounded;
use crate::event_enum;
use crate::id::{Digest, FeatureId};

/// `feature` depends on `on`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// The one that waits.
    pub feature: FeatureId,
    /// The one it waits for.
    pub on: FeatureId,
}

/// A batch was accepted, as one. A batch that is too large for one event is recorded in parts, in
/// one append.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Admitted {
    /// Its content, in the blob store.
    pub batch: Digest,
    /// Its ids, in its order.
    pub ids: Vec<FeatureId>,
    /// Its edges, to features of its own and of before.
    pub edges: Vec<Edge>,
    /// Whether further parts of the batch follow in the same append: nothing of it counts before
    /// the last.
    #[serde(default, skip_serializing_if = "is_last")]
    pub more: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_last(more: &bool) -> bool {
    !more
}

/// A feature waits for another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DependencyAdded {
    /// The edge: what waits, and for what.
    pub edge: Edge,
}

/// It does not any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DependencyRemoved {
    /// The edge: what waits, and for what.
    pub edge: Edge,
}

/// A feature left; its id stays taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// The feature that this is about.
    pub id: FeatureId,
}

event_enum! {
    /// The events of a backlog stream.
    pub enum Event {
        Admitted(Admitted) = "backlog.admitted", 1;
        DependencyAdded(DependencyAdded) = "backlog.dependency_added", 1;
        DependencyRemoved(DependencyRemoved) = "backlog.dependency_removed", 1;
        Withdrawn(Withdrawn) = "backlog.withdrawn", 1;
    }
}

impl Bounded for Event {
    /// Ids and edges keep their meaning or are refused: nothing is cut.
    fn bounded(self) -> Self {
        match &self {
            Self::Admitted(_)
            | Self::DependencyAdded(_)
            | Self::DependencyRemoved(_)
            | Self::Withdrawn(_) => self,
        }
    }
}
