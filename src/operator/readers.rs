//! Who reads which subscription at the moment. Kept in memory, where delivery is decided: places
//! are in the log, turns are not.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use events::aggregate::Refusal as _;
use events::id::{ReaderId, SubscriptionName, Timestamp};
use events::own_time::OwnTime;
use events::subscription::lease::{Refusal, Taken, Turn};
use tokio::sync::Notify;

use super::{Done, Operator};
use actors::rejection::Rejection;

/// Longest wait for a turn and for an event, in milliseconds: shorter than a lease, so that a
/// reader that waits keeps its turn by asking again, and no answer is long in coming.
const WAIT_MS: i64 = 30_000;

/// The turns of all subscriptions.
#[derive(Debug, Default)]
pub struct Readers {
    turns: Mutex<BTreeMap<SubscriptionName, Turn>>,
    /// Told when a turn was given back.
    left: Notify,
}

impl Readers {
    fn turns(&self) -> MutexGuard<'_, BTreeMap<SubscriptionName, Turn>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, name: &SubscriptionName, reader: &ReaderId, own: &OwnTime) -> Result<(), Taken> {
        let mut turns = self.turns();
        turns.entry(name.clone()).or_default().take(reader, own)
    }
}

fn refused(refusal: &Refusal) -> Rejection {
    Rejection::conflict(refusal.code(), refusal)
}

impl Operator {
    /// Now, and what passed of this server's own time.
    fn own_time(&self) -> OwnTime {
        let clock = &self.core.directory.kernel().clock;
        let (now, noticed) = (clock.now(), clock.gaps());
        self.core
            .projector
            .read(|projections| OwnTime::new(now, &projections.node.state.gaps, &noticed))
    }

    /// When a wait that begins at this moment is over.
    pub(super) fn patience(&self) -> Timestamp {
        let now = self.core.directory.kernel().clock.now();
        Timestamp(now.0.saturating_add(WAIT_MS * 1_000))
    }

    /// Whoever reads it.
    pub(super) fn read_by(&self, name: &SubscriptionName) -> Option<ReaderId> {
        let own = self.own_time();
        let turns = self.deps.readers.turns();
        turns.get(name)?.reader(&own).cloned()
    }

    /// Takes the turn of a subscription, or waits for it until then.
    pub(super) async fn turn(
        &self,
        name: &SubscriptionName,
        reader: &ReaderId,
        wait_until: Option<Timestamp>,
    ) -> Done<()> {
        let readers = &self.deps.readers;
        let clock = &self.core.directory.kernel().clock;
        loop {
            // Enrolled before the look, so that who leaves in between is not missed.
            let mut left = std::pin::pin!(readers.left.notified());
            left.as_mut().enable();

            let own = self.own_time();
            let Taken { by, until } = match readers.take(name, reader, &own) {
                Ok(()) => return Ok(()),
                Err(taken) => taken,
            };
            let Some(end) = wait_until.filter(|end| *end > own.now) else {
                let name = name.clone();
                return Err(refused(&Refusal::ReadByAnother { name, by }));
            };

            tokio::select! {
                () = left => {}
                () = clock.sleep_until(until.min(end)) => {}
            }
        }
    }

    /// Refuses whoever lost the turn to another; whoever speaks while nobody has it takes it.
    pub(super) fn keep_turn(&self, name: &SubscriptionName, reader: &ReaderId) -> Done<()> {
        let kept = self.deps.readers.take(name, reader, &self.own_time());
        kept.map_err(|Taken { by, .. }| {
            let reader = reader.clone();
            refused(&Refusal::LeaseLost { reader, by })
        })
    }

    /// Notes a sign of life of a reader.
    pub fn hear_reader(&self, name: &SubscriptionName, reader: &ReaderId) {
        let now = self.core.directory.kernel().clock.now();
        if let Some(turn) = self.deps.readers.turns().get_mut(name) {
            turn.hear(reader, now);
        }
    }

    /// Gives the turn of a reader that is gone to the next.
    pub fn reader_left(&self, name: &SubscriptionName, reader: &ReaderId) {
        let readers = &self.deps.readers;
        let mut turns = readers.turns();
        let was_theirs = turns.get_mut(name).is_some_and(|turn| turn.leave(reader));
        drop(turns);
        if was_theirs {
            readers.left.notify_waiters();
        }
    }

    /// Forgets who read a subscription that is deleted; whoever waits for it finds out.
    pub(super) fn nobody_reads(&self, name: &SubscriptionName) {
        let readers = &self.deps.readers;
        readers.turns().remove(name);
        readers.left.notify_waiters();
    }
}
