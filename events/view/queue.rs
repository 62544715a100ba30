//! The queue of a project: the features that a claim would be granted for, in the order of their
//! turns; and what else policies ask of all features at every look: those under way, those that
//! wait for others, those that do not exist yet, and how many are done.
//!
//! The fold keeps it, so that a claim, and a look, among thousands of features costs what it finds
//! and not what there is. It holds nothing that the streams do not say: a test holds it against a
//! scan of all features, over random histories.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::feature::{Feature, Known};
use crate::id::{Digest, FeatureId, Timestamp};
use crate::merge_queue::{self, EntryKind, MergeQueue};
use crate::policy::backoff_ms;
use crate::stream::Position;
use crate::view::projections::{ProjectView, Tracked};
use crate::view::standing::Tallied;

/// When a feature's turn comes: priority, rank, age (its batch's, then its place there); the id
/// last, so that the order is total.
pub(super) type Turn = (u8, i64, Position, u32, FeatureId);

/// Features that a claim would be granted for, and what keeps others from it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Queue {
    turns: BTreeSet<Turn>,
    /// The turn of each of them.
    of: BTreeMap<FeatureId, Turn>,
    /// Ready features whose sessions vanished, and until when they are left alone.
    resting: BTreeMap<FeatureId, Timestamp>,
    /// Per batch that is not whole: its admitted features that neither exist nor left.
    missing: BTreeMap<Digest, BTreeSet<FeatureId>>,
    /// Features whose work is perhaps on its way back onto the trunk.
    restored: BTreeSet<FeatureId>,
    /// Features that somebody works on, or whose work is on its way upstream.
    underway: BTreeSet<FeatureId>,
    /// Features that are not settled and have to wait for others.
    blocked: BTreeSet<FeatureId>,
    /// Those that count, and of them the closed.
    tallied: Tallied,
}

impl Queue {
    fn put(&mut self, turn: Turn) {
        let before = self.of.insert(turn.4.clone(), turn.clone());
        if let Some(before) = before.filter(|before| *before != turn) {
            self.turns.remove(&before);
        }
        self.turns.insert(turn);
    }

    fn take(&mut self, id: &FeatureId) {
        if let Some(turn) = self.of.remove(id) {
            self.turns.remove(&turn);
        }
    }

    fn mark(&mut self, id: &FeatureId, known: Option<&Known>) {
        let (is_underway, is_blocked) = match known {
            Some(known) => (
                known.stage.is_underway(),
                !known.blockers.is_empty() && !known.is_settled(),
            ),
            None => (false, false),
        };

        for (all, belongs) in [
            (&mut self.underway, is_underway),
            (&mut self.blocked, is_blocked),
        ] {
            if !belongs {
                all.remove(id);
            } else if !all.contains(id) {
                all.insert(id.clone());
            }
        }
    }

    fn rest(&mut self, id: &FeatureId, until: Option<Timestamp>) {
        match until {
            Some(until) => drop(self.resting.insert(id.clone(), until)),
            None => drop(self.resting.remove(id)),
        }
    }

    fn found(&mut self, batch: Digest, id: &FeatureId) -> bool {
        let Some(missing) = self.missing.get_mut(&batch) else {
            return false;
        };
        missing.remove(id);
        let is_whole = missing.is_empty();
        if is_whole {
            self.missing.remove(&batch);
        }
        is_whole
    }

    fn is_resting(&self, id: &FeatureId, now: Timestamp) -> bool {
        self.resting.get(id).is_some_and(|until| *until > now)
    }
}

/// Until when a feature is left alone after its sessions vanished.
fn rests_until(known: &Known) -> Option<Timestamp> {
    let pause = backoff_ms(known.tally.gone);
    let rests = known.is_ready() && known.tally.gone > 0;
    rests.then(|| known.tally.gone_at.plus_ms(pause))
}

/// Features that an entry of this trunk brings back, or brought back and they have perhaps not
/// heard of it.
fn restored(merge_queue: &MergeQueue) -> BTreeSet<FeatureId> {
    let waiting = merge_queue.waiting().filter_map(|entry| match &entry.kind {
        EntryKind::Revert {
            feature,
            restores: true,
            ..
        } => Some(feature),
        EntryKind::Revert { .. } | EntryKind::Feature { .. } | EntryKind::Scaffold => None,
    });
    let merged = |undone: &merge_queue::Undone| {
        undone.restores && matches!(undone.verdict, merge_queue::Verdict::Merged(_))
    };
    let done = merge_queue
        .undone
        .iter()
        .filter(|(_, undone)| merged(undone));

    waiting.chain(done.map(|(id, _)| id)).cloned().collect()
}

impl ProjectView {
    /// Whether every admitted feature of this batch exists: nothing of a batch is claimable before
    /// it is whole.
    pub fn is_whole(&self, batch: Digest) -> bool {
        !self.queue.missing.contains_key(&batch)
    }

    /// Whether every admitted feature exists.
    pub fn is_complete_backlog(&self) -> bool {
        self.queue.missing.is_empty()
    }

    /// Features a claim would be granted for now, best first: priority, rank, age.
    pub fn ready(&self) -> impl Iterator<Item = &FeatureId> + Clone {
        self.queue.turns.iter().map(|turn| &turn.4)
    }

    /// The same without those that rest after their sessions vanished.
    pub fn rested(&self, now: Timestamp) -> impl Iterator<Item = &FeatureId> + Clone {
        let queue = &self.queue;
        self.ready().filter(move |id| !queue.is_resting(id, now))
    }

    /// When the next feature that rests has rested.
    pub fn rested_next(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.queue.resting.values().copied();
        until.filter(|until| *until > now).min()
    }

