//! Projects on the wire.

use actors::ports::repo::Credential;
use events::egress::EgressRule;
use events::id::ProjectName;
use events::project::{Intent, ProjectKind, Repository};
use events::settings::{AgentSpec, ContainerLimits, RoleAgents, Settings};
use events::view::{Need, ProjectView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time;

/// A new project.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    /// Its name, for ever.
    pub name: String,
    /// Its upstream.
    pub git_url: String,
    /// The kind: new, or with a life of its own.
    pub kind: ProjectKind,
    /// Text of the spec.
    #[serde(default)]
    pub spec: Option<String>,
    /// What upstream asks for; kept apart from the log.
    #[serde(default)]
    pub credential: Option<CredentialShape>,
}

/// What upstream asks for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CredentialShape {
    /// For https.
    Token {
        /// The user it belongs to; many hosts take any.
        #[serde(default = "any_user")]
        user: String,
        /// The token or password.
        token: String,
    },
    /// For ssh: a private key without a passphrase, as text.
    SshKey {
        /// The key.
        key: String,
    },
    /// None any more.
    Forget,
}

fn any_user() -> String {
    "x-access-token".to_owned()
}

impl std::fmt::Debug for CredentialShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CredentialShape(…)")
    }
}

impl CredentialShape {
    /// As the port takes it; none forgets.
    pub fn credential(&self) -> Option<Credential> {
        match self {
            Self::Token { user, token } => Some(Credential::Token {
                user: user.clone(),
                token: token.clone(),
            }),
            Self::SshKey { key } => Some(Credential::SshKey(key.clone())),
            Self::Forget => None,
        }
    }
}

/// Changes to a project; what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectChange {
    /// The number of slots that are wanted.
    pub target: Option<u16>,
    /// Text of the spec.
    pub spec: Option<String>,
    /// The agent.
    pub agent: Option<AgentSpec>,
    /// Agents of roles that do not take that one.
    pub agents: Option<RoleAgents>,
    /// What containers may reach; an empty list allows nothing.
    pub egress: Option<Vec<EgressRule>>,
    /// Names of the server's presets whose rules are added to those.
    pub egress_presets: Vec<String>,
    /// Paths whose change a person has to approve; an empty list lets everything through.
    pub protected: Option<Vec<String>>,
    /// Bytes one session may move that way.
    pub egress_bytes_max: Option<u64>,
    /// What one container gets of the host.
    pub container: Option<ContainerLimits>,
    /// Command run in a fresh clone; an empty text removes it.
    pub setup: Option<String>,
    /// Verification command; an empty text removes it.
    pub verify: Option<String>,
    /// Hold changes of what the verification runs or obeys for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_checks: Option<bool>,
    /// Merge without a verification command.
    pub allow_unverified: Option<bool>,
    /// Wall limit of a session, in milliseconds.
    pub session_wall_ms: Option<u64>,
    /// A slot's claim expires this many milliseconds after the last sign of life; a runner gives
    /// one every five seconds.
    pub lease_ms: Option<u64>,
    /// An outside holder's claim expires this many milliseconds after the last sign of life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_lease_ms: Option<u64>,
    /// Draining becomes stopping after this many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_ms: Option<u64>,
    /// What a coder has not committed is brought to safety this often, in milliseconds.
    pub rescue_ms: Option<u64>,
    /// Candidates that are verified and published as one, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_max: Option<u16>,
    /// What claims left of a feature is kept this long after it was closed or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_work_ms: Option<u64>,
    /// Highest target that may be set.
    pub target_max: Option<u16>,
    /// The repository's issues of Beads follow the backlog, and what others change of them is taken
    /// in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_issues: Option<bool>,
    /// What upstream asks for from now on; kept apart from the log.
    pub credential: Option<CredentialShape>,
}

