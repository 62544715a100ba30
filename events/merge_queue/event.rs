//! What happened to a merge queue. Frozen by golden files.

use serde::{Deserialize, Serialize};

use crate::event_enum;
use crate::evidence::Evidence;
use crate::feature::content::PRIORITY_USUAL;
use crate::holder::SlotSession;
use crate::id::{Digest, Epoch, FeatureId, SessionId, Sha};
use crate::merge_queue::fault::Fault;
use crate::outcome::Outcome;

/// What an entry brings upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EntryKind {
    /// The first commit of an empty upstream: files of ours.
    Scaffold,
    /// An approved submission.
    Feature {
        /// The feature that this is about.
        feature: FeatureId,
        /// The number of the claim that it happened under.
        epoch: Epoch,
        /// The submitted commit.
        sha: Sha,
        /// For the merge commit.
        title: String,
    },
    /// What a published commit brought is taken out again.
    Revert {
        /// The feature it belongs to.
        feature: FeatureId,
        /// The published commit.
        commit: Sha,
        /// For the new commit.
        title: String,
        /// Whether that commit was itself such a revert, so that the feature is done again.
        restores: bool,
    },
}

/// Most paths of a candidate that are recorded.
pub const FILES_MAX: usize = 300;

/// What a candidate changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// Paths, at most [`FILES_MAX`].
    pub files: Vec<String>,
    /// The number of further paths that are not named.
    pub more: u32,
    /// Those that a person has to approve, as the project's settings were.
    pub protected: Vec<String>,
    /// The verification command that its tree suggests.
    pub detected: Option<String>,
    /// Upstream's tree suggests another command, or none.
    #[serde(skip_serializing_if = "is_false")]
    pub suggests_anew: bool,
    /// Those that the verification itself runs or obeys: a change of them may weaken it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// A commit that may become upstream's next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Upstream's commit it was built on.
    pub base: Option<Sha>,
    /// The commit.
    pub sha: Sha,
    /// Its tree.
    pub tree: Sha,
}

/// Upstream is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// Its branch.
    pub branch: String,
    /// Its commit.
    pub head: Option<Sha>,
}

/// An entry joined the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queued {
    /// Its number, from 1.
    pub entry: u64,
    /// The kind of work that it brings.
    pub kind: EntryKind,
    /// 0 (first) to 4 (last): it goes before what waits with a higher number.
    #[serde(default = "usual_priority")]
    pub priority: u8,
}

fn usual_priority() -> u8 {
    PRIORITY_USUAL
}

/// A candidate stands in the gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CandidateBuilt {
    /// The entry's number in the merge queue.
    pub entry: u64,
    /// The candidate.
    pub candidate: Candidate,
    /// The changes that it brings to the tree.
    #[serde(default)]
    pub changes: Changes,
}

/// The entry waits beside the queue for a person: it changes protected paths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The entry's number in the merge queue.
    pub entry: u64,
}

/// A person lets an entry change the protected paths that it was held for; it joins the queue
/// again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeApproved {
    /// The entry's number in the merge queue.
    pub entry: u64,
    /// The name of whoever asked for it.
    pub by: String,
}

/// A person does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeRefused {
    /// The entry's number in the merge queue.
    pub entry: u64,
    /// The name of whoever asked for it.
    pub by: String,
    /// Why; the next coder reads it.
    pub why: String,
}

/// The entry left the queue without being published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dequeued {
    /// The entry's number in the merge queue.
    pub entry: u64,
    /// Upstream's commit at that time.
    pub base: Option<Sha>,
    /// Conflicting paths; empty when it was dropped for another reason.
    pub paths: Vec<String>,
    /// The message, for people to read.
    pub why: String,
}

/// The entry left the queue: upstream holds all of it already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundEmpty {
    /// The entry's number in the merge queue.
    pub entry: u64,
    /// Upstream's commit that holds it.
    pub base: Option<Sha>,
}

/// Nothing more joins the batch that ends with this entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchClosed {
    /// The tip.
    pub entry: u64,
    /// The message, for people to read.
    pub why: String,
}

/// A verifier was granted a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerificationStarted {
    /// Which entry; of a batch, its tip.
    pub entry: u64,
    /// Which slot and session.
    #[serde(rename = "seat")]
    pub slot_session: SlotSession,
    /// Digest of everything in the settings that decides what it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Digest>,
}

/// The verifier ended without evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerificationLapsed {
    /// The entry's number in the merge queue.
    pub entry: u64,
    /// The session that this is about.
    pub session: SessionId,
    /// The outcome that the session ended with.
    pub outcome: Outcome,
}

/// The candidate may be published, with what it stands on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// Which entry; of a batch, its tip.
    pub entry: u64,
    /// The evidence that it rests on.
    pub evidence: Evidence,
}

/// The candidate may not be published: a single entry left the queue, a batch is halved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerificationFailed {
    /// Which entry; of a batch, its tip.
    pub entry: u64,
    /// The evidence that it rests on.
    pub evidence: Evidence,
}

/// The candidate was red, which is not its judgement yet: it is verified once more, or the bare
/// head is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerificationDoubted {
    /// The entry's number in the merge queue.
    pub entry: u64,
    /// The evidence that it rests on.
    pub evidence: Evidence,
}

/// The entry waits beside the queue: the trunk is red without it, so that its own red says nothing
/// about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parked {
    /// The entry's number in the merge queue.
    pub entry: u64,
    /// What was seen of it.
    pub evidence: Evidence,
}

