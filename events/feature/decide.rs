//! State and command to events or refusal. `docs/states/feature.md` is the table of all of it.

mod claim;
mod merge;
#[cfg(test)]
mod tests;

use crate::aggregate::{Aggregate, Moment};
use crate::backlog::Born;
use crate::backlog::batch::COMMENTS_MAX;
use crate::bounds::NAME_MAX;
use crate::feature::bounds::BLOCKERS_MAX;
use crate::feature::command::{COMMENT_MAX, Command, Refusal};
use crate::feature::content::{Content, FeatureType, PRIORITY_MAX};
use crate::feature::event::{self, Closing, Event, MergeFault};
use crate::feature::state::{Feature, Known, Stage};
use crate::holder::{Holder, SlotSession};
use crate::id::{Digest, Epoch, FeatureId, SessionId, Sha, Timestamp};
use crate::lapses::GONE_MAX;
use crate::log::EVENTS_PER_APPEND_MAX;
use crate::outcome::{Fault, Outcome};
use crate::verdict::Verdict;

/// Claims that ended with a failure of the agent before a person has to look.
const TRIES_MAX: u32 = 3;
/// Rejected reviews and red verifications before a person has to look.
const REJECTIONS_MAX: u32 = 5;
/// Merge conflicts before a person has to look.
const CONFLICTS_MAX: u32 = 5;
/// Claims that ended with a full context before a person has to look.
const CONTEXTS_MAX: u32 = 3;
/// Claims that spent their budget: a second would cost as much.
const BUDGETS_MAX: u32 = 1;

