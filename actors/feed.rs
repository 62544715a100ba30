//! The feed: a hint that the log grew. Whoever is woken reads the log; the number in the hint is never a fact.

use events::stream::Position;
use tokio::sync::watch;

/// Hands out hints. Clones speak of the same log.
#[derive(Debug, Clone)]
pub struct Feed(watch::Sender<Position>);

impl Feed {
    /// A feed that starts at this position.
    pub fn new(position: Position) -> Self {
        Self(watch::Sender::new(position))
    }

    /// Says that the log holds something up to here.
    pub fn advance(&self, position: Position) {
        self.0.send_if_modified(|newest| {
            let grew = position > *newest;
            *newest = (*newest).max(position);
            grew
        });
    }

    /// A receiver of hints.
    pub fn subscribe(&self) -> watch::Receiver<Position> {
        self.0.subscribe()
    }
}
