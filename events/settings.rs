//! What a person decides about a project; every change is an event and takes effect at the next
//! assignment.

use serde::{Deserialize, Serialize};

pub use crate::agent::{AgentSpec, Dialect, RoleAgents};
use crate::codec::to_named;
use crate::egress::{EgressRule, RULES_MAX};
use crate::holder::Role;
use crate::protect;

/// Fewest milliseconds a limit may be set to: below that nothing could start.
pub const LIMIT_MS_MIN: u64 = 1_000;
/// Milliseconds between two rescues when nothing is said.
const RESCUE_MS: u64 = 120_000;
/// Milliseconds that what claims left stays when nothing is said: two weeks.
const KEEP_WORK_MS: u64 = 14 * 24 * 3_600_000;
/// Most candidates that may be verified as one.
pub const BATCH_MAX: u16 = 64;
/// Longest command line a setting may hold, in bytes.
pub const COMMAND_MAX: usize = 8 * 1024;

/// Most bytes of all settings together, as they are recorded: they are one event.
pub const SETTINGS_MAX: usize = 60 * 1024;

/// What one container gets of the host. Nothing here loosens what keeps it apart.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContainerLimits {
    /// Its image; none takes the server's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Memory in MiB, its work folder and `/tmp` included; there is no swap beyond it.
    pub memory_mib: u32,
    /// Of that, how much the work folder may take, in MiB.
    pub work_mib: u32,
    /// Thousandths of a processor.
    pub cpu_milli: u32,
    /// The number of processes and threads.
    pub pids: u32,
    /// Package caches that outlive it, in MiB: kept by project, trust and slot, and emptied at a
    /// start that finds more. 0 keeps none.
    #[serde(skip_serializing_if = "is_none")]
    pub cache_mib: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_none(mib: &u32) -> bool {
    *mib == 0
}

impl Default for ContainerLimits {
    fn default() -> Self {
        // An agent, its tools and a build of a mid-sized project; enough processes for a parallel
        // build, too few for a fork bomb to matter.
        Self {
            image: None,
            memory_mib: 4096,
            work_mib: 2048,
            cpu_milli: 2000,
            pids: 1024,
            cache_mib: 0,
        }
    }
}

impl ContainerLimits {
    /// Says what is wrong with these limits, if anything is.
    pub fn check(&self) -> Result<(), String> {
        let bounds = [
            ("memory_mib", self.memory_mib, 128, 1024 * 1024),
            ("work_mib", self.work_mib, 64, 1024 * 1024),
            ("cpu_milli", self.cpu_milli, 100, 512_000),
            ("pids", self.pids, 32, 65_536),
            ("cache_mib", self.cache_mib, 0, 1024 * 1024),
        ];
        for (name, value, least, most) in bounds {
            if !(least..=most).contains(&value) {
                return Err(format!(
                    "container.{name} is {value}, it has to be {least} to {most}"
                ));
            }
        }

        if self.work_mib > self.memory_mib {
            return Err(
                "container.work_mib is above container.memory_mib, of which it is a part"
                    .to_owned(),
            );
        }

        let odd = |image: &String| {
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:/@".contains(c);
            image.is_empty()
                || image.len() > 255
                || image.starts_with('-')
                || !image.chars().all(fits)
        };
        if self.image.as_ref().is_some_and(odd) {
            return Err("container.image is no name of an image".to_owned());
        }

        Ok(())
    }
}

