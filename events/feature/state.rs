//! What a feature is at a point of the log, and how each event changes it.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::aggregate::Moment;
use crate::feature::content::{Content, FeatureType};
use crate::feature::event::{self, Closing, Event, MergeFault};
use crate::holder::{Holder, SlotSession};
use crate::id::{Digest, Epoch, FeatureId, Sha, Timestamp};
use crate::lapses::Lapses;
use crate::outcome::{Fault, Outcome};
use crate::stream::Position;

/// Newest notes kept for the next prompt; older ones stay in the log.
const NOTES_KEPT: usize = 30;

/// The state of a feature stream.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Feature {
    /// A stream that has no event yet.
    #[default]
    Unknown,
    /// It was created.
    Known(Box<Known>),
}

/// A feature that exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// What it asks for.
    pub content: Content,
    /// The batch that brought it.
    pub batch: Digest,
    /// Its age in the queue.
    pub created: Position,
    /// Features that must be closed first.
    pub blockers: BTreeSet<FeatureId>,
    /// Number of the newest claim.
    pub epoch: Epoch,
    /// The stage that it has reached.
    pub stage: Stage,
    /// What it used up since the last requeue.
    pub tally: Tally,
    /// What the next coder and people should read, newest last.
    pub notes: VecDeque<Note>,
    /// Per claim: what the gate holds of its work. `None` inside: nothing to secure or lost.
    pub secured: crate::feature::Secured,
    /// The newest commit that brought it back after it was undone.
    pub restored: Option<Sha>,
    /// Why it waits for a person although it is open: what it had brought was taken out.
    pub aside: Option<String>,
}

/// Where a feature stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Stage {
    /// Waiting for a claim; with a question, for a person first.
    Open {
        /// The unanswered question.
        question: Option<String>,
    },
    /// Somebody works on it.
    Claimed {
        /// The holder, at a slot or outside.
        holder: Holder,
        /// The time since when it holds.
        since: Timestamp,
    },
    /// Handed in.
    Submitted {
        /// The submission that this is about.
        submission: Submission,
        /// Who looks at it now.
        review: Option<SlotSession>,
    },
    /// The verdict that it is good to merge.
    Approved {
        /// The submission that this is about.
        submission: Submission,
    },
    /// Locked for publishing.
    Merging {
        /// The submission that this is about.
        submission: Submission,
        /// As which commit.
        candidate: Sha,
    },
    /// Done with.
    Closed {
        /// The way in which it was closed.
        closing: Closing,
    },
    /// A bound is used up.
    Quarantined {
        /// The reason, in words for people.
        why: String,
    },
    /// Not wanted any more.
    Withdrawn,
}

impl Stage {
    /// Whether somebody works on it, or its work is on its way upstream.
    pub fn is_underway(&self) -> bool {
        match self {
            Self::Claimed { .. }
            | Self::Submitted { .. }
            | Self::Approved { .. }
            | Self::Merging { .. } => true,
            Self::Open { .. }
            | Self::Closed { .. }
            | Self::Quarantined { .. }
            | Self::Withdrawn => false,
        }
    }
}

/// A handed-in piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The number of the claim that it happened under.
    pub epoch: Epoch,
    /// The commit that was handed in.
    pub sha: Sha,
    /// Where it branched off.
    pub base: Option<Sha>,
}

/// Counters against the bounds of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Ended claims that used a try.
    pub tries: u32,
    /// Rejected reviews and red verifications.
    pub rejections: u32,
    /// Merge conflicts.
    pub conflicts: u32,
    /// Claims that ended because the session's context was full.
    pub contexts: u32,
    /// Claims that ended because the session's budget was spent.
    pub budgets: u32,
    /// Claims of the fleet whose session vanished, went silent or never started.
    pub gone: u32,
    /// When the last of those ended.
    pub gone_at: Timestamp,
    /// Reviewers of the current submission that ended without a verdict.
    pub reviewers: Lapses,
}

impl Tally {
    /// These and a claim that ended like this.
    pub(super) fn with(mut self, outcome: Outcome, at: Timestamp) -> Self {
        match outcome.fault() {
            Fault::Session => self.tries += 1,
            Fault::Context => self.contexts += 1,
            Fault::Budget => self.budgets += 1,
            Fault::Outside => self.vanished(at),
            Fault::Nobody => {}
        }
        self
    }

    fn vanished(&mut self, at: Timestamp) {
        self.gone += 1;
        self.gone_at = at;
    }
}

/// A sentence for the next coder and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The name of whoever said it.
    pub by: String,
    /// The text, as it was written.
    pub text: String,
}

