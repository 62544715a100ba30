//! The fleet on the wire: slots, sessions, the board, the figures.

use actors::containers::plan::present_name;
use events::agent::Dialect;
use events::container::{Duty, Slot, SlotState};
use events::feature::{FeatureType, Known, Stage};
use events::id::{FeatureId, SessionId, SlotNo};
use events::usage::Usage;
use events::view::{ProjectView, Projections, SessionRecord};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::feature::status;
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

/// A feature on the board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Card {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where it stands, in a word.
    pub status: String,
    /// 0 (first) to 4 (last).
    pub priority: u8,
    /// Shown as a badge.
    pub category: String,
    /// Who works on it.
    pub holder: Option<String>,
    /// Its newest claim.
    pub epoch: u64,
    /// What it waits for.
    pub blockers: Vec<String>,
    /// Why what was found about it may not hold any more; empty while it does.
    pub stale: Vec<String>,
    /// Where its work collides with what the trunk got meanwhile.
    pub collisions: Vec<String>,
    /// What its merge was verified with: verified, verified again, unverified or ours; none before
    /// it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// What of its verification its merge changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
}

/// The columns of the board, each in the order of the queue.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Columns {
    /// Not begun.
    pub backlog: Vec<Card>,
    /// Claimed.
    pub in_progress: Vec<Card>,
    /// Handed in.
    pub review: Vec<Card>,
    /// Approved, on the way to upstream.
    pub merging: Vec<Card>,
    /// Closed.
    pub done: Vec<Card>,
    /// Waits for a person.
    pub needs_you: Vec<Card>,
}

/// A project on one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Board {
    /// How the project stands.
    pub project: super::ProjectShape,
    /// Its features.
    pub columns: Columns,
    /// Its slots.
    pub slots: Vec<SlotShape>,
    /// All this is as of here.
    pub position: u64,
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
    let job = slot.job();

    SlotShape {
        n: n.0,
        status: status.to_owned(),
        container: present_name(view, n).map(|name| name.to_string()),
        session: job.map(|job| job.session.to_string()),
        role: job.map(|job| job.role.name().to_owned()),
        feature: job
            .and_then(|job| job.feature.as_ref())
            .map(ToString::to_string),
        failures: slot.failures,
        note: why.or(withheld),
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

fn card(view: &ProjectView, id: &FeatureId, known: &Known) -> Card {
    let (status, holder) = status(known);
    let status = match () {
        () if is_held(view, id) => "held",
        () if is_parked(view, id) => "parked",
        () => status,
    };

    Card {
        id: id.to_string(),
        title: known.content.title.clone(),
        status: status.to_owned(),
        priority: known.content.priority,
        category: known.content.category.clone(),
        holder,
        epoch: known.epoch.0,
        blockers: known.blockers.iter().map(ToString::to_string).collect(),
        stale: view.stale(id),
        collisions: view.merge_queue.state.collisions(id, known.epoch).to_vec(),
        proof: view.proof(id).map(|proof| proof.name().to_owned()),
        checks: view.checks(id).to_vec(),
    }
}

/// Whether its merge waits for a person.
fn is_held(view: &ProjectView, id: &FeatureId) -> bool {
    view.merge_queue
        .state
        .held
        .iter()
        .any(|entry| entry.feature() == Some(id))
}

/// Whether its merge waits for the trunk to be green by itself.
fn is_parked(view: &ProjectView, id: &FeatureId) -> bool {
    let mut parked = view.merge_queue.state.parked.iter();
    parked.any(|entry| entry.feature() == Some(id))
}

/// A project's board, if it is registered. Epics are headings, and withdrawn features are gone:
/// neither is on it.
pub fn board(view: &ProjectView, projections: &Projections) -> Option<Board> {
    let project = super::project(view)?;
    let mut columns = Columns::default();

    for (id, known, _) in view
        .in_order()
        .into_iter()
        .filter(|(_, known, _)| known.content.kind != FeatureType::Epic)
    {
        let column = match &known.stage {
            _ if is_held(view, id) => &mut columns.needs_you,
            Stage::Open { question: Some(_) } | Stage::Quarantined { .. } => &mut columns.needs_you,
            Stage::Open { question: None } if known.aside.is_some() => &mut columns.needs_you,
            Stage::Open { question: None } => &mut columns.backlog,
            Stage::Claimed { .. } => &mut columns.in_progress,
            Stage::Submitted { .. } => &mut columns.review,
            Stage::Approved { .. } | Stage::Merging { .. } => &mut columns.merging,
            Stage::Closed { .. } => &mut columns.done,
            Stage::Withdrawn => continue,
        };
        column.push(card(view, id, known));
    }
    Some(Board {
        project,
        columns,
        slots: slots(view),
        position: projections.position.0,
    })
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
