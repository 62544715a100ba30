//! What the operator's HTTP takes and gives.

use events::feature::{Content, FeatureType, Stage};
use events::holder::Holder;
use events::project::{Intent, ProjectKind, Repository};
use events::settings::{AgentSpec, Settings};
use events::view::ProjectBook;
use serde::{Deserialize, Serialize};

/// A new project.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    /// Its name, for ever.
    pub name: String,
    /// Its upstream.
    pub git_url: String,
    /// New or existing.
    pub kind: ProjectKind,
    /// Text of the spec.
    #[serde(default)]
    pub spec: Option<String>,
}

/// Changes to a project; what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectChange {
    /// Wanted berths.
    pub target: Option<u16>,
    /// Text of the spec.
    pub spec: Option<String>,
    /// The agent.
    pub agent: Option<AgentSpec>,
    /// Command run in a fresh clone; an empty text removes it.
    pub setup: Option<String>,
    /// Verification command; an empty text removes it.
    pub verify: Option<String>,
    /// Merge without a verification command.
    pub allow_unverified: Option<bool>,
    /// Wall limit of a session, in milliseconds.
    pub session_wall_ms: Option<u64>,
}

impl ProjectChange {
    /// The settings after this change.
    pub fn apply(&self, mut settings: Settings) -> Settings {
        let text = |new: &String| (!new.trim().is_empty()).then(|| new.clone());
        if let Some(agent) = &self.agent {
            settings.agent = agent.clone();
        }
        if let Some(setup) = &self.setup {
            settings.setup = text(setup);
        }
        if let Some(verify) = &self.verify {
            settings.verify = text(verify);
        }
        settings.allow_unverified = self.allow_unverified.unwrap_or(settings.allow_unverified);
        settings.session_wall_ms = self.session_wall_ms.unwrap_or(settings.session_wall_ms);
        settings
    }
}

/// A new feature.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewFeature {
    /// What it asks for.
    pub content: Content,
    /// Ids it depends on.
    #[serde(default)]
    pub depends_on: Vec<String>,
}

/// A text, for comments and answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// It.
    pub text: String,
}

/// The answer to a write.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Written {
    /// Where it is recorded.
    pub position: u64,
    /// Version of the written stream.
    pub version: u64,
    /// Ids it brought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
}

/// A project as it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProjectShape {
    /// Its name.
    pub name: String,
    /// Its upstream.
    pub git_url: String,
    /// New or existing.
    pub kind: ProjectKind,
    /// stopped, running, draining, completed.
    pub status: String,
    /// What the gate holds of upstream.
    pub repository: String,
    /// Upstream's commit as far as we know.
    pub trunk: Option<String>,
    /// Wanted berths.
    pub target: u16,
    /// Closed features that count.
    pub closed: u32,
    /// Features that count.
    pub total: u32,
    /// What waits for a person.
    pub needs_you: Vec<String>,
    /// What a person decided.
    pub settings: Settings,
}

/// A feature as it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FeatureShape {
    /// Its id.
    pub id: String,
    /// open, claimed, submitted, approved, merging, closed, quarantined, withdrawn.
    pub status: String,
    /// Who works on it.
    pub holder: Option<String>,
    /// Its newest claim.
    pub epoch: u64,
    /// What it waits for.
    pub blockers: Vec<String>,
    /// Title and all.
    pub content: Content,
    /// What people and rules said about it, oldest first.
    pub notes: Vec<String>,
}

/// A project's shape, if it is registered.
pub fn project(book: &ProjectBook) -> Option<ProjectShape> {
    let registered = book.registered()?;
    let standing = book.standing();
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
    Some(ProjectShape {
        name: book.name.to_string(),
        git_url: registered.git_url.clone(),
        kind: registered.kind,
        status: status.to_owned(),
        repository,
        trunk: book.trunk.state.head.as_ref().map(ToString::to_string),
        target: registered.target,
        closed: standing.tallied.closed,
        total: standing.tallied.total,
        needs_you: standing.needs_you,
        settings: registered.settings.clone(),
    })
}

/// The features of a project, in the order of the queue.
pub fn features(book: &ProjectBook) -> Vec<FeatureShape> {
    let mut known: Vec<_> = book.known().collect();
    known.sort_by_key(|(id, k, _)| (k.content.priority, k.content.rank, k.created, (*id).clone()));
    known.into_iter().map(|(id, known, _)| feature(id, known)).collect()
}

/// A feature's shape.
pub fn feature(id: &events::id::FeatureId, known: &events::feature::Known) -> FeatureShape {
    let (status, holder) = match &known.stage {
        Stage::Open { question: Some(_) } => ("asked", None),
        Stage::Open { question: None } if !known.blockers.is_empty() => ("blocked", None),
        Stage::Open { question: None } if known.content.kind == FeatureType::Epic => ("epic", None),
        Stage::Open { question: None } => ("open", None),
        Stage::Claimed { holder: Holder::Berth { n, .. }, .. } => ("claimed", Some(format!("berth {n}"))),
        Stage::Claimed { holder: Holder::Outside { principal }, .. } => ("claimed", Some(principal.clone())),
        Stage::Submitted { review: None, .. } => ("submitted", None),
        Stage::Submitted { review: Some(seat), .. } => ("in review", Some(format!("berth {}", seat.n))),
        Stage::Approved { .. } => ("approved", None),
        Stage::Merging { .. } => ("merging", None),
        Stage::Closed { .. } => ("closed", None),
        Stage::Quarantined { .. } => ("quarantined", None),
        Stage::Withdrawn => ("withdrawn", None),
    };
    FeatureShape {
        id: id.to_string(),
        status: status.to_owned(),
        holder,
        epoch: known.epoch.0,
        blockers: known.blockers.iter().map(ToString::to_string).collect(),
        content: known.content.clone(),
        notes: known.notes.iter().map(|n| format!("{}: {}", n.by, n.text)).collect(),
    }
}
