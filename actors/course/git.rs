//! What git comes to in another course: what it came to in the recorded one, for the same work.

use events::merge_queue::{self, Changes};
use events::policy::{AnyCommand, Effect};
use events::stream::StreamId;
use events::view::ProjectView;

use super::record::{Record, candidate_of, rebased, work};
use crate::effects::merge_plan::{answered, publication, spec};
use crate::ports::repo::Built;
use events::id::Timestamp;

/// Whether an effect may end with an event of this stream and type.
pub(super) fn may_record(effect: &Effect, stream: &StreamId, kind: &str) -> bool {
    match (effect, stream) {
        (Effect::Clone { .. }, StreamId::Project(_)) => {
            matches!(kind, "project.cloned" | "project.clone_failed")
        }
        (Effect::Admit { .. }, StreamId::Backlog(_)) => kind == "backlog.admitted",
        (Effect::Create { id, .. }, StreamId::Feature(_, of)) => {
            id == of && kind == "feature.created"
        }
        (Effect::ClaimFor { .. }, StreamId::Feature(..)) => kind == "feature.claimed",
        (Effect::Assign { grant, .. }, StreamId::Container(_, n)) => {
            grant.slot_session.n == *n && kind == "container.assigned"
        }

        (Effect::Secure { feature, .. }, StreamId::Feature(_, of)) => {
            feature == of && matches!(kind, "feature.work_secured" | "feature.work_lost")
        }
        (Effect::Build { .. }, StreamId::MergeQueue(_)) => matches!(
            kind,
            "trunk.candidate_built"
                | "trunk.dequeued"
                | "trunk.found_empty"
                | "trunk.upstream_moved"
                | "trunk.batch_closed"
                | "trunk.halted"
        ),
        (Effect::Probe { .. }, StreamId::MergeQueue(_)) => kind == "trunk.probed",
        (Effect::Publish { .. }, StreamId::MergeQueue(_)) => {
            matches!(
                kind,
                "trunk.advanced" | "trunk.upstream_moved" | "trunk.halted"
            )
        }
        _ => false,
    }
}

/// How often each work was built in a course.
pub(super) type Times = std::collections::HashMap<String, usize>;

impl Record {
    /// What building an entry comes to, and how the merge queue is told: what came of this work
    /// when it was built as many times before, on the base that there is now.
    pub(super) fn build(
        &self,
        view: &ProjectView,
        entry: u64,
        (now, times): (Timestamp, &mut Times),
    ) -> Option<merge_queue::Command> {
        let (spec, _, _) = spec(view, entry, now)?;
        let waiting = view.merge_queue.state.waiting();
        let kind = &waiting.into_iter().find(|one| one.number == entry)?.kind;
        let name = work(kind);

        let before = times.entry(name.clone()).or_default();
        let results = self.built.get(&name);
        let result = results.and_then(|all| all.get(*before).or_else(|| all.last()));
        *before += 1;

        let base = spec.base.as_ref();
        let built = match result {
            Some(Built::Candidate(candidate, changes)) => {
                Built::Candidate(rebased(candidate, base)?, changes.clone())
            }
            Some(other) => other.clone(),
            // Work that nobody built: it merges.
            None => Built::Candidate(candidate_of(&name, base)?, Changes::default()),
        };
        answered(view, &spec, Ok(built))
    }
}

/// What publishing an entry comes to: upstream takes it.
pub(super) fn publish(view: &ProjectView, entry: u64) -> Option<AnyCommand> {
    publication(view, entry)?;
    let command = merge_queue::Command::RecordAdvanced { entry };
    Some(AnyCommand::MergeQueue(command))
}

#[cfg(test)]
mod tests;