impl ProjectChange {
    /// The settings after this change.
    pub fn apply(&self, mut settings: Settings) -> Settings {
        let text = |new: &String| (!new.trim().is_empty()).then(|| new.clone());

        if let Some(agent) = &self.agent {
            settings.agent = agent.clone();
        }

        settings.agents = self.agents.clone().unwrap_or(settings.agents);
        settings.egress = self.egress.clone().unwrap_or(settings.egress);
        settings.protected = self.protected.clone().unwrap_or(settings.protected);
        settings.egress_bytes_max = self.egress_bytes_max.unwrap_or(settings.egress_bytes_max);
        settings.container = self.container.clone().unwrap_or(settings.container);
        if let Some(setup) = &self.setup {
            settings.setup = text(setup);
        }

        if let Some(verify) = &self.verify {
            settings.verify = text(verify);
        }

        settings.hold_checks = self.hold_checks.unwrap_or(settings.hold_checks);
        settings.allow_unverified = self.allow_unverified.unwrap_or(settings.allow_unverified);
        settings.target_max = self.target_max.unwrap_or(settings.target_max);
        settings.batch_max = self.batch_max.unwrap_or(settings.batch_max);
        settings.keep_work_ms = self.keep_work_ms.unwrap_or(settings.keep_work_ms);
        settings.rescue_ms = self.rescue_ms.unwrap_or(settings.rescue_ms);
        settings.outside_lease_ms = self.outside_lease_ms.unwrap_or(settings.outside_lease_ms);
        settings.drain_ms = self.drain_ms.unwrap_or(settings.drain_ms);
        settings.sync_issues = self.sync_issues.or(settings.sync_issues);
        settings.lease_ms = self.lease_ms.unwrap_or(settings.lease_ms);
        settings.session_wall_ms = self.session_wall_ms.unwrap_or(settings.session_wall_ms);

        settings
    }
}

/// How many slots are wanted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTarget {
    /// 0 to the project's limit.
    pub count: u16,
}

/// A project as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProjectShape {
    /// Its name.
    pub name: String,
    /// Version of its stream: the ETag.
    pub version: u64,
    /// Its upstream.
    pub git_url: String,
    /// The kind: new, or with a life of its own.
    pub kind: ProjectKind,
    /// stopped, running, draining, completed.
    pub status: String,
    /// What the gate holds of upstream.
    pub repository: String,
    /// Upstream's branch; none before it was copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Since when it runs or drains; none while it does neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Slots with a session at work.
    #[serde(default)]
    pub busy: u16,
    /// What its sessions cost so far, in millionths of a dollar.
    #[serde(default)]
    pub micro_usd: u64,
    /// Upstream's commit as far as we know.
    pub merge_queue: Option<String>,
    /// The number of slots that are wanted.
    pub target: u16,
    /// Closed features that count.
    pub closed: u32,
    /// Features that count.
    pub total: u32,
    /// What waits for a person, most pressing first, each in a sentence that names the command
    /// where one helps.
    pub needs_you: Vec<String>,
    /// The same, in parts.
    pub needs: Vec<NeedShape>,
    /// What a person decided.
    pub settings: Settings,
}

impl ProjectShape {
    /// Adds what waits for a person, in both forms.
    pub fn add_needs(&mut self, needs: &[Need], project: &ProjectName) {
        for need in needs {
            let need = NeedShape::of(need, project);
            self.needs_you.push(need.to_string());
            self.needs.push(need);
        }
    }
}

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NeedShape {
    /// What kind of thing stands still: copy, initialization, oversight, feature, question, slot
    /// and so on.
    pub kind: String,
    /// What is the matter, in words.
    pub text: String,
    /// The command that lets work go on; none where something outside is to be mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The feature that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// The entry of the merge queue that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// The slot that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<u16>,
}

impl NeedShape {
    /// The need of a project as it goes over the wire.
    pub fn of(need: &Need, project: &ProjectName) -> Self {
        Self {
            kind: need.kind.name().to_owned(),
            text: need.text.clone(),
            command: need.remedy.command(project),
            feature: need.remedy.feature().map(ToString::to_string),
            entry: need.remedy.entry(),
            slot: need.remedy.slot().map(|slot| slot.0),
        }
    }
}

