//! Whose fault an end was, from what the server itself saw: the answers of the provider, whether
//! the agent asked or said anything, how its process ended. What an agent prints decides nothing.

use events::agent::{AgentSpec, Dialect};
use events::evidence::NOT_RUN;
use events::id::Timestamp;
use events::outcome::Outcome;
use events::project::Thing;

use super::asked::Asked;
use super::wire::{Ending, NeverRan};

/// What is known about a session at its end.
pub(super) struct Clues<'a> {
    /// Its agent.
    pub(super) agent: &'a AgentSpec,
    /// What its runner reported.
    pub(super) ending: &'a Ending,
    /// What it asked its model's provider, and what that answered.
    pub(super) asked: &'a Asked,
    /// Why its provider cannot be asked at all.
    pub(super) no_key: Option<String>,
    /// Whether it printed anything, pushed anything or used a verb.
    pub(super) left_a_trace: bool,
}

/// Trouble of a thing outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) thing: Thing,
    pub(super) outcome: Outcome,
    pub(super) detail: String,
    pub(super) retry_at: Option<Timestamp>,
}

impl Clues<'_> {
    /// The thing outside whose fault this end was; none when it was the agent's, or nobody's.
    pub(super) fn outside(&self) -> Option<Found> {
        if self.ending.interrupted || self.ending.context_full {
            return None;
        }
        self.provider()
            .or_else(|| self.setup())
            .or_else(|| self.tool())
    }

    fn provider(&self) -> Option<Found> {
        let thing = Thing::provider_of(self.agent)?;
        let found = |outcome, detail: String, retry_at| Found {
            thing,
            outcome,
            detail,
            retry_at,
        };

        if let Some(why) = &self.no_key {
            return Some(found(Outcome::ProviderRefused, why.clone(), None));
        }

        let refusal = self.asked.refusal.as_ref()?;
        let outcome = match refusal.status {
            Some(429 | 529) => Outcome::ProviderLimited,
            // The model's name is the project's word; once it was known the rest of a path is the
            // agent's.
            Some(404) if self.asked.answered => return None,
            None | Some(401 | 402 | 403 | 404 | 408 | 500..) => Outcome::ProviderRefused,
            Some(_) => return None,
        };
        let detail = match refusal.status {
            Some(status) => format!("it answered {status}"),
            None => "it could not be reached".to_owned(),
        };

        Some(found(outcome, detail, refusal.retry_at))
    }

    fn setup(&self) -> Option<Found> {
        if self.ending.never_ran != Some(NeverRan::Setup) {
            return None;
        }
        Some(Found {
            thing: Thing::Setup,
            outcome: Outcome::ToolBroken,
            detail: self.ending.trouble.clone().unwrap_or_default(),
            retry_at: None,
        })
    }

    fn tool(&self) -> Option<Found> {
        let thing = Thing::tool_of(self.agent)?;
        let asks = self.agent.provider().is_some();
        let unasked = !self.asked.any;
        let failed = self.ending.exit_code != Some(0);
        let detail = if self.ending.never_ran == Some(NeverRan::Tool) {
            self.ending.trouble.clone().unwrap_or_default()
        } else if self.ending.trouble.is_some() || !unasked {
            return None;
        } else if let Some(code) = self.ending.exit_code.filter(|code| NOT_RUN.contains(code)) {
            format!("it could not be run: exit code {code}")
        } else if self.agent.dialect != Dialect::Command {
            format!("it ended without asking its model: {}", self.how())
        } else if !self.left_a_trace {
            format!(
                "it ended without a word and without a change: {}",
                self.how()
            )
        } else if asks && failed {
            format!("it failed before it asked its model: {}", self.how())
        } else {
            return None;
        };

        Some(Found {
            thing,
            outcome: Outcome::ToolBroken,
            detail,
            retry_at: None,
        })
    }

    fn how(&self) -> String {
        match (self.ending.exit_code, self.ending.signal) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "no exit code".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::asked::Refusal;

    fn claude() -> AgentSpec {
        AgentSpec::for_model("claude-x").expect("a model")
    }
    fn command(provider: Option<&str>) -> AgentSpec {
        AgentSpec {
            command: Some("my-agent".into()),
            provider: provider.map(str::to_owned),
            ..AgentSpec::of(Dialect::Command)
        }
    }
    fn exit(code: i32) -> Ending {
        Ending {
            exit_code: Some(code),
            ..Ending::default()
        }
    }
    fn asked(status: Option<u16>, answered: bool) -> Asked {
        let retry_at = None;
        Asked {
            any: true,
            answered,
            refusal: Some(Refusal { status, retry_at }),
        }
    }
    fn answered() -> Asked {
        Asked {
            any: true,
            answered: true,
            refusal: None,
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn faults_are_told_apart() {
        let never = |what, why: &str| Ending {
            never_ran: Some(what),
            trouble: Some(why.to_owned()),
            ..Ending::default()
        };
        let lost = Ending {
            trouble: Some("the disk of the host is full".into()),
            ..Ending::default()
        };
        let stopped = Ending {
            interrupted: true,
            ..exit(1)
        };
        let nothing = Asked::default();
        let (provider, limited) = (Outcome::ProviderRefused, Outcome::ProviderLimited);
        let tool = Outcome::ToolBroken;
        let script = AgentSpec::of(Dialect::Script);
        let with = || command(Some("local"));

        let table = [
            (
                "expired key",
                claude(),
                exit(1),
                asked(Some(401), false),
                true,
                Some(provider),
            ),
            (
                "500 for ever",
                claude(),
                exit(1),
                asked(Some(500), true),
                true,
                Some(provider),
            ),
            (
                "unreachable",
                with(),
                exit(0),
                asked(None, false),
                true,
                Some(provider),
            ),
            (
                "a limit",
                with(),
                exit(1),
                asked(Some(429), true),
                true,
                Some(limited),
            ),
            (
                "no such model",
                claude(),
                exit(1),
                asked(Some(404), false),
                true,
                Some(provider),
            ),
            (
                "a wrong path",
                claude(),
                exit(1),
                asked(Some(404), true),
                true,
                None,
            ),
            (
                "a bad request",
                claude(),
                exit(1),
                asked(Some(400), true),
                true,
                None,
            ),
            ("an idle agent", claude(), exit(0), answered(), true, None),
            (
                "a silent CLI",
                claude(),
                exit(0),
                nothing.clone(),
                false,
                Some(tool),
            ),
            (
                "a broken CLI",
                claude(),
                exit(1),
                nothing.clone(),
                true,
                Some(tool),
            ),
            (
                "a missing CLI",
                claude(),
                never(NeverRan::Tool, "no file"),
                nothing.clone(),
                false,
                Some(tool),
            ),
            (
                "a missing command",
                command(None),
                exit(127),
                nothing.clone(),
                true,
                Some(tool),
            ),
            (
                "a command that must not run",
                with(),
                exit(126),
                nothing.clone(),
                true,
                Some(tool),
            ),
            (
                "a silent command",
                command(None),
                exit(0),
                nothing.clone(),
                false,
                Some(tool),
            ),
            (
                "a command that talks",
                command(None),
                exit(1),
                nothing.clone(),
                true,
                None,
            ),
            (
                "a command that never asked",
                with(),
                exit(1),
                nothing.clone(),
                true,
                Some(tool),
            ),
            (
                "a command that needed no model",
                with(),
                exit(0),
                nothing.clone(),
                true,
                None,
            ),
            (
                "a broken setup",
                command(None),
                never(NeverRan::Setup, "npm"),
                nothing.clone(),
                true,
                Some(tool),
            ),
            (
                "ours",
                script.clone(),
                exit(127),
                nothing.clone(),
                false,
                None,
            ),
            (
                "the host's disk",
                claude(),
                lost,
                nothing.clone(),
                true,
                None,
            ),
            (
                "a stop",
                claude(),
                stopped,
                asked(Some(500), false),
                true,
                None,
            ),
        ];
        for (what, agent, ending, asked, left_a_trace, expected) in table {
            let clues = Clues {
                agent: &agent,
                ending: &ending,
                asked: &asked,
                no_key: None,
                left_a_trace,
            };
            let found = clues.outside();
            assert_eq!(found.map(|found| found.outcome), expected, "{what}");
        }

        let clues = Clues {
            agent: &claude(),
            ending: &never(NeverRan::Tool, "no key"),
            asked: &nothing,
            no_key: Some("set ANTHROPIC_API_KEY".into()),
            left_a_trace: false,
        };
        let found = clues.outside().expect("trouble");
        assert!(matches!(found.thing, Thing::Provider { .. }), "{found:?}");
    }
}
