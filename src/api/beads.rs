//! Issues of Beads on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Issues to take in.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BeadsFile {
    /// Lines of an `issues.jsonl`; without them those of the repository are taken.
    pub text: Option<String>,
}

/// What became of them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BeadsTaken {
    /// Features that were made.
    pub taken: usize,
    /// Issues that were there already.
    pub present: usize,
    /// Ids that the file holds more than once: of each, the line that was changed last counts.
    pub twice: Vec<String>,
    /// Dependencies that could not be taken: on issues that are not in the file, or in a circle.
    pub left_out: Vec<LeftOut>,
    /// What new features could not be as their lines have it; of those that were there already
    /// nothing is said.
    #[serde(default)]
    pub fitted: Vec<Fitted>,
}

/// Something that a feature is otherwise than its issue.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Fitted {
    /// The issue.
    pub issue: String,
    /// What became another thing, or was left out.
    pub what: String,
}

/// A dependency that was left out.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    /// The issue that waits.
    pub issue: String,
    /// For which.
    pub on: String,
}

/// What an exchange came to.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct BeadsSynced {
    /// Features that were made of new issues.
    pub taken: usize,
    /// Features that their issues asked something of.
    pub changed: usize,
    /// What stays as it is here although it was changed there; said on the features as well.
    pub conflicts: Vec<BeadsConflict>,
    /// What was written then.
    pub published: BeadsPublished,
}

/// What was changed there and stays as it is here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BeadsConflict {
    /// The feature.
    pub feature: String,
    /// The field that differs, and what became of it.
    pub what: String,
}

/// An export that was published.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct BeadsPublished {
    /// The branch.
    pub branch: String,
    /// Its commit now.
    pub sha: String,
    /// Whether it is a new one.
    pub changed: bool,
}

/// What was taken over from a repository that ZeroCoder worked on.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Adopted {
    /// Whether its spec is a new one.
    pub spec: bool,
    /// Its issues, if it has any.
    pub issues: Option<BeadsTaken>,
    /// Files that nobody reads any more; prompts of your own go to `.supercargo/prompts/ROLE.md`.
    pub unused: Vec<String>,
}
