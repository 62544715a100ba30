//! Work under way is merged with the trunk in memory after each advance, so that a conflict is
//! known before the work is handed in.

use crate::feature::{Known, Stage};
use crate::id::{Epoch, FeatureId, Timestamp};
use crate::merge_queue::MergeQueue;
use crate::policy::{Agenda, Effect};
use crate::view::projections::ProjectView;

pub(super) fn owed(view: &ProjectView, agenda: &mut Agenda) {
    let merge_queue = &view.merge_queue.state;
    let Some(head) = &merge_queue.head else {
        return;
    };
    let probed = merge_queue
        .probed
        .as_ref()
        .is_some_and(|probed| probed.base == *head);
    if !probed && !overtaken(view).is_empty() {
        agenda.act(Effect::Probe { base: head.clone() });
    }
}

/// Claims whose work was begun before the trunk came where it is: only they can collide with what
/// it got since.
pub fn overtaken(view: &ProjectView) -> Vec<(FeatureId, Epoch)> {
    let merge_queue = &view.merge_queue.state;
    let found = view
        .underway()
        .filter(|(_, known, _)| is_overtaken(merge_queue, known));
    found
        .map(|(id, known, _)| (id.clone(), known.epoch))
        .collect()
}

fn is_overtaken(merge_queue: &MergeQueue, known: &Known) -> bool {
    match &known.stage {
        Stage::Claimed { since, .. } => *since < merge_queue.moved,
        Stage::Submitted { submission, .. } | Stage::Approved { submission } => {
            merge_queue.moved > Timestamp(0) && submission.base != merge_queue.head
        }
        Stage::Open { .. }
        | Stage::Merging { .. }
        | Stage::Closed { .. }
        | Stage::Quarantined { .. }
        | Stage::Withdrawn => false,
    }
}
