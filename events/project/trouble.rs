//! Trouble of a thing outside: a provider that refuses, an agent's tool that cannot run, a setup
//! command that fails, an engine in whose containers no session
//! begins. It is a state of that thing and uses no
//! try of any feature: nothing that needs the thing is begun while it lasts, but for one probe at a
//! time.

use serde::{Deserialize, Serialize};

use crate::agent::{AgentSpec, Dialect};
use crate::aggregate::Moment;
use crate::holder::Role;
use crate::id::{FeatureId, SessionId, Timestamp};
use crate::own_time::OwnTime;
use crate::probing::pause_ms;
use crate::programs;
use crate::project::command::{Command, Refusal};
use crate::project::decide::Decision;
use crate::project::event::{self, Event};
use crate::project::state::Registered;
use crate::settings::Settings;
use crate::stream::Position;

/// A provider that says to wait less than this is not asked sooner.
const SOONEST_MS: u64 = 5_000;
/// Longest name of a tool, in characters.
const TOOL_NAME_MAX: usize = 60;

/// What is in trouble.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Thing {
    /// The account with a provider of models, for everybody who asks it.
    Provider {
        /// The name of the provider.
        name: String,
    },
    /// The program that an agent is.
    Tool {
        /// As it is called.
        name: String,
    },
    /// The project's setup command.
    Setup,
    /// What starts containers, with the image and the room that it needs for that.
    Engine,
}

impl Thing {
    /// The tool that an agent is; none for the scripted one, which is ours.
    pub fn tool_of(agent: &AgentSpec) -> Option<Self> {
        let name = match agent.dialect {
            Dialect::Unset | Dialect::Script => return None,
            Dialect::Command => {
                let line = agent.command.as_deref().unwrap_or_default();
                // Assignments before the program may hold what nobody should read.
                let program = programs::leading(line).unwrap_or("command");
                program.chars().take(TOOL_NAME_MAX).collect()
            }
            Dialect::Claude | Dialect::Codex | Dialect::Opencode | Dialect::Gemini => {
                agent.dialect.name().to_owned()
            }
        };
        Some(Self::Tool { name })
    }

    /// The provider that an agent asks, if it asks one.
    pub fn provider_of(agent: &AgentSpec) -> Option<Self> {
        let name = agent.provider()?.to_owned();
        Some(Self::Provider { name })
    }

    /// What sessions of a role need to work; only the engine for verifiers, whose command is judged
    /// on the trunk.
    pub fn needed_by(settings: &Settings, role: Role) -> Vec<Self> {
        let engine = Some(Self::Engine);

        if role == Role::Verifier {
            return engine.into_iter().collect();
        }

        let agent = settings.agent_of(role);
        let setup = settings.setup.is_some().then_some(Self::Setup);
        let things = [
            Self::provider_of(agent),
            Self::tool_of(agent),
            setup,
            engine,
        ];

        things.into_iter().flatten().collect()
    }

    /// Whether sessions of any role need it to work.
    pub fn is_needed(&self, settings: &Settings) -> bool {
        let roles = Role::ALL.into_iter();
        roles
            .flat_map(|role| Self::needed_by(settings, role))
            .any(|needed| needed == *self)
    }

    /// It, as people call it, with what they can do about it.
    pub fn advice(&self) -> String {
        match self {
            Self::Provider { name } => format!(
                "the provider {name} does not answer as it should: look at its key, its limits and \
                 the model's name"
            ),
            Self::Tool { name } => format!(
                "the agent's tool {name} does not work where sessions run: install it in the image \
                 or the sandbox, or choose another agent"
            ),
            Self::Setup => {
                "the setup command fails: mend it with `project set --setup`, or what it needs"
                    .to_owned()
            }
            Self::Engine => "the engine starts no container for this project that comes to work: \
                             look at the image, the engine and the room on its disk"
                .to_owned(),
        }
    }
}

