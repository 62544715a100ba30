//! The projections as they were at a position: folded from the log by the same rules, from the
//! nearest checkpoint. Checkpoints are a cache and nothing else: without them the fold begins at
//! the beginning.
//!
//! They are made on the way, and as far apart as their size asks for: all of them together take a
//! fixed part of what the log takes, however large the state becomes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex as Lock, PoisonError};

use async_trait::async_trait;
use events::log::{EventLog, ReadError};
use events::stream::Position;
use events::view::{Projections, snapshot};
use tokio::sync::Mutex;

use crate::ports::PortError;
use crate::ports::checkpoints::{Checkpoints, Kept};
use crate::projector::Projector;
use crate::rebuild::{digest_at, fold};

/// Events between two checkpoints at least: folding that many takes some milliseconds.
const EVERY: u64 = 2_000;
/// Bytes that checkpoints may take for each event before them: a fifth of what an event takes in
/// the log.
const BYTES_PER_EVENT: u64 = 50;
/// Instants that are kept as they are: whoever looks at one asks for several views of it.
const WHOLE_MAX: usize = 6;
/// Events from an instant that is kept as it is to another one that is folded from it, at most:
/// from a checkpoint it is shorter beyond that.
const NEAR: u64 = 20_000;

/// Instants that were asked for. Clones share them.
#[derive(Clone)]
pub struct Instants {
    checkpoints: Arc<dyn Checkpoints>,
    whole: Arc<Mutex<Whole>>,
}

impl Default for Instants {
    fn default() -> Self {
        Self::with(Arc::new(InMemory::default()))
    }
}

/// Instants as they are, the one that was used last at the end.
#[derive(Default)]
struct Whole(VecDeque<(Position, Projector)>);

impl Whole {
    fn used(&mut self, position: Position) -> Option<Projector> {
        let place = self.0.iter().position(|(at, _)| *at == position)?;
        let found = self.0.remove(place)?;
        let projector = found.1.clone();
        self.0.push_back(found);
        Some(projector)
    }

    fn keep(&mut self, position: Position, projector: Projector) {
        if self.0.len() == WHOLE_MAX {
            self.0.pop_front();
        }
        self.0.push_back((position, projector));
    }

    /// The last one that is not after this position, where it is near.
    fn near(&self, position: Position) -> Option<Projections> {
        let before = self.0.iter().filter(|(at, _)| *at <= position);
        let (at, projector) = before.max_by_key(|(at, _)| *at)?;
        let is_near = position.0 - at.0 <= NEAR;
        is_near.then(|| projector.read(Clone::clone))
    }
}

impl Instants {
    /// Instants that are folded from these checkpoints.
    pub fn with(checkpoints: Arc<dyn Checkpoints>) -> Self {
        Self {
            checkpoints,
            whole: Arc::default(),
        }
    }

    /// The projections as they were after the event at this position, which the log holds. Nothing
    /// changes them any more.
    ///
    /// # Errors
    /// The log cannot be read, or an event in it cannot be folded.
    pub async fn at(
        &self,
        log: &Arc<dyn EventLog>,
        position: Position,
    ) -> Result<Projector, ReadError> {
        // One fold at a time: who asks for the next view of one instant finds it.
        let mut whole = self.whole.lock().await;
        if let Some(known) = whole.used(position) {
            return Ok(known);
        }

        let folded = match whole.near(position) {
            Some(near) => fold(log, near, position).await?,
            None => self.folded(log, position).await?,
        };
        let projector = Projector::still(folded);
        whole.keep(position, projector.clone());
        Ok(projector)
    }

