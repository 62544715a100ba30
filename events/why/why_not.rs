//! The answer to a question of why not: the real rules and the real policies, asked on the state at
//! the instant.

use crate::cause::Principal;
use crate::feature::event::Closing;
use crate::id::{FeatureId, ProjectName};
use crate::policy::{AnyCommand, Owed};
use crate::project::Project;
use crate::stream::StreamId;
use crate::view::{ProjectView, Projections};
use crate::why::claim;
use crate::why::decided::{decided, refused};
use crate::why::publish;
use crate::why::question::{About, Question, streams};
use crate::why::record::Record;
use crate::why::sentence::Sentence;
use crate::why::wish::{Answer, Deed, Prospect, Wish};
use crate::why::{Claimant, why};
use crate::{container, feature, merge_queue, project};

/// Under which name a person's command is tried: its events are shown and never recorded.
const BY: &str = "why-not";

/// Says whether something would happen at the instant, and if not, what refuses it or is missing.
pub fn why_not(wish: &Wish, record: Record<'_>) -> Answer {
    let name = &wish.project;
    let Some(view) = record.projections.projects.get(name) else {
        let refusal = project::Refusal::UnknownProject;
        return Answer {
            prospect: Prospect::Refused(refused(&refusal)),
            because: why(&about(wish), record),
        };
    };

    match &wish.deed {
        Deed::Claim { feature, by } => claim::would(record, view, feature, by),
        Deed::Merge(feature) => publish::would(record, view, feature),
        Deed::Close(_)
        | Deed::Reopen(_)
        | Deed::Requeue(_)
        | Deed::Start
        | Deed::Drain
        | Deed::Stop
        | Deed::Approve(_)
        | Deed::Resume
        | Deed::Reinstate(_) => {
            let because = why(&about(wish), record);
            asked(record, view, &wish.deed, because)
        }
    }
}

/// The streams whose events belong into the record of a wish.
pub fn streams_of_wish(wish: &Wish, projections: &Projections) -> Vec<StreamId> {
    let mut all = streams(&about(wish), projections);
    if let Deed::Claim {
        by: Claimant::Slot(n),
        ..
    } = &wish.deed
    {
        let slot = StreamId::Container(wish.project.clone(), *n);
        if !all.contains(&slot) {
            all.push(slot);
        }
    }
    all
}

/// What a wish is about.
fn about(wish: &Wish) -> Question {
    let about = match &wish.deed {
        Deed::Claim { feature, .. }
        | Deed::Merge(feature)
        | Deed::Close(feature)
        | Deed::Reopen(feature)
        | Deed::Requeue(feature) => About::Feature(feature.clone()),
        Deed::Start | Deed::Drain | Deed::Stop | Deed::Resume => About::Project,
        Deed::Approve(entry) => About::Merge(*entry),
        Deed::Reinstate(n) => About::Slot(*n),
    };
    let project = wish.project.clone();
    Question { project, about }
}

/// A person's command, asked of its rules.
fn asked(record: Record<'_>, view: &ProjectView, deed: &Deed, because: Vec<Sentence>) -> Answer {
    let prospect = match command(view, deed) {
        Some((stream, command)) => match decided(view, &stream, &command, record.observed.now) {
            Ok(foreseen) => Prospect::Accepted(foreseen),
            Err(refused) => Prospect::Refused(refused),
        },
        None => Prospect::Missing,
    };
    Answer { prospect, because }
}

/// The command that a person gives for a deed; none for those that policies lead.
fn command(view: &ProjectView, deed: &Deed) -> Option<(StreamId, AnyCommand)> {
    let (name, by) = (&view.name, BY.to_owned());
    let of = |id: &FeatureId, command| {
        let stream = StreamId::Feature(name.clone(), id.clone());
        Some((stream, AnyCommand::Feature(command)))
    };

    match deed {
        Deed::Claim { .. } | Deed::Merge(_) => None,
        Deed::Close(id) => {
            let closing = Closing::DoneElsewhere;
            of(id, feature::Command::Close { closing, by })
        }
        Deed::Reopen(id) => {
            let why = BY.to_owned();
            of(id, feature::Command::Reopen { why, by })
        }
        Deed::Requeue(id) => of(id, feature::Command::Requeue { by }),
        Deed::Start => {
            let has_features = !view.backlog.state.ids.is_empty();
            to_project(name, project::Command::Start { by, has_features })
        }
        Deed::Drain => to_project(name, project::Command::Drain { by }),
        Deed::Stop => to_project(name, project::Command::Stop { by }),
        Deed::Approve(entry) => {
            let entry = *entry;
            to_queue(name, merge_queue::Command::ApproveChange { entry, by })
        }
        Deed::Resume => to_queue(name, merge_queue::Command::Unhalt),
        Deed::Reinstate(n) => {
            let stream = StreamId::Container(name.clone(), *n);
            let command = container::Command::Reinstate { by };
            Some((stream, AnyCommand::Container(command)))
        }
    }
}

fn to_project(name: &ProjectName, command: project::Command) -> Option<(StreamId, AnyCommand)> {
    let stream = StreamId::Project(name.clone());
    Some((stream, AnyCommand::Project(command)))
}

fn to_queue(name: &ProjectName, command: merge_queue::Command) -> Option<(StreamId, AnyCommand)> {
    let stream = StreamId::MergeQueue(name.clone());
    Some((stream, AnyCommand::MergeQueue(command)))
}

/// What is owed, as a prospect: a command with what its rules would record, or an effect.
pub(super) fn owed_now(record: Record<'_>, view: &ProjectView, owed: &Owed) -> Prospect {
    match owed {
        Owed::Tell(tell) => {
            let now = record.observed.now;
            match decided(view, &tell.stream, &tell.command, now) {
                Ok(next) => Prospect::Owed {
                    policy: policy(&tell.cause.principal),
                    next,
                },
                Err(refused) => Prospect::Refused(refused),
            }
        }
        Owed::Do(effect) => Prospect::Begun {
            effect: effect.name(),
        },
    }
}

fn policy(by: &Principal) -> String {
    match by {
        Principal::Policy(name) => name.to_string(),
        Principal::Operator(_) | Principal::Session(_) | Principal::Node(_) => by.to_string(),
    }
}

/// Whether a project is there at all.
pub(super) fn gone(view: &ProjectView) -> Option<project::Refusal> {
    match &view.project.state {
        Project::Unknown => Some(project::Refusal::UnknownProject),
        Project::Deleted => Some(project::Refusal::Deleted),
        Project::Registered(_) => None,
    }
}

#[cfg(test)]
mod tests;
