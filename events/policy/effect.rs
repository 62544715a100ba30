//! What is owed and needs more than the projections.

use crate::backlog::Origin;
use crate::id::{Digest, Epoch, FeatureId, Sha, SlotNo};
use crate::stream::Version;
use crate::view::grants::Grant;

/// Something owed that needs more than the projections: the outside, a blob, or the claim queue.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Copy upstream into the gate.
    Clone {
        /// From where.
        url: String,
        /// After how many failures.
        attempt: u32,
    },
    /// Take the proposed batch into the backlog.
    Admit {
        /// The batch.
        batch: Digest,
    },
    /// Create an admitted feature.
    Create {
        /// The id that the feature gets.
        id: FeatureId,
        /// From which batch.
        origin: Origin,
        /// Its dependencies.
        blockers: Vec<FeatureId>,
    },
    /// Ask the queue for a feature for this slot.
    ClaimFor {
        /// The number of the slot.
        n: SlotNo,
        /// Its version: what the claim is conditioned on.
        version: Version,
        /// A certain feature; none takes the best.
        feature: Option<FeatureId>,
    },
    /// Render the prompt and assign the granted work.
    Assign {
        /// The grant.
        grant: Grant,
        /// The slot's version.
        version: Version,
    },
    /// Look into the gate and record what it holds of a claim's work.
    Secure {
        /// The feature that this is about.
        feature: FeatureId,
        /// The number of the claim.
        epoch: Epoch,
        /// Whether the session reported its end: then nothing that was pushed means nothing to
        /// push.
        reported: bool,
    },
    /// Build the front entry's candidate.
    Build {
        /// The entry's number in the merge queue.
        entry: u64,
        /// After how many failures and moves.
        attempt: u32,
    },
    /// Merge work under way with the trunk in memory, and record what does not merge.
    Probe {
        /// Where the trunk is.
        base: Sha,
    },
    /// Move upstream to the front entry's candidate, and read back.
    Publish {
        /// The entry's number in the merge queue.
        entry: u64,
        /// After how many failures.
        attempt: u32,
    },
}

impl Effect {
    /// What it is, in words.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Clone { .. } => "copying upstream".to_owned(),
            Self::Admit { batch } => format!("taking the backlog {batch}"),
            Self::Create { id, .. } => format!("creating the feature {id}"),
            Self::ClaimFor { n, .. } => format!("claiming for slot {n}"),
            Self::Assign { grant, .. } => format!("assigning slot {}", grant.slot_session.n),
            Self::Secure { feature, epoch, .. } => {
                format!("securing the work of claim {epoch} on {feature}")
            }
            Self::Build { entry, .. } => format!("building entry {entry} of the merge queue"),
            Self::Probe { base } => format!("trying work under way on {base}"),
            Self::Publish { entry, .. } => format!("publishing entry {entry} of the merge queue"),
        }
    }
}
