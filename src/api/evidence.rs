//! Evidence on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A piece of what stands behind "done".
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EvidenceShape {
    /// Spec, backlog, prompt, verdict, verification, report, or the end of a session.
    pub what: String,
    /// The event that names it.
    pub position: u64,
    /// When that was recorded.
    pub at: String,
    /// The session it comes from; its transcript has everything that was printed.
    pub session: Option<String>,
    /// The text behind it, at `/evidence/{digest}`.
    pub digest: Option<String>,
    /// The text itself, where the event holds it.
    pub text: Option<String>,
}
