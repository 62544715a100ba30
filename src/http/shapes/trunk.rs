//! The merge queue on the wire.

use events::trunk::{Entry, EntryKind, Stage};
use events::view::ProjectBook;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A project's merge queue.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TrunkShape {
    /// Version of its stream: the ETag.
    pub version: u64,
    /// Upstream's branch; none before it was copied.
    pub branch: Option<String>,
    /// Its commit as far as we know.
    pub head: Option<String>,
    /// Why it waits, and what to do.
    pub trouble: Option<String>,
    /// Entries in order; the first one moves.
    pub queue: Vec<EntryShape>,
    /// How many of them, from the first one on, are verified and published as one.
    pub batch: usize,
    /// Entries that wait for a person.
    pub held: Vec<EntryShape>,
}

/// An entry of the queue.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EntryShape {
    /// Its number.
    pub entry: u64,
    /// scaffold, feature, undo or restore.
    pub kind: String,
    /// The feature it is about.
    pub feature: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// queued, built, verifying, verified, publishing or held.
    pub stage: String,
    /// The candidate, once one was built.
    pub candidate: Option<String>,
    /// What it changes, as far as that was recorded.
    pub files: Vec<String>,
    /// Those that a person has to approve.
    pub protected: Vec<String>,
}

/// Our part of the repository.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ScaffoldShape {
    /// Whether something is to be changed, and was queued.
    pub queued: bool,
}

/// Work that would not merge.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ConflictShape {
    /// Whose.
    pub feature: String,
    /// Where.
    pub paths: Vec<String>,
}

/// The merge queue of a project whose upstream was copied.
pub fn trunk(book: &ProjectBook) -> TrunkShape {
    let trunk = &book.trunk.state;
    TrunkShape {
        version: book.trunk.version.0,
        branch: trunk.branch.clone(),
        head: trunk.head.as_ref().map(ToString::to_string),
        trouble: trunk
            .halt
            .as_ref()
            .map(|halt| format!("{} ({})", halt.fault.advice(), halt.reason)),
        queue: trunk.queue.iter().map(entry).collect(),
        batch: trunk.batched(),
        held: trunk
            .held
            .iter()
            .map(|held| EntryShape {
                stage: "held".to_owned(),
                ..entry(held)
            })
            .collect(),
    }
}

fn entry(entry: &Entry) -> EntryShape {
    let (kind, title) = match &entry.kind {
        EntryKind::Scaffold => ("scaffold", None),
        EntryKind::Feature { title, .. } => ("feature", Some(title.clone())),
        EntryKind::Revert {
            title,
            restores: false,
            ..
        } => ("undo", Some(title.clone())),
        EntryKind::Revert {
            title,
            restores: true,
            ..
        } => ("restore", Some(title.clone())),
    };
    let stage = match &entry.stage {
        Stage::Queued => "queued",
        Stage::Built { .. } => "built",
        Stage::Verifying { .. } => "verifying",
        Stage::Verified { .. } => "verified",
        Stage::Publishing { .. } => "publishing",
    };
    EntryShape {
        entry: entry.number,
        kind: kind.to_owned(),
        feature: entry.feature().map(ToString::to_string),
        title,
        stage: stage.to_owned(),
        candidate: entry.candidate().map(|candidate| candidate.sha.to_string()),
        files: entry.changes.files.clone(),
        protected: entry.changes.protected.clone(),
    }
}
