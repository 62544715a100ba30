//! A project's upstream on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A project's upstream.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UpstreamShape {
    /// The address of the repository.
    pub git_url: String,
    /// Its branch; none before it was copied.
    pub branch: Option<String>,
    /// Its commit as far as we know; none when it is empty.
    pub head: Option<String>,
    /// Why it cannot be used, and what to do.
    pub trouble: Option<String>,
    /// Keys of its host that were pinned when they were seen first: `host type fingerprint`.
    pub host_keys: Vec<String>,
}

/// What a forge is given, so that it can say when somebody pushed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HookShape {
    /// Where it posts to, below this server's address.
    pub path: String,
    /// What it signs with.
    pub secret: String,
}

/// A rewritten branch is taken as it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptUpstream {
    /// The commit that upstream was seen at.
    pub sha: String,
}

/// Upstream has another address.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveUpstream {
    /// Where the repository is now.
    pub git_url: String,
}

/// A branch that is gone is followed under another name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowBranch {
    /// Its name now; none takes what upstream names its own.
    #[serde(default)]
    pub branch: Option<String>,
}
