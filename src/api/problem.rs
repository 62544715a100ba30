//! A problem as it goes over the wire, whatever carries it: HTTP on a port, a session's door.

use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of every error.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A problem as RFC 9457 has it, with a stable code.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProblemShape {
    /// Always `about:blank`: the code says more.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The status.
    pub status: u16,
    /// The stable code, for programs.
    pub code: String,
    /// What was wrong, and what to do.
    pub detail: String,
}

impl ProblemShape {
    /// A problem with this status.
    pub fn of(status: u16, code: &str, detail: &str) -> Self {
        let known = StatusCode::from_u16(status).ok();
        let title = known.and_then(|status| status.canonical_reason());
        Self {
            kind: "about:blank".to_owned(),
            title: title.unwrap_or_default().to_owned(),
            status,
            code: code.to_owned(),
            detail: detail.to_owned(),
        }
    }
}
