//! Features on the wire.

use events::claims::refs;
use events::feature::{Content, FeatureType, Known, Stage};
use events::holder::Holder;
use events::id::FeatureId;
use events::merge_queue::Verdict;
use events::stream::Version;
use events::view::ProjectView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fleet::{SessionShape, session};

/// Sessions that are shown with a feature.
const SESSIONS_SHOWN: usize = 10;

/// What was taken out of quarantine.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Requeued {
    /// Ids of the features; none, when none was quarantined.
    pub ids: Vec<String>,
}

/// A new feature.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFeature {
    /// What it asks for.
    pub content: Content,
    /// Ids it depends on.
    #[serde(default)]
    pub depends_on: Vec<String>,
}

/// Changes to a feature; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FeatureChange {
    /// 1 to 200 characters.
    pub title: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// How to do it or to see that it is done, in order.
    pub steps: Option<Vec<String>>,
    /// Shown as a badge.
    pub category: Option<String>,
    /// At most 20.
    pub labels: Option<Vec<String>>,
    /// 0 (first) to 4 (last).
    pub priority: Option<u8>,
    /// Order within the priority, ascending.
    pub rank: Option<i64>,
}

impl FeatureChange {
    /// Whether only its place in the queue changes.
    pub fn is_about_its_place(&self) -> bool {
        let Self {
            title,
            description,
            steps,
            category,
            labels,
            priority: _,
            rank: _,
        } = self;

        title.is_none()
            && description.is_none()
            && steps.is_none()
            && category.is_none()
            && labels.is_none()
    }

    /// The content after this change.
    pub fn apply(self, mut content: Content) -> Content {
        content.title = self.title.unwrap_or(content.title);
        content.description = self.description.unwrap_or(content.description);
        content.steps = self.steps.unwrap_or(content.steps);
        content.category = self.category.unwrap_or(content.category);
        content.labels = self.labels.unwrap_or(content.labels);
        content.priority = self.priority.unwrap_or(content.priority);
        content.rank = self.rank.unwrap_or(content.rank);
        content
    }
}

/// How a person closes a feature.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It is done otherwise, and counts as done.
    DoneElsewhere,
    /// It will not be done, and leaves the counts.
    WontDo,
}

/// A person closes a feature.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseRequest {
    /// The way in which it is closed.
    pub how: How,
}

/// A dependency to add or to remove.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
    /// Id of the feature it depends on.
    pub on: String,
    /// Remove it instead.
    #[serde(default)]
    pub remove: bool,
}

/// A feature as it stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FeatureShape {
    /// Its id.
    pub id: String,
    /// Version of its stream: the ETag.
    pub version: u64,
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
    /// Why what was found about it may not hold any more; empty while it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<String>,
    /// Where its work collides with what the trunk got meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collisions: Vec<String>,
    /// What its merge was verified with: verified, verified again, unverified or ours; none before
    /// it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// What of its verification its merge changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
    /// The branch of its present claim, where somebody outside holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The newest sessions on it, the newest first; only where one feature is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<SessionShape>,
    /// Why it could not be undone, or brought back, when that was asked for last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// The id it had where it was imported from, and has again in an export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
}

/// The features of a project, in the order of the queue.
pub fn features(view: &ProjectView) -> Vec<FeatureShape> {
    let known = view.in_order();
    known
        .into_iter()
        .map(|(id, known, tracked)| feature(view, id, known, tracked.version))
        .collect()
}

/// A feature's shape.
pub fn feature(
    view: &ProjectView,
    id: &FeatureId,
    known: &Known,
    version: Version,
) -> FeatureShape {
    let (status, holder) = status(known);

    FeatureShape {
        id: id.to_string(),
        version: version.0,
        status: status.to_owned(),
        holder,
        epoch: known.epoch.0,
        blockers: known.blockers.iter().map(ToString::to_string).collect(),
        content: known.content.clone(),
        stale: view.stale(id),
        collisions: view.merge_queue.state.collisions(id, known.epoch).to_vec(),
        proof: view.proof(id).map(|proof| proof.name().to_owned()),
        checks: view.checks(id).to_vec(),
        branch: branch(id, known),
        sessions: vec![],
        undo: undo(view, id),
        issue: None,
        notes: known
            .notes
            .iter()
            .map(|n| format!("{}: {}", n.by, n.text))
            .collect(),
    }
}

