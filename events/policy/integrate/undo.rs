//! Merged work that is taken out again, and brought back.

use super::*;
use crate::id::Sha;

/// The entry that takes out what a closed feature brought or, once that happened and nobody works
/// on it again, brings it back.
pub fn undoing(view: &ProjectView, id: &FeatureId) -> Option<EntryKind> {
    let known = view.feature(id)?;
    let (commit, restores) = match &known.stage {
        Stage::Closed { closing } => (closing.commit()?.clone(), false),
        Stage::Open { .. } => {
            let undone = view.merge_queue.state.undone.get(id)?;
            (taken_out(undone)?.clone(), true)
        }
        Stage::Claimed { .. }
        | Stage::Submitted { .. }
        | Stage::Approved { .. }
        | Stage::Merging { .. }
        | Stage::Quarantined { .. }
        | Stage::Withdrawn => return None,
    };
    let title = known.content.title.clone();

    Some(EntryKind::Revert {
        feature: id.clone(),
        commit,
        title,
        restores,
    })
}

/// The commit that took it out, if one did.
fn taken_out(undone: &Undone) -> Option<&Sha> {
    match (&undone.verdict, undone.restores) {
        (Verdict::Merged(merged), false) => Some(&merged.sha),
        (Verdict::Merged(_), true)
        | (
            Verdict::Conflict { .. }
            | Verdict::Nothing { .. }
            | Verdict::Red { .. }
            | Verdict::Refused { .. }
            | Verdict::Dropped { .. },
            _,
        ) => None,
    }
}

/// What a feature had brought was taken out: it is open again.
pub(super) fn undone(view: &ProjectView, id: &FeatureId, closing: &Closing, agenda: &mut Agenda) {
    let Some(undone) = view
        .merge_queue
        .state
        .undone
        .get(id)
        .filter(|undone| !undone.restores)
    else {
        return;
    };
    if let Verdict::Merged(merged) = &undone.verdict
        && closing.commit() == Some(&undone.commit)
    {
        let teller = Teller::of("integrate", view);
        let command = feature::Command::TakeOut {
            why: format!("undone as {}", merged.sha),
            by: "trunk".to_owned(),
        };
        agenda.tell(teller.feature(view, id, &format!("undone {}", merged.sha), command));
    }
}

/// What had taken it out was taken out itself: it is done again. Once for each time.
pub(super) fn restored(view: &ProjectView, id: &FeatureId, known: &Known, agenda: &mut Agenda) {
    let Some(undone) = view
        .merge_queue
        .state
        .undone
        .get(id)
        .filter(|undone| undone.restores)
    else {
        return;
    };
    if let Verdict::Merged(merged) = &undone.verdict
        && known.restored.as_ref() != Some(&merged.sha)
    {
        let teller = Teller::of("integrate", view);
        let command = feature::Command::Close {
            closing: Closing::Restored {
                commit: merged.sha.clone(),
            },
            by: "trunk".to_owned(),
        };
        agenda.tell(teller.feature(view, id, &format!("restored {}", merged.sha), command));
    }
}
