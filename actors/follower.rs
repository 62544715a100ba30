//! A reader of the log with a memory of where it was. Catch-up and live are one loop.

use std::sync::Arc;

use events::envelope::Envelope;
use events::log::{EventLog, ReadError};
use events::stream::Position;
use tokio::sync::watch;

use crate::feed::Feed;

/// Events read at once: large enough to amortise a query, small enough to hold in memory beside others.
pub const BATCH: usize = 1024;

/// Pulls envelopes in order, from a position on.
pub struct Follower {
    log: Arc<dyn EventLog>,
    hints: watch::Receiver<Position>,
    position: Position,
}

impl Follower {
    /// Follows after `position`.
    pub fn new(log: Arc<dyn EventLog>, feed: &Feed, position: Position) -> Self {
        Self { log, hints: feed.subscribe(), position }
    }

    /// What is there now after the last answer; empty at the head.
    pub async fn poll(&mut self) -> Result<Vec<Envelope>, ReadError> {
        self.hints.mark_unchanged();
        let batch = self.log.read_all(self.position, BATCH).await?;
        if let Some(last) = batch.last() {
            self.position = last.position;
        }
        Ok(batch)
    }

    /// The next envelopes, at least one; waits at the head. `None` when the feed is gone and nothing will come.
    pub async fn next(&mut self) -> Result<Option<Vec<Envelope>>, ReadError> {
        loop {
            let batch = self.poll().await?;
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
            if self.hints.changed().await.is_err() {
                return Ok(None);
            }
        }
    }
}