/// The branch that somebody outside pushes their work to.
fn branch(id: &FeatureId, known: &Known) -> Option<String> {
    match &known.stage {
        Stage::Claimed {
            holder: Holder::Outside { .. },
            ..
        } => Some(refs::branch(id, known.epoch)),
        Stage::Claimed {
            holder: Holder::Slot { .. },
            ..
        }
        | Stage::Open { .. }
        | Stage::Submitted { .. }
        | Stage::Approved { .. }
        | Stage::Merging { .. }
        | Stage::Closed { .. }
        | Stage::Quarantined { .. }
        | Stage::Withdrawn => None,
    }
}

/// The newest sessions on a feature, the newest first.
pub fn sessions_on(view: &ProjectView, id: &FeatureId) -> Vec<SessionShape> {
    let on_it = view
        .sessions
        .iter()
        .filter(|(_, record)| record.feature.as_ref() == Some(id));
    let mut all: Vec<_> = on_it.collect();
    all.sort_by_key(|(session, record)| std::cmp::Reverse((record.assigned, (*session).clone())));
    all.truncate(SESSIONS_SHOWN);
    let shapes = all.into_iter();
    shapes
        .map(|(id, record)| session(view, id, record))
        .collect()
}

/// Why what a feature brought was not taken out, or not brought back, when that was asked for last.
fn undo(view: &ProjectView, id: &FeatureId) -> Option<String> {
    let undone = view.merge_queue.state.undone.get(id)?;
    let why = match &undone.verdict {
        Verdict::Merged(_) => return None,
        Verdict::Conflict { paths, .. } => {
            format!("later work changed {}", paths.join(", "))
        }
        Verdict::Nothing { .. } => "upstream does not hold what it brought".to_owned(),
        Verdict::Red { exit, .. } => format!("the verification ended with exit code {exit}"),
        Verdict::Refused { why, .. } => format!("it was refused: {why}"),
        Verdict::Dropped { why } => format!("it was dropped: {why}"),
    };
    let what = match undone.restores {
        true => "bringing it back",
        false => "undoing it",
    };

    Some(format!("{what} came to nothing: {why}"))
}

/// Where a feature stands, in a word, and who works on it.
pub(super) fn status(known: &Known) -> (&'static str, Option<String>) {
    match &known.stage {
        Stage::Open { question: Some(_) } => ("asked", None),
        Stage::Open { question: None } if !known.blockers.is_empty() => ("blocked", None),
        Stage::Open { question: None } if known.content.kind == FeatureType::Epic => ("epic", None),
        Stage::Open { question: None } if known.aside.is_some() => ("set aside", None),
        Stage::Open { question: None } => ("open", None),
        Stage::Claimed {
            holder: Holder::Slot { n, .. },
            ..
        } => ("claimed", Some(format!("slot {n}"))),
        Stage::Claimed {
            holder: Holder::Outside { principal },
            ..
        } => ("claimed", Some(principal.clone())),
        Stage::Submitted { review: None, .. } => ("submitted", None),
        Stage::Submitted {
            review: Some(slot_session),
            ..
        } => ("in review", Some(format!("slot {}", slot_session.n))),
        Stage::Approved { .. } => ("approved", None),
        Stage::Merging { .. } => ("merging", None),
        Stage::Closed { .. } => ("closed", None),
        Stage::Quarantined { .. } => ("quarantined", None),
        Stage::Withdrawn => ("withdrawn", None),
    }
}