/// A project's settings.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The agent for every role but the verifier; unset until a person chooses one.
    pub agent: AgentSpec,
    /// Agents of roles that do not take that one.
    #[serde(skip_serializing_if = "RoleAgents::is_empty")]
    pub agents: RoleAgents,
    /// What containers may reach beside their repository and their model; nothing, unless it is
    /// here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub egress: Vec<EgressRule>,
    /// Paths whose change a person has to approve before it is published; an empty list lets
    /// everything through.
    #[serde(skip_serializing_if = "is_usual")]
    pub protected: Vec<String>,
    /// Bytes one session may send and receive that way.
    pub egress_bytes_max: u64,
    /// What one container gets of the host.
    pub container: ContainerLimits,
    /// Shell command run in a fresh clone before the agent starts.
    pub setup: Option<String>,
    /// Shell command that decides whether a candidate may be published.
    pub verify: Option<String>,
    /// Candidates that are verified and published as one, at most. With 1 each tree that upstream
    /// ever has was verified by itself; with more only the last of each batch was.
    #[serde(skip_serializing_if = "is_single")]
    pub batch_max: u16,
    /// A change of what the verification command runs or obeys waits for a person, as a protected
    /// path does.
    #[serde(skip_serializing_if = "is_not")]
    pub hold_checks: bool,
    /// Merging without a verification command is accepted, and shown as unverified.
    pub allow_unverified: bool,
    /// What a coder has not committed is brought to safety this often, in milliseconds.
    #[serde(skip_serializing_if = "is_usual_rescue")]
    pub rescue_ms: u64,
    /// What claims left of a feature is kept this many milliseconds after the feature was closed or
    /// withdrawn.
    #[serde(skip_serializing_if = "is_usual_keep")]
    pub keep_work_ms: u64,
    /// A session ends after this many milliseconds.
    pub session_wall_ms: u64,
    /// A slot's claim expires this many milliseconds after the last sign of life.
    pub lease_ms: u64,
    /// An outside holder's claim expires this many milliseconds after the last sign of life.
    pub outside_lease_ms: u64,
    /// Draining becomes stopping after this many milliseconds.
    pub drain_ms: u64,
    /// Highest target that may be set.
    pub target_max: u16,
    /// The repository's issues follow the backlog, and what others change of them is taken in;
    /// undecided, until issues are imported from the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_issues: Option<bool>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_usual_rescue(ms: &u64) -> bool {
    *ms == RESCUE_MS
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_single(batch_max: &u16) -> bool {
    *batch_max == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_usual_keep(ms: &u64) -> bool {
    *ms == KEEP_WORK_MS
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_not(set: &bool) -> bool {
    !*set
}

fn is_usual(patterns: &[String]) -> bool {
    patterns == protect::usual()
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            agent: AgentSpec::of(Dialect::Unset),
            agents: RoleAgents::default(),
            egress: Vec::new(),
            protected: protect::usual(),
            egress_bytes_max: 2 * 1024 * 1024 * 1024,
            container: ContainerLimits::default(),
            setup: None,
            verify: None,
            batch_max: 1,
            hold_checks: false,
            allow_unverified: false,
            rescue_ms: RESCUE_MS,
            keep_work_ms: KEEP_WORK_MS,
            session_wall_ms: 2 * 3_600_000,
            lease_ms: 60_000,
            outside_lease_ms: 8 * 3_600_000,
            drain_ms: 20 * 60_000,
            target_max: 10,
            sync_issues: None,
        }
    }
}

impl Settings {
    /// Says what is wrong with these settings, if anything is.
    pub fn check(&self) -> Result<(), String> {
        self.check_times()?;
        if !(1..=BATCH_MAX).contains(&self.batch_max) {
            return Err(format!(
                "batch_max is {}, it has to be 1 to {BATCH_MAX}",
                self.batch_max
            ));
        }
        self.check_commands()?;
        self.check_agents()?;

        if self.egress.len() > RULES_MAX {
            return Err(format!(
                "egress has {} rules, at most {RULES_MAX} are taken",
                self.egress.len()
            ));
        }
        self.egress.iter().try_for_each(EgressRule::check)?;
        protect::check(&self.protected)?;
        self.container.check()?;

        self.fit()
    }

    fn check_times(&self) -> Result<(), String> {
        let times = [
            ("session_wall_ms", self.session_wall_ms),
            ("lease_ms", self.lease_ms),
            ("outside_lease_ms", self.outside_lease_ms),
            ("rescue_ms", self.rescue_ms),
            ("keep_work_ms", self.keep_work_ms),
        ];

        for (name, ms) in times {
            if ms < LIMIT_MS_MIN {
                return Err(format!("{name} is {ms}, at least {LIMIT_MS_MIN} is needed"));
            }
        }
        Ok(())
    }

    fn check_commands(&self) -> Result<(), String> {
        let commands = [("setup", &self.setup), ("verify", &self.verify)];

        for (name, command) in commands {
            let Some(line) = command else { continue };
            if line.trim().is_empty() || line.len() > COMMAND_MAX {
                return Err(format!("{name} is empty or above {COMMAND_MAX} bytes"));
            }
        }
        Ok(())
    }

    fn check_agents(&self) -> Result<(), String> {
        self.agent.check("agent")?;
        let own = [
            ("initializer", &self.agents.initializer),
            ("reviewer", &self.agents.reviewer),
            ("overseer", &self.agents.overseer),
        ];

        for (role, agent) in own {
            let Some(agent) = agent else { continue };
            agent.check(&format!("agents.{role}"))?;
            if !agent.is_chosen() {
                return Err(format!(
                    "agents.{role}.dialect is unset: leave the role out to have it take the \
                     project's agent"
                ));
            }
        }
        Ok(())
    }

    fn fit(&self) -> Result<(), String> {
        let size = to_named(self).len();
        if size > SETTINGS_MAX {
            return Err(format!(
                "the settings have {size} bytes together, at most {SETTINGS_MAX} are taken: \
                 shorten the egress rules, the \
                 protected paths or the commands"
            ));
        }
        Ok(())
    }

    /// Every agent that may work: the project's, and those that roles have of their own.
    pub fn all_agents(&self) -> impl Iterator<Item = &AgentSpec> {
        let agents = &self.agents;
        let own = [&agents.initializer, &agents.reviewer, &agents.overseer];
        std::iter::once(&self.agent).chain(own.into_iter().flatten())
    }

    /// The agent of a role.
    pub fn agent_of(&self, role: Role) -> &AgentSpec {
        self.agents.of(role).unwrap_or(&self.agent)
    }
}

#[cfg(test)]
mod tests;
