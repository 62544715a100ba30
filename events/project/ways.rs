//! Where a project waits, and who leads it on.

use super::oversee::ROUNDS_MAX;
use super::state::{Initialization, Intent, Progress, Project, Registered, Repository};
use super::tests::{commands, states};
use super::{Command, OversightKind, Thing};
use crate::id::{SessionId, Timestamp};
use crate::settings::{AgentSpec, Dialect, Settings};
use crate::ways::Giver::{self, Actor, Discards, Owed, Person, Policy};
use crate::ways::{Place, Ways, folded, rounds};

const PENDING: Place = ("copy", "pending");
const FAILED: Place = ("copy", "failed");
const STOPPED: Place = ("intent", "stopped");
const RUNNING: Place = ("intent", "running");
const DRAINING: Place = ("intent", "draining");
const COMPLETED: Place = ("intent", "completed");
const EDITING: Place = ("backlog", "in edit");
const DUE: Place = ("initialization", "due");
const INITIALIZERS: Place = ("initialization", "given up");
const INITIALIZING: Place = ("initialization", "under way");
const PROPOSED: Place = ("initialization", "proposed");
const MILESTONE: Place = ("milestone", "due");
const MILESTONE_LEFT: Place = ("milestone", "given up");
const FINAL: Place = ("final verification", "due");
const FINAL_LEFT: Place = ("final verification", "given up");
const ROUNDS: Place = ("final verification", "rounds used up");
const OVERSEER: Place = ("overseer", "at work");
const PROVIDER: Place = ("provider", "in trouble");
const TOOL: Place = ("tool", "in trouble");
const SETUP: Place = ("setup", "in trouble");
const ENGINE: Place = ("engine", "in trouble");

fn oversight(progress: &Progress) -> Vec<Place> {
    let kind = progress.oversight.as_ref().map(|run| run.kind);
    let mut places = vec![];
    places.extend(kind.map(|_| OVERSEER));
    if let Some(due) = &progress.milestone
        && !matches!(kind, Some(OversightKind::Milestone { .. }))
    {
        let is_spent = due.lapses.is_spent();
        places.push(if is_spent { MILESTONE_LEFT } else { MILESTONE });
    }
    if let Some(due) = &progress.last
        && kind != Some(OversightKind::Final)
    {
        places.push(match due.lapses.is_spent() {
            _ if progress.rounds >= ROUNDS_MAX => ROUNDS,
            true => FINAL_LEFT,
            false => FINAL,
        });
    }
    places
}

fn initialization(project: &Registered) -> Option<Place> {
    match &project.initialization {
        Initialization::NotDue | Initialization::Done => None,
        Initialization::Due { lapses } if lapses.is_spent() => Some(INITIALIZERS),
        Initialization::Due { .. } => Some(DUE),
        Initialization::Underway { .. } => Some(INITIALIZING),
        Initialization::Proposed { .. } => Some(PROPOSED),
    }
}

