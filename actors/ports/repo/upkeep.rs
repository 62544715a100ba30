//! The gates kept small: packed, and without what is needed no more.

use std::collections::BTreeSet;

use async_trait::async_trait;
use events::id::{FeatureId, ProjectName};

use crate::ports::PortError;

/// What of a gate may go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gone {
    /// Candidates of entries before this one.
    pub first_candidate: u64,
    /// Features whose claims' work is kept no more.
    pub features: BTreeSet<FeatureId>,
}

/// The upkeep of all gates.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Packs a gate, and removes what may go. Nothing else that a ref holds is lost, and nothing
    /// that was just pushed.
    async fn maintain(&self, project: &ProjectName, gone: &Gone) -> Result<(), PortError>;
}
