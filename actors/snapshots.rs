//! Keeps a snapshot of the projections, and checks in the background that they are what the log
//! says.
//!
//! The check folds the log from the beginning, beside the projections that serve, and compares.
//! When they differ, the log is right: an alarm is recorded that names the first differing
//! position, the snapshot is thrown away, and the new projections take the place of the old.

use std::sync::Arc;

use events::cause::{Cause, Principal};
use events::id::{CommandId, NodeName};
use events::log::{EventLog, ReadError};
use events::node;
use events::policy::AnyCommand;
use events::stream::{Position, StreamId};
use events::view::{Projections, snapshot};

use crate::chores::Chore;
use crate::directory::Directory;
use crate::host::ExecuteError;
use crate::ports::PortError;
use crate::ports::snapshots::Snapshots;
use crate::projector::Projector;
use crate::rebuild::fold;

/// Events after which a new snapshot is made: folding that many takes a few hundredths of a second.
pub const SNAPSHOT_EVERY: u64 = 20_000;
/// A check costs as much as a start without snapshot: the next comes when the log has grown by this
/// part of it.
const CHECK_AGAIN: u64 = 4;

/// How often the fold of a check catches up with the projections that serve before they are copied.
const MEETINGS_MAX: usize = 32;

/// Why a turn was not finished. It is made good by a later one.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the snapshot: {0}")]
    Store(#[from] PortError),
}

/// The snapshots of one installation's projections.
#[derive(Clone)]
pub struct SnapshotTask {
    /// The log, which is the truth.
    pub log: Arc<dyn EventLog>,
    /// The projections that serve.
    pub projector: Projector,
    /// Where the snapshot is.
    pub snapshots: Arc<dyn Snapshots>,
    /// Takes the alarm.
    pub directory: Directory,
    /// Whose stream the alarm goes to.
    pub node: NodeName,
    /// Events between two snapshots.
    pub every: u64,
    /// Through which position the projections are known to be what the log says: nothing, when they
    /// are from a snapshot.
    pub checked: Position,
}

impl SnapshotTask {
    /// Keeps and checks until its task is ended. The first check comes at once when the projections
    /// are from a snapshot.
    pub async fn run(self) {
        let mut kept = Position(0);
        let mut check_at = if self.checked == Position(0) {
            Position(0)
        } else {
            self.next_check(self.checked)
        };

        let mut owed: Option<node::Diverged> = None;
        let faults = self.directory.kernel().faults.clone();

        loop {
            let head = self.projector.read(|projections| projections.position);
            if head >= check_at {
                let (next, alarm) = self.look(head).await;
                check_at = next;
                owed = alarm.or(owed);
            }
            if head.0 >= kept.0 + self.every {
                faults.went(None, Chore::Snapshot, self.store().await);
                kept = head;
            }
            if let Some(alarm) = owed.take() {
                let recorded = self.alarm(&alarm).await;
                if recorded.is_err() {
                    owed = Some(alarm);
                }
                faults.went(None, Chore::Alarm, recorded);
            }

            let next = if owed.is_some() {
                head.0 + 1
            } else {
                (kept.0 + self.every).min(check_at.0)
            };
            self.projector.wait_for(Position(next)).await;
        }
    }

    /// Checks the projections: when to do so again, and what is to be told.
    async fn look(&self, head: Position) -> (Position, Option<node::Diverged>) {
        let faults = &self.directory.kernel().faults;

        match self.check().await {
            Ok((through, alarm)) => {
                faults.well(None, Chore::CheckProjections);
                (self.next_check(through), alarm)
            }
            Err(error) => {
                faults.failing(None, Chore::CheckProjections, &error.to_string());
                (Position(head.0 + self.every), None)
            }
        }
    }

    fn next_check(&self, checked: Position) -> Position {
        Position(checked.0 + self.every.max(checked.0 / CHECK_AGAIN))
    }

    /// Keeps a snapshot of the projections as they are.
    pub async fn store(&self) -> Result<(), PortError> {
        let id = self.log.id();
        let bytes = self
            .projector
            .read(|projections| snapshot::encode(&id, projections));
        self.snapshots.store(bytes).await
    }

    /// Compares the projections with a fold from the beginning, and replaces them when they differ;
    /// answers through which position they were compared, and the alarm that is owed.
    async fn check(&self) -> Result<(Position, Option<node::Diverged>), Trouble> {
        let (folded, alarm) = self.compared().await?;
        let through = folded.position;
        let Some(alarm) = alarm else {
            return Ok((through, None));
        };
        tracing::error!(at = %alarm.at, %through, "the projections are not what the log says; they \
                                                   are replaced by a fold from the beginning");
        self.snapshots.discard().await?;
        self.replace(folded).await?;
        Ok((through, Some(alarm)))
    }

    /// A fold from the beginning, and the alarm where the projections that serve are another. They
    /// are compared as they serve, at a moment when both are at one position: the memory of a
    /// server stays at what its largest moment took, so there is no third copy for as long as that
    /// moment comes.
    async fn compared(&self) -> Result<(Projections, Option<node::Diverged>), Trouble> {
        let mut folded = Projections::default();

        for _ in 0..MEETINGS_MAX {
            let serving = self.projector.read(|projections| projections.position);
            folded = fold(&self.log, folded, serving).await?;
            let met = self.projector.read(|kept| {
                let meets = kept.position == folded.position;
                meets.then(|| diverged(kept, &folded))
            });
            if let Some(alarm) = met {
                return Ok((folded, alarm));
            }
        }

        // It is written without a pause.
        let kept = self.projector.read(Projections::clone);
        let folded = fold(&self.log, folded, kept.position).await?;
        let alarm = diverged(&kept, &folded);

        Ok((folded, alarm))
    }

    async fn alarm(&self, alarm: &node::Diverged) -> Result<(), ExecuteError> {
        let (text, digest) = (alarm.through.to_string(), alarm.kept.to_string());
        let id = CommandId::derived(&["books diverged", self.node.as_str(), &text, &digest]);
        let cause = Cause::first(Principal::Node(self.node.to_string().into()), id);
        let command = AnyCommand::Node(node::Command::Alarm {
            alarm: alarm.clone(),
        });

        self.directory
            .execute(
                &StreamId::Node(self.node.clone()),
                command,
                id,
                cause,
                vec![],
            )
            .await?;
        Ok(())
    }

    /// Brings new projections up to where the old ones are, and lets them serve.
    async fn replace(&self, mut projections: Projections) -> Result<(), ReadError> {
        loop {
            let serving = self.projector.read(|projections| projections.position);
            projections = fold(&self.log, projections, serving).await?;
            match self.projector.replace(projections) {
                Ok(()) => return Ok(()),
                Err(behind) => projections = *behind,
            }
        }
    }
}

/// What has to be told of projections that serve when the log, folded, says something else.
fn diverged(kept: &Projections, folded: &Projections) -> Option<node::Diverged> {
    let at = snapshot::first_difference(kept, folded)?;

    Some(node::Diverged {
        at,
        through: folded.position,
        kept: snapshot::digest(kept),
        folded: snapshot::digest(folded),
    })
}
