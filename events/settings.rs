//! What a person decides about a project; every change is an event and takes effect at the next assignment.

use serde::{Deserialize, Serialize};

/// Fewest milliseconds a limit may be set to: below that nothing could start.
pub const LIMIT_MS_MIN: u64 = 1_000;
/// Longest command line a setting may hold, in bytes.
pub const COMMAND_MAX: usize = 8 * 1024;

/// How an agent CLI is spoken to.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// The deterministic scripted agent inside the binary.
    Script,
    /// Any command line: prompt on standard input, output as text.
    Command,
}

/// Which agent works, and how it is started.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentSpec {
    /// How its output is read.
    pub dialect: Dialect,
    /// The command line, for [`Dialect::Command`].
    #[serde(default)]
    pub command: Option<String>,
    /// Model id, handed to the agent as it is.
    #[serde(default)]
    pub model: Option<String>,
}

/// A project's settings.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The agent for every role but the verifier.
    pub agent: AgentSpec,
    /// Shell command run in a fresh clone before the agent starts.
    pub setup: Option<String>,
    /// Shell command that decides whether a candidate may be published.
    pub verify: Option<String>,
    /// Merging without a verification command is accepted, and shown as unverified.
    pub allow_unverified: bool,
    /// A session ends after this many milliseconds.
    pub session_wall_ms: u64,
    /// A berth's claim expires this many milliseconds after the last sign of life.
    pub lease_ms: u64,
    /// An outside holder's claim expires this many milliseconds after the last sign of life.
    pub outside_lease_ms: u64,
    /// Draining becomes stopping after this many milliseconds.
    pub drain_ms: u64,
    /// Highest target that may be set.
    pub target_max: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            agent: AgentSpec { dialect: Dialect::Script, command: None, model: None },
            setup: None,
            verify: None,
            allow_unverified: false,
            session_wall_ms: 2 * 3_600_000,
            lease_ms: 60_000,
            outside_lease_ms: 8 * 3_600_000,
            drain_ms: 20 * 60_000,
            target_max: 10,
        }
    }
}

impl Settings {
    /// Says what is wrong with these settings, if anything is.
    pub fn check(&self) -> Result<(), String> {
        for (name, ms) in
            [("session_wall_ms", self.session_wall_ms), ("lease_ms", self.lease_ms), ("outside_lease_ms", self.outside_lease_ms)]
        {
            if ms < LIMIT_MS_MIN {
                return Err(format!("{name} is {ms}, at least {LIMIT_MS_MIN} is needed"));
            }
        }
        let commands = [("setup", &self.setup), ("verify", &self.verify), ("agent.command", &self.agent.command)];
        for (name, command) in commands {
            if command.as_ref().is_some_and(|c| c.trim().is_empty() || c.len() > COMMAND_MAX) {
                return Err(format!("{name} is empty or above {COMMAND_MAX} bytes"));
            }
        }
        match (self.agent.dialect, &self.agent.command) {
            (Dialect::Command, None) => Err("agent.dialect \"command\" needs agent.command".to_owned()),
            (Dialect::Script, Some(_)) => Err("agent.dialect \"script\" takes no agent.command".to_owned()),
            (Dialect::Command, Some(_)) | (Dialect::Script, None) => Ok(()),
        }
    }
}