impl std::fmt::Display for NeedShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.command {
            Some(command) => write!(f, "{} (`{command}`)", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// A project's shape, if it is registered.
pub fn project(view: &ProjectView) -> Option<ProjectShape> {
    let registered = view.registered()?;
    let standing = view.standing();
    let status = match registered.intent {
        Intent::Stopped => "stopped",
        Intent::Running { .. } => "running",
        Intent::Draining { .. } => "draining",
        Intent::Completed => "completed",
    };
    let repository = match &registered.repository {
        Repository::Pending => "pending".to_owned(),
        Repository::Failed { reason, .. } => format!("failed: {reason}"),
        Repository::Cloned { branch, .. } => format!("cloned, branch {branch}"),
    };
    let since = match registered.intent {
        Intent::Running { since } | Intent::Draining { since } => Some(time(since)),
        Intent::Stopped | Intent::Completed => None,
    };
    let busy = view.enlisted().filter(|(_, slot, _)| slot.job().is_some());
    let costs = view
        .sessions
        .iter()
        .map(|(_, record)| record.usage().micro_usd);
    let mut shape = ProjectShape {
        name: view.name.to_string(),
        version: view.project.version.0,
        git_url: registered.git_url.clone(),
        kind: registered.kind,
        status: status.to_owned(),
        repository,
        branch: view.merge_queue.state.branch.clone(),
        since,
        busy: u16::try_from(busy.count()).unwrap_or(u16::MAX),
        micro_usd: costs.fold(0, u64::saturating_add),
        merge_queue: view
            .merge_queue
            .state
            .head
            .as_ref()
            .map(ToString::to_string),
        target: registered.target,
        closed: standing.tallied.closed,
        total: standing.tallied.total,
        needs_you: vec![],
        needs: vec![],
        settings: registered.settings.clone(),
    };
    shape.add_needs(&standing.needs_you, &view.name);

    Some(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A setting that nothing sets is a word without a deed: each field is changed by a change that
    /// names it.
    #[test]
    fn every_setting_can_be_set() {
        let wanted = serde_json::json!({
            "agent": {"dialect": "command", "command": "x", "model": null},
            "agents": {"reviewer": {"dialect": "script", "command": null, "model": null}},
            "egress": [{"host": "example.org", "port": 443, "methods": [], "path_prefix": null, "private": false}],
            "protected": ["x/"],
            "egress_bytes_max": 1,
            "container": {"memory_mib": 256, "work_mib": 64, "cpu_milli": 100, "pids": 32},
            "setup": "x", "verify": "x", "batch_max": 2,
            "hold_checks": true, "allow_unverified": true,
            "rescue_ms": 5000, "keep_work_ms": 5000, "session_wall_ms": 5000, "lease_ms": 5000,
            "outside_lease_ms": 5000, "drain_ms": 5000, "target_max": 3, "sync_issues": true
        });
        let whole: Settings = serde_json::from_value(wanted.clone()).expect("settings");

        let fields = serde_json::to_value(&whole).expect("JSON");
        for (name, value) in fields.as_object().expect("fields") {
            let one = serde_json::json!({ name: wanted[name] });
            let change: ProjectChange = serde_json::from_value(one).expect(name);
            let set = serde_json::to_value(change.apply(Settings::default())).expect("JSON");
            assert_eq!(&set[name], value, "{name}");
        }

        let Settings {
            agent: _,
            agents: _,
            egress: _,
            protected: _,
            egress_bytes_max: _,
            container: _,
            setup: _,
            verify: _,
            batch_max: _,
            hold_checks: _,
            allow_unverified: _,
            rescue_ms: _,
            keep_work_ms: _,
            session_wall_ms: _,
            lease_ms: _,
            outside_lease_ms: _,
            drain_ms: _,
            target_max: _,
            sync_issues: _,
        } = whole;
        assert_eq!(fields.as_object().map(serde_json::Map::len), Some(19));
    }
}
