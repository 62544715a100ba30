//! Target → slots; draining → stopped.

use crate::container;
use crate::id::SlotNo;
use crate::merge_queue::Stage;
use crate::policy::{Agenda, Observed, Teller};
use crate::project::{self, Intent, Registered};
use crate::view::projections::ProjectView;

pub(super) fn owed(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    let teller = Teller {
        policy: "fleet",
        project: &view.name,
    };
    if registered.is_running() {
        for n in (1..=registered.target)
            .map(SlotNo)
            .filter(|n| view.slot(*n).is_none())
        {
            agenda.tell(
                teller
                    .container(view, n, "enlist", container::Command::Enlist)
                    .given_project(view),
            );
        }
    }
    for (n, slot, _) in view.enlisted() {
        if n.0 > registered.target
            && slot.state == container::SlotState::Idle
            && !observed.busy.contains_key(&n)
        {
            agenda.tell(teller.container(view, n, "dismiss", container::Command::Dismiss));
        }
    }
    if let Intent::Draining { since } = registered.intent {
        let at_work =
            view.enlisted().any(|(_, slot, _)| slot.job().is_some()) || !view.grants().is_empty();
        let publishing = view
            .merge_queue
            .state
            .front()
            .is_some_and(|f| matches!(f.stage, Stage::Publishing { .. }));
        let overdue = agenda.reached(
            observed.now,
            observed.own_ms_after(since, registered.settings.drain_ms),
        );
        if overdue || !(at_work || publishing) {
            let by = if overdue { "drain limit" } else { "drained" };
            agenda.tell(teller.project(view, "stop", project::Command::Stop { by: by.to_owned() }));
        }
    }
}
