//! The merge queue of a project, serial. Upstream's branch *is* the trunk; the gate's copy
//! is a cache.
//!
//! ```text
//!   Queued ──► Built{candidate} ──► Verifying{session} ──► Verified{evidence} ──► Publishing{from, to} ──► (advanced, off the queue)
//!     ▲            │ conflict: off the queue      │ red: off the queue                 │
//!     └────────────┴─────────────── upstream_moved: build and verify again ────────────┘
//!                                                 │ red: the bare head is verified, and it once more (`health`)
//!                  └ protected paths: held beside the queue until a person approves, then queued again
//! ```
//!
//! Only the front entry moves, or a batch of entries from the front on that are verified and
//! published as one (`batch`). Between verified and publish_intended the feature records
//! `merge_begun`. A failure to publish halts the merge queue, it never closes or rejects a feature.
//! `docs/states/merge_queue.md` is the whole table.

mod batch;
mod bounds;
mod decide;
mod entry;
pub mod event;
mod fault;
mod health;
mod state;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod ways;

use serde::Serialize;

use crate::evidence::Evidence;
use crate::holder::SlotSession;
use crate::id::{Digest, SessionId, Sha};
pub use crate::merge_queue::entry::{Entry, Landed, Merged, Proof, Stage, Undone, Verdict};
pub use crate::merge_queue::event::{Candidate, Changes, Collision, EntryKind, Event, Probed};
pub use crate::merge_queue::fault::Fault;
pub use crate::merge_queue::health::{Checking, Flake, Flakes, Health, Red};
pub use crate::merge_queue::state::{Halt, MergeQueue};
use crate::outcome::Outcome;
use crate::refusal_enum;

/// Upstream may move this often under one entry before the queue waits for the long back-off.
pub const MOVES_MAX: u32 = 10;

/// What goes without saying in the body of a command, as it did before it could be said.
fn is_asked(asked: &bool) -> bool {
    *asked
}

/// A request to a merge queue. Entries are named by their number.
#[derive(Debug, Clone, Serialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of the events of the same name"
)]
pub enum Command {
    Open {
        branch: String,
        head: Option<Sha>,
    },
    Enqueue {
        kind: EntryKind,
        priority: u8,
    },
    RecordCandidate {
        entry: u64,
        candidate: Candidate,
        changes: Changes,
        /// Upstream was asked where it is before this was built, and is at the base.
        #[serde(skip_serializing_if = "is_asked")]
        asked: bool,
    },
    Hold {
        entry: u64,
    },
    ApproveChange {
        entry: u64,
        by: String,
    },
    RefuseChange {
        entry: u64,
        by: String,
        why: String,
    },
    RecordConflict {
        entry: u64,
        base: Option<Sha>,
        paths: Vec<String>,
        why: String,
    },
    RecordNothing {
        entry: u64,
        base: Option<Sha>,
    },
    StartVerification {
        entry: u64,
        #[serde(rename = "seat")]
        slot_session: SlotSession,
        terms: Digest,
    },
    StartHeadVerification {
        #[serde(rename = "seat")]
        slot_session: SlotSession,
        terms: Digest,
    },
    LapseHeadVerification {
        session: SessionId,
        outcome: Outcome,
    },
    RecordHeadVerification {
        session: SessionId,
        evidence: Evidence,
    },
    EndRed {
        why: String,
    },
    LapseVerification {
        entry: u64,
        session: SessionId,
        outcome: Outcome,
    },
    RecordVerification {
        entry: u64,
        session: Option<SessionId>,
        evidence: Evidence,
    },
    CloseBatch {
        entry: u64,
        why: String,
    },
    IntendPublish {
        entry: u64,
    },
    RecordAdvanced {
        entry: u64,
    },
    RecordMoved {
        entry: u64,
        /// What upstream was compared with, and holds still.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<Sha>,
        seen: Option<Sha>,
        files: Vec<String>,
    },
    Halt {
        reason: String,
        fault: Fault,
    },
    RecordProbe {
        base: Sha,
        collisions: Vec<Collision>,
    },
    Follow {
        /// What upstream was compared with, and holds still.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<Sha>,
        seen: Option<Sha>,
        files: Vec<String>,
    },
    AcceptRewrite {
        seen: Sha,
        by: String,
    },
    Unhalt,
    Drop {
        entry: u64,
        why: String,
    },
}

refusal_enum! {
    /// Why a merge queue turned a command down.
    pub enum Refusal {
        NotOpen = "not_open", "the merge queue is not open: upstream was not copied yet";
        Open = "open", "the merge queue is open already";
        Queued = "queued", "that work is queued or was judged already";
        NotFront = "not_front", "the entry is not at the front of the queue";
        NotHeld = "not_held", "that entry waits for nobody; `queue show` lists those that do";
        NotQueued = "not_queued", "no entry of that number waits; `queue show` lists those that do";
        WrongStage = "wrong_stage", "the entry is not where that could happen";
        NotVerifier = "not_verifier", "this session does not verify this entry: its evidence is \
                                       not taken";
        NeedsApproval = "needs_approval", "the entry changes what decides what others run: \
                                           a person approves it first, with `queue approve`";
        GivenUp = "given_up", "too many verifiers ended without a result: `queue resume` has it \
                               tried again";
        Halted = "halted", "nothing is built unseen while upstream cannot be used";
        Rewritten = "rewritten", "upstream does not hold any more what it held: `project upstream \
                                  accept` takes it as it is";
        NotRewritten = "not_rewritten", "upstream was not seen rewritten to that commit";
        Publishing = "publishing", "the entry is being published; its end has to be seen first";
    }
}
