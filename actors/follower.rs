//! A reader of the log with a memory of where it was. Catch-up and live are one loop: what is new
//! comes from the ring that all followers share, what is older from the log.

use std::sync::Arc;

use events::log::{EventLog, ReadError};
use events::stream::Position;
use tokio::sync::watch;

use crate::feed::Feed;
use crate::ring::{Batch, Ring};

/// Events read at once: large enough to amortise a query, small enough to hold in memory beside
/// others.
pub const BATCH: usize = 1024;

/// Pulls envelopes in order, from a position on.
pub struct Follower {
    log: Arc<dyn EventLog>,
    ring: Arc<Ring>,
    hints: watch::Receiver<Position>,
    position: Position,
}

impl Follower {
    /// Follows after `position`.
    pub fn new(log: Arc<dyn EventLog>, feed: &Feed, position: Position) -> Self {
        Self {
            log,
            ring: feed.ring(),
            hints: feed.subscribe(),
            position,
        }
    }

    /// The position of what it read last.
    pub fn position(&self) -> Position {
        self.position
    }

    /// What is there now after the last answer; empty at the head.
    pub async fn poll(&mut self) -> Result<Batch, ReadError> {
        self.hints.mark_unchanged();
        let batch = self.ring.next(&*self.log, self.position, BATCH).await?;
        if let Some(last) = batch.last() {
            self.position = last.position;
        }
        Ok(batch)
    }

    /// The next envelopes, at least one; waits at the head. `None` when the feed is gone and
    /// nothing will come.
    pub async fn next(&mut self) -> Result<Option<Batch>, ReadError> {
        loop {
            // Told of nothing beyond what it has: there is a hint for whatever comes, so it need
            // not look.
            let told = *self.hints.borrow_and_update();
            let at_head = told == self.position && told > Position(0);
            let batch = if at_head {
                Batch::default()
            } else {
                self.poll().await?
            };
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
            if self.hints.changed().await.is_err() {
                return Ok(None);
            }
        }
    }
}
