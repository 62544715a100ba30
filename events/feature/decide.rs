//! State and command to events or refusal. `docs/states/feature.md` is the table of all of it.

use crate::aggregate::{Aggregate, Moment};
use crate::feature::command::{COMMENT_MAX, Command, Refusal};
use crate::feature::content::{Content, FeatureType, PRIORITY_MAX};
use crate::feature::event::{self, Closing, Event, MergeFault};
use crate::feature::state::{Feature, Known, Stage};
use crate::holder::{Holder, Seat};
use crate::id::{Epoch, FeatureId, SessionId, Sha, Timestamp};
use crate::outcome::Outcome;
use crate::verdict::Verdict;

/// Claims that ended with a failure of the agent before a person has to look.
const TRIES_MAX: u32 = 3;
/// Rejected reviews and red verifications before a person has to look.
const REJECTIONS_MAX: u32 = 5;
/// Merge conflicts before a person has to look.
const CONFLICTS_MAX: u32 = 5;
/// Reviewers of one submission that may end without a verdict.
const REVIEWERS_MAX: u32 = 3;

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Feature {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, command: &Command, _now: Timestamp) -> Decision {
        match (self, command) {
            (Self::Unknown, Command::Create { content, batch, blockers }) => {
                content.check().map_err(|why| Refusal::Invalid { why })?;
                let created = event::Created { content: content.clone(), batch: *batch, blockers: blockers.clone() };
                Ok(vec![created.into()])
            }
            (Self::Unknown, _) => Err(Refusal::UnknownFeature),
            (Self::Known(_), Command::Create { .. }) => Err(Refusal::Exists),
            (Self::Known(known), command) => known.decide(command),
        }
    }

    fn evolve(&mut self, event: &Event, moment: Moment) {
        match (&mut *self, event) {
            (Self::Unknown, Event::Created(created)) => *self = Self::Known(Box::new((created, moment).into())),
            (Self::Unknown, _) => {}
            (Self::Known(known), event) => known.evolve(event, moment),
        }
    }
}

impl Known {
    fn decide(&self, command: &Command) -> Decision {
        match command {
            Command::Create { .. } => Err(Refusal::Exists),
            Command::Edit { content } => self.edit(content),
            Command::Rank { priority, rank } => self.rank(*priority, *rank),
            Command::Comment { by, text } => Ok(vec![comment(by, text)?]),
            Command::DenyPush { epoch, by, why } => self.deny_push(*epoch, by, why),
            Command::Answer { by, text } => self.answer(by, text),
            Command::Block { by } => self.block(by),
            Command::Unblock { by } => self.unblock(by),
            Command::Claim { holder } => self.claim(holder),
            Command::Release { epoch, outcome, detail } => self.release(*epoch, *outcome, detail),
            Command::Expire { epoch, last_seen, up_since } => {
                self.held(*epoch)?;
                Ok(vec![event::ClaimExpired { epoch: *epoch, last_seen: last_seen.0, up_since: up_since.0 }.into()])
            }
            Command::Ask { epoch, question } => self.ask(*epoch, question),
            Command::Submit { epoch, sha, base } => {
                self.held(*epoch)?;
                Ok(vec![event::Submitted { epoch: *epoch, sha: sha.clone(), base: base.clone() }.into()])
            }
            Command::StartReview { seat } => self.start_review(seat),
            Command::LapseReview { session, outcome } => self.lapse_review(session, *outcome),
            Command::PassReview { session, epoch, sha, verdict } => {
                self.open_verdict(session, *epoch, sha, verdict)?;
                Ok(vec![event::ReviewPassed { session: session.clone(), verdict: verdict.clone() }.into()])
            }
            Command::RejectReview { session, epoch, sha, verdict } => {
                self.open_verdict(session, *epoch, sha, verdict)?;
                let rejected = event::ReviewRejected { session: session.clone(), verdict: verdict.clone() };
                Ok(self.bounded(vec![rejected.into()], self.tally.rejections + 1, REJECTIONS_MAX, "rejections"))
            }
            Command::BeginMerge { epoch, candidate } => self.begin_merge(*epoch, candidate),
            Command::AbortMerge { candidate, why } => {
                self.merging(candidate)?;
                Ok(vec![event::MergeAborted { candidate: candidate.clone(), why: why.clone() }.into()])
            }
            Command::RejectMerge { epoch, fault, paths, detail } => self.reject_merge(*epoch, *fault, paths, detail),
            Command::Close { closing, by } => self.close(closing, by),
            Command::Reopen { why, by } => match self.stage {
                Stage::Closed { .. } => Ok(vec![event::Reopened { why: why.clone(), by: by.clone() }.into()]),
                _ => Err(Refusal::NotClosed),
            },
            Command::Requeue { by } => match self.stage {
                Stage::Quarantined { .. } => Ok(vec![event::Requeued { by: by.clone() }.into()]),
                _ => Err(Refusal::NotQuarantined),
            },
            Command::SecureWork { epoch, sha } => {
                self.known_epoch(*epoch)?;
                Ok(vec![event::WorkSecured { epoch: *epoch, sha: sha.clone() }.into()])
            }
            Command::LoseWork { epoch, last_sha, why } => {
                self.known_epoch(*epoch)?;
                Ok(vec![event::WorkLost { epoch: *epoch, last_sha: last_sha.clone(), why: why.clone() }.into()])
            }
            Command::Withdraw { by } => self.withdraw(by),
        }
    }