impl Ways for Project {
    const PLACES: &'static [Place] = &[
        PENDING,
        FAILED,
        STOPPED,
        RUNNING,
        DRAINING,
        COMPLETED,
        EDITING,
        DUE,
        INITIALIZERS,
        INITIALIZING,
        PROPOSED,
        MILESTONE,
        MILESTONE_LEFT,
        FINAL,
        FINAL_LEFT,
        ROUNDS,
        OVERSEER,
        PROVIDER,
        TOOL,
        SETUP,
        ENGINE,
    ];

    const GUARDED: &'static [(Place, &'static [&'static str])] = &[
        (STOPPED, &[]),
        (INITIALIZERS, &[]),
        // More was merged since: the next milestone is another matter.
        (MILESTONE_LEFT, &["due milestone 30"]),
        (FINAL_LEFT, &[]),
        (ROUNDS, &[]),
    ];

    fn places(&self) -> Vec<Place> {
        let Some(project) = self.registered() else {
            return vec![];
        };

        let mut places = vec![match project.intent {
            Intent::Stopped => STOPPED,
            Intent::Running { .. } => RUNNING,
            Intent::Draining { .. } => DRAINING,
            Intent::Completed => COMPLETED,
        }];

        match project.repository {
            Repository::Pending => places.push(PENDING),
            Repository::Failed { .. } => places.push(FAILED),
            Repository::Cloned { .. } => {}
        }

        let progress = &project.progress;
        places.extend(project.editing.as_ref().map(|_| EDITING));
        places.extend(initialization(project));
        places.extend(oversight(progress));
        for trouble in &project.troubles {
            places.push(match trouble.thing {
                Thing::Provider { .. } => PROVIDER,
                Thing::Tool { .. } => TOOL,
                Thing::Setup => SETUP,
                Thing::Engine => ENGINE,
            });
        }

        places
    }

    fn givers(command: &Command) -> &'static [Giver] {
        match command {
            Command::Register { .. } => &[Person("project add")],
            Command::Relocate { .. } => &[Person("project upstream move")],
            // What stood in the way was mended, and the copy is tried again.
            Command::RecordClone { .. } => &[
                Actor("effects"),
                Person("project upstream fetch"),
                Person("project set --ssh-key"),
                Person("project set --token-file"),
            ],
            Command::FailClone { .. } => &[Actor("effects")],
            Command::WriteSpec { .. } => &[Person("project set --spec")],
            Command::ChangeSettings { .. } => &[Person("project set")],
            Command::SetTarget { .. } => &[Person("project set --target")],
            Command::Start { .. } => &[Person("project start")],
            Command::Drain { .. } => &[Person("project drain")],
            Command::Stop { .. } => &[Policy("fleet"), Person("project stop")],
            Command::OpenEdit { .. } | Command::SaveEdit { .. } | Command::DiscardEdit { .. } => {
                &[Owed("edit mode of the bridge")]
            }
            Command::DueInitialization => &[Policy("admit")],
            Command::AskInitialization => &[Person("project initialize")],
            Command::StartInitialization { .. } => &[Policy("dispatch"), Person("project start")],
            // The session that works on it ends.
            Command::LapseInitialization { .. } | Command::LapseOversight { .. } => {
                &[Policy("assign"), Person("container stop")]
            }
            Command::ProposeBacklog { .. } => &[Actor("sessions/agent")],
            Command::FinishInitialization { .. } => &[Policy("admit"), Person("project start")],
            Command::DueMilestone { .. } | Command::DueFinal { .. } => &[Policy("milestone")],
            Command::StartOversight { .. } => &[Policy("dispatch"), Person("project start")],
            Command::SettleOversight { .. } => &[Actor("sessions/agent")],
            // There is work again.
            Command::Resume { .. } => &[Policy("milestone"), Person("feature add")],
            Command::Delete { .. } => &[Discards("project delete")],
            Command::ReportTrouble { .. } => &[Actor("sessions/outside"), Policy("engine")],
            // A session got through: a person has it tried at once.
            Command::EndTrouble { .. } => &[
                Actor("sessions/outside"),
                Policy("engine"),
                Person("project retry"),
            ],
            Command::AskProbe { .. } => &[Person("project retry")],
        }
    }
}

/// What a project of a real agent needs, in trouble.
fn troubled(running: &Project, thing: Thing) -> Project {
    let agent = AgentSpec {
        model: Some("claude-sonnet-4-5".into()),
        ..AgentSpec::of(Dialect::Claude)
    };
    let settings = Settings {
        agent,
        ..Settings::default()
    };
    let change = Command::ChangeSettings {
        settings: Box::new(settings),
    };
    let report = Command::ReportTrouble {
        thing,
        detail: "it refuses".into(),
        retry_at: None,
        session: SessionId::from_bytes([1; 10]),
        feature: None,
        since: Timestamp(1),
    };

    folded(running, &[change, report])
}

/// Its part of the table of ways: with the places that only repetition leads to.
pub(crate) fn table() -> (String, Vec<String>) {
    let mut commands = commands();
    let mut states = states();
    let found = states.iter().find(|(name, _)| *name == "running");
    let running = found.expect("a state of the table").1.clone();
    let command = |name: &str| {
        let found = commands.iter().find(|(known, _)| *known == name);
        found.expect("a command of the table").1.clone()
    };

    for (name, first, round, times) in [
        ("initialization due", "due initialization", &[][..], 0),
        ("final due", "due final", &[], 0),
        (
            "initializers lapsed",
            "due initialization",
            &["start initialization", "lapse initialization"][..],
            3,
        ),
        (
            "overseers lapsed",
            "due milestone 20",
            &["start oversight", "lapse oversight"],
            5,
        ),
        (
            "final overseers lapsed",
            "due final",
            &["start oversight", "lapse oversight"],
            5,
        ),
        (
            "findings again and again",
            "due final",
            &[
                "start oversight",
                "settle oversight (findings)",
                "due final",
            ],
            5,
        ),
    ] {
        let round: Vec<_> = round.iter().map(|name| command(name)).collect();
        let begun = folded(&running, &[command(first)]);
        states.push((name, rounds(&begun, &round, times)));
    }

    let provider = Thing::Provider {
        name: "anthropic".into(),
    };
    let tool = Thing::Tool {
        name: "claude".into(),
    };

    for (name, ended, thing) in [
        ("provider in trouble", "end trouble (provider)", provider),
        ("tool in trouble", "end trouble (tool)", tool),
        ("engine in trouble", "end trouble (engine)", Thing::Engine),
    ] {
        states.push((name, troubled(&running, thing.clone())));
        let why = "it worked".into();
        commands.push((ended, Command::EndTrouble { thing, why }));
    }

    crate::ways::table("project", &states, &commands)
}
