//! Until when policies wait: every pause and every limit once, for the policy that keeps it and for
//! whoever asks why nothing goes on.

use crate::container::{Slot, SlotState};
use crate::holder::Holder;
use crate::id::Timestamp;
use crate::lapses::Lapses;
use crate::merge_queue::{Entry, MOVES_MAX, MergeQueue};
use crate::policy::{BACKOFF_MS_MAX, Observed, backoff_ms};
use crate::project::Registered;
use crate::view::projections::ProjectView;

/// The lease of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The last sign of life of its holder.
    pub last_seen: Timestamp,
    /// When it is over without another.
    pub ends: Timestamp,
}

/// The lease of a holder since its claim; none before the session of a slot began: that its
/// container starts is bounded by `supervise`, and that its runner reports by the reconciler.
pub fn lease(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    (holder, since): (&Holder, Timestamp),
) -> Option<Lease> {
    let (last_seen, lease_ms) = match holder {
        Holder::Slot { n, session } => {
            let slot = view.slot(*n).filter(|slot| slot.works_for(session))?;
            let SlotState::Running {
                at, begun: true, ..
            } = &slot.state
            else {
                return None;
            };
            let seen = observed.seen.get(session).copied().unwrap_or_default();
            (seen.max(*at), registered.settings.lease_ms)
        }
        Holder::Outside { principal } => {
            let seen = observed.seen_outside.get(principal).copied();
            let seen = seen.unwrap_or_default();
            (seen.max(since), registered.settings.outside_lease_ms)
        }
    };

    let counted_from = observed.own.since(last_seen).max(observed.up_since);
    Some(Lease {
        last_seen,
        ends: counted_from.plus_ms(lease_ms),
    })
}

/// When the merge queue is tried again after a halt: the pause grows with the halts, and is the
/// longest after upstream moved too often under the front entry.
pub fn halted(merge_queue: &MergeQueue, front: &Entry, observed: &Observed) -> Option<Timestamp> {
    let halt = merge_queue.halt.as_ref()?;
    let pause = if front.moves >= MOVES_MAX {
        BACKOFF_MS_MAX
    } else {
        backoff_ms(halt.attempts)
    };
    Some(observed.own_ms_after(halt.at, pause))
}

/// When the container of a slot's job may be asked for, after those that failed.
pub fn start(slot: &Slot, observed: &Observed) -> Timestamp {
    let failed = slot.failed_at.unwrap_or_default();
    observed.own_ms_after(failed, backoff_ms(slot.failures))
}

/// When a session that runs since `at` is stopped, whatever it does.
pub fn wall(registered: &Registered, observed: &Observed, at: Timestamp) -> Timestamp {
    observed.own_ms_after(at, registered.settings.session_wall_ms)
}

/// When upstream is copied again, after so many failures of which the last was at `at`.
pub fn copy(observed: &Observed, attempts: u32, at: Timestamp) -> Timestamp {
    observed.own_ms_after(at, backoff_ms(attempts))
}

/// When a project that drains since then is stopped, whatever runs.
pub fn drain(registered: &Registered, observed: &Observed, since: Timestamp) -> Timestamp {
    observed.own_ms_after(since, registered.settings.drain_ms)
}

/// When another session may be tried at something, after those that vanished from it.
pub fn retry(observed: &Observed, lapses: Lapses) -> Timestamp {
    observed.own_ms_after(lapses.gone_at, backoff_ms(lapses.gone))
}
