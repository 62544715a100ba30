//! How much of the log one session may take with its words: so many features, so many comments.
//! What was recorded counts, and outlives a restart.
//!
//! These are looked at on the view, before a command is made. They are exact all the same: whoever
//! serves a session carries out one word of it at a time, and waits until the view holds it.

use super::NotAllowed;
use crate::id::SessionId;
use crate::view::ProjectView;

/// Comments of one session that are recorded.
pub const COMMENTS_MAX: u32 = 100;
/// Bytes of all of them together: a long report in many parts.
pub const COMMENT_BYTES_MAX: u64 = 256 * 1024;

/// Whether a session that may bring so many features may bring another batch.
pub fn may_bring(view: &ProjectView, session: &SessionId, most: u32) -> Result<(), NotAllowed> {
    let record = view.sessions.get(session);
    let count = record.map_or(0, |record| record.brought);
    if count < most {
        Ok(())
    } else {
        Err(NotAllowed::Brought { count })
    }
}

/// Whether a session may write a comment of this length.
pub fn may_comment(
    view: &ProjectView,
    session: &SessionId,
    length: usize,
) -> Result<(), NotAllowed> {
    let record = view.sessions.get(session);
    let said = record.map(|record| record.comments).unwrap_or_default();

    let room = COMMENT_BYTES_MAX.saturating_sub(said.bytes);
    if said.count < COMMENTS_MAX && length as u64 <= room {
        Ok(())
    } else {
        Err(NotAllowed::Commented {
            count: said.count,
            bytes: said.bytes,
            most: COMMENTS_MAX,
            most_bytes: COMMENT_BYTES_MAX,
        })
    }
}
