//! What stands behind the merge of a feature, in words that are shown wherever the feature is:
//! whether its tree was verified, and whether it changes what it is verified with.

use crate::id::FeatureId;
use crate::merge_queue::Proof;
use crate::view::projections::ProjectView;

impl ProjectView {
    /// What the verification of a feature's newest merge stands on; none before it was merged.
    pub fn proof(&self, id: &FeatureId) -> Option<Proof> {
        let closed = self.feature(id).is_some_and(|known| known.is_closed());
        let landed = self.merge_queue.state.landed.get(id).filter(|_| closed);
        landed.and_then(|landed| landed.proof)
    }

    /// What a feature's merge changes of what its verification runs or obeys: of one that waits,
    /// else of the newest.
    pub fn checks(&self, id: &FeatureId) -> &[String] {
        let merge_queue = &self.merge_queue.state;
        let waiting = merge_queue
            .waiting()
            .find(|entry| entry.feature() == Some(id));
        match waiting {
            Some(entry) => &entry.changes.checks,
            None => merge_queue
                .landed
                .get(id)
                .map_or(&[], |landed| &landed.checks),
        }
    }

    /// Features whose merges were published without any verification.
    pub fn unverified(&self) -> impl Iterator<Item = &FeatureId> {
        let landed = self.merge_queue.state.landed.keys();
        landed.filter(|id| self.proof(id) == Some(Proof::Unverified))
    }
}
