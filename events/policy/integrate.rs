//! Approved → queued → built → verified → begun → published → closed; and back, when upstream moved
//! or the tree is red.

#[cfg(test)]
pub(crate) mod tests;
mod undo;

use std::collections::BTreeSet;

use crate::evidence::Evidence;
use crate::feature::event::{Closing, MergeFault};
use crate::feature::{self, Known, Stage, Submission};
use crate::id::{FeatureId, Sha};
use crate::merge_queue::{self, Entry, EntryKind, Undone, Verdict};
use crate::policy::{Agenda, Effect, Observed, Teller, until, verify};
use crate::project::Registered;
use crate::stream::StreamId;
use crate::view::projections::ProjectView;

pub use undo::undoing;
use undo::{restored, undone};

pub(super) fn owed(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    let merge_queue = &view.merge_queue.state;
    if merge_queue.branch.is_none() {
        return;
    }

    let underway = view.underway().map(|(id, ..)| id);
    let touched: BTreeSet<_> = underway.chain(merge_queue.undone.keys()).collect();
    for (id, known, _) in view.these(touched.into_iter()) {
        match &known.stage {
            Stage::Approved { submission } => approved(view, id, known, submission, agenda),
            Stage::Merging {
                submission,
                candidate,
            } => merging(view, id, submission, candidate, agenda),
            Stage::Closed { closing } => undone(view, id, closing, agenda),
            Stage::Open { .. } => restored(view, id, known, agenda),
            Stage::Claimed { .. }
            | Stage::Submitted { .. }
            | Stage::Quarantined { .. }
            | Stage::Withdrawn => {}
        }
    }

    if let Some(front) = merge_queue.front() {
        step_front(view, registered, observed, front, agenda);
    }
    end_red(view, registered, agenda);
    for entry in merge_queue.waiting() {
        drop_orphan(view, entry, agenda);
    }
}

/// A trunk that is red and that nothing verifies any more is not red.
fn end_red(view: &ProjectView, registered: &Registered, agenda: &mut Agenda) {
    let merge_queue = &view.merge_queue.state;
    let is_red = merge_queue.health.red.is_some();
    if !is_red || verify::of_head(registered, merge_queue).is_some() {
        return;
    }

    let why = "nothing is verified any more".to_owned();
    let command = merge_queue::Command::EndRed { why };
    let tell = Teller::of("integrate", view).merge_queue(view, "end red", command);
    agenda.tell(tell.given_project(view));
}

fn names(entry: &Entry, id: &FeatureId, submission: &Submission) -> bool {
    matches!(&entry.kind, EntryKind::Feature { feature, epoch, .. } if feature == id && *epoch == submission.epoch)
}

fn approved(
    view: &ProjectView,
    id: &FeatureId,
    known: &Known,
    submission: &Submission,
    agenda: &mut Agenda,
) {
    let merge_queue = &view.merge_queue.state;
    let mut waiting = merge_queue.waiting();
    if waiting.any(|entry| names(entry, id, submission)) {
        return;
    }

    let verdict = match merge_queue.judged.get(id) {
        Some((epoch, verdict)) if *epoch == submission.epoch => Some(verdict),
        Some(_) | None => None,
    };
    match verdict {
        Some(Verdict::Conflict { .. } | Verdict::Red { .. } | Verdict::Refused { .. }) => {
            reject(view, id, submission, agenda)
        }
        Some(Verdict::Nothing { .. }) => {
            let command = feature::Command::Close {
                closing: Closing::DoneElsewhere,
                by: "trunk".to_owned(),
            };
            let purpose = format!("there already {}", submission.epoch);
            agenda.tell(Teller::of("integrate", view).feature(view, id, &purpose, command));
        }
        Some(Verdict::Merged(_)) => {}
        Some(Verdict::Dropped { .. }) | None => enqueue(view, id, known, submission, agenda),
    }
}

/// Approved work lines up to be merged.
fn enqueue(
    view: &ProjectView,
    id: &FeatureId,
    known: &Known,
    submission: &Submission,
    agenda: &mut Agenda,
) {
    let kind = EntryKind::Feature {
        feature: id.clone(),
        epoch: submission.epoch,
        sha: submission.sha.clone(),
        title: known.content.title.clone(),
    };
    let purpose = format!("queue {id} {}", submission.epoch);
    let command = merge_queue::Command::Enqueue {
        kind,
        priority: known.content.priority,
    };

    let mut tell = Teller::of("integrate", view).merge_queue(view, &purpose, command);
    if let Some(feature) = view.features.get(id) {
        tell = tell.follows(feature);
    }
    agenda.tell(tell);
}

