//! Which story an effect belongs to: the event that it follows from, and the id under which all of
//! it is found in the log.

use events::id::CommandId;
use events::policy::Effect;
use events::stream::Position;
use events::view::{ProjectView, Subject, Tracked};
use tracing::Span;
use tracing::field::display;

/// Says in the log which story the effect belongs to.
pub(super) fn belongs_to(correlation: CommandId) {
    Span::current().record("correlation", display(correlation));
}

/// The newest event of a stream, and the story that it belongs to.
pub(super) fn newest<A>(tracked: &Tracked<A>) -> (Position, CommandId) {
    (tracked.position, tracked.correlation)
}

/// The event that an effect follows from. A claim is the beginning of its own story.
pub(super) fn source(view: &ProjectView, effect: &Effect) -> Option<(Position, CommandId)> {
    match effect {
        Effect::Clone { .. } | Effect::Admit { .. } => Some(newest(&view.project)),
        Effect::Create { .. } => Some(newest(&view.backlog)),
        Effect::ClaimFor { .. } => None,
        Effect::Assign { grant, .. } => granted(view, &grant.subject),
        Effect::Secure { feature, .. } => view.features.get(feature).map(newest),
        Effect::Build { .. } | Effect::Probe { .. } | Effect::Publish { .. } => {
            Some(newest(&view.merge_queue))
        }
    }
}

/// The event by which work on a subject was granted.
pub(super) fn granted(view: &ProjectView, subject: &Subject) -> Option<(Position, CommandId)> {
    match subject {
        Subject::Claim(id, _) | Subject::Review(id, _) => view.features.get(id).map(newest),
        Subject::Initialization | Subject::Oversight => Some(newest(&view.project)),
        Subject::Verification(_) | Subject::Head => Some(newest(&view.merge_queue)),
    }
}