/// The trouble of one thing, for as long as it lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Of what.
    pub thing: Thing,
    /// The time since when it holds.
    pub since: Timestamp,
    /// When it was seen last.
    pub at: Timestamp,
    /// Where in the log that is.
    pub seen: Position,
    /// Probes that found it again.
    pub probes: usize,
    /// Until when the thing itself said to wait.
    pub retry_at: Option<Timestamp>,
    /// A person, or a change of the settings, wants it tried at once.
    pub asked: bool,
    /// The sight of it, in words for people.
    pub detail: String,
    /// The session that saw it: its log is kept.
    pub session: SessionId,
    /// What that session worked on.
    pub feature: Option<FeatureId>,
}

impl Trouble {
    /// When the next probe may begin.
    pub fn next_probe(&self, own: &OwnTime) -> Timestamp {
        if self.asked {
            return self.at;
        }
        let seen = own.since(self.at);
        let pause = pause_ms(self.probes);
        match (self.retry_at, self.probes) {
            (Some(at), 0) => at.max(seen.plus_ms(SOONEST_MS)),
            (Some(at), _) => at.max(seen.plus_ms(pause)),
            (None, _) => seen.plus_ms(pause),
        }
    }

    /// The trouble in words, with until when the thing said to wait.
    pub fn told(&self) -> String {
        let mut more = String::new();
        if let Some(feature) = &self.feature {
            more += &format!(" on {feature}, which may be edited or withdrawn if it alone ends so");
        }
        if let Some(at) = self.retry_at {
            more += &format!("; it says to wait until {}", utc(at));
        }

        format!(
            "{} ({}, seen by session {}{more}); it is tried again by itself",
            self.thing.advice(),
            self.detail,
            self.session
        )
    }
}

impl Registered {
    /// The trouble of a thing, while it lasts.
    pub fn trouble_of(&self, thing: &Thing) -> Option<&Trouble> {
        self.troubles.iter().find(|known| known.thing == *thing)
    }

    /// What a session saw of a thing, and what a person wants tried.
    pub(super) fn see_trouble(&self, command: &Command) -> Decision {
        match command {
            Command::ReportTrouble {
                thing,
                detail,
                retry_at,
                session,
                feature,
                since,
            } => {
                let Some(probe) = self.is_news(thing, *retry_at, *since) else {
                    return Ok(vec![]);
                };
                let reported = event::TroubleReported {
                    thing: thing.clone(),
                    detail: detail.clone(),
                    retry_at: *retry_at,
                    session: session.clone(),
                    feature: feature.clone(),
                    probe,
                };
                Ok(vec![reported.into()])
            }
            Command::EndTrouble { thing, why } => Ok(match self.trouble_of(thing) {
                Some(_) => {
                    let (thing, why) = (thing.clone(), why.clone());
                    vec![event::TroubleEnded { thing, why }.into()]
                }
                None => vec![],
            }),
            Command::AskProbe { .. } if self.troubles.is_empty() => Err(Refusal::NoTrouble),
            Command::AskProbe { .. } if self.troubles.iter().all(|trouble| trouble.asked) => {
                Ok(vec![])
            }
            Command::AskProbe { by } => Ok(vec![event::ProbeAsked { by: by.clone() }.into()]),
            _ => Err(Refusal::NotDue),
        }
    }

    /// Whether a report says what is not known; and if so, whether it is that of a probe.
    fn is_news(
        &self,
        thing: &Thing,
        retry_at: Option<Timestamp>,
        since: Timestamp,
    ) -> Option<bool> {
        // The settings may have changed since the session began: nothing would ever show that it
        // works again.
        if !thing.is_needed(&self.settings) {
            return None;
        }

        match self.trouble_of(thing) {
            None => Some(false),
            Some(trouble) if since >= trouble.at => Some(true),
            // Sessions that were at work when it began all say the same.
            Some(trouble) if retry_at <= trouble.retry_at => None,
            Some(_) => Some(false),
        }
    }

    /// Ends of troubles whose things nobody needs under these settings: nothing would ever show
    /// that they work again.
    pub(super) fn troubles_left_behind(&self, settings: &Settings) -> Vec<Event> {
        let mut ended = vec![];
        for trouble in &self.troubles {
            if !trouble.thing.is_needed(settings) {
                let end = event::TroubleEnded {
                    thing: trouble.thing.clone(),
                    why: "the settings need it no more".into(),
                };
                ended.push(end.into());
            }
        }
        ended
    }

