//! The projector keeps the projections: one follower folds every envelope, everybody reads, and
//! whoever wrote can wait until it is seen.

use std::sync::{Arc, PoisonError, RwLock};

use events::envelope::Envelope;
use events::id::ProjectName;
use events::log::{EventLog, ReadError};
use events::project;
use events::stream::Position;
use events::view::{ProjectView, Projections};
use tokio::sync::watch;

use crate::feed::Feed;
use crate::follower::Follower;
use crate::host::ExecuteError;
use crate::rebuild;

/// The projections, kept up to date. Clones share them.
#[derive(Clone)]
pub struct Projector {
    projections: Arc<RwLock<Projections>>,
    seen: watch::Sender<Position>,
}

impl Projector {
    /// Folds the log from these projections up to its head. Fails when an event cannot be folded:
    /// then nothing built on it may be served.
    pub async fn open(
        log: Arc<dyn EventLog>,
        feed: &Feed,
        projections: Projections,
    ) -> Result<(Self, Follower), ReadError> {
        let head = log.head().await?.position;
        let projections = rebuild::fold(&log, projections, head).await?;
        let follower = Follower::new(log, feed, head);

        Ok((
            Self {
                seen: watch::Sender::new(head),
                projections: Arc::new(RwLock::new(projections)),
            },
            follower,
        ))
    }

    /// Projections that stay as they are.
    pub fn still(projections: Projections) -> Self {
        Self {
            seen: watch::Sender::new(projections.position),
            projections: Arc::new(RwLock::new(projections)),
        }
    }

    fn fold(&self, batch: &[Envelope]) -> Result<(), ReadError> {
        let mut projections = self
            .projections
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let seen = projections.position;
        // Projections that were replaced may be ahead of the follower.
        for envelope in batch.iter().filter(|envelope| envelope.position > seen) {
            projections
                .apply(envelope)
                .map_err(|e| ReadError(e.to_string()))?;
        }

        let position = projections.position;
        drop(projections);
        self.show(position);

        Ok(())
    }

    /// Tells who waits. Never with the projections in hand: a waiter may look into them while it
    /// holds what is told here. Two that tell at once may come in either order, so what is seen
    /// never goes back.
    fn show(&self, position: Position) {
        self.seen.send_modify(|seen| *seen = position.max(*seen));
    }

    /// Lets other projections serve from now on; they come back when they are behind those that
    /// serve.
    pub fn replace(&self, projections: Projections) -> Result<(), Box<Projections>> {
        let mut serving = self
            .projections
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if projections.position < serving.position {
            return Err(Box::new(projections));
        }
        *serving = projections;
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

    /// Reads the projections. Keep it short: the fold waits meanwhile. A lock may be taken inside,
    /// and never the other way round: who holds one and then waits for the projections behind a
    /// waiting fold, stops whoever reads and wants that lock.
    pub fn read<T>(&self, f: impl FnOnce(&Projections) -> T) -> T {
        f(&self
            .projections
            .read()
            .unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the view of one project, as briefly; refused where there is no such project.
    pub fn view<T>(
        &self,
        project: &ProjectName,
        f: impl FnOnce(&ProjectView) -> T,
    ) -> Result<T, ExecuteError> {
        let found = self.read(|projections| projections.projects.get(project).map(f));
        found.ok_or_else(|| ExecuteError::refused(&project::Refusal::UnknownProject))
    }

    /// Changes with every fold.
    pub fn changes(&self) -> Changes {
        Changes(self.seen.subscribe())
    }

    /// Returns when the projections hold `position`.
    pub async fn wait_for(&self, position: Position) {
        // An error means that the sender is gone, which `self` keeps alive.
        self.seen
            .subscribe()
            .wait_for(|seen| *seen >= position)
            .await
            .map(|_| ())
            .unwrap_or_default();
    }

    /// Returns when the projections answer `Some`.
    pub async fn wait_until<T>(&self, mut look: impl FnMut(&Projections) -> Option<T>) -> T {
        let mut changes = self.changes();
        loop {
            if let Some(found) = self.read(&mut look) {
                return found;
            }
            changes.changed().await;
        }
    }
}

/// What changed in the projections since it was last looked at. It cannot be looked into, because
/// that would hold a lock of the one who tells.
pub struct Changes(watch::Receiver<Position>);

impl Changes {
    /// Takes what changed so far as looked at.
    pub fn mark_unchanged(&mut self) {
        self.0.mark_unchanged();
    }

    /// Returns at the next change; never, once nobody can change the projections any more.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
