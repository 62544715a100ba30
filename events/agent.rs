//! Which agent works: how its command line tool is spoken to, with which model, and from which
//! provider the model comes.

use serde::{Deserialize, Serialize};

use crate::holder::Role;
use crate::programs;
use crate::settings::COMMAND_MAX;

/// Longest name of a model or a provider, in bytes.
pub const AGENT_NAME_MAX: usize = 120;

/// How an agent CLI is spoken to.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// None: nobody has chosen an agent yet, and nothing is started without one.
    Unset,
    /// The deterministic scripted agent inside the binary.
    Script,
    /// Any command line: prompt on standard input, output as text.
    Command,
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// OpenCode: any provider that speaks as OpenAI does.
    Opencode,
    /// Gemini CLI.
    Gemini,
}

impl Dialect {
    /// Whether it is a vendor's tool that needs a model.
    pub fn needs_model(self) -> bool {
        matches!(
            self,
            Self::Claude | Self::Codex | Self::Opencode | Self::Gemini
        )
    }

    /// The dialect as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Script => "script",
            Self::Command => "command",
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Opencode => "opencode",
            Self::Gemini => "gemini",
        }
    }
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
    /// Whose model it is: a provider that the server knows. None takes the usual one of the
    /// dialect, and for a command no model at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

impl AgentSpec {
    /// An agent of this dialect and nothing else.
    pub fn of(dialect: Dialect) -> Self {
        Self {
            dialect,
            command: None,
            model: None,
            provider: None,
        }
    }

    /// Whether somebody has chosen it.
    pub fn is_chosen(&self) -> bool {
        self.dialect != Dialect::Unset
    }

    /// The agent for a model: the model decides the dialect. `provider/model` is a model that
    /// OpenCode asks of that provider.
    ///
    /// # Errors
    /// What to write instead, for a name that says neither.
    pub fn for_model(model: &str) -> Result<Self, String> {
        let named = |dialect| Self {
            model: Some(model.to_owned()),
            ..Self::of(dialect)
        };

        if let Some((provider, rest)) = model.split_once('/') {
            if provider.is_empty() || rest.is_empty() {
                return Err(format!(
                    "\"{model}\" names no provider or no model: write provider/model"
                ));
            }
            return Ok(named(Dialect::Opencode));
        }

        let starts = |heads: &[&str]| heads.iter().any(|head| model.starts_with(head));

        match () {
            () if starts(&["claude-", "opus", "sonnet", "haiku"]) => Ok(named(Dialect::Claude)),
            () if starts(&["gpt-", "codex-", "o3", "o4"]) => Ok(named(Dialect::Codex)),
            () if starts(&["gemini-"]) => Ok(named(Dialect::Gemini)),
            () if starts(&["glm-"]) => Ok(Self {
                model: Some(format!("glm/{model}")),
                ..Self::of(Dialect::Opencode)
            }),
            () if starts(&["minimax-", "MiniMax-"]) => Ok(Self {
                model: Some(format!("minimax/{model}")),
                ..Self::of(Dialect::Opencode)
            }),
            () => Err(format!(
                "nothing is known of the model \"{model}\": write provider/model, or name the \
                 dialect"
            )),
        }
    }

    /// The program that has to be where it works, as a shell or the path finds it; none where it is
    /// ours, lies in the project's own tree, or cannot be told without running a shell.
    pub fn program(&self) -> Option<&str> {
        match self.dialect {
            Dialect::Unset | Dialect::Script => None,
            Dialect::Command => programs::first(self.command.as_deref()?),
            Dialect::Claude | Dialect::Codex | Dialect::Opencode | Dialect::Gemini => {
                Some(self.dialect.name())
            }
        }
    }

    /// The provider whose model this agent asks; none when it asks none.
    pub fn provider(&self) -> Option<&str> {
        let usual = match self.dialect {
            Dialect::Unset | Dialect::Script | Dialect::Command => None,
            Dialect::Claude => Some("anthropic"),
            Dialect::Codex => Some("openai"),
            Dialect::Gemini => Some("google"),
            Dialect::Opencode => self
                .model
                .as_deref()
                .and_then(|model| model.split_once('/'))
                .map(|(provider, _)| provider),
        };
        self.provider.as_deref().or(usual)
    }

