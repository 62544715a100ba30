//! What `project set` says about agents, about the way out and about what a container gets.

use anyhow::{Context, bail};
use clap::ValueEnum;
use events::egress::EgressRule;
use events::settings::{AgentSpec, ContainerLimits, Dialect, RoleAgents, Settings};

use crate::api::ProjectChange;

/// A dialect, as it is written on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum DialectName {
    Claude,
    Codex,
    Opencode,
    Gemini,
}

/// The agents that work on a project, in arguments.
#[derive(Debug, clap::Args)]
pub(super) struct AgentArgs {
    /// The model of the agents; it decides which CLI runs. PROVIDER/MODEL asks any provider the
    /// server knows
    #[arg(long, conflicts_with_all = ["agent_command", "script_agent"])]
    model: Option<String>,
    /// The CLI for --model, where the model's name does not decide it
    #[arg(long, requires = "model", value_enum)]
    dialect: Option<DialectName>,
    /// Whose model it is, where that is not the usual one; with --agent-command: the provider the
    /// command may ask
    #[arg(long)]
    provider: Option<String>,
    /// The initializer's model; empty takes the project's agent again
    #[arg(long, value_name = "MODEL")]
    initializer_model: Option<String>,
    /// The reviewers' model; empty takes the project's agent again
    #[arg(long, value_name = "MODEL")]
    reviewer_model: Option<String>,
    /// The overseer's model; empty takes the project's agent again
    #[arg(long, value_name = "MODEL")]
    overseer_model: Option<String>,
    /// Any command as the agent: the prompt comes on standard input
    #[arg(long, conflicts_with = "script_agent")]
    agent_command: Option<String>,
    /// The scripted agent
    #[arg(long)]
    script_agent: bool,
}

/// What containers may reach, and what each gets of the host.
#[derive(Debug, clap::Args)]
pub(super) struct ContainerArgs {
    /// What containers may reach: HOST, HOST:PORT or *.DOMAIN, again for each; replaces what was
    /// allowed before
    #[arg(long, value_name = "HOST", conflicts_with = "allow_nothing")]
    allow: Vec<String>,
    /// Containers may reach nothing beyond their repository and their model
    #[arg(long)]
    allow_nothing: bool,
    /// Add what the preset of this name allows, again for each; presets are the server's
    /// egress.json
    #[arg(long, value_name = "PRESET", conflicts_with = "allow_nothing")]
    allow_preset: Vec<String>,
    /// Paths whose change a person has to approve: NAME, FOLDER/ or PATH/FROM/ROOT, again for each;
    /// replaces those there were
    #[arg(long, value_name = "PATH", conflicts_with = "protect_nothing")]
    protect: Vec<String>,
    /// Every change may be published without a person
    #[arg(long)]
    protect_nothing: bool,
    /// MiB one session may move that way
    #[arg(long, value_name = "MIB")]
    egress_mib: Option<u64>,
    /// Image of the containers; empty takes the server's again
    #[arg(long)]
    image: Option<String>,
    /// Memory of a container in MiB, its work folder included
    #[arg(long, value_name = "MIB")]
    memory: Option<u32>,
    /// Of that, the work folder in MiB
    #[arg(long, value_name = "MIB")]
    work: Option<u32>,
    /// Processors of a container
    #[arg(long)]
    cpus: Option<f64>,
    /// Processes and threads of a container
    #[arg(long)]
    pids: Option<u32>,
    /// MiB of downloaded packages that each slot keeps from session to session; 0 keeps none
    #[arg(long, value_name = "MIB")]
    cache: Option<u32>,
}

impl AgentArgs {
    fn agent(&self) -> anyhow::Result<Option<AgentSpec>> {
        let spec = match (&self.model, &self.agent_command, self.script_agent) {
            (Some(model), _, _) => {
                let named = self.dialect.map(|name| match name {
                    DialectName::Claude => Dialect::Claude,
                    DialectName::Codex => Dialect::Codex,
                    DialectName::Opencode => Dialect::Opencode,
                    DialectName::Gemini => Dialect::Gemini,
                });
                match named {
                    Some(dialect) => AgentSpec {
                        model: Some(model.clone()),
                        ..AgentSpec::of(dialect)
                    },
                    None => AgentSpec::for_model(model).map_err(anyhow::Error::msg)?,
                }
            }
            (None, Some(command), _) => AgentSpec {
                command: Some(command.clone()),
                ..AgentSpec::of(Dialect::Command)
            },
            (None, None, true) => AgentSpec::of(Dialect::Script),
            (None, None, false) if self.provider.is_some() => {
                bail!("--provider goes with --model or --agent-command")
            }
            (None, None, false) => return Ok(None),
        };

        Ok(Some(AgentSpec {
            provider: self.provider.clone(),
            ..spec
        }))
    }

