//! Diffs as answers: text that is shown and never interpreted.

use actix_web::HttpResponse;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, Seen};
use crate::operator::HowMuch;

/// How much of a change is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct Diff {
    /// The files and how much of each, without the lines.
    stat: bool,
    /// One file or folder alone.
    path: Option<String>,
    /// Wait until this position is folded.
    after: u64,
}

impl Diff {
    /// What is asked for, and what has to be seen before.
    pub(super) fn parts(self) -> (HowMuch, Seen) {
        let much = HowMuch {
            stat: self.stat,
            path: self.path,
        };
        let seen = Seen {
            after: self.after,
            at: None,
        };
        (much, seen)
    }
}

/// A diff: foreign bytes, as text and nothing else.
pub(super) fn as_diff(text: Vec<u8>) -> Answer {
    Ok(HttpResponse::Ok()
        .content_type("text/x-diff")
        .insert_header(("x-content-type-options", "nosniff"))
        .body(text))
}
