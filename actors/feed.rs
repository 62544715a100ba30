//! The feed: a hint that the log grew. Whoever is woken reads the log; the number in the hint is
//! never a fact.

use std::sync::Arc;

use events::stream::Position;
use tokio::sync::watch;

use crate::ring::Ring;

/// Hands out hints, and shares what was read. Clones speak of the same log.
#[derive(Debug, Clone)]
pub struct Feed {
    newest: watch::Sender<Position>,
    ring: Arc<Ring>,
}

impl Feed {
    /// A feed that starts at this position.
    pub fn new(position: Position) -> Self {
        Self {
            newest: watch::Sender::new(position),
            ring: Arc::default(),
        }
    }

    /// Says that the log holds something up to here.
    pub fn advance(&self, position: Position) {
        self.newest.send_if_modified(|newest| {
            let grew = position > *newest;
            *newest = (*newest).max(position);
            grew
        });
    }

    pub(crate) fn ring(&self) -> Arc<Ring> {
        self.ring.clone()
    }

    /// The newest position that was told.
    pub fn newest(&self) -> Position {
        *self.newest.borrow()
    }

    /// A receiver of hints.
    pub fn subscribe(&self) -> watch::Receiver<Position> {
        self.newest.subscribe()
    }
}
