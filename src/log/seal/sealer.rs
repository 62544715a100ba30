//! The task that seals: at 4 096 events, and otherwise a minute after the first event that is not
//! under a seal. A log to which nothing but the last seal was added is left alone.

use std::path::PathBuf;
use std::time::Duration;

use actors::chores::Chore;
use actors::supervisor::Core;
use events::cause::{Cause, Principal};
use events::id::{CommandId, Digest, NodeName};
use events::log::EventLog;
use events::node;
use events::policy::AnyCommand;
use events::seal::{SEAL_MAX, Statement};
use events::stream::{Position, StreamId};
use events::view::Projections;

use super::{Anchor, SealKey};

/// Events wait at most this long for a seal while the server runs.
const SEAL_WITHIN: Duration = Duration::from_secs(60);

/// Seals one log.
#[derive(Clone)]
pub struct Sealer {
    /// Where seals are recorded.
    pub core: Core,
    /// Whose stream they are in.
    pub node: NodeName,
    /// The key that signs the seals.
    pub key: SealKey,
    /// Where the newest is kept.
    pub anchor: PathBuf,
}

/// The statement about the next events of a log after `sealed`, at most one seal's worth; `None`
/// when there are none.
pub async fn next_statement(
    log: &dyn EventLog,
    sealed: Position,
) -> anyhow::Result<Option<Statement>> {
    let limit = usize::try_from(SEAL_MAX).unwrap_or(usize::MAX);
    let events = log.read_all(sealed, limit).await?;
    let digests: Vec<Digest> = events.iter().map(|e| e.digest).collect();
    Ok(Statement::over(Position(sealed.0 + 1), &digests))
}

/// How many events are not under a seal; a lone seal at the end counts as none.
fn open_events(projections: &Projections) -> u64 {
    (projections.position.0 - projections.node.state.sealed.0).saturating_sub(1)
}

impl Sealer {
    /// Seals whenever it is due, until its task is ended.
    pub async fn run(self) {
        let projector = &self.core.projector;

        loop {
            projector
                .wait_until(|projections| (open_events(projections) > 0).then_some(()))
                .await;
            let full = projector
                .wait_until(|projections| (open_events(projections) >= SEAL_MAX).then_some(()));
            // Whether the wait ended because it is full or because it is time makes no difference.
            drop(tokio::time::timeout(SEAL_WITHIN, full).await);
            match self.seal().await {
                Ok(()) => self.core.faults.well(None, Chore::Seal),
                Err(error) => {
                    let why = error.to_string();
                    self.core.faults.failing(None, Chore::Seal, &why);
                    tokio::time::sleep(SEAL_WITHIN).await;
                }
            }
        }
    }

    /// Seals everything that is open.
    pub async fn seal(&self) -> anyhow::Result<()> {
        while self.core.projector.read(open_events) > 0 {
            let log = &self.core.world.log;
            let sealed = self
                .core
                .projector
                .read(|projections| projections.node.state.sealed);
            let Some(statement) = next_statement(&**log, sealed).await? else {
                return Ok(());
            };
            let seal = self.key.seal(statement, &log.id());
            let id = CommandId::derived(&[
                "seal",
                &seal.statement.first.to_string(),
                &seal.statement.last.to_string(),
            ]);
            let cause = Cause::first(Principal::Node(self.node.to_string().into()), id);
            let command = AnyCommand::Node(node::Command::Seal { seal: seal.clone() });
            let receipt = self
                .core
                .directory
                .execute(
                    &StreamId::Node(self.node.clone()),
                    command,
                    id,
                    cause,
                    vec![],
                )
                .await?;
            Anchor {
                log: log.id(),
                seal,
            }
            .write(&self.anchor)?;
            self.core.projector.wait_for(receipt.position).await;
        }

        Ok(())
    }
}
