//! Whether the work of a feature goes on towards upstream: what `integrate` owes it, or what is
//! missing before that.

use crate::feature::{self, Stage};
use crate::id::{FeatureId, Sha};
use crate::merge_queue::{self, Entry, EntryKind, MergeQueue};
use crate::policy::{AnyCommand, Effect, Owed};
use crate::stream::StreamId;
use crate::view::ProjectView;
use crate::why::decided::{decided, refused};
use crate::why::question::{About, Question};
use crate::why::record::Record;
use crate::why::telling::Telling;
use crate::why::why;
use crate::why::why_not::{gone, owed_now};
use crate::why::wish::{Answer, Prospect};

/// What publishing this feature's work would come to.
pub(super) fn would(record: Record<'_>, view: &ProjectView, id: &FeatureId) -> Answer {
    let question = Question {
        project: view.name.clone(),
        about: About::Feature(id.clone()),
    };
    let because = why(&question, record);
    let prospect = match gone(view) {
        Some(gone) => Prospect::Refused(refused(&gone)),
        None => prospect(record, view, id),
    };
    Answer { prospect, because }
}

fn prospect(record: Record<'_>, view: &ProjectView, id: &FeatureId) -> Prospect {
    let stage = view.feature(id).map(|known| &known.stage);
    let is_on_its_way = matches!(stage, Some(Stage::Approved { .. } | Stage::Merging { .. }));
    if !is_on_its_way {
        return turned_down(record, view, id);
    }

    let telling = Telling::new(record, view);
    let stream = StreamId::Feature(view.name.clone(), id.clone());
    let entries = numbers(&view.merge_queue.state, id);
    for (owed, _) in &telling.agenda.owed {
        let moves = match owed {
            Owed::Tell(tell) => tell.stream == stream || leads(&tell.command, id, &entries),
            Owed::Do(Effect::Build { entry: of, .. } | Effect::Publish { entry: of, .. }) => {
                entries.contains(of)
            }
            Owed::Do(_) => false,
        };
        if moves {
            return owed_now(record, view, owed);
        }
    }
    Prospect::Missing
}

/// The refusal of a feature that is not approved.
fn turned_down(record: Record<'_>, view: &ProjectView, id: &FeatureId) -> Prospect {
    let stream = StreamId::Feature(view.name.clone(), id.clone());
    let (epoch, candidate) = match view.feature(id) {
        Some(known) => (known.epoch, known.submission().map(|work| work.sha.clone())),
        None => (Default::default(), None),
    };

    let begin = feature::Command::BeginMerge {
        epoch,
        candidate: candidate.unwrap_or_else(nothing),
    };
    match decided(
        view,
        &stream,
        &AnyCommand::Feature(begin),
        record.observed.now,
    ) {
        Ok(foreseen) => Prospect::Accepted(foreseen),
        Err(refused) => Prospect::Refused(refused),
    }
}

/// The commit that there is none of.
fn nothing() -> Sha {
    let zeros = "0".repeat(40);
    zeros.parse().expect("a commit of forty digits")
}

/// The entry with the work of a feature, while it waits; in a batch, which is verified and
/// published by the name of its last, that as well.
fn numbers(merge_queue: &MergeQueue, id: &FeatureId) -> Vec<u64> {
    let is_own = |entry: &&Entry| match &entry.kind {
        EntryKind::Feature { feature, .. } => feature == id,
        EntryKind::Scaffold | EntryKind::Revert { .. } => false,
    };
    let own = merge_queue.waiting().filter(is_own);
    let mut numbers: Vec<_> = own.map(|entry| entry.number).collect();

    if merge_queue.batch().any(|entry| is_own(&entry)) {
        numbers.extend(merge_queue.tip().map(|tip| tip.number));
    }
    numbers
}

/// Whether a command to the merge queue leads this feature's work on.
fn leads(command: &AnyCommand, id: &FeatureId, entries: &[u64]) -> bool {
    let AnyCommand::MergeQueue(told) = command else {
        return false;
    };
    let of = match told {
        merge_queue::Command::Hold { entry }
        | merge_queue::Command::StartVerification { entry, .. }
        | merge_queue::Command::RecordVerification { entry, .. }
        | merge_queue::Command::IntendPublish { entry } => entries.contains(entry),
        _ => false,
    };
    of || command.enqueues() == Some(id)
}
