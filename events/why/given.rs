//! Work that was given to a session, in words, and where that is recorded.

use crate::stream::{Position, StreamId};
use crate::view::grants::{Grant, Subject};
use crate::why::telling::Telling;

/// What a grant is about, and where it is recorded.
pub(super) fn recorded(
    telling: &Telling<'_>,
    grant: &Grant,
) -> (String, StreamId, Option<Position>) {
    let (what, stream, names): (_, _, &[&str]) = match &grant.subject {
        Subject::Claim(id, epoch) => (
            format!("claim {epoch} of {id}"),
            telling.feature(id),
            &["feature.claimed"],
        ),
        Subject::Review(id, epoch) => (
            format!("the review of claim {epoch} of {id}"),
            telling.feature(id),
            &["feature.review_started"],
        ),
        Subject::Initialization => (
            "the initialization".to_owned(),
            telling.project(),
            &["project.initialization_started"],
        ),
        Subject::Oversight => (
            "the oversight".to_owned(),
            telling.project(),
            &["project.oversight_started"],
        ),
        Subject::Verification(entry) => (
            format!("the verification of entry {entry}"),
            telling.merge_queue(),
            &["trunk.verification_started"],
        ),
        Subject::Head => (
            "the verification of the trunk itself".to_owned(),
            telling.merge_queue(),
            &["trunk.head_verification_started"],
        ),
    };

    let at = telling.seen(&stream, names);
    (what, stream, at)
}
