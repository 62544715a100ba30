//! The projections as they were at a position: folded from the log by the same rules, from the
//! nearest place that is kept. What is kept is a cache and nothing else: without it the fold begins
//! at the beginning.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use events::log::{EventLog, ReadError};
use events::stream::Position;
use events::view::{Projections, snapshot};
use tokio::sync::Mutex;

use crate::projector::Projector;
use crate::rebuild::fold;

/// Events between two places that are kept: folding that many takes some hundredths of a second.
const EVERY: u64 = 2_000;
/// Bytes that they may take together.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// Instants that are kept as they are: whoever looks at one asks for several views of it.
const WHOLE_MAX: usize = 6;

/// Instants that were asked for. Clones share them.
#[derive(Clone, Default)]
pub struct Instants(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// Instants as they are, the one that was used last at the end.
    whole: VecDeque<(Position, Projector)>,
    places: Places,
}

/// Encoded projections along the log.
#[derive(Default)]
struct Places {
    kept: BTreeMap<Position, Arc<Vec<u8>>>,
    bytes: usize,
    /// Every so many `EVERY` events one is kept; doubled whenever there is no room for more.
    stride: u64,
}

impl Places {
    /// The last one that is not after this position.
    fn before(&self, position: Position) -> Option<Arc<Vec<u8>>> {
        let mut found = self.kept.range(..=position);
        found.next_back().map(|(_, bytes)| bytes.clone())
    }

    /// Events between two of them.
    fn step(&self) -> u64 {
        self.stride.max(1) * EVERY
    }

    fn keep(&mut self, position: Position, bytes: Vec<u8>) {
        if !position.0.is_multiple_of(self.step()) || self.kept.contains_key(&position) {
            return;
        }
        self.bytes += bytes.len();
        self.kept.insert(position, Arc::new(bytes));

        while self.bytes > BYTES_MAX && self.kept.len() > 1 {
            self.stride = self.stride.max(1) * 2;
            let step = self.step();
            self.kept
                .retain(|position, _| position.0.is_multiple_of(step));
            self.bytes = self.kept.values().map(|bytes| bytes.len()).sum();
        }
    }
}

impl Kept {
    fn used(&mut self, position: Position) -> Option<Projector> {
        let place = self.whole.iter().position(|(at, _)| *at == position)?;
        let found = self.whole.remove(place)?;
        let projector = found.1.clone();
        self.whole.push_back(found);
        Some(projector)
    }

    /// The instant, folded from the nearest place; what is passed on the way is kept.
    async fn folded(
        &mut self,
        log: &Arc<dyn EventLog>,
        position: Position,
    ) -> Result<Projections, ReadError> {
        let id = log.id();
        let near = self.places.before(position);
        let near = near.and_then(|bytes| snapshot::decode(&id, &bytes).ok());
        let mut projections = near.unwrap_or_default();

        while projections.position < position {
            let step = self.places.step();
            let next = (projections.position.0 / step + 1) * step;
            let next = Position(next.min(position.0));
            projections = fold(log, projections, next).await?;
            if next.0.is_multiple_of(step) {
                self.places.keep(next, snapshot::encode(&id, &projections));
            }
        }

        Ok(projections)
    }
}

impl Instants {
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
        let mut kept = self.0.lock().await;
        if let Some(known) = kept.used(position) {
            return Ok(known);
        }

        let projector = Projector::still(kept.folded(log, position).await?);
        if kept.whole.len() == WHOLE_MAX {
            kept.whole.pop_front();
        }
        kept.whole.push_back((position, projector.clone()));

        Ok(projector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_find_no_room_are_thinned_out_evenly() {
        let mut places = Places::default();
        for n in 1..=40 {
            places.keep(Position(n * EVERY), vec![0; BYTES_MAX / 10]);
            assert!(places.bytes <= BYTES_MAX, "{n}");
        }
        let kept: Vec<u64> = places
            .kept
            .keys()
            .map(|position| position.0 / EVERY)
            .collect();
        assert_eq!(kept, [4, 8, 12, 16, 20, 24, 28, 32, 36, 40]);
        assert_eq!(places.step(), 4 * EVERY);

        assert!(places.before(Position(3 * EVERY)).is_none());
        assert!(places.before(Position(7 * EVERY)).is_some());
        places.keep(Position(9 * EVERY), vec![]);
        assert_eq!(places.kept.len(), 10, "between two places nothing is kept");
    }
}
