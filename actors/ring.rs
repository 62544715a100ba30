//! The newest batches of the log, shared by all who follow it: what one of them read, the others
//! take from here.
//!
//! A cache and nothing else: whoever is further behind than it reaches reads the log, in the same
//! loop.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use events::envelope::Envelope;
use events::log::{EventLog, ReadError};
use events::stream::Position;

/// Events that are kept: a follower that sends a screen of them is not left behind by a burst.
const EVENTS_MAX: usize = 2048;
/// Bytes of memory that they may hold.
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
    match batch.first() {
        Some(envelope) => envelope.position,
        None => Position(0),
    }
}

/// What a batch holds of memory, room that nothing lies in as well: a bound on anything less is
/// none.
fn held(batch: &Vec<Envelope>) -> usize {
    let payloads: usize = batch.iter().map(|e| e.payload.capacity()).sum();
    payloads + batch.capacity() * size_of::<Envelope>()
}

impl Recent {
    fn end(&self) -> Option<Position> {
        let newest = self.batches.back()?.last()?;
        Some(newest.position)
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

    /// Takes the batch after the end. One that is further on begins anew; one that is not is of no
    /// use here.
    fn push(&mut self, batch: Arc<Vec<Envelope>>) {
        let begin = first(&batch);

        match self.end() {
            Some(end) if begin <= end => return,
            Some(end) if begin.0 > end.0 + 1 => *self = Self::default(),
            _ => {}
        }

        self.events += batch.len();
        self.bytes += held(&batch);
        self.batches.push_back(batch);

        while self.batches.len() > 1 && (self.events > EVENTS_MAX || self.bytes > BYTES_MAX) {
            if let Some(old) = self.batches.pop_front() {
                self.events -= old.len();
                self.bytes -= held(&old);
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

        if let Some(end) = end
            && position < end
        {
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

        let all = match log.recent(position) {
            Some(recent) => recent,
            None => {
                let mut read = log.read_all(position, limit).await?;
                read.shrink_to_fit();
                Arc::new(read)
            }
        };
        if !all.is_empty() {
            self.with(|recent| recent.push(all.clone()));
        }

        Ok(Batch { all, from: 0 })
    }
}

#[cfg(test)]
mod tests {
    use events::cause::{Cause, Principal};
    use events::id::{CommandId, Digest, Timestamp};
    use events::stream::Version;

    use super::*;

    /// A log whose answers have room for many events and hold one.
    struct Roomy;

    #[async_trait::async_trait]
    impl EventLog for Roomy {
        fn id(&self) -> String {
            "roomy".to_owned()
        }
        async fn append(
            &self,
            _: events::log::Append,
        ) -> Result<events::log::Receipt, events::log::AppendError> {
            Err(events::log::AppendError::Busy)
        }
        async fn read_stream(
            &self,
            _: &events::stream::StreamId,
            _: Version,
            _: usize,
        ) -> Result<Vec<Envelope>, ReadError> {
            Ok(vec![])
        }
        async fn read_all(&self, after: Position, _: usize) -> Result<Vec<Envelope>, ReadError> {
            let mut found = Vec::with_capacity(1024);
            found.push(envelope(after.0 + 1));
            Ok(found)
        }
        async fn head(&self) -> Result<events::log::Head, ReadError> {
            Err(ReadError("not asked for".to_owned()))
        }
        async fn remembered(
            &self,
            _: CommandId,
        ) -> Result<Option<events::log::Remembered>, ReadError> {
            Ok(None)
        }
    }

    fn envelope(position: u64) -> Envelope {
        Envelope {
            position: Position(position),
            stream: "project-zoo".parse().expect("a stream"),
            version: Version(position),
            kind: "project.started".into(),
            schema: 1,
            at: Timestamp(0),
            cause: Cause::first(Principal::Operator("anna".into()), CommandId([0; 16])),
            command: CommandId([0; 16]),
            trace: None,
            payload: vec![0; 100],
            digest: Digest::default(),
        }
    }

    #[tokio::test]
    async fn the_ring_holds_what_it_counts_and_no_room_beyond() {
        let ring = Ring::default();
        for position in 0..2 * EVENTS_MAX as u64 {
            let next = ring.next(&Roomy, Position(position), 1024).await;
            assert_eq!(next.expect("one").len(), 1);
        }
        let (events, counted, truly) = ring.with(|recent| {
            let truly: usize = recent.batches.iter().map(|batch| held(batch)).sum();
            (recent.events, recent.bytes, truly)
        });
        assert_eq!((events, counted), (EVENTS_MAX, truly));
        assert!(truly < EVENTS_MAX * 1_000, "{truly} bytes are held");
    }
}
