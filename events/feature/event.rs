//! What happened to a feature. Frozen by golden files.

use serde::{Deserialize, Serialize};

use crate::event_enum;
use crate::feature::content::Content;
use crate::holder::{Holder, SlotSession};
use crate::id::{Digest, Epoch, FeatureId, SessionId, Sha};
use crate::outcome::Outcome;
use crate::verdict::Verdict;

/// It exists; the content comes from an accepted batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Created {
    /// What is to be done.
    pub content: Content,
    /// The batch that brought it.
    pub batch: Digest,
    /// Features that must be closed first.
    pub blockers: Vec<FeatureId>,
}

/// Its text changed; the whole new content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edited {
    /// What is to be done now.
    pub content: Content,
}

/// Its place in the queue changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// 0 (first) to 4 (last).
    pub priority: u8,
    /// Order within the priority, ascending.
    pub rank: i64,
}

/// Another feature must be closed first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Blocked {
    /// The feature that it waits for.
    pub by: FeatureId,
}

/// A blocker is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unblocked {
    /// The feature that it waits for.
    pub by: FeatureId,
}

/// Somebody said something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Commented {
    /// The name of whoever wrote it.
    pub by: String,
    /// At most 16 KiB.
    pub text: String,
}

/// A push was turned down: under a claim that is over, or that is somebody else's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PushDenied {
    /// Which claim's ref it was for.
    pub epoch: Epoch,
    /// The name of whoever pushed.
    pub by: String,
    /// What they were told.
    pub why: String,
}

/// Somebody works on it now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claimed {
    /// This claim's number.
    pub epoch: Epoch,
    /// The holder, at a slot or outside.
    pub holder: Holder,
}

/// The claim ended without a submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Released {
    /// The number of the claim.
    pub epoch: Epoch,
    /// How the work ended.
    pub outcome: Outcome,
    /// The message, for people to read.
    pub detail: String,
}

/// The claim ended because its holder went silent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimExpired {
    /// The number of the claim.
    pub epoch: Epoch,
    /// Last sign of life, in microseconds since the Unix epoch.
    pub last_seen: i64,
    /// Since when the server was up to see one.
    pub up_since: i64,
}

/// The holder needs an answer from a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionAsked {
    /// The number of the claim that it happened under.
    pub epoch: Epoch,
    /// The question.
    pub question: String,
}

/// A person answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionAnswered {
    /// The name of whoever answered it.
    pub by: String,
}

/// Work was handed in: it is in the gate under this sha. The claim is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submitted {
    /// The number of the claim that it happened under.
    pub epoch: Epoch,
    /// The handed-in commit.
    pub sha: Sha,
    /// Where the work branched off.
    pub base: Option<Sha>,
}

/// Somebody else looks at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewStarted {
    /// Which slot and session.
    #[serde(rename = "seat")]
    pub slot_session: SlotSession,
}

/// The reviewer ended without a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewLapsed {
    /// The session that this is about.
    pub session: SessionId,
    /// The outcome that the session ended with.
    pub outcome: Outcome,
}

/// The verdict that it is good to merge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewPassed {
    /// The session that judged it.
    pub session: SessionId,
    /// The verdict.
    pub verdict: Verdict,
}

/// Back to a coder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewRejected {
    /// The session that judged it.
    pub session: SessionId,
    /// The verdict.
    pub verdict: Verdict,
}

/// Locked for publishing this candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MergeBegun {
    /// The commit about to be published.
    pub candidate: Sha,
}

/// The candidate was not published; the approval stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MergeAborted {
    /// The candidate that was given up.
    pub candidate: Sha,
    /// The reason, in words for people.
    pub why: String,
}

/// Why a merge was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeFault {
    /// It does not merge with what is upstream now.
    Conflict,
    /// The verification failed on the merged tree.
    Red,
    /// A person did not let it change protected paths.
    Refused,
}

