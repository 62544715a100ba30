//! What a person has to do, as the standing of a project has it, with the events that it goes back
//! to.

use crate::id::FeatureId;
use crate::merge_queue::{EntryKind, Event};
use crate::stream::{Position, StreamId};
use crate::view::{Need, NeedKind, ProjectView, Remedy};
use crate::why::merge;
use crate::why::record::Record;
use crate::why::sentence::Sentence;
use crate::why::telling::Telling;

/// Everything in a project that a person has to do, each with the sentence that says so.
pub fn needs(record: Record<'_>, view: &ProjectView) -> Vec<(Need, Sentence)> {
    let mut telling = Telling::new(record, view);
    let needs = view.standing().needs_you;
    for need in &needs {
        tell(&mut telling, need);
    }
    needs.into_iter().zip(telling.done()).collect()
}

/// Says one of them.
pub(super) fn tell(telling: &mut Telling<'_>, need: &Need) {
    let (stream, at) = match need.kind {
        NeedKind::Copy
        | NeedKind::Initialization
        | NeedKind::Oversight
        | NeedKind::Outside
        | NeedKind::Target
        | NeedKind::Stuck => (telling.project(), of_project(telling, need)),
        NeedKind::Verification
        | NeedKind::Verifiers
        | NeedKind::Trunk
        | NeedKind::Upstream
        | NeedKind::Held
        | NeedKind::Undo => (telling.merge_queue(), of_queue(telling, need)),
        NeedKind::Feature | NeedKind::Question | NeedKind::Aside | NeedKind::Epic => {
            of_feature(telling, need)
        }
        NeedKind::Slot => of_slot(telling, need),
        NeedKind::Idle => {
            let stream = telling.backlog();
            let at = telling.seen(&stream, &["backlog.withdrawn"]);
            (stream, at)
        }
    };

    let remedy = need.remedy.clone();
    telling.ask(remedy, need.text.clone(), &stream, at);
}

fn of_project(telling: &Telling<'_>, need: &Need) -> Option<Position> {
    let names: &[&str] = match need.kind {
        NeedKind::Copy => &["project.clone_failed"],
        NeedKind::Initialization => &["project.initialization_lapsed"],
        NeedKind::Oversight => &["project.oversight_lapsed", "project.milestone_settled"],
        NeedKind::Target => &["project.target_set"],
        NeedKind::Outside => return of_trouble(telling, need),
        // Nothing that the projections hold: whoever counts failures tells it.
        _ => &[],
    };
    telling.seen(&telling.project(), names)
}

fn of_trouble(telling: &Telling<'_>, need: &Need) -> Option<Position> {
    let registered = telling.view.registered()?;
    let mut troubles = registered.troubles.iter();
    let trouble = troubles.find(|trouble| trouble.told() == need.text);
    trouble.map(|trouble| trouble.seen)
}

fn of_queue(telling: &Telling<'_>, need: &Need) -> Option<Position> {
    let health = &telling.view.merge_queue.state.health;
    let name = match (need.kind, &need.remedy) {
        (NeedKind::Verification, Remedy::SetVerification) => "trunk.candidate_built",
        (NeedKind::Verification | NeedKind::Trunk, _) => "trunk.head_failed",
        (NeedKind::Verifiers, _) if need.text.ends_with(&format!("itself, {}", health.lapses)) => {
            "trunk.head_verification_lapsed"
        }
        (NeedKind::Verifiers, _) => "trunk.verification_lapsed",
        (_, Remedy::Approve { entry }) => return merge::seen(telling, *entry, "trunk.held"),
        (_, Remedy::Undo { feature }) => return of_undoing(telling, feature),
        (_, _) => "trunk.halted",
    };

    telling.seen(&telling.merge_queue(), &[name])
}

/// The end of the entry that was to take a feature out, or to bring it back.
fn of_undoing(telling: &Telling<'_>, id: &FeatureId) -> Option<Position> {
    let stream = telling.merge_queue();
    let undoes = |event: &Event| match event {
        Event::Queued(queued) => {
            matches!(&queued.kind, EntryKind::Revert { feature, .. } if feature == id)
        }
        _ => false,
    };
    let (_, queued) = telling.found(&stream, &["trunk.queued"], undoes)?;

    let number = merge::of_entry(&queued)?;
    let (at, _) = merge::end(telling, number)?;
    Some(at)
}

fn of_feature(telling: &Telling<'_>, need: &Need) -> (StreamId, Option<Position>) {
    let Some(id) = need.remedy.feature() else {
        return (telling.backlog(), None);
    };
    let names: &[&str] = match need.kind {
        NeedKind::Feature => &["feature.quarantined"],
        NeedKind::Question => &["feature.question_asked"],
        NeedKind::Aside => &["feature.set_aside"],
        _ => &["feature.edited", "feature.created"],
    };

    let stream = telling.feature(id);
    let at = telling.seen(&stream, names);
    (stream, at)
}

fn of_slot(telling: &Telling<'_>, need: &Need) -> (StreamId, Option<Position>) {
    let Some(n) = need.remedy.slot() else {
        return (telling.project(), None);
    };
    let stream = telling.slot(n);
    let at = telling.seen(&stream, &["container.quarantined", "container.withheld"]);
    (stream, at)
}

#[cfg(test)]
mod tests;