fn reject(view: &ProjectView, id: &FeatureId, submission: &Submission, agenda: &mut Agenda) {
    let teller = Teller::of("integrate", view);
    let epoch = submission.epoch;

    let (fault, paths, detail) = match view.merge_queue.state.judged.get(id) {
        Some((_, Verdict::Conflict { paths, base, why })) => (
            MergeFault::Conflict,
            paths.clone(),
            conflict(base.as_ref(), why),
        ),
        Some((_, Verdict::Red { tail, exit })) => (
            MergeFault::Red,
            vec![],
            format!("Exit code {exit}. Last lines:\n{tail}"),
        ),
        Some((_, Verdict::Refused { paths, why })) => {
            (MergeFault::Refused, paths.clone(), why.clone())
        }
        Some((_, Verdict::Merged(_) | Verdict::Nothing { .. } | Verdict::Dropped { .. }))
        | None => {
            return;
        }
    };

    let command = feature::Command::RejectMerge {
        epoch,
        fault,
        paths,
        detail,
    };
    agenda.tell(teller.feature(view, id, &format!("reject {epoch}"), command));
}

/// What a holder whose work conflicts is to do.
fn conflict(base: Option<&Sha>, why: &str) -> String {
    let base = match base {
        Some(base) => base.as_str(),
        None => "an empty upstream",
    };

    format!(
        "Upstream was at {base}; merge it into the work and hand in again. It was sent back \
         because {why}."
    )
}

/// A feature locked for publishing: closed when its merge is upstream, unlocked when its candidate
/// was given up.
fn merging(
    view: &ProjectView,
    id: &FeatureId,
    submission: &Submission,
    candidate: &Sha,
    agenda: &mut Agenda,
) {
    let teller = Teller::of("integrate", view);
    let merge_queue = &view.merge_queue.state;
    if let Some((epoch, Verdict::Merged(merged))) = merge_queue.judged.get(id)
        && *epoch == submission.epoch
    {
        let closing = Closing::Merged {
            sha: merged.sha.clone(),
        };
        let command = feature::Command::Close {
            closing,
            by: "trunk".to_owned(),
        };
        agenda.tell(teller.feature(view, id, "close", command));
        return;
    }

    let mut batch = merge_queue.batch();
    if !batch.any(|entry| names(entry, id, submission) && is_locked_as(entry, candidate)) {
        let command = feature::Command::AbortMerge {
            candidate: candidate.clone(),
            why: "upstream moved before the candidate was published".to_owned(),
        };
        agenda.tell(teller.feature(view, id, &format!("abort {candidate}"), command));
    }
}

/// Whether this candidate of an entry is verified or on its way upstream.
fn is_locked_as(entry: &Entry, sha: &Sha) -> bool {
    match &entry.stage {
        merge_queue::Stage::Verified { candidate, .. }
        | merge_queue::Stage::Publishing { candidate } => candidate.sha == *sha,
        merge_queue::Stage::Queued
        | merge_queue::Stage::Built { .. }
        | merge_queue::Stage::Verifying { .. } => false,
    }
}

fn step_front(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    front: &Entry,
    agenda: &mut Agenda,
) {
    let merge_queue = &view.merge_queue.state;
    let tip = merge_queue.tip().unwrap_or(front);

    match &front.stage {
        merge_queue::Stage::Queued => {
            if may_try(view, front, observed, agenda) {
                build(view, front, agenda);
            }
        }
        merge_queue::Stage::Built { .. } if front.needs_approval() => {
            let entry = front.number;
            let command = merge_queue::Command::Hold { entry };
            let teller = Teller::of("integrate", view);
            agenda.tell(teller.merge_queue(view, &format!("hold {entry}"), command));
        }
        merge_queue::Stage::Built { .. } => {
            match merge_queue.joins(registered.settings.batch_max) {
                Some(next) => build(view, next, agenda),
                None if matches!(tip.stage, merge_queue::Stage::Built { .. }) => {
                    unverified(view, registered, tip, agenda)
                }
                None => {}
            }
        }
        merge_queue::Stage::Verifying { .. } => {}
        merge_queue::Stage::Verified { .. } => publish(view, tip, agenda),
        merge_queue::Stage::Publishing { .. } => {
            if may_try(view, front, observed, agenda) {
                agenda.act(Effect::Publish {
                    entry: tip.number,
                    attempt: halts(view),
                });
            }
        }
    }
}

/// Builds an entry's candidate; again after each halt, each move of upstream, each building.
fn build(view: &ProjectView, entry: &Entry, agenda: &mut Agenda) {
    agenda.act(Effect::Build {
        entry: entry.number,
        attempt: halts(view) + entry.moves + entry.builds,
    });
}

