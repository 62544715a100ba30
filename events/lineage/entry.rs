//! The entry of the merge queue that brought a commit, read off the events of the queue.

use std::collections::BTreeMap;

use crate::codec::{CodecError, EventCodec};
use crate::envelope::Envelope;
use crate::evidence::Evidence;
use crate::id::{Epoch, FeatureId, Sha};
use crate::merge_queue::EntryKind;
use crate::merge_queue::event::{Event, Queued};
use crate::stream::Position;

/// An entry that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfEntry {
    /// Its number.
    pub number: u64,
    /// The kind of work that it brought.
    pub kind: EntryKind,
    /// Where it joined the queue.
    pub queued: Position,
    /// The newest verification that let it through, and what that rests on; of a batch, that of the
    /// whole batch.
    pub verified: Option<(Position, Evidence)>,
    /// Where upstream was moved to its commit.
    pub advanced: Position,
}

impl OfEntry {
    /// The claim whose work it brought, if it brought some.
    pub fn work(&self) -> Option<(&FeatureId, Epoch)> {
        match &self.kind {
            EntryKind::Feature { feature, epoch, .. } => Some((feature, *epoch)),
            EntryKind::Scaffold | EntryKind::Revert { .. } => None,
        }
    }
}

/// The events of a merge queue, read for the entry that brought one commit of the trunk.
#[derive(Debug)]
pub struct Entries {
    commit: Sha,
    /// Entries that were not published yet, by number.
    waiting: BTreeMap<u64, (Position, EntryKind)>,
    /// The newest verification that was green.
    verified: Option<(Position, Evidence)>,
    found: Option<OfEntry>,
}

impl Entries {
    /// Reads for this commit of the trunk.
    pub fn of(commit: Sha) -> Self {
        Self {
            commit,
            waiting: BTreeMap::new(),
            verified: None,
            found: None,
        }
    }

    /// Takes the next event of the queue.
    ///
    /// # Errors
    /// This build does not know the event.
    pub fn take(&mut self, envelope: &Envelope) -> Result<(), CodecError> {
        let at = envelope.position;
        match Event::decode(&envelope.kind, envelope.schema, &envelope.payload)? {
            Event::Queued(Queued { entry, kind, .. }) => {
                drop(self.waiting.insert(entry, (at, kind)))
            }
            Event::Verified(e) => self.verified = Some((at, e.evidence)),
            Event::Advanced(e) => {
                let entry = self.waiting.remove(&e.entry);
                if let Some((queued, kind)) = entry
                    && e.to == self.commit
                {
                    self.found = Some(OfEntry {
                        number: e.entry,
                        kind,
                        queued,
                        verified: self.verified.clone(),
                        advanced: at,
                    });
                }
            }

            Event::Dequeued(e) => drop(self.waiting.remove(&e.entry)),
            Event::FoundEmpty(e) => drop(self.waiting.remove(&e.entry)),
            Event::ChangeRefused(e) => drop(self.waiting.remove(&e.entry)),
            _ => {}
        }
        Ok(())
    }

    /// The entry; none when no event says that one of ours brought the commit.
    pub fn done(self) -> Option<OfEntry> {
        self.found
    }
}
