//! The pulse of this server: it reads the clock every second, so that a reading that comes late
//! shows a gap, and records each gap once.

use std::sync::Arc;

use events::cause::{Cause, Principal};
use events::id::{CommandId, NodeName};
use events::node;
use events::policy::AnyCommand;
use events::stream::StreamId;

use crate::chores::Chore;
use crate::directory::Directory;
use crate::ports::clock::Clock;
use crate::projector::Projector;

/// Time between two readings.
const EVERY_MS: u64 = 1_000;

/// Records when this server stood still.
#[derive(Clone)]
pub struct Pulse {
    /// Where it is recorded.
    pub directory: Directory,
    /// What is recorded already.
    pub projector: Projector,
    /// The clock that is read.
    pub clock: Arc<dyn Clock>,
    /// This server.
    pub node: NodeName,
}

impl Pulse {
    /// Reads until its task is ended.
    pub async fn run(self) {
        loop {
            self.clock
                .sleep_until(self.clock.now().plus_ms(EVERY_MS))
                .await;
            self.record().await;
        }
    }

    /// What could not be recorded is found again at the next reading.
    async fn record(&self) {
        let noticed = self.clock.gaps();
        let missing: Vec<_> = self.projector.read(|projections| {
            let recorded = &projections.node.state.gaps;
            noticed
                .into_iter()
                .filter(|gap| !recorded.contains(gap))
                .collect()
        });
        let faults = &self.directory.kernel().faults;

        for gap in missing {
            let (before, after) = (gap.before.to_string(), gap.after.to_string());
            let id = CommandId::derived(&["stood still", self.node.as_str(), &before, &after]);
            let cause = Cause::first(Principal::Node(self.node.to_string().into()), id);
            let command = AnyCommand::Node(node::Command::Miss { gap });
            let stream = StreamId::Node(self.node.clone());
            match self
                .directory
                .execute(&stream, command, id, cause, vec![])
                .await
            {
                Ok(receipt) => {
                    faults.well(None, Chore::RecordGaps);
                    tracing::warn!(
                        ?gap,
                        "this server stood still, or its clock was set: everybody gets a fresh \
                         lease"
                    );
                    self.projector.wait_for(receipt.position).await;
                }
                Err(error) => faults.failing(None, Chore::RecordGaps, &error.to_string()),
            }
        }
    }
}
