//! What stands behind the merge of a feature, in words that are shown wherever the feature is:
//! whether its tree was verified, and whether it changes what it is verified with.

use crate::id::FeatureId;
use crate::merge_queue::Proof;
use crate::view::projections::ProjectView;

impl ProjectView {
    /// What the verification of a feature's newest merge stands on; none before it was merged.
    pub fn proof(&self, id: &FeatureId) -> Option<Proof> {
        if !self.feature(id)?.is_closed() {
            return None;
        }
        self.merge_queue.state.landed.get(id)?.proof
    }

    /// What a feature's merge changes of what its verification runs or obeys: of one that waits,
    /// else of the newest.
    pub fn checks(&self, id: &FeatureId) -> &[String] {
        let merge_queue = &self.merge_queue.state;
        let mut waiting = merge_queue.waiting();
        if let Some(entry) = waiting.find(|entry| entry.feature() == Some(id)) {
            return &entry.changes.checks;
        }

        match merge_queue.landed.get(id) {
            Some(landed) => &landed.checks,
            None => &[],
        }
    }

    /// Features whose merges were published without any verification.
    pub fn unverified(&self) -> impl Iterator<Item = &FeatureId> {
        let landed = self.merge_queue.state.landed.keys();
        landed.filter(|id| self.proof(id) == Some(Proof::Unverified))
    }
}

#[cfg(test)]
mod tests;
