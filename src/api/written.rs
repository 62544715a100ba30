//! What every write has in common: a text that somebody says, and the answer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text, for comments and answers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// It.
    pub text: String,
}

/// The answer to a write.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Written {
    /// Where it is recorded.
    pub position: u64,
    /// Version of the written stream.
    pub version: u64,
    /// Ids it brought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// What a person should know of it, in words: what was found, and what could not be checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