    /// The model as its provider calls it; none where the agent's tool has names of its own for
    /// models, or where no model is named.
    pub fn model_id(&self) -> Option<&str> {
        let model = self.model.as_deref()?;
        match self.dialect {
            Dialect::Unset | Dialect::Script => None,
            Dialect::Command | Dialect::Codex | Dialect::Gemini => Some(model),
            // `opus` and its like are the tool's words.
            Dialect::Claude => model.starts_with("claude-").then_some(model),
            Dialect::Opencode => model.split_once('/').map(|(_, id)| id),
        }
    }

    /// Says what is wrong with it, if anything is. `field` is how its owner calls it.
    pub fn check(&self, field: &str) -> Result<(), String> {
        let names = [("model", &self.model), ("provider", &self.provider)];
        for (name, value) in names {
            if let Some(value) = value
                && !is_name(value)
            {
                return Err(format!(
                    "{field}.{name} is no name: letters, digits and -_.:/@, at most \
                     {AGENT_NAME_MAX}"
                ));
            }
        }

        if let Some(line) = &self.command
            && (line.trim().is_empty() || line.len() > COMMAND_MAX)
        {
            return Err(format!(
                "{field}.command is empty or above {COMMAND_MAX} bytes"
            ));
        }

        self.fits_its_dialect(field)
    }

    /// Says what its dialect needs and is not there, or does not take.
    fn fits_its_dialect(&self, field: &str) -> Result<(), String> {
        let dialect = self.dialect.name();
        match (self.dialect, &self.command, &self.model) {
            (Dialect::Command, None, _) => {
                Err(format!("{field}.dialect \"command\" needs {field}.command"))
            }
            (Dialect::Command, Some(_), _) | (Dialect::Unset | Dialect::Script, None, _) => Ok(()),
            (_, Some(_), _) => Err(format!(
                "{field}.dialect \"{dialect}\" takes no {field}.command"
            )),
            (Dialect::Opencode, None, Some(model)) if !model.contains('/') => Err(format!(
                "{field}.model has to be provider/model for {field}.dialect \"opencode\""
            )),
            (_, None, None) => Err(format!("{field}.dialect \"{dialect}\" needs {field}.model")),
            (_, None, Some(_)) => Ok(()),
        }
    }
}

/// Whether this may be the name of a model or a provider. Names travel as arguments and in
/// environments: no spaces, no controls, and nothing that looks like an option.
fn is_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@".contains(c);

    (1..=AGENT_NAME_MAX).contains(&text.len())
        && !text.starts_with('-')
        && text.chars().all(is_plain)
}

/// Agents of roles that do not take the project's.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoleAgents {
    /// For initializers.
    pub initializer: Option<AgentSpec>,
    /// For reviewers.
    pub reviewer: Option<AgentSpec>,
    /// For overseers.
    pub overseer: Option<AgentSpec>,
}