/// How often in a row the merge queue was halted.
fn halts(view: &ProjectView) -> u32 {
    match &view.merge_queue.state.halt {
        Some(halt) => halt.attempts,
        None => 0,
    }
}

/// A project that has nothing to verify with, and says that this is well.
fn unverified(view: &ProjectView, registered: &Registered, tip: &Entry, agenda: &mut Agenda) {
    let teller = Teller::of("integrate", view);

    if verification(registered, tip).is_none() && registered.settings.allow_unverified {
        let evidence = Evidence::NoneConfigured;
        let command = merge_queue::Command::RecordVerification {
            entry: tip.number,
            session: None,
            evidence,
        };
        agenda.tell(
            teller
                .merge_queue(view, "unverified", command)
                .given_project(view),
        );
    }
}

/// Every feature of the batch is locked, each with its own candidate; then upstream is moved to the
/// tip.
fn publish(view: &ProjectView, tip: &Entry, agenda: &mut Agenda) {
    let teller = Teller::of("integrate", view);
    let mut intend = teller.merge_queue(
        view,
        "publish",
        merge_queue::Command::IntendPublish { entry: tip.number },
    );
    let mut locked = true;

    for entry in view.merge_queue.state.batch() {
        let (
            EntryKind::Feature {
                feature: id, epoch, ..
            },
            Some(candidate),
        ) = (&entry.kind, entry.candidate())
        else {
            continue;
        };
        match view.feature(id).map(|known| &known.stage) {
            Some(Stage::Merging {
                candidate: begun, ..
            }) if *begun == candidate.sha => {
                let version = view.features.get(id).map(|t| t.version).unwrap_or_default();
                intend = intend.given(StreamId::Feature(view.name.clone(), id.clone()), version);
            }
            Some(Stage::Approved { submission }) if submission.epoch == *epoch => {
                let command = feature::Command::BeginMerge {
                    epoch: *epoch,
                    candidate: candidate.sha.clone(),
                };
                agenda.tell(teller.feature(view, id, &format!("begin {}", candidate.sha), command));
                locked = false;
            }
            Some(
                Stage::Open { .. }
                | Stage::Claimed { .. }
                | Stage::Submitted { .. }
                | Stage::Approved { .. }
                | Stage::Merging { .. }
                | Stage::Closed { .. }
                | Stage::Quarantined { .. }
                | Stage::Withdrawn,
            )
            | None => locked = false,
        }
    }

    if locked {
        agenda.tell(intend);
    }
}

/// The command that verifies an entry: the project's, else what the entry's own tree suggests.
pub fn verification<'a>(registered: &'a Registered, entry: &'a Entry) -> Option<&'a str> {
    registered
        .settings
        .verify
        .as_deref()
        .or(entry.changes.detected.as_deref())
}

/// Whether the pause after a halt is over, and the long one after upstream moved too often.
fn may_try(view: &ProjectView, front: &Entry, observed: &Observed, agenda: &mut Agenda) -> bool {
    match until::halted(&view.merge_queue.state, front, observed) {
        Some(until) => agenda.reached(observed.now, until),
        None => true,
    }
}

/// An entry whose feature is not waiting for it any more leaves the queue.
fn drop_orphan(view: &ProjectView, entry: &Entry, agenda: &mut Agenda) {
    let publishing = matches!(entry.stage, merge_queue::Stage::Publishing { .. });
    if publishing || is_waited_for(view, entry) {
        return;
    }

    let command = merge_queue::Command::Drop {
        entry: entry.number,
        why: "the feature does not wait for it any more".to_owned(),
    };
    let purpose = format!("drop {}", entry.number);
    agenda.tell(Teller::of("integrate", view).merge_queue(view, &purpose, command));
}

/// Whether what an entry brings is wanted still.
fn is_waited_for(view: &ProjectView, entry: &Entry) -> bool {
    match &entry.kind {
        EntryKind::Scaffold => true,
        EntryKind::Feature {
            feature: id, epoch, ..
        } => {
            let submission = view.feature(id).and_then(Known::submission);
            submission.is_some_and(|submission| submission.epoch == *epoch)
        }
        EntryKind::Revert {
            feature: id,
            commit,
            restores,
            ..
        } => match view.feature(id).map(|known| &known.stage) {
            Some(Stage::Closed { closing }) => !restores && closing.commit() == Some(commit),
            Some(Stage::Open { .. }) => *restores,
            Some(
                Stage::Claimed { .. }
                | Stage::Submitted { .. }
                | Stage::Approved { .. }
                | Stage::Merging { .. }
                | Stage::Quarantined { .. }
                | Stage::Withdrawn,
            )
            | None => false,
        },
    }
}
