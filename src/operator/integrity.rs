//! Walks over the whole log while the server runs: whether its chain and its seals hold, and
//! whether what it tells keeps the invariants.

use std::sync::Arc;

use actors::rejection::Rejection;
use events::stream::Position;
use futures::Stream;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::spawn_blocking;

use super::{Done, Operator};
use crate::api::{BreachShape, LogShape, WalkStep};
use crate::data::DataFolder;
use crate::log::audit::audit_telling;
use crate::log::verify::{Verified, Walk, verify_telling};

/// Lines that wait for whoever reads them; the rest of the way is not told to a slow one.
const LINES_MAX: usize = 64;

/// Turns for walks over the log: each reads all of it.
#[derive(Clone)]
pub struct Walks(Arc<Semaphore>);

impl Default for Walks {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalkKind {
    /// Whether every event is the one that was recorded.
    Verify,
    /// Whether the events keep the invariants.
    Audit,
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

    /// Walks over the whole log, on a thread of its own. The last line says what was found.
    ///
    /// # Errors
    /// Somebody else's walk is under way.
    pub async fn walk(&self, kind: WalkKind) -> Done<impl Stream<Item = WalkStep> + use<>> {
        let turn = self.deps.walks.0.clone().try_acquire_owned();
        let turn = turn.map_err(|_| {
            let why = "another walk over the log is under way: ask again when it ended";
            Rejection::later("walk_under_way", why)
        })?;

        let of = self.core.world.log.head().await.map_err(failed)?.position;
        let (said, heard) = mpsc::channel(LINES_MAX);
        let operator = self.clone();
        let runtime = tokio::runtime::Handle::current();

        spawn_blocking(move || {
            let told = |looked: Position| {
                let step = WalkStep::Going {
                    looked: looked.0.min(of.0),
                    of: of.0,
                };
                // One that is not taken is followed by others.
                let _passed = said.try_send(step);
            };
            let found = runtime.block_on(operator.found(kind, &told));
            let found = found.unwrap_or_else(|error| WalkStep::Failed {
                detail: format!("{error:#}"),
            });
            // Nobody may be there any more to hear it.
            let _heard = said.blocking_send(found);
            drop(turn);
        });

        Ok(futures::stream::unfold(heard, |mut heard| async {
            let step = heard.recv().await?;
            Some((step, heard))
        }))
    }

    async fn found(
        &self,
        kind: WalkKind,
        told: &(dyn Fn(Position) + Sync),
    ) -> anyhow::Result<WalkStep> {
        let log = self.core.world.log.as_ref();

        if kind == WalkKind::Verify {
            return Ok(match verify_telling(log, &Walk::default(), told).await? {
                Verified::Sound {
                    head,
                    digest,
                    sealed,
                } => WalkStep::Sound {
                    head: head.0,
                    digest: digest.to_string(),
                    sealed: sealed.0,
                },
                Verified::Broken { at, damage } => WalkStep::Broken {
                    at: at.0,
                    damage: damage.to_string(),
                },
            });
        }

        let report = audit_telling(&DataFolder::at(&self.deps.data)?, log, told).await?;
        let breaches = report.breaches.iter().map(|breach| BreachShape {
            id: breach.id.to_owned(),
            position: breach.position,
            reason: breach.reason.clone(),
        });
        Ok(WalkStep::Audited {
            events: log.head().await?.position.0,
            breaches: breaches.collect(),
            unverified: report.waived,
        })
    }
}

fn failed(error: impl std::fmt::Display) -> Rejection {
    Rejection::later("log_unavailable", error)
}
