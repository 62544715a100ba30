//! Commands behind the events of a feature.

use super::Redo;
use crate::backlog::{Born, Remark};
use crate::feature::event::{self, Event};
use crate::feature::{Command, Feature, Submission};
use crate::id::Timestamp;

impl Redo for Feature {
    fn candidates(&self, events: &[Event]) -> Vec<Command> {
        match events {
            [Event::Created(created), more @ ..] => vec![creation(created, more)],
            [Event::Commented(said), Event::QuestionAnswered(answered)] => vec![Command::Answer {
                by: answered.by.clone(),
                text: said.text.clone(),
            }],
            [Event::Reopened(reopened), Event::SetAside(aside)] => vec![Command::TakeOut {
                why: aside.why.clone(),
                by: reopened.by.clone(),
            }],

            [Event::Released(_), Event::Withdrawn(withdrawn)] => vec![Command::Withdraw {
                by: withdrawn.by.clone(),
            }],
            [first, ..] => {
                let found = [told(first), claimed(first), self.judged(first)];
                found.into_iter().flatten().collect()
            }
            [] => vec![],
        }
    }
}

impl Feature {
    fn submission(&self) -> Option<&Submission> {
        match self {
            Self::Known(known) => known.submission(),
            Self::Unknown => None,
        }
    }

    /// What was said of work that was handed in: the events do not name it.
    fn judged(&self, event: &Event) -> Option<Command> {
        let submission = self.submission();

        Some(match event {
            Event::ReviewStarted(started) => Command::StartReview {
                slot_session: started.slot_session.clone(),
            },
            Event::ReviewLapsed(lapsed) => Command::LapseReview {
                session: lapsed.session.clone(),
                outcome: lapsed.outcome,
            },
            Event::ReviewPassed(passed) => Command::PassReview {
                session: passed.session.clone(),
                epoch: submission?.epoch,
                sha: submission?.sha.clone(),
                verdict: passed.verdict.clone(),
            },
            Event::ReviewRejected(rejected) => Command::RejectReview {
                session: rejected.session.clone(),
                epoch: submission?.epoch,
                sha: submission?.sha.clone(),
                verdict: rejected.verdict.clone(),
            },
            Event::MergeBegun(begun) => Command::BeginMerge {
                epoch: submission?.epoch,
                candidate: begun.candidate.clone(),
            },
            Event::MergeAborted(aborted) => Command::AbortMerge {
                candidate: aborted.candidate.clone(),
                why: aborted.why.clone(),
            },
            Event::MergeRejected(rejected) => Command::RejectMerge {
                epoch: rejected.epoch,
                fault: rejected.fault,
                paths: rejected.paths.clone(),
                detail: rejected.detail.clone(),
            },
            _ => return None,
        })
    }
}

/// A creation, from all that was recorded with it.
fn creation(created: &event::Created, more: &[Event]) -> Command {
    let mut blockers = created.blockers.clone();
    let (mut born, mut comments) = (Born::Open, vec![]);

    for event in more {
        match event {
            Event::Blocked(blocked) => blockers.push(blocked.by.clone()),
            Event::Commented(said) => comments.push(Remark {
                by: said.by.clone(),
                text: said.text.clone(),
            }),
            Event::Closed(_) => born = Born::Closed,
            Event::Withdrawn(_) => born = Born::Withdrawn,
            Event::SetAside(aside) => born = Born::Aside(aside.why.clone()),
            _ => {}
        }
    }

    Command::Create {
        content: created.content.clone(),
        batch: created.batch,
        blockers,
        born,
        comments,
    }
}

/// What somebody wanted of a feature as such.
fn told(event: &Event) -> Option<Command> {
    Some(match event {
        Event::Edited(edited) => Command::Edit {
            content: edited.content.clone(),
        },
        Event::Ranked(ranked) => Command::Rank {
            priority: ranked.priority,
            rank: ranked.rank,
        },
        Event::Blocked(blocked) => Command::Block {
            by: blocked.by.clone(),
        },
        Event::Unblocked(unblocked) => Command::Unblock {
            by: unblocked.by.clone(),
        },
        Event::Commented(said) => Command::Comment {
            by: said.by.clone(),
            text: said.text.clone(),
        },

        Event::Closed(closed) => Command::Close {
            closing: closed.closing.clone(),
            by: closed.by.clone(),
        },
        Event::Reopened(reopened) => Command::Reopen {
            why: reopened.why.clone(),
            by: reopened.by.clone(),
        },
        Event::Requeued(requeued) => Command::Requeue {
            by: requeued.by.clone(),
        },
        Event::Withdrawn(withdrawn) => Command::Withdraw {
            by: withdrawn.by.clone(),
        },
        _ => return None,
    })
}

/// A claim, from its beginning to its end, and what was pushed under it.
fn claimed(event: &Event) -> Option<Command> {
    Some(match event {
        Event::Claimed(claimed) => Command::Claim {
            holder: claimed.holder.clone(),
        },
        Event::Released(released) => Command::Release {
            epoch: released.epoch,
            outcome: released.outcome,
            detail: released.detail.clone(),
        },
        Event::ClaimExpired(expired) => Command::Expire {
            epoch: expired.epoch,
            last_seen: Timestamp(expired.last_seen),
            up_since: Timestamp(expired.up_since),
        },
        Event::QuestionAsked(asked) => Command::Ask {
            epoch: asked.epoch,
            question: asked.question.clone(),
        },
        Event::Submitted(submitted) => Command::Submit {
            epoch: submitted.epoch,
            sha: submitted.sha.clone(),
            base: submitted.base.clone(),
        },

        Event::PushDenied(denied) => Command::DenyPush {
            epoch: denied.epoch,
            by: denied.by.clone(),
            why: denied.why.clone(),
        },
        Event::WorkSecured(secured) => Command::SecureWork {
            epoch: secured.epoch,
            sha: secured.sha.clone(),
        },
        Event::WorkLost(lost) => Command::LoseWork {
            epoch: lost.epoch,
            last_sha: lost.last_sha.clone(),
            why: lost.why.clone(),
        },
        _ => return None,
    })
}
