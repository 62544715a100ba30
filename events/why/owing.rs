//! Which event made it so that a command is owed. The cause of a policy's command is the newest
//! event of the stream that it is for, which need not be the one that it follows from.

use crate::feature::{self, Stage};
use crate::id::{FeatureId, SessionId, SlotNo};
use crate::merge_queue;
use crate::policy::{AnyCommand, Tell};
use crate::project;
use crate::stream::{Position, StreamId};
use crate::view::ProjectView;
use crate::why::merge;
use crate::why::queued::STAGING;
use crate::why::telling::Telling;
use crate::{container, merge_queue::EntryKind};

/// Where the event is that made a command owed; none where no single event shows it.
pub(super) fn made_owed(telling: &Telling<'_>, tell: &Tell) -> Option<Position> {
    match (&tell.command, &tell.stream) {
        (AnyCommand::Project(command), _) => of_project(telling, command),
        (AnyCommand::Feature(command), StreamId::Feature(_, id)) => {
            of_feature(telling, id, command)
        }
        (AnyCommand::Container(command), StreamId::Container(_, n)) => {
            of_slot(telling, *n, command)
        }
        (AnyCommand::MergeQueue(command), _) => of_queue(telling, command),
        (
            AnyCommand::Backlog(_)
            | AnyCommand::Feature(_)
            | AnyCommand::Container(_)
            | AnyCommand::Node(_)
            | AnyCommand::Subscription(_),
            _,
        ) => None,
    }
}

fn of_project(telling: &Telling<'_>, command: &project::Command) -> Option<Position> {
    use project::Command::*;
    let seen = |names| telling.seen(&telling.project(), names);

    match command {
        DueInitialization => seen(&["project.spec_written"]),
        StartInitialization { .. } => seen(&["project.initialization_due"]),
        StartOversight { .. } => seen(&["project.final_verification_due", "project.milestone_due"]),
        FinishInitialization { .. } => seen(&["project.backlog_proposed"]),
        Stop { .. } => seen(&["project.drain_requested"]),
        DueMilestone { .. } | DueFinal { .. } => {
            let last = last_closed(telling.view)?;
            telling.seen(&telling.feature(last), &["feature.closed"])
        }
        LapseInitialization { session, .. } | LapseOversight { session, .. } => {
            end_of(telling, session)
        }
        _ => None,
    }
}

/// The feature that was closed last.
pub(super) fn last_closed(view: &ProjectView) -> Option<&FeatureId> {
    let closed = view.known().filter_map(|(id, known, _)| {
        let tracked = view.features.get(id)?;
        matches!(known.stage, Stage::Closed { .. }).then_some((tracked.position, id))
    });
    closed.max().map(|(_, id)| id)
}

/// The end of a session, in the stream of the slot that it had.
fn end_of(telling: &Telling<'_>, session: &SessionId) -> Option<Position> {
    let record = telling.view.sessions.get(session)?;
    let own = |event: &container::event::Event| match event {
        container::event::Event::SessionEnded(event) => event.session == *session,
        _ => false,
    };
    let stream = telling.slot(record.n);
    let found = telling.found(&stream, &["container.session_ended"], own);
    found.map(|(at, _)| at)
}

fn of_feature(
    telling: &Telling<'_>,
    id: &FeatureId,
    command: &feature::Command,
) -> Option<Position> {
    use feature::Command::*;
    let stream = telling.feature(id);

    match command {
        StartReview { .. } => telling.seen(&stream, &["feature.submitted"]),
        Expire { .. } => telling.seen(&stream, &["feature.claimed"]),
        Block { by } | Unblock { by } => telling.seen(&telling.feature(by), STAGING),
        LapseReview { session, .. } => end_of(telling, session),
        Release { .. } => {
            let known = telling.view.feature(id)?;
            let Stage::Claimed { holder, .. } = &known.stage else {
                return None;
            };
            end_of(telling, holder.session()?)
        }
        BeginMerge { .. } => {
            let tip = telling.view.merge_queue.state.tip()?;
            merge::seen(telling, tip.number, "trunk.verified")
        }
        Close { .. } | RejectMerge { .. } | AbortMerge { .. } | TakeOut { .. } => {
            ended_for(telling, id)
        }
        _ => None,
    }
}

/// The newest end of an entry that was for a feature.
fn ended_for(telling: &Telling<'_>, id: &FeatureId) -> Option<Position> {
    let own = |kind: &EntryKind| match kind {
        EntryKind::Feature { feature, .. } | EntryKind::Revert { feature, .. } => feature == id,
        EntryKind::Scaffold => false,
    };
    let joined = |event: &merge_queue::Event| match event {
        merge_queue::Event::Queued(event) => own(&event.kind),
        _ => false,
    };

    let (_, joined) = telling.found(&telling.merge_queue(), &["trunk.queued"], joined)?;
    merge::end(telling, merge::of_entry(&joined)?).map(|(at, _)| at)
}

fn of_slot(telling: &Telling<'_>, n: SlotNo, command: &container::Command) -> Option<Position> {
    use container::Command::*;
    let seen = |names| telling.seen(&telling.slot(n), names);

    match command {
        Enlist | Dismiss => {
            let names = ["project.target_set", "project.registered"];
            telling.seen(&telling.project(), &names)
        }
        RequestStart { .. } => {
            let names = [
                "container.assigned",
                "container.start_failed",
                "container.lost",
            ];
            seen(&names)
        }
        _ => None,
    }
}

fn of_queue(telling: &Telling<'_>, command: &merge_queue::Command) -> Option<Position> {
    use merge_queue::Command::*;

    let of_entry = |entry, name| merge::seen(telling, entry, name);

    match command {
        Open { .. } => telling.seen(&telling.project(), &["project.cloned"]),
        Enqueue { kind, .. } => match kind {
            EntryKind::Feature { feature, .. } | EntryKind::Revert { feature, .. } => {
                telling.seen(&telling.feature(feature), STAGING)
            }
            EntryKind::Scaffold => telling.seen(&telling.merge_queue(), &["trunk.opened"]),
        },
        StartVerification { entry, .. } | RecordVerification { entry, .. } | Hold { entry } => {
            of_entry(*entry, "trunk.candidate_built")
        }
        IntendPublish { entry } => of_entry(*entry, "trunk.verified"),
        StartHeadVerification { .. } => {
            let names = ["trunk.head_failed", "trunk.verification_doubted"];
            telling.seen(&telling.merge_queue(), &names)
        }
        LapseVerification { session, .. } | LapseHeadVerification { session, .. } => {
            end_of(telling, session)
        }
        _ => None,
    }
}
