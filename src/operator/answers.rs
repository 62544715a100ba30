//! Answers that all verbs give alike: what was recorded, what there is not, and which words cannot
//! be taken.

use actors::host::ExecuteError;
use actors::rejection::Rejection;
use events::log::Receipt;
use events::{feature, project};

use crate::api::Written;

/// What a verb answers, or why it was rejected.
pub(super) type Done<T> = Result<T, Rejection>;

pub(super) fn unknown_project() -> Rejection {
    ExecuteError::refused(&project::Refusal::UnknownProject).into()
}

pub(super) fn unknown_feature() -> Rejection {
    ExecuteError::refused(&feature::Refusal::UnknownFeature).into()
}

pub(super) fn written(receipt: &Receipt) -> Written {
    Written {
        position: receipt.position.0,
        version: receipt.version.0,
        ids: vec![],
        notes: vec![],
    }
}

/// What a person said of something, as it is recorded: words, and no more of them than are kept,
/// for nobody who speaks is cut without a word.
pub(super) fn said(what: &str, text: &str, max: usize) -> Done<String> {
    if text.trim().is_empty() {
        let why = format!("the {what} is empty: say it in words, for whoever reads it later");
        return Err(Rejection::invalid(why));
    }
    if text.len() > max {
        let length = text.len();
        let why = format!("the {what} has {length} bytes, at most {max} are allowed");
        return Err(Rejection::invalid(why));
    }

    Ok(text.to_owned())
}
