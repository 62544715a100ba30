//! The log as a whole: how long it is and how far it is sealed, and who may walk over all of it.

use std::sync::Arc;

use actors::rejection::Rejection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Done, Operator};
use crate::api::LogShape;

/// Turns for walks over the log: each reads all of it.
#[derive(Clone)]
pub struct Walks(Arc<Semaphore>);

impl Default for Walks {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Operator {
    /// The log, and how far it is sealed.
    pub fn log(&self) -> LogShape {
        let (head, sealed) = self.core.projector.read(|projections| {
            let sealed = projections.node.state.sealed;
            (projections.position, sealed)
        });
        LogShape {
            log: self.core.world.log.id(),
            head: head.0,
            sealed: sealed.0,
        }
    }

    /// A turn to walk over the whole log, until it is dropped.
    ///
    /// # Errors
    /// Somebody else's walk is under way.
    pub fn walk(&self) -> Done<OwnedSemaphorePermit> {
        let turn = self.deps.walks.0.clone().try_acquire_owned();
        turn.map_err(|_| {
            let why = "another walk over the log is under way: ask again when it ended";
            Rejection::later("walk_under_way", why)
        })
    }
}