impl RoleAgents {
    /// Whether no role has an agent of its own.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The agent of a role, if it has one of its own.
    pub fn of(&self, role: Role) -> Option<&AgentSpec> {
        match role {
            Role::Initializer => self.initializer.as_ref(),
            Role::Reviewer => self.reviewer.as_ref(),
            Role::Overseer => self.overseer.as_ref(),
            Role::Coder | Role::Verifier => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_decides_the_dialect_and_the_provider() {
        let table = [
            (
                "claude-sonnet-4-5",
                Ok((Dialect::Claude, Some("anthropic"), "claude-sonnet-4-5")),
            ),
            (
                "gpt-5-codex",
                Ok((Dialect::Codex, Some("openai"), "gpt-5-codex")),
            ),
            (
                "gemini-2.5-pro",
                Ok((Dialect::Gemini, Some("google"), "gemini-2.5-pro")),
            ),
            (
                "glm-4.7",
                Ok((Dialect::Opencode, Some("glm"), "glm/glm-4.7")),
            ),
            (
                "MiniMax-M2.1",
                Ok((Dialect::Opencode, Some("minimax"), "minimax/MiniMax-M2.1")),
            ),
            (
                "local/qwen3",
                Ok((Dialect::Opencode, Some("local"), "local/qwen3")),
            ),
            ("qwen3", Err("write provider/model")),
            ("/x", Err("no provider")),
        ];

        for (model, expected) in table {
            match (AgentSpec::for_model(model), expected) {
                (Ok(spec), Ok((dialect, provider, name))) => {
                    assert_eq!(
                        (spec.dialect, spec.provider(), spec.model.as_deref()),
                        (dialect, provider, Some(name)),
                        "{model}"
                    );
                    assert_eq!(spec.check("agent"), Ok(()), "{model}");
                }
                (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
                (found, expected) => panic!("{model}: {found:?} instead of {expected:?}"),
            }
        }
    }

    #[test]
    fn a_model_is_called_as_its_provider_calls_it() {
        for (name, expected) in [
            ("claude-sonnet-4-5", Some("claude-sonnet-4-5")),
            ("opus", None),
            ("gpt-5-codex", Some("gpt-5-codex")),
            ("glm-4.7", Some("glm-4.7")),
            ("local/vendor/qwen3", Some("vendor/qwen3")),
        ] {
            let spec = AgentSpec::for_model(name).expect("a model");
            assert_eq!(spec.model_id(), expected, "{name}");
        }
        assert_eq!(AgentSpec::of(Dialect::Script).model_id(), None);
    }

    #[test]
    fn an_agent_that_cannot_work_is_refused() {
        let model = |dialect, model: &str| AgentSpec {
            model: Some(model.to_owned()),
            ..AgentSpec::of(dialect)
        };

        let wrong = [
            (AgentSpec::of(Dialect::Command), "needs agent.command"),
            (
                AgentSpec {
                    command: Some("x".into()),
                    ..AgentSpec::of(Dialect::Script)
                },
                "takes no agent.command",
            ),
            (
                AgentSpec {
                    command: Some("x".into()),
                    ..model(Dialect::Claude, "m")
                },
                "takes no agent.command",
            ),
            (AgentSpec::of(Dialect::Codex), "needs agent.model"),
            (model(Dialect::Opencode, "glm-4.7"), "provider/model"),
            (model(Dialect::Claude, "--dangerous"), "is no name"),
            (model(Dialect::Claude, "a b"), "is no name"),
            (
                AgentSpec {
                    provider: Some("../x y".into()),
                    ..AgentSpec::of(Dialect::Script)
                },
                "is no name",
            ),
        ];
        for (spec, part) in wrong {
            let why = spec.check("agent").expect_err(part);
            assert!(why.contains(part), "{why}");
        }
    }

    #[test]
    fn names_and_commands_of_an_agent_are_held_to_their_bounds() {
        let long = "m".repeat(AGENT_NAME_MAX);
        for (model, right) in [
            ("claude-x", true),
            (long.as_str(), true),
            (&format!("{long}m"), false),
            ("", false),
            ("-x", false),
            ("a b", false),
            ("a/b:c@d.e_f-1", true),
        ] {
            let of_model = AgentSpec {
                model: Some(model.to_owned()),
                ..AgentSpec::of(Dialect::Claude)
            };
            let of_provider = AgentSpec {
                provider: Some(model.to_owned()),
                model: Some("m".to_owned()),
                ..AgentSpec::of(Dialect::Claude)
            };
            let found = [of_model, of_provider].map(|agent| agent.check("agent").is_ok());
            assert_eq!(found, [right, right], "{model}");
        }

        let line = "c".repeat(COMMAND_MAX);
        for (command, right) in [
            ("agent -p", true),
            (line.as_str(), true),
            (&format!("{line}c"), false),
            ("", false),
            (" ", false),
        ] {
            let agent = AgentSpec {
                command: Some(command.to_owned()),
                ..AgentSpec::of(Dialect::Command)
            };
            assert_eq!(
                agent.check("agent").is_ok(),
                right,
                "{} bytes",
                command.len()
            );
        }
        for model in ["/x", "x/", "/"] {
            assert!(AgentSpec::for_model(model).is_err(), "{model}");
        }
    }

    #[test]
    fn vendors_tools_need_a_model_and_nobody_else_does() {
        for (dialect, needs) in [
            (Dialect::Unset, false),
            (Dialect::Script, false),
            (Dialect::Command, false),
            (Dialect::Claude, true),
            (Dialect::Codex, true),
            (Dialect::Opencode, true),
            (Dialect::Gemini, true),
        ] {
            assert_eq!(dialect.needs_model(), needs, "{dialect:?}");
        }
    }
}