impl Feature {
    /// The known feature, if it exists.
    pub fn known(&self) -> Option<&Known> {
        match self {
            Self::Unknown => None,
            Self::Known(known) => Some(known),
        }
    }
}

impl Known {
    /// Whether a claim would be granted, as far as this stream can tell.
    pub fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Open { question: None })
            && self.aside.is_none()
            && self.blockers.is_empty()
            && self.content.kind != FeatureType::Epic
    }

    /// Whether a session of ours has the claim.
    pub(super) fn is_held_by_the_fleet(&self) -> bool {
        matches!(
            self.stage,
            Stage::Claimed {
                holder: Holder::Slot { .. },
                ..
            }
        )
    }

    /// Whether it takes part in progress: claimable by type, not withdrawn and not declined.
    pub fn counts(&self) -> bool {
        self.content.kind != FeatureType::Epic
            && !matches!(
                self.stage,
                Stage::Withdrawn
                    | Stage::Closed {
                        closing: Closing::WontDo
                    }
            )
    }

    /// Whether it is done.
    pub fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Closed { .. })
    }

    /// Whether dependants may go on: closed in any way, or withdrawn.
    pub fn is_settled(&self) -> bool {
        matches!(self.stage, Stage::Closed { .. } | Stage::Withdrawn)
    }

    /// The submission under way, if one is.
    pub fn submission(&self) -> Option<&Submission> {
        match &self.stage {
            Stage::Submitted { submission, .. }
            | Stage::Approved { submission }
            | Stage::Merging { submission, .. } => Some(submission),
            Stage::Open { .. }
            | Stage::Claimed { .. }
            | Stage::Closed { .. }
            | Stage::Quarantined { .. }
            | Stage::Withdrawn => None,
        }
    }

    fn note(&mut self, by: &str, text: String) {
        if self.notes.len() == NOTES_KEPT {
            self.notes.pop_front();
        }
        self.notes.push_back(Note {
            by: by.to_owned(),
            text,
        });
    }

    /// Marks what was said with the answer as one, beside its question: the next coder has to tell
    /// it from a remark.
    fn answered(&mut self, by: &str) {
        if let Stage::Open {
            question: Some(question),
        } = &self.stage
            && let Some(said) = self.notes.back_mut().filter(|said| said.by == by)
        {
            said.text = format!(
                "Answer of a person to the question under claim {}, which was:\n{question}\nThe \
                 answer:\n{}",
                self.epoch, said.text
            );
        }
        self.reopen();
    }

    fn reopen(&mut self) {
        self.stage = Stage::Open { question: None };
    }

    pub(super) fn evolve(&mut self, event: &Event, moment: Moment) {
        match event {
            Event::Created(_) => {}
            Event::Edited(e) => self.content = e.content.clone(),
            Event::Ranked(e) => {
                self.content.priority = e.priority;
                self.content.rank = e.rank;
            }
            Event::Blocked(e) => {
                self.blockers.insert(e.by.clone());
            }
            Event::Unblocked(e) => {
                self.blockers.remove(&e.by);
            }
            // For people: it changes nothing.
            Event::PushDenied(_) => {}
            Event::Commented(e) => self.note(&e.by, e.text.clone()),
            Event::Claimed(e) => self.claimed(e, moment),
            Event::Released(e) => self.released(e, moment),
            Event::ClaimExpired(e) => self.expired(e, moment),
            Event::QuestionAsked(e) => self.asked(e),
            Event::QuestionAnswered(e) => self.answered(&e.by),
            Event::Submitted(e) => self.submitted(e),
            Event::ReviewStarted(e) => self.reviewed_by(Some(e.slot_session.clone())),
            Event::ReviewLapsed(e) => {
                self.reviewed_by(None);
                self.tally.reviewers = self.tally.reviewers.with(e.outcome, moment.at);
            }
            Event::ReviewPassed(_) | Event::MergeAborted(_) => self.approved(),
            Event::ReviewRejected(e) => self.turned_back(e),
            Event::MergeBegun(e) => self.merge_begun(e),
            Event::MergeRejected(e) => self.merge_rejected(e),
            Event::Closed(e) => self.closed(e),
            Event::Reopened(e) => {
                self.reopen();
                self.aside = None;
                self.tally = Tally::default();
                self.note(&e.by, format!("Reopened: {}", e.why));
            }
            Event::Quarantined(e) => self.stage = Stage::Quarantined { why: e.why.clone() },
            Event::Requeued(_) => {
                self.reopen();
                self.aside = None;
                self.tally = Tally::default();
            }
            Event::SetAside(e) => self.aside = Some(e.why.clone()),
            Event::WorkSecured(e) => {
                self.secured.insert(e.epoch, e.sha.clone());
            }
            Event::WorkLost(e) => {
                self.secured.insert(e.epoch, e.last_sha.clone());
                self.note(
                    "supercargo",
                    format!("Work of claim {} may be lost: {}", e.epoch, e.why),
                );
            }
            Event::Withdrawn(_) => self.stage = Stage::Withdrawn,
        }
    }

    fn claimed(&mut self, e: &event::Claimed, moment: Moment) {
        self.epoch = e.epoch;
        self.stage = Stage::Claimed {
            holder: e.holder.clone(),
            since: moment.at,
        };
    }

    fn merge_begun(&mut self, e: &event::MergeBegun) {
        if let Some(submission) = self.submission().cloned() {
            self.stage = Stage::Merging {
                submission,
                candidate: e.candidate.clone(),
            };
        }
    }

    fn closed(&mut self, e: &event::Closed) {
        self.aside = None;
        self.stage = Stage::Closed {
            closing: e.closing.clone(),
        };
        if let Closing::Restored { commit } = &e.closing {
            self.restored = Some(commit.clone());
        }
    }

    fn released(&mut self, e: &event::Released, moment: Moment) {
        self.tally = self.tally.with(e.outcome, moment.at);
        if !matches!(self.stage, Stage::Open { question: Some(_) }) {
            self.reopen();
        }

        if !e.outcome.never_began() {
            self.note(
                "supercargo",
                format!(
                    "Claim {} ended without a submission ({}): {}",
                    e.epoch,
                    e.outcome.name(),
                    e.detail
                ),
            );
        }
    }

    fn expired(&mut self, e: &event::ClaimExpired, moment: Moment) {
        if self.is_held_by_the_fleet() {
            self.tally.vanished(moment.at);
        }
        self.reopen();
        self.note(
            "supercargo",
            format!("Claim {} expired: its holder went silent", e.epoch),
        );
    }

    fn asked(&mut self, e: &event::QuestionAsked) {
        self.note(
            "supercargo",
            format!("Question asked under claim {}: {}", e.epoch, e.question),
        );
        self.stage = Stage::Open {
            question: Some(e.question.clone()),
        };
    }

    fn submitted(&mut self, e: &event::Submitted) {
        self.tally.reviewers = Lapses::default();
        self.secured.insert(e.epoch, Some(e.sha.clone()));
        let submission = Submission {
            epoch: e.epoch,
            sha: e.sha.clone(),
            base: e.base.clone(),
        };
        self.stage = Stage::Submitted {
            submission,
            review: None,
        };
    }

    fn reviewed_by(&mut self, reviewer: Option<SlotSession>) {
        if let Stage::Submitted { review, .. } = &mut self.stage {
            *review = reviewer;
        }
    }

    fn approved(&mut self) {
        if let Some(submission) = self.submission().cloned() {
            self.stage = Stage::Approved { submission };
        }
    }

    fn turned_back(&mut self, e: &event::ReviewRejected) {
        let Some(submission) = self.submission() else {
            return;
        };
        let findings = e.verdict.findings.iter().map(|f| format!("\n- {f}"));
        let findings: String = findings.collect();
        let text = format!("Review of {} rejected it:{findings}", submission.sha);
        self.tally.rejections += 1;
        self.reopen();
        self.note("reviewer", text);
    }

    fn merge_rejected(&mut self, e: &event::MergeRejected) {
        let text = match e.fault {
            MergeFault::Conflict => {
                self.tally.conflicts += 1;
                format!(
                    "The work did not merge: conflicts in {}. {}",
                    e.paths.join(", "),
                    e.detail
                )
            }
            MergeFault::Refused => {
                self.tally.rejections += 1;
                format!(
                    "A person did not let it change protected paths ({}): {}",
                    e.paths.join(", "),
                    e.detail
                )
            }
            MergeFault::Red => {
                self.tally.rejections += 1;
                format!("The verification failed on the merged tree. {}", e.detail)
            }
        };
        self.reopen();

        self.note("trunk", text);
    }
}

impl From<(&event::Created, Moment)> for Known {
    fn from((e, moment): (&event::Created, Moment)) -> Self {
        Self {
            content: e.content.clone(),
            batch: e.batch,
            created: moment.position,
            blockers: e.blockers.iter().cloned().collect(),
            epoch: Epoch(0),
            stage: Stage::Open { question: None },
            tally: Tally::default(),
            notes: VecDeque::new(),
            secured: Default::default(),
            restored: None,
            aside: None,
        }
    }
}

#[cfg(test)]
mod tests;