    /// Refuses what may not change once publishing began or the feature is over.
    fn changeable(&self) -> Result<(), Refusal> {
        match self.stage {
            Stage::Merging { .. } => Err(Refusal::Merging),
            Stage::Closed { .. } => Err(Refusal::Closed),
            Stage::Withdrawn => Err(Refusal::Withdrawn),
            Stage::Open { .. }
            | Stage::Claimed { .. }
            | Stage::Submitted { .. }
            | Stage::Approved { .. }
            | Stage::Quarantined { .. } => Ok(()),
        }
    }

    fn held(&self, epoch: Epoch) -> Result<&Holder, Refusal> {
        match &self.stage {
            Stage::Claimed { .. } if epoch != self.epoch => Err(Refusal::StaleEpoch { given: epoch, current: self.epoch }),
            Stage::Claimed { holder, .. } => Ok(holder),
            _ => Err(Refusal::NoClaim),
        }
    }

    fn deny_push(&self, epoch: Epoch, by: &str, why: &str) -> Decision {
        self.known_epoch(epoch)?;
        Ok(vec![event::PushDenied { epoch, by: by.to_owned(), why: why.to_owned() }.into()])
    }

    fn known_epoch(&self, epoch: Epoch) -> Result<(), Refusal> {
        let known = epoch.0 >= 1 && epoch <= self.epoch;
        if known { Ok(()) } else { Err(Refusal::UnknownEpoch { given: epoch }) }
    }

    /// Adds the quarantine when a counter reaches its bound.
    fn bounded(&self, mut events: Vec<Event>, count: u32, max: u32, what: &str) -> Vec<Event> {
        if count >= max {
            events.push(event::Quarantined { why: format!("{count} {what}, the bound is {max}") }.into());
        }
        events
    }

    fn edit(&self, content: &Content) -> Decision {
        self.changeable()?;
        content.check().map_err(|why| Refusal::Invalid { why })?;
        Ok(vec![event::Edited { content: content.clone() }.into()])
    }

    fn rank(&self, priority: u8, rank: i64) -> Decision {
        self.changeable()?;
        if priority > PRIORITY_MAX {
            return Err(Refusal::Invalid { why: format!("priority {priority} is not one of 0 to {PRIORITY_MAX}") });
        }
        Ok(vec![event::Ranked { priority, rank }.into()])
    }