    fn roles(&self, mut agents: RoleAgents) -> anyhow::Result<Option<RoleAgents>> {
        let before = agents.clone();
        let roles = [
            (&self.initializer_model, &mut agents.initializer),
            (&self.reviewer_model, &mut agents.reviewer),
            (&self.overseer_model, &mut agents.overseer),
        ];
        for (model, agent) in roles {
            *agent = match model.as_deref() {
                None => continue,
                Some("") => None,
                Some(model) => Some(AgentSpec::for_model(model).map_err(anyhow::Error::msg)?),
            };
        }

        Ok((agents != before).then_some(agents))
    }
}

impl ContainerArgs {
    fn egress(&self) -> anyhow::Result<Option<Vec<EgressRule>>> {
        if self.allow_nothing {
            return Ok(Some(vec![]));
        }
        let rules: anyhow::Result<Vec<EgressRule>> =
            self.allow.iter().map(|text| rule(text)).collect();
        Ok(Some(rules?).filter(|rules| !rules.is_empty()))
    }

    fn protected(&self) -> Option<Vec<String>> {
        (self.protect_nothing || !self.protect.is_empty()).then(|| self.protect.clone())
    }

    fn limits(&self, mut limits: ContainerLimits) -> anyhow::Result<Option<ContainerLimits>> {
        let before = limits.clone();

        if let Some(image) = &self.image {
            limits.image = (!image.is_empty()).then(|| image.clone());
        }

        limits.memory_mib = self.memory.unwrap_or(limits.memory_mib);
        limits.work_mib = self.work.unwrap_or(limits.work_mib);
        limits.pids = self.pids.unwrap_or(limits.pids);
        limits.cache_mib = self.cache.unwrap_or(limits.cache_mib);
        if let Some(cpus) = self.cpus {
            if !(0.1..=512.0).contains(&cpus) {
                bail!("--cpus {cpus}: it has to be 0.1 to 512");
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it was just bounded"
            )]
            let milli = (cpus * 1000.0).round() as u32;
            limits.cpu_milli = milli;
        }

        Ok((limits != before).then_some(limits))
    }
}

/// A rule as it is written on the command line.
fn rule(text: &str) -> anyhow::Result<EgressRule> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            let port = port
                .parse()
                .with_context(|| format!("--allow {text}: \"{port}\" is no port"))?;
            (host.trim_matches(['[', ']']), port)
        }
        _ => (text, 443),
    };
    let rule = EgressRule {
        host: host.to_owned(),
        port,
        methods: vec![],
        path_prefix: None,
        private: false,
    };
    rule.check()
        .map_err(|why| anyhow::anyhow!("--allow {text}: {why}"))?;

    Ok(rule)
}

/// Adds to a change what these arguments say, given the settings as they stand.
pub(super) fn apply(
    agents: &AgentArgs,
    containers: &ContainerArgs,
    settings: &Settings,
    change: ProjectChange,
) -> anyhow::Result<ProjectChange> {
    Ok(ProjectChange {
        agent: agents.agent()?,
        agents: agents.roles(settings.agents.clone())?,
        egress: containers.egress()?,
        protected: containers.protected(),
        egress_presets: containers.allow_preset.clone(),
        egress_bytes_max: containers
            .egress_mib
            .map(|mib| mib.saturating_mul(1024 * 1024)),
        container: containers.limits(settings.container.clone())?,
        ..change
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_written_as_people_write_them() {
        let read = |text: &str| {
            rule(text)
                .map(|rule| (rule.host, rule.port))
                .map_err(|e| e.to_string())
        };
        assert_eq!(read("example.org"), Ok(("example.org".into(), 443)));
        assert_eq!(
            read("*.example.org:8443"),
            Ok(("*.example.org".into(), 8443))
        );
        assert_eq!(read("[::1]:80"), Ok(("::1".into(), 80)));
        assert_eq!(read("127.0.0.1:9"), Ok(("127.0.0.1".into(), 9)));

        for wrong in ["example.org:http", "https://example.org", "*", "a b", ""] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
