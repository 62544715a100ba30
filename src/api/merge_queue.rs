//! The merge queue on the wire.

use events::evidence::Evidence;
use events::merge_queue::{Entry, EntryKind, Flakes, Red, Stage};
use events::view::ProjectView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time;

/// A project's merge queue.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MergeQueueShape {
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
    /// Entries that wait for the trunk to be green by itself.
    pub parked: Vec<EntryShape>,
    /// Set while the trunk is red without any work of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub red: Option<RedShape>,
    /// Trees that were red and then green.
    pub flaky: FlakyShape,
    /// Features whose merges were published without any verification.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unverified: Vec<String>,
}

/// A trunk that is red by itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RedShape {
    /// The commit that was verified.
    pub head: String,
    /// The time since when it holds.
    pub since: String,
    /// When it was verified last.
    pub at: String,
    /// The exit code of the verification.
    pub exit: i32,
    /// Whether the command could not be run at all.
    pub unrunnable: bool,
    /// Who ran it: its log is kept.
    pub session: String,
    /// The last lines of its log.
    pub tail: String,
}

/// Verifications that were red and then green on the same tree.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FlakyShape {
    /// The number of times that it was seen.
    pub count: u32,
    /// The entry of the newest.
    pub entry: Option<u64>,
    /// How its red run ended.
    pub exit: Option<i32>,
    /// Who ran that: its log is kept.
    pub session: Option<String>,
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
    /// queued, built, verifying, verified, publishing, held or parked.
    pub stage: String,
    /// When it was queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The verification that is running for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<VerificationShape>,
    /// The candidate, once one was built.
    pub candidate: Option<String>,
    /// What it changes, as far as that was recorded.
    pub files: Vec<String>,
    /// Those that a person has to approve.
    pub protected: Vec<String>,
    /// Those that the verification runs or obeys: a change of them may weaken it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
    /// Red verifications of the present candidate that are not its judgement yet.
    pub reds: usize,
    /// What its verification stands on: verified, verified again, unverified or ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

/// A verification that is running.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VerificationShape {
    /// Its session: what it prints is in its transcript.
    pub session: String,
    /// The slot that it runs in.
    pub slot: u16,
    /// When it was begun.
    pub since: String,
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
    /// The feature whose work collides.
    pub feature: String,
    /// Files that both sides changed.
    pub paths: Vec<String>,
}

/// The merge queue of a project whose upstream was copied.
pub fn merge_queue(view: &ProjectView) -> MergeQueueShape {
    let merge_queue = &view.merge_queue.state;

    MergeQueueShape {
        version: view.merge_queue.version.0,
        branch: merge_queue.branch.clone(),
        head: merge_queue.head.as_ref().map(ToString::to_string),
        trouble: merge_queue
            .halt
            .as_ref()
            .map(|halt| format!("{} ({})", halt.fault.advice(), halt.reason)),
        queue: merge_queue
            .queue
            .iter()
            .map(|waiting| entry(view, waiting))
            .collect(),
        batch: merge_queue.batched(),
        held: aside(view, &merge_queue.held, "held"),
        parked: aside(view, &merge_queue.parked, "parked"),
        red: merge_queue.health.red.as_ref().and_then(red),
        flaky: flaky(&merge_queue.health.flakes),
        unverified: view.unverified().map(ToString::to_string).collect(),
    }
}

fn aside(view: &ProjectView, entries: &[Entry], stage: &str) -> Vec<EntryShape> {
    let waiting = entries.iter().map(|waiting| EntryShape {
        stage: stage.to_owned(),
        ..entry(view, waiting)
    });
    waiting.collect()
}

fn red(red: &Red) -> Option<RedShape> {
    let Evidence::Ran {
        exit,
        session,
        tail,
        ..
    } = &red.evidence
    else {
        return None;
    };

    Some(RedShape {
        head: red.head.to_string(),
        since: time(red.since),
        at: time(red.at),
        exit: *exit,
        unrunnable: red.evidence.is_unrunnable(),
        session: session.to_string(),
        tail: tail.clone(),
    })
}

fn flaky(flakes: &Flakes) -> FlakyShape {
    let last = flakes.last.as_ref();
    FlakyShape {
        count: flakes.count,
        entry: last.map(|flake| flake.entry),
        exit: last.map(|flake| flake.exit),
        session: last.map(|flake| flake.session.to_string()),
    }
}

fn verification(view: &ProjectView, entry: &Entry) -> Option<VerificationShape> {
    let Stage::Verifying { slot_session, .. } = &entry.stage else {
        return None;
    };
    let record = view.sessions.get(&slot_session.session);

    Some(VerificationShape {
        session: slot_session.session.to_string(),
        slot: slot_session.n.0,
        since: time(match record {
            Some(record) => record.began.unwrap_or(record.assigned),
            None => entry.at,
        }),
    })
}

/// The stage of an entry, in a word.
pub(super) fn stage(entry: &Entry) -> &'static str {
    match &entry.stage {
        Stage::Queued => "queued",
        Stage::Built { .. } => "built",
        Stage::Verifying { .. } => "verifying",
        Stage::Verified { .. } => "verified",
        Stage::Publishing { .. } => "publishing",
    }
}

fn entry(view: &ProjectView, entry: &Entry) -> EntryShape {
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
    EntryShape {
        entry: entry.number,
        kind: kind.to_owned(),
        feature: entry.feature().map(ToString::to_string),
        title,
        stage: stage(entry).to_owned(),
        since: Some(time(entry.at)),
        verification: verification(view, entry),
        candidate: entry.candidate().map(|candidate| candidate.sha.to_string()),
        files: entry.changes.files.clone(),
        protected: entry.changes.protected.clone(),
        checks: entry.changes.checks.clone(),
        reds: entry.reds.len(),
        proof: entry.proof.map(|proof| proof.name().to_owned()),
    }
}
