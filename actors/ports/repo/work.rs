//! What claims push to a gate: looked at, pinned when it is handed in, tidied away when it is merged.

use async_trait::async_trait;
use events::id::{Epoch, FeatureId, ProjectName, Sha};

use crate::ports::PortError;

/// A submission as the gate sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// Where it branched off the trunk.
    pub base: Option<Sha>,
    /// Whether the trunk holds every file as it is here already: there is nothing to review, and
    /// nothing to merge.
    pub adds_nothing: bool,
}

impl Handed {
    /// Why it is not taken, and what to do, when it holds nothing.
    pub fn refusal(&self, sha: &Sha) -> Option<String> {
        self.adds_nothing.then(|| {
            format!(
                "{sha} changes no file that is not so on the trunk already: commit and push your \
                 work, then submit; \
                 if what the feature asks for is there already, say so in a comment and give it \
                 back"
            )
        })
    }
}

/// The work of claims in the gates of all projects.
#[async_trait]
pub trait ClaimWork: Send + Sync {
    /// The newest pushed commit of a claim.
    async fn work_head(
        &self,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
    ) -> Result<Option<Sha>, PortError>;
    /// Pins a pushed commit as submitted, after comparing it with the work ref and the trunk.
    async fn pin(
        &self,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
        sha: &Sha,
    ) -> Result<Handed, PortError>;
    /// Removes the work refs of a claim whose work was merged; what was handed in stays pinned.
    async fn tidy(
        &self,
        project: &ProjectName,
        feature: &FeatureId,
        epoch: Epoch,
    ) -> Result<(), PortError>;
}