    fn answer(&self, by: &str, text: &str) -> Decision {
        match self.stage {
            Stage::Open { question: Some(_) } => {
                Ok(vec![comment(by, text)?, event::QuestionAnswered { by: by.to_owned() }.into()])
            }
            _ => Err(Refusal::NoQuestion),
        }
    }

    fn block(&self, by: &FeatureId) -> Decision {
        match self.stage {
            Stage::Withdrawn => Err(Refusal::Withdrawn),
            _ if self.blockers.contains(by) => Ok(vec![]),
            _ => Ok(vec![event::Blocked { by: by.clone() }.into()]),
        }
    }

    fn unblock(&self, by: &FeatureId) -> Decision {
        match self.stage {
            Stage::Withdrawn => Err(Refusal::Withdrawn),
            _ if !self.blockers.contains(by) => Ok(vec![]),
            _ => Ok(vec![event::Unblocked { by: by.clone() }.into()]),
        }
    }

    fn claim(&self, holder: &Holder) -> Decision {
        match &self.stage {
            Stage::Open { question: Some(_) } => Err(Refusal::QuestionOpen),
            Stage::Open { question: None } => {
                if self.content.kind == FeatureType::Epic {
                    return Err(Refusal::Epic);
                }
                if !self.blockers.is_empty() {
                    let by: Vec<_> = self.blockers.iter().map(FeatureId::as_str).collect();
                    return Err(Refusal::Blocked { by: by.join(", ") });
                }
                Ok(vec![event::Claimed { epoch: Epoch(self.epoch.0 + 1), holder: holder.clone() }.into()])
            }
            Stage::Claimed { holder, .. } => Err(Refusal::Held { by: named(holder) }),
            Stage::Submitted { .. } | Stage::Approved { .. } | Stage::Merging { .. } => Err(Refusal::NotOpen),
            Stage::Closed { .. } => Err(Refusal::Closed),
            Stage::Quarantined { why } => Err(Refusal::Quarantined { why: why.clone() }),
            Stage::Withdrawn => Err(Refusal::Withdrawn),
        }
    }

    fn release(&self, epoch: Epoch, outcome: Outcome, detail: &str) -> Decision {
        self.held(epoch)?;
        let released = event::Released { epoch, outcome, detail: detail.to_owned() };
        let tries = self.tally.tries + u32::from(outcome.uses_try());
        let limit = if outcome.uses_try() { TRIES_MAX } else { u32::MAX };
        Ok(self.bounded(vec![released.into()], tries, limit, "failed tries"))
    }

    fn ask(&self, epoch: Epoch, question: &str) -> Decision {
        self.held(epoch)?;
        text_fits(question)?;
        let released = event::Released { epoch, outcome: Outcome::Asked, detail: question.to_owned() };
        Ok(vec![event::QuestionAsked { epoch, question: question.to_owned() }.into(), released.into()])
    }

    fn start_review(&self, seat: &Seat) -> Decision {
        match &self.stage {
            Stage::Submitted { review: None, .. } => Ok(vec![event::ReviewStarted { seat: seat.clone() }.into()]),
            Stage::Submitted { .. } => Err(Refusal::ReviewOpen),
            _ => Err(Refusal::NotSubmitted),
        }
    }

    fn lapse_review(&self, session: &SessionId, outcome: Outcome) -> Decision {
        match &self.stage {
            Stage::Submitted { review: Some(seat), .. } if seat.session == *session => {
                let lapsed = event::ReviewLapsed { session: session.clone(), outcome };
                Ok(self.bounded(vec![lapsed.into()], self.tally.lapses + 1, REVIEWERS_MAX, "reviewers ended without a verdict"))
            }
            _ => Err(Refusal::NoReview),
        }
    }

    /// A verdict is taken only for the session, claim and commit that are open.
    fn open_verdict(&self, session: &SessionId, epoch: Epoch, sha: &Sha, verdict: &Verdict) -> Result<(), Refusal> {
        match &self.stage {
            Stage::Submitted { submission, review: Some(seat) } => {
                if seat.session != *session || submission.epoch != epoch || submission.sha != *sha {
                    return Err(Refusal::VerdictNotOpen);
                }
                verdict.check().map_err(|why| Refusal::Invalid { why: why.to_string() })
            }
            _ => Err(Refusal::NoReview),
        }
    }

