//! Work under way is merged with the trunk in memory after each advance, so that a conflict is
//! known before the work is handed in.

use crate::feature::{Known, Stage};
use crate::id::{Epoch, FeatureId, Timestamp};
use crate::policy::{Agenda, Effect};
use crate::trunk::Trunk;
use crate::view::books::ProjectBook;

pub(super) fn owed(book: &ProjectBook, agenda: &mut Agenda) {
    let trunk = &book.trunk.state;
    let Some(head) = &trunk.head else { return };
    let probed = trunk
        .probed
        .as_ref()
        .is_some_and(|probed| probed.base == *head);
    if !probed && !overtaken(book).is_empty() {
        agenda.act(Effect::Probe { base: head.clone() });
    }
}

/// Claims whose work was begun before the trunk came where it is: only they can collide with what
/// it got since.
pub fn overtaken(book: &ProjectBook) -> Vec<(FeatureId, Epoch)> {
    let trunk = &book.trunk.state;
    let found = book
        .underway()
        .filter(|(_, known, _)| is_overtaken(trunk, known));
    found
        .map(|(id, known, _)| (id.clone(), known.epoch))
        .collect()
}

fn is_overtaken(trunk: &Trunk, known: &Known) -> bool {
    match &known.stage {
        Stage::Claimed { since, .. } => *since < trunk.moved,
        Stage::Submitted { submission, .. } | Stage::Approved { submission } => {
            trunk.moved > Timestamp(0) && submission.base != trunk.head
        }
        Stage::Open { .. }
        | Stage::Merging { .. }
        | Stage::Closed { .. }
        | Stage::Quarantined { .. }
        | Stage::Withdrawn => false,
    }
}
