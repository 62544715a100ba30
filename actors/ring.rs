//! The newest batches of the log, shared by all who follow it: what one of them read, the others take from here.
//!
//! A cache and nothing else: whoever is further behind than it reaches reads the log, in the same loop.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use events::envelope::Envelope;
use events::log::{EventLog, ReadError};
use events::stream::Position;

/// Events that are kept: a follower that sends a screen of them is not left behind by a burst.
const EVENTS_MAX: usize = 4096;
/// Payload bytes that are kept.
const BYTES_MAX: usize = 8 * 1024 * 1024;

/// Envelopes in order, shared.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    all: Arc<Vec<Envelope>>,
    from: usize,
}

impl Deref for Batch {
    type Target = [Envelope];

    fn deref(&self) -> &[Envelope] {
        &self.all[self.from..]
    }
}

#[derive(Debug, Default)]
struct Recent {
    batches: VecDeque<Arc<Vec<Envelope>>>,
    events: usize,
    bytes: usize,
}

fn first(batch: &[Envelope]) -> Position {
    batch
        .first()
        .map_or(Position(0), |envelope| envelope.position)
}

fn bytes(batch: &[Envelope]) -> usize {
    batch.iter().map(|envelope| envelope.payload.len()).sum()
}

impl Recent {
    fn end(&self) -> Option<Position> {
        self.batches
            .back()
            .and_then(|batch| batch.last())
            .map(|envelope| envelope.position)
    }

    /// What is kept after a position, up to the end of a batch.
    fn after(&self, position: Position) -> Option<Batch> {
        let wanted = Position(position.0 + 1);
        let at = self
            .batches
            .partition_point(|batch| first(batch) <= wanted)
            .checked_sub(1)?;
        let all = self.batches.get(at)?.clone();
        let from = usize::try_from(wanted.0 - first(&all).0)
            .ok()
            .filter(|from| *from < all.len())?;
        Some(Batch { all, from })
    }

    /// Takes the batch after the end. One that is further on begins anew; one that is not is of no use here.
    fn push(&mut self, batch: Arc<Vec<Envelope>>) {
        let begin = first(&batch);
        match self.end() {
            Some(end) if begin <= end => return,
            Some(end) if begin.0 > end.0 + 1 => *self = Self::default(),
            _ => {}
        }
        self.events += batch.len();
        self.bytes += bytes(&batch);
        self.batches.push_back(batch);
        while self.batches.len() > 1 && (self.events > EVENTS_MAX || self.bytes > BYTES_MAX) {
            if let Some(old) = self.batches.pop_front() {
                self.events -= old.len();
                self.bytes -= bytes(&old);
            }
        }
    }
}

/// The ring of one log.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    recent: Mutex<Recent>,
    /// Held by the one who reads on for all.
    reading: tokio::sync::Mutex<()>,
}

impl Ring {
    fn with<T>(&self, f: impl FnOnce(&mut Recent) -> T) -> T {
        // Nothing under the lock can leave the ring half changed.
        f(&mut self.recent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What comes after a position: from here, or from the log; empty at the head.
    pub(crate) async fn next(
        &self,
        log: &dyn EventLog,
        position: Position,
        limit: usize,
    ) -> Result<Batch, ReadError> {
        let (found, end) = self.with(|recent| (recent.after(position), recent.end()));
        if let Some(found) = found {
            return Ok(found);
        }
        if end.is_some_and(|end| position < end) {
            // Behind all that is kept.
            return Ok(Batch {
                all: Arc::new(log.read_all(position, limit).await?),
                from: 0,
            });
        }
        let _one = self.reading.lock().await;
        if let Some(found) = self.with(|recent| recent.after(position)) {
            return Ok(found);
        }
        let all = Arc::new(log.read_all(position, limit).await?);
        if !all.is_empty() {
            self.with(|recent| recent.push(all.clone()));
        }
        Ok(Batch { all, from: 0 })
    }
}