    fn begin_merge(&self, epoch: Epoch, candidate: &Sha) -> Decision {
        match &self.stage {
            Stage::Approved { submission } if submission.epoch == epoch => {
                Ok(vec![event::MergeBegun { candidate: candidate.clone() }.into()])
            }
            Stage::Merging { .. } => Err(Refusal::Merging),
            _ => Err(Refusal::NotApproved),
        }
    }

    fn merging(&self, candidate: &Sha) -> Result<(), Refusal> {
        match &self.stage {
            Stage::Merging { candidate: current, .. } if current == candidate => Ok(()),
            _ => Err(Refusal::NotMerging),
        }
    }

    fn reject_merge(&self, epoch: Epoch, fault: MergeFault, paths: &[String], detail: &str) -> Decision {
        match &self.stage {
            Stage::Approved { submission } | Stage::Merging { submission, .. } if submission.epoch == epoch => {
                let rejected = event::MergeRejected { epoch, fault, paths: paths.to_vec(), detail: detail.to_owned() };
                let (count, max, what) = match fault {
                    MergeFault::Conflict => (self.tally.conflicts + 1, CONFLICTS_MAX, "merge conflicts"),
                    MergeFault::Red | MergeFault::Refused => (self.tally.rejections + 1, REJECTIONS_MAX, "rejections"),
                };
                Ok(self.bounded(vec![rejected.into()], count, max, what))
            }
            _ => Err(Refusal::NotApproved),
        }
    }

    fn close(&self, closing: &Closing, by: &str) -> Decision {
        let closed = event::Closed { closing: closing.clone(), by: by.to_owned() };
        match (closing, &self.stage) {
            (_, Stage::Closed { .. }) => Err(Refusal::Closed),
            (Closing::Merged { sha }, Stage::Merging { candidate, .. }) if candidate == sha => Ok(vec![closed.into()]),
            (Closing::Merged { .. }, _) => Err(Refusal::NotMerging),
            (Closing::Restored { .. }, Stage::Open { .. }) => Ok(vec![closed.into()]),
            (Closing::Restored { .. }, _) => Err(Refusal::NotOpen),
            (_, Stage::Claimed { holder, .. }) => Err(Refusal::Held { by: named(holder) }),
            (_, Stage::Merging { .. }) => Err(Refusal::Merging),
            (_, Stage::Withdrawn) => Err(Refusal::Withdrawn),
            (Closing::DoneElsewhere | Closing::WontDo, _) => Ok(vec![closed.into()]),
        }
    }

    fn withdraw(&self, by: &str) -> Decision {
        self.changeable()?;
        let withdrawn = event::Withdrawn { by: by.to_owned() };
        Ok(match &self.stage {
            Stage::Claimed { .. } => {
                let detail = "the feature was withdrawn".to_owned();
                vec![event::Released { epoch: self.epoch, outcome: Outcome::Interrupted, detail }.into(), withdrawn.into()]
            }
            _ => vec![withdrawn.into()],
        })
    }
}

fn named(holder: &Holder) -> String {
    match holder {
        Holder::Berth { n, .. } => format!("berth {n}"),
        Holder::Outside { principal } => principal.clone(),
    }
}

fn text_fits(text: &str) -> Result<(), Refusal> {
    let fits = !text.trim().is_empty() && text.len() <= COMMENT_MAX;
    if fits { Ok(()) } else { Err(Refusal::Invalid { why: format!("the text is empty or above {COMMENT_MAX} bytes") }) }
}

fn comment(by: &str, text: &str) -> Result<Event, Refusal> {
    text_fits(text)?;
    Ok(event::Commented { by: by.to_owned(), text: text.to_owned() }.into())
}
