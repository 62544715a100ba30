//! Silence → expired claims. A lease counts from the last sign of life, and only while this server
//! was up and awake to see one.

use crate::container::SlotState;
use crate::feature::{self, Stage};
use crate::holder::Holder;
use crate::id::Timestamp;
use crate::policy::{Agenda, Observed, Teller};
use crate::project::Registered;
use crate::view::projections::ProjectView;

pub(super) fn owed(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    let teller = Teller {
        policy: "expire",
        project: &view.name,
    };
    for (id, known, _) in view.underway() {
        let Stage::Claimed { holder, since } = &known.stage else {
            continue;
        };
        let Some((last_seen, lease_ms)) = lease(view, registered, observed, holder, *since) else {
            continue;
        };
        let counted_from = observed.own.since(last_seen).max(observed.up_since);
        if agenda.reached(observed.now, counted_from.plus_ms(lease_ms)) {
            let command = feature::Command::Expire {
                epoch: known.epoch,
                last_seen,
                up_since: observed.up_since,
            };
            agenda.tell(teller.feature(view, id, &format!("expire {}", known.epoch), command));
        }
    }
}

/// The last sign of life and the lease; none before the session of a slot began: that its
/// container starts is bounded by `supervise`, and that its runner reports by the reconciler.
fn lease(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    holder: &Holder,
    since: Timestamp,
) -> Option<(Timestamp, u64)> {
    match holder {
        Holder::Slot { n, session } => {
            let SlotState::Running {
                at, begun: true, ..
            } = &view.slot(*n).filter(|b| b.works_for(session))?.state
            else {
                return None;
            };
            let seen = observed.seen.get(session).copied().unwrap_or_default();
            Some((seen.max(*at), registered.settings.lease_ms))
        }
        Holder::Outside { principal } => {
            let seen = observed
                .seen_outside
                .get(principal)
                .copied()
                .unwrap_or_default();
            Some((seen.max(since), registered.settings.outside_lease_ms))
        }
    }
}