/// A verifier of the bare head was granted a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadVerificationStarted {
    /// The commit that upstream has.
    pub head: Sha,
    /// Which slot and session.
    #[serde(rename = "seat")]
    pub slot_session: SlotSession,
    /// Digest of everything in the settings that decides what it runs.
    pub terms: Digest,
}

/// That verifier ended without evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadVerificationLapsed {
    /// The session that this is about.
    pub session: SessionId,
    /// The outcome that the session ended with.
    pub outcome: Outcome,
}

/// Upstream's commit is green by itself; what waited beside the queue joins it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadVerified {
    /// The commit that was verified.
    pub head: Sha,
    /// The evidence that it rests on.
    pub evidence: Evidence,
}

/// Upstream's commit is red by itself, without any work of ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadFailed {
    /// The commit that was verified.
    pub head: Sha,
    /// The evidence that it rests on.
    pub evidence: Evidence,
}

/// Nothing waits for the trunk to be green any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RedEnded {
    /// The message, for people to read.
    pub why: String,
}

/// Upstream is about to be moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishIntended {
    /// Which entry; of a batch, its tip.
    pub entry: u64,
    /// The expected old value; none when upstream is empty. What the batch stands on.
    pub from: Option<Sha>,
    /// The value that it gets.
    pub to: Sha,
}

/// Upstream moved, read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advanced {
    /// The entry's number in the merge queue.
    pub entry: u64,
    /// The old value.
    pub from: Option<Sha>,
    /// The value that it gets.
    pub to: Sha,
}

/// Somebody else moved upstream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpstreamMoved {
    /// Which entry was affected.
    pub entry: u64,
    /// Upstream's commit now.
    pub seen: Option<Sha>,
    /// Paths that changed, at most [`FILES_MAX`].
    #[serde(default)]
    pub files: Vec<String>,
}

/// The queue waits; upstream cannot be reached or refuses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Halted {
    /// What was tried and what was said.
    pub reason: String,
    /// What is wrong with upstream.
    #[serde(default)]
    pub fault: Fault,
}

/// Upstream moved while nothing was queued, or somebody took it as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Followed {
    /// The commit where upstream was, if it had one.
    pub from: Option<Sha>,
    /// The commit where upstream is.
    pub to: Sha,
    /// Paths that changed, at most [`FILES_MAX`].
    pub files: Vec<String>,
    /// Who accepted that it does not hold any more what it held; none when it does.
    pub accepted: Option<String>,
}

/// Upstream's branch has another name now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BranchFollowed {
    /// Its name from now on.
    pub branch: String,
    /// The name of whoever said so.
    pub by: String,
}

/// Work that would not merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collision {
    /// The feature whose work collides.
    pub feature: FeatureId,
    /// The number of the claim that it happened under.
    pub epoch: Epoch,
    /// Where, at most [`FILES_MAX`].
    pub paths: Vec<String>,
}

/// Work under way was merged with the trunk in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probed {
    /// Where the trunk was.
    pub base: Sha,
    /// What does not merge with it.
    pub collisions: Vec<Collision>,
}

/// The queue goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unhalted {}

event_enum! {
    /// The events of a merge queue.
    pub enum Event {
        Opened(Opened) = "trunk.opened", 1;
        Queued(Queued) = "trunk.queued", 3, was [1: Queued, 2: Queued];
        CandidateBuilt(CandidateBuilt) = "trunk.candidate_built", 3, was [1: CandidateBuilt, 2: CandidateBuilt];
        Held(Held) = "trunk.held", 1;
        ChangeApproved(ChangeApproved) = "trunk.change_approved", 1;
        ChangeRefused(ChangeRefused) = "trunk.change_refused", 1;
        Dequeued(Dequeued) = "trunk.dequeued", 1;
        FoundEmpty(FoundEmpty) = "trunk.found_empty", 1;
        BatchClosed(BatchClosed) = "trunk.batch_closed", 1;
        VerificationStarted(VerificationStarted) = "trunk.verification_started", 2, was [1: VerificationStarted];
        VerificationLapsed(VerificationLapsed) = "trunk.verification_lapsed", 1;
        Verified(Verified) = "trunk.verified", 1;
        VerificationFailed(VerificationFailed) = "trunk.verification_failed", 1;
        VerificationDoubted(VerificationDoubted) = "trunk.verification_doubted", 1;
        Parked(Parked) = "trunk.parked", 1;
        HeadVerificationStarted(HeadVerificationStarted) = "trunk.head_verification_started", 1;
        HeadVerificationLapsed(HeadVerificationLapsed) = "trunk.head_verification_lapsed", 1;
        HeadVerified(HeadVerified) = "trunk.head_verified", 1;
        HeadFailed(HeadFailed) = "trunk.head_failed", 1;
        RedEnded(RedEnded) = "trunk.red_ended", 1;
        PublishIntended(PublishIntended) = "trunk.publish_intended", 1;
        Advanced(Advanced) = "trunk.advanced", 1;
        UpstreamMoved(UpstreamMoved) = "trunk.upstream_moved", 2, was [1: UpstreamMoved];
        Probed(Probed) = "trunk.probed", 1;
        Followed(Followed) = "trunk.followed", 1;
        BranchFollowed(BranchFollowed) = "trunk.branch_followed", 1;
        Halted(Halted) = "trunk.halted", 2, was [1: Halted];
        Unhalted(Unhalted) = "trunk.unhalted", 1;
    }
}
