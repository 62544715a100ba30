//! The projector keeps the books: one follower folds every envelope, everybody reads, and whoever
//! wrote can wait until it is seen.

use std::sync::{Arc, PoisonError, RwLock};

use events::envelope::Envelope;
use events::log::{EventLog, ReadError};
use events::stream::Position;
use events::view::Books;
use tokio::sync::watch;

use crate::feed::Feed;
use crate::follower::Follower;
use crate::rebuild;

/// The books, kept up to date. Clones share them.
#[derive(Clone)]
pub struct Projector {
    books: Arc<RwLock<Books>>,
    seen: watch::Sender<Position>,
}

impl Projector {
    /// Folds the log from these books up to its head. Fails when an event cannot be folded: then
    /// nothing built on it may be served.
    pub async fn open(
        log: Arc<dyn EventLog>,
        feed: &Feed,
        books: Books,
    ) -> Result<(Self, Follower), ReadError> {
        let head = log.head().await?.position;
        let books = rebuild::fold(&log, books, head).await?;
        let follower = Follower::new(log, feed, head);
        Ok((
            Self {
                seen: watch::Sender::new(head),
                books: Arc::new(RwLock::new(books)),
            },
            follower,
        ))
    }

    fn fold(&self, batch: &[Envelope]) -> Result<(), ReadError> {
        let mut books = self.books.write().unwrap_or_else(PoisonError::into_inner);
        let seen = books.position;
        // Books that were replaced may be ahead of the follower.
        for envelope in batch.iter().filter(|envelope| envelope.position > seen) {
            books
                .apply(envelope)
                .map_err(|e| ReadError(e.to_string()))?;
        }
        let position = books.position;
        drop(books);
        self.show(position);
        Ok(())
    }

    /// Tells who waits. Never with the books in hand: a waiter may look into them while it holds
    /// what is told here. Two that tell at once may come in either order, so what is seen never
    /// goes back.
    fn show(&self, position: Position) {
        self.seen.send_modify(|seen| *seen = position.max(*seen));
    }

    /// Lets other books serve from now on; they come back when they are behind those that serve.
    pub fn replace(&self, books: Books) -> Result<(), Box<Books>> {
        let mut serving = self.books.write().unwrap_or_else(PoisonError::into_inner);
        if books.position < serving.position {
            return Err(Box::new(books));
        }
        *serving = books;
        let position = serving.position;
        drop(serving);
        self.show(position);
        Ok(())
    }

    /// Follows the log until the feed ends.
    pub async fn run(self, mut follower: Follower) -> Result<(), ReadError> {
        while let Some(batch) = follower.next().await? {
            self.fold(&batch)?;
        }
        Ok(())
    }

    /// Reads the books. Keep it short: the fold waits meanwhile. A lock may be taken inside, and
    /// never the other way round: who holds one and then waits for the books behind a waiting fold,
    /// stops whoever reads and wants that lock.
    pub fn read<T>(&self, f: impl FnOnce(&Books) -> T) -> T {
        f(&self.books.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes with every fold.
    pub fn changes(&self) -> Changes {
        Changes(self.seen.subscribe())
    }

    /// Returns when the books hold `position`.
    pub async fn wait_for(&self, position: Position) {
        // An error means that the sender is gone, which `self` keeps alive.
        self.seen
            .subscribe()
            .wait_for(|seen| *seen >= position)
            .await
            .map(|_| ())
            .unwrap_or_default();
    }

    /// Returns when the books answer `Some`.
    pub async fn wait_until<T>(&self, mut look: impl FnMut(&Books) -> Option<T>) -> T {
        let mut changes = self.changes();
        loop {
            if let Some(found) = self.read(&mut look) {
                return found;
            }
            changes.changed().await;
        }
    }
}

/// What changed in the books since it was last looked at. It cannot be looked into, because that
/// would hold a lock of the one who tells.
pub struct Changes(watch::Receiver<Position>);

impl Changes {
    /// Takes what changed so far as looked at.
    pub fn mark_unchanged(&mut self) {
        self.0.mark_unchanged();
    }

    /// Returns at the next change; never, once nobody can change the books any more.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
