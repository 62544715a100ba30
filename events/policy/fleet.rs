//! Target → berths; draining → stopped.

use crate::container;
use crate::id::BerthNo;
use crate::policy::{Agenda, Observed, Teller};
use crate::project::{self, Intent, Registered};
use crate::trunk::Stage;
use crate::view::books::ProjectBook;

pub(super) fn owed(
    book: &ProjectBook,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    let teller = Teller {
        policy: "fleet",
        project: &book.name,
    };
    if registered.is_running() {
        for n in (1..=registered.target)
            .map(BerthNo)
            .filter(|n| book.berth(*n).is_none())
        {
            agenda.tell(
                teller
                    .container(book, n, "enlist", container::Command::Enlist)
                    .given_project(book),
            );
        }
    }
    for (n, berth, _) in book.enlisted() {
        if n.0 > registered.target
            && berth.slot == container::Slot::Idle
            && !observed.busy.contains_key(&n)
        {
            agenda.tell(teller.container(book, n, "dismiss", container::Command::Dismiss));
        }
    }
    if let Intent::Draining { since } = registered.intent {
        let at_work =
            book.enlisted().any(|(_, berth, _)| berth.job().is_some()) || !book.grants().is_empty();
        let publishing = book
            .trunk
            .state
            .front()
            .is_some_and(|f| matches!(f.stage, Stage::Publishing { .. }));
        let overdue = agenda.reached(
            observed.now,
            observed.own_ms_after(since, registered.settings.drain_ms),
        );
        if overdue || !(at_work || publishing) {
            let by = if overdue { "drain limit" } else { "drained" };
            agenda.tell(teller.project(book, "stop", project::Command::Stop { by: by.to_owned() }));
        }
    }
}
