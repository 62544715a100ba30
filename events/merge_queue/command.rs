//! What can be asked of a merge queue, and why it is turned down.

use serde::Serialize;

use crate::evidence::Evidence;
use crate::holder::SlotSession;
use crate::id::{Digest, SessionId, Sha};
use crate::merge_queue::event::{Candidate, Changes, Collision, EntryKind};
use crate::merge_queue::fault::Fault;
use crate::outcome::Outcome;
use crate::refusal_enum;

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
    FollowBranch {
        branch: String,
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
        BranchThere = "branch_there", "upstream's branch is there: only one that is gone is \
                                       followed under another name";
        NoBranchName = "no_branch_name", "that is no name of a branch that can be followed";
        Publishing = "publishing", "the entry is being published; its end has to be seen first";
    }
}
