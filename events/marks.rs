//! Marks: the events that a person would look for in a run, and why.

use serde::{Deserialize, Serialize};

use crate::cause::Principal;

/// A reason to look for an event.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// Part of the way is done.
    Milestone,
    /// Something went wrong.
    Incident,
    /// Somebody waits for a person.
    Needs,
    /// A person did something.
    Person,
}

/// Why a person would look for an event of this type, if one would.
pub fn mark_of(kind: &str, principal: &Principal) -> Option<MarkKind> {
    let by_person = matches!(principal, Principal::Operator(_));

    match kind {
        "project.milestone_settled" | "project.completed" | "project.initialized" => {
            Some(MarkKind::Milestone)
        }
        "trunk.halted"
        | "trunk.head_failed"
        | "container.quarantined"
        | "feature.quarantined"
        | "feature.work_lost"
        | "node.books_diverged" => Some(MarkKind::Incident),
        "feature.question_asked" | "trunk.held" => Some(MarkKind::Needs),
        "project.started"
        | "project.resumed"
        | "project.stopped"
        | "project.drain_requested"
        | "project.target_set"
        | "trunk.change_approved"
        | "trunk.change_refused"
        | "feature.question_answered"
            if by_person =>
        {
            Some(MarkKind::Person)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types that are named above.
    const MARKED: usize = 19;

    /// A type that does not exist would never be found.
    #[test]
    fn what_is_marked_exists() {
        let by = Principal::Operator("ann".into());
        let known = crate::registry::registry().expect("kinds");
        let marked = known.keys().filter(|kind| mark_of(kind, &by).is_some());
        assert_eq!(marked.count(), MARKED, "of {:?}", known.keys());
    }
}
