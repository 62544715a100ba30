//! The fleet on the wire: slots, sessions, the figures.

use actors::containers::plan::present_name;
use events::agent::Dialect;
use events::container::{Assignment, Duty, Slot, SlotState};
use events::feature::Stage;
use events::id::{SessionId, SlotNo};
use events::usage::Usage;
use events::view::{ProjectView, Projections, SessionRecord};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::shown;

/// A slot and what it is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SlotShape {
    /// Its number.
    pub n: u16,
    /// idle, assigned, starting, running, ending, quarantined.
    pub status: String,
    /// The present container, once there was one.
    pub container: Option<String>,
    /// The session at hand.
    pub session: Option<String>,
    /// coder, reviewer, verifier, overseer, initializer.
    pub role: Option<String>,
    /// What it works on.
    pub feature: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// Why it is out of service, or who took it out.
    pub note: Option<String>,
    /// The number of the claim that its session works under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// When its session was assigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// How its agent is spoken to; none for verifiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Dialect>,
    /// The model that its agent asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What its session cost so far, in millionths of a dollar.
    #[serde(default)]
    pub micro_usd: u64,
}

/// A session, over or not.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionShape {
    /// Its id.
    pub id: String,
    /// The name of its project.
    pub project: String,
    /// Its slot.
    pub n: u16,
    /// Its container's generation.
    pub generation: Option<u64>,
    /// coder, reviewer, verifier, overseer, initializer.
    pub role: String,
    /// What it worked on.
    pub feature: Option<String>,
    /// The number of the claim that it happened under.
    pub epoch: Option<u64>,
    /// When it was assigned.
    pub assigned: String,
    /// When its runner reported for work.
    pub began: Option<String>,
    /// When it was over.
    pub ended: Option<String>,
    /// The outcome that it ended with.
    pub outcome: Option<String>,
    /// Exit code of its container.
    pub exit_code: Option<i32>,
    /// Whether its container ran out of memory.
    pub oom: bool,
    /// How its agent is spoken to; none for verifiers.
    pub dialect: Option<Dialect>,
    /// What it used of its models.
    pub usage: Usage,
    /// Bytes it moved beyond its repository and its model.
    pub egress_bytes: u64,
    /// Requests of that kind that were turned down.
    pub egress_denied: u64,
}

/// Lines of transcripts that hold a text.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// The lines, of the newest session first.
    pub hits: Vec<Hit>,
    /// Whether there are more than these, or not everything was looked at.
    pub more: bool,
}

/// One line that holds it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Hit {
    /// Whose transcript it is in.
    pub session: String,
    /// The line, or its first 400 characters.
    pub line: String,
}

/// Figures of the installation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Stats {
    /// The newest position.
    pub head: u64,
    /// Registered projects.
    pub projects: usize,
    /// Those that run.
    pub running: usize,
    /// Features that exist.
    pub features: usize,
    /// Closed ones.
    pub closed: usize,
    /// Claims that are open.
    pub claims: usize,
    /// Sessions there were.
    pub sessions: usize,
    /// Sessions at work.
    pub at_work: usize,
}

/// The slots of a project, by number.
pub fn slots(view: &ProjectView) -> Vec<SlotShape> {
    view.enlisted()
        .map(|(n, slot, _)| slot_shape(view, n, slot))
        .collect()
}

fn slot_shape(view: &ProjectView, n: SlotNo, slot: &Slot) -> SlotShape {
    let (status, why) = match &slot.state {
        SlotState::Idle => ("idle", None),
        SlotState::Assigned { .. } => ("assigned", None),
        SlotState::Requested { .. } => ("starting", None),
        SlotState::Running { .. } => ("running", None),
        SlotState::Ended(_) => ("ending", None),
        SlotState::Quarantined { why } => ("quarantined", Some(why.clone())),
    };
    let withheld = match &slot.duty {
        Duty::Withhold { by } => Some(format!("taken out of service by {by}")),
        Duty::Serve | Duty::Interrupt { .. } => None,
    };

    let mut shape = SlotShape {
        n: n.0,
        status: status.to_owned(),
        container: present_name(view, n).map(|name| name.to_string()),
        session: None,
        role: None,
        feature: None,
        failures: slot.failures,
        note: why.or(withheld),
        epoch: None,
        since: None,
        dialect: None,
        model: None,
        micro_usd: 0,
    };
    if let Some(job) = slot.job() {
        shape.work_on(view, job);
    }
    shape
}

impl SlotShape {
    /// Says what the slot's job is, and what its session used so far.
    fn work_on(&mut self, view: &ProjectView, job: &Assignment) {
        self.session = Some(job.session.to_string());
        self.role = Some(job.role.name().to_owned());
        self.feature = job.feature.as_ref().map(ToString::to_string);
        self.epoch = job.epoch.map(|epoch| epoch.0);

        if let Some(agent) = &job.agent {
            self.dialect = Some(agent.dialect);
            self.model.clone_from(&agent.model);
        }
        if let Some(record) = view.sessions.get(&job.session) {
            self.since = Some(shown::time(record.assigned));
            self.micro_usd = record.usage().micro_usd;
        }
    }
}

/// A session's shape.
pub fn session(view: &ProjectView, id: &SessionId, record: &SessionRecord) -> SessionShape {
    SessionShape {
        id: id.to_string(),
        project: view.name.to_string(),
        n: record.n.0,
        generation: record.generation.map(|g| g.0),
        role: record.role.name().to_owned(),
        feature: record.feature.as_ref().map(ToString::to_string),
        epoch: record.epoch.map(|e| e.0),
        assigned: shown::time(record.assigned),
        began: record.began.map(shown::time),
        ended: record.ended.map(|(at, _)| shown::time(at)),
        outcome: record.ended.map(|(_, outcome)| outcome.name().to_owned()),
        exit_code: record.exit.as_ref().and_then(|exit| exit.code),
        oom: record.exit.as_ref().is_some_and(|exit| exit.oom),
        dialect: record.dialect,
        usage: record.usage(),
        egress_bytes: record.egress().bytes,
        egress_denied: record.egress().denied,
    }
}

/// Most sessions of one answer.
const SESSIONS_MAX: usize = 1_000;

/// The sessions of a project, the newest first.
pub fn sessions(view: &ProjectView) -> Vec<SessionShape> {
    let mut all: Vec<_> = view.sessions.iter().collect();
    all.sort_by_key(|(id, record)| std::cmp::Reverse((record.assigned, (*id).clone())));
    all.truncate(SESSIONS_MAX);

    all.into_iter()
        .map(|(id, record)| session(view, id, record))
        .collect()
}

/// The figures of all projects.
pub fn stats(projections: &Projections) -> Stats {
    let registered = || {
        projections
            .projects
            .values()
            .filter(|view| view.registered().is_some())
    };
    let features = || registered().flat_map(|view| view.known().map(|(_, known, _)| known));
    let sessions = || registered().flat_map(|view| view.sessions.iter().map(|(_, record)| record));

    Stats {
        head: projections.position.0,
        projects: registered().count(),
        running: registered()
            .filter(|view| view.registered().is_some_and(|r| r.is_running()))
            .count(),
        features: features().count(),
        closed: features().filter(|known| known.is_closed()).count(),
        claims: features()
            .filter(|known| matches!(known.stage, Stage::Claimed { .. }))
            .count(),
        sessions: sessions().count(),
        at_work: sessions().filter(|record| record.ended.is_none()).count(),
    }
}