    /// The instant, folded from the nearest checkpoint; more of them are made on the way.
    async fn folded(
        &self,
        log: &Arc<dyn EventLog>,
        position: Position,
    ) -> Result<Projections, ReadError> {
        let (mut projections, mut size) = self.nearest(log, position).await?;
        let mut kept = projections.position;

        while projections.position < position {
            // The next one is larger than the last: a quarter more saves making it twice.
            let step = EVERY.max(size as u64 * 5 / 4 / BYTES_PER_EVENT);
            let next = Position((kept.0 + step).max(projections.position.0 + EVERY));
            projections = fold(log, projections, next.min(position)).await?;
            if projections.position < next {
                break;
            }

            let room = (projections.position.0 - kept.0) * BYTES_PER_EVENT;
            size = self.keep(log, &projections, room).await;
            if size as u64 <= room {
                kept = projections.position;
            }
        }
        Ok(projections)
    }

    /// The nearest checkpoint that is of this log as it is, and its stored size; what cannot be used is no
    /// error, only a longer fold.
    async fn nearest(
        &self,
        log: &Arc<dyn EventLog>,
        position: Position,
    ) -> Result<(Projections, usize), ReadError> {
        let found = match self.checkpoints.before(position).await {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(%error, "checkpoints cannot be read");
                None
            }
        };
        let Some(Kept { bytes, stored }) = found else {
            return Ok(Default::default());
        };

        let Ok(projections) = snapshot::decode(&log.id(), &bytes) else {
            return Ok(Default::default());
        };
        let is_of_it = projections.position <= position
            && digest_at(log, projections.position).await? == Some(projections.digest);
        match is_of_it {
            true => Ok((projections, stored)),
            false => Ok(Default::default()),
        }
    }

    /// Keeps a checkpoint where there is room for it; answers its size.
    async fn keep(&self, log: &Arc<dyn EventLog>, projections: &Projections, room: u64) -> usize {
        let bytes = snapshot::encode(&log.id(), projections);
        let (size, within) = (bytes.len(), usize::try_from(room).unwrap_or(usize::MAX));
        let kept = self.checkpoints.keep(projections.position, bytes, within);
        match kept.await {
            Ok(size) => size,
            Err(error) => {
                tracing::debug!(%error, "a checkpoint cannot be kept");
                size
            }
        }
    }
}

/// Bytes that checkpoints in memory may take together.
const MEMORY_MAX: usize = 64 * 1024 * 1024;

/// Checkpoints that last as long as the process. Where there is no room for more, every second one
/// goes.
#[derive(Default)]
pub struct InMemory(Lock<BTreeMap<Position, Arc<Vec<u8>>>>);

impl InMemory {
    fn add(&self, position: Position, bytes: Vec<u8>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(position, Arc::new(bytes));
        while sum(&kept) > MEMORY_MAX && kept.len() > 1 {
            let mut is_odd = false;
            kept.retain(|_, _| {
                is_odd = !is_odd;
                is_odd
            });
        }
    }
}

fn sum(kept: &BTreeMap<Position, Arc<Vec<u8>>>) -> usize {
    kept.values().map(|bytes| bytes.len()).sum()
}

#[async_trait]
impl Checkpoints for InMemory {
    async fn before(&self, position: Position) -> Result<Option<Kept>, PortError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = kept.range(..=position);
        let last = found.next_back();
        Ok(last.map(|(_, bytes)| Kept {
            bytes: bytes.to_vec(),
            stored: bytes.len(),
        }))
    }

    async fn keep(
        &self,
        position: Position,
        bytes: Vec<u8>,
        within: usize,
    ) -> Result<usize, PortError> {
        let size = bytes.len();
        if size <= within {
            self.add(position, bytes);
        }
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_that_find_no_room_are_thinned_out_evenly() {
        let memory = InMemory::default();
        for n in 1..=40 {
            memory.add(Position(n * EVERY), vec![0; MEMORY_MAX / 10]);
            let kept = memory.0.lock().expect("kept");
            assert!(sum(&kept) <= MEMORY_MAX, "{n}");
        }
        let kept = memory.0.lock().expect("kept");
        let places: Vec<_> = kept.keys().map(|position| position.0 / EVERY).collect();
        assert!(places.len() > 3 && places[0] <= 8, "{places:?}");
    }
}
