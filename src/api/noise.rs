//! What came from outside and led to nothing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What led to nothing since the server began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Noise {
    /// Hooks that were taken.
    pub hooks: u64,
    /// Hooks that had come before: upstream was not looked at again.
    pub hooks_repeated: u64,
    /// Hooks whose proof was not one of this project's secret.
    pub hooks_refused: u64,
    /// Pushes to refs that no claim names.
    pub pushes_refused: u64,
}
