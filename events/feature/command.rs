//! What may be asked of a feature, and why it may be turned down.

use serde::Serialize;

use crate::backlog::{Born, Remark};
use crate::feature::content::Content;
use crate::feature::event::{Closing, MergeFault};
use crate::holder::{Holder, SlotSession};
use crate::id::{Digest, Epoch, FeatureId, SessionId, Sha, Timestamp};
use crate::outcome::Outcome;
use crate::refusal_enum;
use crate::verdict::Verdict;

/// Longest comment, question or answer, in bytes.
pub const COMMENT_MAX: usize = 16 * 1024;

/// A request to a feature.
#[derive(Debug, Clone, Serialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of the events of the same name"
)]
pub enum Command {
    Create {
        content: Content,
        batch: Digest,
        blockers: Vec<FeatureId>,
        #[serde(skip_serializing_if = "Born::is_open")]
        born: Born,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        comments: Vec<Remark>,
    },
    Edit {
        content: Content,
    },
    Rank {
        priority: u8,
        rank: i64,
    },
    Comment {
        by: String,
        text: String,
    },
    DenyPush {
        epoch: Epoch,
        by: String,
        why: String,
    },
    Answer {
        by: String,
        text: String,
    },
    Block {
        by: FeatureId,
    },
    Unblock {
        by: FeatureId,
    },
    Claim {
        holder: Holder,
    },
    Release {
        epoch: Epoch,
        outcome: Outcome,
        detail: String,
    },
    Expire {
        epoch: Epoch,
        last_seen: Timestamp,
        up_since: Timestamp,
    },
    Ask {
        epoch: Epoch,
        question: String,
    },
    Submit {
        epoch: Epoch,
        sha: Sha,
        base: Option<Sha>,
    },
    StartReview {
        #[serde(rename = "seat")]
        slot_session: SlotSession,
    },
    LapseReview {
        session: SessionId,
        outcome: Outcome,
    },
    PassReview {
        session: SessionId,
        epoch: Epoch,
        sha: Sha,
        verdict: Verdict,
    },
    RejectReview {
        session: SessionId,
        epoch: Epoch,
        sha: Sha,
        verdict: Verdict,
    },
    BeginMerge {
        epoch: Epoch,
        candidate: Sha,
    },
    AbortMerge {
        candidate: Sha,
        why: String,
    },
    RejectMerge {
        epoch: Epoch,
        fault: MergeFault,
        paths: Vec<String>,
        detail: String,
    },
    Close {
        closing: Closing,
        by: String,
    },
    Reopen {
        why: String,
        by: String,
    },
    /// What it had brought was taken out: it is open again, and waits for a person.
    TakeOut {
        why: String,
        by: String,
    },
    Requeue {
        by: String,
    },
    SecureWork {
        epoch: Epoch,
        sha: Option<Sha>,
    },
    LoseWork {
        epoch: Epoch,
        last_sha: Option<Sha>,
        why: String,
    },
    Withdraw {
        by: String,
    },
}

refusal_enum! {
    /// Why a feature turned a command down.
    pub enum Refusal {
        UnknownFeature: NotFound = "unknown_feature", "there is no such feature; `feature list` \
                                             shows those there are";
        Exists = "exists", "the feature exists already";
        Invalid { why: String }: Invalid = "invalid", "{why}";
        Closed = "closed", "the feature is closed; reopen it first";
        Withdrawn = "withdrawn", "the feature was withdrawn";
        Merging = "merging", "the feature is being published right now; try again when that has \
                              ended";
        Epic = "epic", "an epic is a heading and cannot be claimed; claim one of its features";
        Blocked { by: String } = "blocked", "the feature waits for {by}; close those first, or \
                                             remove the dependency with `feature depend --remove`";
        QuestionOpen = "question_open", "the feature waits for a person's answer; answer its \
                                         question first";
        NoQuestion = "no_question", "no question is open on this feature; use a comment instead";
        Held { by: String } = "held", "the feature is claimed by {by}; release that claim first";
        NotYours { by: String, you: String } = "held", "the feature is claimed by {by}, not by \
                                                        {you}";
        NotOpen = "not_open", "the feature is not open for a claim: its work is handed in";
        Quarantined { why: String } = "quarantined", "the feature is quarantined ({why}); a person \
                                                      has to requeue it";
        NotQuarantined = "not_quarantined", "the feature is not quarantined";
        Aside { why: String } = "set_aside", "the feature waits for a person ({why}): `feature \
                                              requeue` lets it be done again";
        NoClaim = "no_claim", "no claim is open on this feature: it ended, stop working on it";
        StaleEpoch { given: Epoch, current: Epoch } = "stale_epoch", "claim {given} is not open, \
            the feature is at claim {current}: stop working on it";
        UnknownEpoch { given: Epoch }: NotFound = "unknown_epoch", "there was no claim {given} on \
                                                          this feature";
        NotSubmitted = "not_submitted", "nothing is handed in that could be reviewed";
        ReviewOpen = "review_open", "a review is open already";
        NoReview = "no_review", "no review is open on this feature";
        VerdictNotOpen = "verdict_not_open", "this session was not asked to judge this submission: \
                                              the verdict is not taken";
        NotApproved = "not_approved", "the feature is not approved for merging";
        NotMerging = "not_merging", "the feature is not being merged under this candidate";
        NotClosed = "not_closed", "the feature is not closed";
    }
}
