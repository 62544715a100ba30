//! A batch: entries at the front whose candidates stand on each other, verified and published as
//! one. The last of them is the tip: its tree is verified, and upstream is moved to it in one
//! update.
//!
//! A red batch says that one of its entries is red, not which. It is halved: the first half is
//! verified by itself, and so on, until a single entry is judged. What is known to hold a culprit
//! is never put together with more.

use crate::id::Sha;
use crate::merge_queue::entry::{Entry, Stage};
use crate::merge_queue::event::EntryKind;
use crate::merge_queue::state::MergeQueue;

impl MergeQueue {
    /// How many entries the batch at the front has; none while nothing is built.
    pub fn batched(&self) -> usize {
        let (mut below, mut batched) = (self.head.as_ref(), 0);
        for candidate in self.queue.iter().map_while(Entry::candidate) {
            if candidate.base.as_ref() != below {
                break;
            }
            (below, batched) = (Some(&candidate.sha), batched + 1);
        }
        batched
    }

    /// Its entries, in the order in which they are published.
    pub fn batch(&self) -> impl Iterator<Item = &Entry> {
        self.queue.iter().take(self.batched())
    }

    /// The last of the batch; the front, while nothing is built.
    pub fn tip(&self) -> Option<&Entry> {
        self.queue.get(self.batched().saturating_sub(1))
    }

    /// Most entries that the next batch may have, where the project allows `most`.
    fn bound(&self, most: u16) -> usize {
        // What is red on a red trunk waits by itself.
        let most = if self.health.red.is_some() { 1 } else { most };
        match self.suspects {
            0 => usize::from(most),
            suspects => (suspects / 2).max(1).min(usize::from(most)),
        }
    }

    /// The entry that joins the batch next, if one may: approved work behind approved work, before
    /// the verification began.
    pub fn joins(&self, most: u16) -> Option<&Entry> {
        let batched = self.batched();
        let (tip, next) = (
            self.queue.get(batched.checked_sub(1)?)?,
            self.queue.get(batched)?,
        );
        let works = |entry: &Entry| matches!(entry.kind, EntryKind::Feature { .. });
        let open =
            !self.closed && matches!(tip.stage, Stage::Built { .. }) && !tip.needs_approval();
        let may = open
            && batched < self.bound(most)
            && works(tip)
            && works(next)
            && next.stage == Stage::Queued;

        may.then_some(next)
    }

    pub(super) fn at_tip(&mut self, change: impl FnOnce(&mut Entry)) {
        let tip = self.batched().saturating_sub(1);
        if let Some(entry) = self.queue.get_mut(tip) {
            change(entry);
        }
    }

    /// Every entry of the batch comes to this stage, with its own candidate.
    pub(super) fn stage_batch(&mut self, stage: impl Fn(crate::merge_queue::Candidate) -> Stage) {
        let batched = self.batched();
        for entry in self.queue.iter_mut().take(batched) {
            if let Some(candidate) = entry.candidate().cloned() {
                entry.stage = stage(candidate);
            }
        }
    }

    /// Nothing that was built counts any more.
    pub(super) fn unbuild(&mut self) {
        self.closed = false;
        self.queue
            .iter_mut()
            .for_each(|entry| entry.stage = Stage::Queued);
    }

    /// What stands on the entry at this place is to be built again; what is below it is as it was
    /// built, and not verified.
    pub(super) fn unbuild_from(&mut self, place: usize) {
        let batched = self.batched();
        if place <= batched {
            self.closed = false;
        }
        if place < batched {
            self.stage_batch(|candidate| Stage::Built { candidate });
            self.queue
                .iter_mut()
                .take(batched)
                .skip(place)
                .for_each(|entry| entry.stage = Stage::Queued);
        }
    }

    /// A batch of several is red: its first half is next.
    pub(super) fn halve(&mut self) {
        let batched = self.batched();
        self.suspects = batched;
        self.unbuild_from(batched / 2);
        self.closed = true;
    }

    /// The front entry is judged, by itself or with its batch.
    pub(super) fn settle(&mut self, is_red: bool) {
        self.closed = false;
        self.suspects = if is_red {
            0
        } else {
            self.suspects.saturating_sub(1)
        };
    }

    /// What each entry of the batch moves upstream from and to, in order.
    pub(super) fn steps(&self) -> Vec<(u64, Option<Sha>, Sha)> {
        let step = |entry: &Entry| {
            entry
                .candidate()
                .map(|c| (entry.number, c.base.clone(), c.sha.clone()))
        };
        self.batch().filter_map(step).collect()
    }
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