    /// Until when a ready feature is left alone after its sessions vanished, if it is.
    pub fn rests_until(&self, id: &FeatureId) -> Option<Timestamp> {
        self.queue.resting.get(id).copied()
    }

    /// Features that somebody works on, or whose work is on its way upstream.
    pub fn underway(&self) -> impl Iterator<Item = (&FeatureId, &Known, &Tracked<Feature>)> {
        self.these(self.queue.underway.iter())
    }

    /// Features that wait for others, or that the backlog says have to.
    pub fn dependent(&self) -> impl Iterator<Item = (&FeatureId, &Known, &Tracked<Feature>)> {
        let edges = self.backlog.state.edges.keys();
        let all: BTreeSet<_> = edges.chain(&self.queue.blocked).collect();
        self.these(all.into_iter())
    }

    /// Admitted features that do not exist yet.
    pub fn missing(&self) -> impl Iterator<Item = &FeatureId> {
        self.queue.missing.values().flatten()
    }

    /// Closed features and all that count.
    pub fn tallied(&self) -> Tallied {
        self.queue.tallied
    }

    /// Those of these features that exist.
    pub fn these<'a>(
        &'a self,
        ids: impl Iterator<Item = &'a FeatureId>,
    ) -> impl Iterator<Item = (&'a FeatureId, &'a Known, &'a Tracked<Feature>)> {
        ids.filter_map(|id| {
            let tracked = self.features.get(id)?;
            Some((id, tracked.state.known()?, tracked))
        })
    }

    /// What a feature adds to the tally.
    pub(super) fn counted(&self, id: &FeatureId) -> Tallied {
        match self.feature(id) {
            Some(known) if known.counts() => Tallied {
                closed: u32::from(known.is_closed()),
                total: 1,
            },
            Some(_) | None => Tallied::default(),
        }
    }

    /// Takes that a feature changed, which had added this to the tally.
    pub(super) fn requeue_changed(&mut self, id: &FeatureId, before: Tallied) {
        let adds = self.counted(id);
        let tallied = &mut self.queue.tallied;
        tallied.closed = tallied.closed + adds.closed - before.closed;
        tallied.total = tallied.total + adds.total - before.total;
        self.requeue(id);
    }

    /// Takes that a feature came to be, changed, or left.
    pub(super) fn requeue(&mut self, id: &FeatureId) {
        let origin = self.backlog.state.ids.get(id).map(|origin| origin.batch);
        if let Some(batch) = origin
            && self.exists_or_left(id)
            && self.queue.found(batch, id)
        {
            self.requeue_batch(batch);
        }
        self.look_at(id);
    }

    /// Takes that a batch was admitted, or a part of it.
    pub(super) fn requeue_admitted(&mut self, batch: Digest) {
        let admitted = self.backlog.state.ids.iter();
        let of_batch = admitted.filter(|(_, origin)| origin.batch == batch);
        let ids: BTreeSet<_> = of_batch.map(|(id, _)| id.clone()).collect();
        let missing = ids.iter().filter(|id| !self.exists_or_left(id));
        let missing: BTreeSet<_> = missing.cloned().collect();
        if !missing.is_empty() {
            self.queue.missing.insert(batch, missing);
        }
        for id in &ids {
            self.look_at(id);
        }
        self.requeue_batch(batch);
    }

    /// Takes that the merge queue changed.
    pub(super) fn requeue_restored(&mut self) {
        let now = restored(&self.merge_queue.state);
        let before = std::mem::replace(&mut self.queue.restored, now.clone());
        for id in before.union(&now) {
            self.look_at(id);
        }
    }

    /// A batch is whole, or is not any more.
    fn requeue_batch(&mut self, batch: Digest) {
        let features = self.known().filter(|(_, known, _)| known.batch == batch);
        let ids: Vec<_> = features.map(|(id, ..)| id.clone()).collect();
        for id in &ids {
            self.look_at(id);
        }
    }

    fn look_at(&mut self, id: &FeatureId) {
        let turn = self.turn_if_claimable(id);
        let known = match self.features.get(id) {
            Some(feature) => feature.state.known(),
            None => None,
        };
        self.queue.mark(id, known);
        self.queue.rest(id, known.and_then(rests_until));
        match turn {
            Some(turn) => self.queue.put(turn),
            None => self.queue.take(id),
        }
    }

    fn turn_if_claimable(&self, id: &FeatureId) -> Option<Turn> {
        let known = self.feature(id)?;
        let is_claimable =
            known.is_ready() && self.is_whole(known.batch) && !self.is_being_restored(id, known);
        is_claimable.then(|| self.turn(id, known))
    }

    /// Whether what was taken out of it is on its way back: nobody builds it anew meanwhile.
    pub(crate) fn is_being_restored(&self, id: &FeatureId, known: &Known) -> bool {
        if !self.queue.restored.contains(id) {
            return false;
        }

        let merge_queue = &self.merge_queue.state;
        let restores = |entry: &merge_queue::Entry| match &entry.kind {
            EntryKind::Revert {
                feature, restores, ..
            } => *restores && feature == id,
            EntryKind::Feature { .. } | EntryKind::Scaffold => false,
        };
        let undone = merge_queue.undone.get(id);
        let unheard = match undone.map(|undone| (undone.restores, &undone.verdict)) {
            Some((true, merge_queue::Verdict::Merged(merged))) => {
                known.restored.as_ref() != Some(&merged.sha)
            }
            Some(_) | None => false,
        };

        unheard || merge_queue.waiting().any(restores)
    }

    pub(super) fn turn(&self, id: &FeatureId, known: &Known) -> Turn {
        let (admitted, index) = match self.backlog.state.ids.get(id) {
            Some(origin) => (origin.admitted, origin.index),
            None => (known.created, 0),
        };
        let content = &known.content;
        (content.priority, content.rank, admitted, index, id.clone())
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
