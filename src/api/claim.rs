//! Claims by people and their own agents on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A request to claim.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewClaim {
    /// Who works on it: 1 to 64 of a-z, A-Z, 0-9, '.', '_', '@' and '-'. The caller, if nothing is
    /// said.
    pub holder: Option<String>,
}

/// A claim that was granted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClaimShape {
    /// The feature that this is about.
    pub feature: String,
    /// Which claim: it goes with everything done under it.
    pub epoch: u64,
    /// The name of the holder.
    pub holder: String,
    /// The branch to push to.
    pub branch: String,
    /// The commit to start from; none in an empty repository.
    pub base: Option<String>,
    /// Path of the gate on this server, for git.
    pub gate: String,
    /// Where it is recorded.
    pub position: u64,
    /// Version of the feature's stream.
    pub version: u64,
}

/// A sign of life.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// The number of the claim.
    pub epoch: u64,
    /// Whose; the caller, if nothing is said.
    #[serde(default)]
    pub holder: Option<String>,
}

/// How long a claim stands without another sign of life.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Leased {
    /// Milliseconds.
    pub lease_ms: u64,
}

/// A claim given back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The number of the claim.
    pub epoch: u64,
    /// The reason, in words for people.
    pub reason: String,
    /// Whose; the caller, if nothing is said.
    #[serde(default)]
    pub holder: Option<String>,
}

/// Work handed in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// The number of the claim.
    pub epoch: u64,
    /// The pushed commit.
    pub sha: String,
    /// Whose; the caller, if nothing is said.
    #[serde(default)]
    pub holder: Option<String>,
}
