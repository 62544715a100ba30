//! Edges of the backlog → blockers of features, and off again when the other is settled.

use crate::feature;
use crate::policy::{Agenda, Teller};
use crate::view::books::ProjectBook;

pub(super) fn owed(book: &ProjectBook, agenda: &mut Agenda) {
    let teller = Teller {
        policy: "unblock",
        project: &book.name,
    };
    for (id, known, _) in book.dependent().filter(|(_, known, _)| !known.is_settled()) {
        for on in &known.blockers {
            let wanted = book.backlog.state.dependencies(id).any(|d| d == on);
            if book.is_settled(on) || !wanted {
                let purpose = format!("unblock {on}");
                agenda.tell(teller.feature(
                    book,
                    id,
                    &purpose,
                    feature::Command::Unblock { by: on.clone() },
                ));
            }
        }
        for on in book.backlog.state.dependencies(id) {
            if !known.blockers.contains(on) && !book.is_settled(on) {
                agenda.tell(teller.feature(
                    book,
                    id,
                    &format!("block {on}"),
                    feature::Command::Block { by: on.clone() },
                ));
            }
        }
    }
}