    pub(super) fn trouble_reported(&mut self, e: &event::TroubleReported, moment: Moment) {
        let mut trouble = Trouble {
            thing: e.thing.clone(),
            since: moment.at,
            at: moment.at,
            seen: moment.position,
            probes: usize::from(e.probe),
            retry_at: e.retry_at,
            asked: false,
            detail: e.detail.clone(),
            session: e.session.clone(),
            feature: e.feature.clone(),
        };

        let mut known = self.troubles.iter();
        if let Some(place) = known.position(|known| known.thing == e.thing) {
            let before = self.troubles.remove(place);
            trouble.since = before.since;
            trouble.probes += before.probes;
        }
        self.troubles.push(trouble);
    }

    pub(super) fn trouble_ended(&mut self, e: &event::TroubleEnded) {
        self.troubles.retain(|known| known.thing != e.thing);
    }

    /// What is in trouble is tried without waiting.
    pub(super) fn try_at_once(&mut self) {
        self.troubles
            .iter_mut()
            .for_each(|trouble| trouble.asked = true);
    }
}

/// A time to the minute, as people read it. Days are counted as Howard Hinnant's `civil_from_days`
/// does.
pub(crate) fn utc(at: Timestamp) -> String {
    let minutes = at.0.div_euclid(60_000_000);
    let (days, minute) = (minutes.div_euclid(1_440), minutes.rem_euclid(1_440));
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (date, month) = (
        day - (153 * month + 2) / 5 + 1,
        if month < 10 { month + 3 } else { month - 9 },
    );
    let year = year + era * 400 + i64::from(month <= 2);

    format!(
        "{year:04}-{month:02}-{date:02} {:02}:{:02} UTC",
        minute / 60,
        minute % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(n: i64) -> Timestamp {
        Timestamp(n * 60_000_000)
    }

    #[test]
    fn probes_wait_longer_each_time_and_never_less_than_was_asked_for() {
        let trouble = |probes, retry: Option<i64>, asked| Trouble {
            thing: Thing::Setup,
            since: minutes(0),
            at: minutes(100),
            seen: Position(1),
            probes,
            retry_at: retry.map(minutes),
            asked,
            detail: String::new(),
            session: SessionId::from_bytes([1; 10]),
            feature: None,
        };
        let table = [
            (trouble(0, None, false), 101),
            (trouble(1, None, false), 102),
            (trouble(2, None, false), 104),
            (trouble(3, None, false), 108),
            (trouble(4, None, false), 115),
            (trouble(90, None, false), 115),
            (trouble(0, Some(400), false), 400),
            (trouble(3, Some(400), false), 400),
            (trouble(3, Some(101), false), 108),
            (trouble(4, Some(400), true), 100),
        ];
        for (trouble, expected) in table {
            let next = trouble.next_probe(&OwnTime::default());
            assert_eq!(next, minutes(expected), "{trouble:?}");
        }

        let next = trouble(0, Some(90), false).next_probe(&OwnTime::default());
        assert_eq!(next, minutes(100).plus_ms(SOONEST_MS));
    }

    #[test]
    fn a_tool_is_called_by_its_program() {
        let agent = |line: &str| AgentSpec {
            command: Some(line.to_owned()),
            ..AgentSpec::of(Dialect::Command)
        };

        for (line, expected) in [
            ("my-agent -p", "my-agent"),
            ("KEY=secret ./run.sh x", "./run.sh"),
            ("A=1", "command"),
            ("KEY='two words' my-agent", "command"),
            ("set -e\ncase $SUPERCARGO_ROLE in", "command"),
        ] {
            let name = expected.to_owned();
            assert_eq!(Thing::tool_of(&agent(line)), Some(Thing::Tool { name }));
        }

        assert_eq!(Thing::tool_of(&AgentSpec::of(Dialect::Script)), None);
    }

    #[test]
    fn times_are_told_to_the_minute() {
        for (at, told) in [
            (0, "1970-01-01 00:00 UTC"),
            (1_700_000_000, "2023-11-14 22:13 UTC"),
            (1_709_208_059, "2024-02-29 12:00 UTC"),
        ] {
            assert_eq!(utc(Timestamp(at * 1_000_000)), told);
        }
    }
}