/// What is said of those.
const VANISHED: &str = "sessions that vanished or never started";

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Feature {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn rules(&self, command: &Command, _now: Timestamp) -> Decision {
        match (self, command) {
            (
                Self::Unknown,
                Command::Create {
                    content,
                    batch,
                    blockers,
                    born,
                    comments,
                },
            ) => {
                content.check().map_err(|why| Refusal::Invalid { why })?;
                let mut events = created(content, *batch, blockers);
                for remark in comments {
                    events.push(comment(&remark.by, &remark.text)?);
                }
                events.extend(beginning(born));
                Ok(events)
            }
            (Self::Unknown, _) => Err(Refusal::UnknownFeature),
            (Self::Known(_), Command::Create { .. }) => Err(Refusal::Exists),
            (Self::Known(known), command) => known.decide(command),
        }
    }

    fn evolve(&mut self, event: &Event, moment: Moment) {
        match (&mut *self, event) {
            (Self::Unknown, Event::Created(created)) => {
                *self = Self::Known(Box::new((created, moment).into()))
            }
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
            Command::Release {
                epoch,
                outcome,
                detail,
            } => self.release(*epoch, *outcome, detail),
            Command::Expire {
                epoch,
                last_seen,
                up_since,
            } => self.expire(*epoch, *last_seen, *up_since),
            Command::Ask { epoch, question } => self.ask(*epoch, question),
            Command::Submit { epoch, sha, base } => self.submit(*epoch, sha, base.as_ref()),
            Command::StartReview { slot_session } => self.start_review(slot_session),
            Command::LapseReview { session, outcome } => self.lapse_review(session, *outcome),
            Command::PassReview {
                session,
                epoch,
                sha,
                verdict,
            } => self.pass_review(session, *epoch, sha, verdict),
            Command::RejectReview {
                session,
                epoch,
                sha,
                verdict,
            } => self.reject_review(session, *epoch, sha, verdict),
            Command::BeginMerge { epoch, candidate } => self.begin_merge(*epoch, candidate),
            Command::AbortMerge { candidate, why } => self.abort_merge(candidate, why),
            Command::RejectMerge {
                epoch,
                fault,
                paths,
                detail,
            } => self.reject_merge(*epoch, *fault, paths, detail),
            Command::Close { closing, by } => self.close(closing, by),
            Command::Reopen { why, by } => self.reopened(why, by),
            Command::TakeOut { why, by } => self.take_out(why, by),
            Command::Requeue { by } => self.requeue(by),
            Command::SecureWork { epoch, sha } => self.secure_work(*epoch, sha.as_ref()),
            Command::LoseWork {
                epoch,
                last_sha,
                why,
            } => self.lose_work(*epoch, last_sha.as_ref(), why),
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

    /// Adds the quarantine when a counter reaches its bound.
    fn bounded(&self, mut events: Vec<Event>, count: u32, max: u32, what: &str) -> Vec<Event> {
        if count >= max {
            events.push(
                event::Quarantined {
                    why: format!("{count} {what}, the bound is {max}"),
                }
                .into(),
            );
        }
        events
    }

    fn edit(&self, content: &Content) -> Decision {
        self.changeable()?;
        content.check().map_err(|why| Refusal::Invalid { why })?;
        Ok(vec![
            event::Edited {
                content: content.clone(),
            }
            .into(),
        ])
    }

    fn rank(&self, priority: u8, rank: i64) -> Decision {
        self.changeable()?;
        if priority > PRIORITY_MAX {
            return Err(Refusal::Invalid {
                why: format!("priority {priority} is not one of 0 to {PRIORITY_MAX}"),
            });
        }
        Ok(vec![event::Ranked { priority, rank }.into()])
    }

    fn answer(&self, by: &str, text: &str) -> Decision {
        match self.stage {
            Stage::Open { question: Some(_) } => Ok(vec![
                comment(by, text)?,
                event::QuestionAnswered { by: by.to_owned() }.into(),
            ]),
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

    fn reopened(&self, why: &str, by: &str) -> Decision {
        match self.stage {
            Stage::Closed { .. } => Ok(vec![
                event::Reopened {
                    why: why.to_owned(),
                    by: by.to_owned(),
                }
                .into(),
            ]),
            _ => Err(Refusal::NotClosed),
        }
    }

    /// Opened again, and taken by nobody until a person requeues it.
    fn take_out(&self, why: &str, by: &str) -> Decision {
        let mut events = self.reopened(why, by)?;
        let why = why.to_owned();
        events.push(event::SetAside { why }.into());
        Ok(events)
    }

    fn requeue(&self, by: &str) -> Decision {
        let requeued = event::Requeued { by: by.to_owned() };
        match self.stage {
            Stage::Quarantined { .. } => Ok(vec![requeued.into()]),
            Stage::Open { .. } if self.aside.is_some() => Ok(vec![requeued.into()]),
            _ => Err(Refusal::NotQuarantined),
        }
    }
}

/// The first events of a feature. Dependencies that the first has no room for follow at once;
/// beyond what one append takes beside comments and an end, the policy that keeps blockers in step
/// with the backlog adds the rest.
fn created(content: &Content, batch: Digest, blockers: &[FeatureId]) -> Vec<Event> {
    let (named, more) = blockers.split_at(blockers.len().min(BLOCKERS_MAX));
    let first = event::Created {
        content: content.clone(),
        batch,
        blockers: named.to_vec(),
    };

    let room = EVENTS_PER_APPEND_MAX - COMMENTS_MAX - 2;
    let more = more.iter().take(room);
    let blocked = more.map(|by| event::Blocked { by: by.clone() }.into());
    std::iter::once(first.into()).chain(blocked).collect()
}

/// Where an imported feature begins when it is not open for everybody: in the append that creates
/// it, so that nobody can claim it in between.
fn beginning(born: &Born) -> Option<Event> {
    let by = "import".to_owned();

    match born {
        Born::Open => None,
        Born::Closed => Some(
            event::Closed {
                closing: Closing::DoneElsewhere,
                by,
            }
            .into(),
        ),
        Born::Withdrawn => Some(event::Withdrawn { by }.into()),
        Born::Aside(why) => Some(event::SetAside { why: why.clone() }.into()),
    }
}

fn text_fits(text: &str) -> Result<(), Refusal> {
    let fits = !text.trim().is_empty() && text.len() <= COMMENT_MAX;
    if fits {
        Ok(())
    } else {
        Err(Refusal::Invalid {
            why: format!("the text is empty or above {COMMENT_MAX} bytes"),
        })
    }
}

fn comment(by: &str, text: &str) -> Result<Event, Refusal> {
    text_fits(text)?;
    Ok(event::Commented {
        by: by.to_owned(),
        text: text.to_owned(),
    }
    .into())
}