/// Back to a coder, with the reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MergeRejected {
    /// The number of the claim whose work it was.
    pub epoch: Epoch,
    /// Conflict or red.
    pub fault: MergeFault,
    /// Conflicting paths, if any.
    pub paths: Vec<String>,
    /// What the next coder reads.
    pub detail: String,
}

/// How a feature was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Closing {
    /// What had taken it out again was taken out itself.
    Restored {
        /// The commit that did.
        commit: Sha,
    },
    /// Its merge is upstream, read back.
    Merged {
        /// The merge commit.
        sha: Sha,
    },
    /// A person says that it is done otherwise.
    DoneElsewhere,
    /// A person says that it will not be done; it leaves the counts.
    WontDo,
}

impl Closing {
    /// The commit that brought it upstream, where one did.
    pub fn commit(&self) -> Option<&Sha> {
        match self {
            Self::Merged { sha: commit } | Self::Restored { commit } => Some(commit),
            Self::DoneElsewhere | Self::WontDo => None,
        }
    }
}

/// Done with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// The way in which it was closed.
    pub closing: Closing,
    /// The name of whoever closed it.
    pub by: String,
}

/// Not done after all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reopened {
    /// The reason, in words for people.
    pub why: String,
    /// The name of whoever asked for it.
    pub by: String,
}

/// It used up a bound; a person has to look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Which bound, in words.
    pub why: String,
}

/// A person gives it a fresh start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Requeued {
    /// The name of whoever asked for it.
    pub by: String,
}

/// What the gate holds of this claim's work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkSecured {
    /// The number of the claim.
    pub epoch: Epoch,
    /// The secured commit; none when there was nothing to secure.
    pub sha: Option<Sha>,
}

/// Work of this claim may be gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkLost {
    /// The number of the claim.
    pub epoch: Epoch,
    /// The last commit that the gate holds.
    pub last_sha: Option<Sha>,
    /// The reason, in words for people.
    pub why: String,
}

/// It is open and waits for a person: what it had brought was taken out on purpose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetAside {
    /// The reason, in words for people.
    pub why: String,
}

/// Nobody wants it any more; it leaves the counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// The name of whoever asked for it.
    pub by: String,
}

event_enum! {
    /// The events of a feature stream.
    pub enum Event {
        Created(Created) = "feature.created", 1;
        Edited(Edited) = "feature.edited", 1;
        Ranked(Ranked) = "feature.ranked", 1;
        Blocked(Blocked) = "feature.blocked", 1;
        Unblocked(Unblocked) = "feature.unblocked", 1;
        Commented(Commented) = "feature.commented", 1;
        PushDenied(PushDenied) = "feature.push_denied", 1;
        Claimed(Claimed) = "feature.claimed", 1;
        Released(Released) = "feature.released", 1;
        ClaimExpired(ClaimExpired) = "feature.claim_expired", 1;
        QuestionAsked(QuestionAsked) = "feature.question_asked", 1;
        QuestionAnswered(QuestionAnswered) = "feature.question_answered", 1;
        Submitted(Submitted) = "feature.submitted", 1;
        ReviewStarted(ReviewStarted) = "feature.review_started", 1;
        ReviewLapsed(ReviewLapsed) = "feature.review_lapsed", 1;
        ReviewPassed(ReviewPassed) = "feature.review_passed", 1;
        ReviewRejected(ReviewRejected) = "feature.review_rejected", 1;
        MergeBegun(MergeBegun) = "feature.merge_begun", 1;
        MergeAborted(MergeAborted) = "feature.merge_aborted", 1;
        MergeRejected(MergeRejected) = "feature.merge_rejected", 1;
        Closed(Closed) = "feature.closed", 1;
        Reopened(Reopened) = "feature.reopened", 1;
        Quarantined(Quarantined) = "feature.quarantined", 1;
        Requeued(Requeued) = "feature.requeued", 1;
        WorkSecured(WorkSecured) = "feature.work_secured", 1;
        WorkLost(WorkLost) = "feature.work_lost", 1;
        Withdrawn(Withdrawn) = "feature.withdrawn", 1;
        SetAside(SetAside) = "feature.set_aside", 1;
    }
}
