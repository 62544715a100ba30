//! Edges of the backlog → blockers of features, and off again when the other is settled.

use crate::feature;
use crate::policy::{Agenda, Teller};
use crate::view::projections::ProjectView;

pub(super) fn owed(view: &ProjectView, agenda: &mut Agenda) {
    let teller = Teller {
        policy: "unblock",
        project: &view.name,
    };
    for (id, known, _) in view.dependent().filter(|(_, known, _)| !known.is_settled()) {
        for on in &known.blockers {
            let wanted = view.backlog.state.dependencies(id).any(|d| d == on);
            if view.is_settled(on) || !wanted {
                let purpose = format!("unblock {on}");
                agenda.tell(teller.feature(
                    view,
                    id,
                    &purpose,
                    feature::Command::Unblock { by: on.clone() },
                ));
            }
        }
        for on in view.backlog.state.dependencies(id) {
            if !known.blockers.contains(on) && !view.is_settled(on) {
                agenda.tell(teller.feature(
                    view,
                    id,
                    &format!("block {on}"),
                    feature::Command::Block { by: on.clone() },
                ));
            }
        }
    }
}
