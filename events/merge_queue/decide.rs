//! State and command to events or refusal: only the front entry moves, and nothing is published
//! that was not verified.

mod candidate;
#[cfg(test)]
mod tests;
mod upstream;
mod verification;

use crate::aggregate::{Aggregate, Moment};
use crate::evidence::Evidence;
use crate::id::{SessionId, Sha, Timestamp};
use crate::merge_queue::entry::{Entry, Stage, Undone, Verdict};
use crate::merge_queue::event::{self, Candidate, Changes, Collision, EntryKind, Event};
use crate::merge_queue::state::MergeQueue;
use crate::merge_queue::{Command, Fault, Refusal};

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for MergeQueue {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn rules(&self, command: &Command, _now: Timestamp) -> Decision {
        match (command, &self.branch) {
            (Command::Open { branch, head }, None) => Ok(vec![
                event::Opened {
                    branch: branch.clone(),
                    head: head.clone(),
                }
                .into(),
            ]),
            (Command::Open { .. }, Some(_)) => Err(Refusal::Open),
            (_, None) => Err(Refusal::NotOpen),
            (command, Some(_)) => self.decide_open(command),
        }
    }

    fn evolve(&mut self, event: &Event, moment: Moment) {
        self.apply(event, moment);
    }
}

impl MergeQueue {
    fn decide_open(&self, command: &Command) -> Decision {
        match command {
            Command::Open { .. } => Err(Refusal::Open),
            Command::Enqueue { kind, priority } => self.enqueue(kind, *priority),
            Command::RecordCandidate {
                entry,
                candidate,
                changes,
                asked,
            } => self.record_candidate(*entry, candidate, changes, *asked),
            Command::RecordConflict {
                entry,
                base,
                paths,
                why,
            } => self.record_conflict(*entry, base.as_ref(), paths, why),
            Command::RecordNothing { entry, base } => self.record_nothing(*entry, base.as_ref()),
            Command::CloseBatch { entry, why } => self.close_batch(*entry, why),
            Command::Hold { entry } => self.hold(*entry),
            Command::ApproveChange { entry, by } => self.approve_change(*entry, by),
            Command::RefuseChange { entry, by, why } => self.refuse_change(*entry, by, why),
            Command::StartVerification {
                entry,
                slot_session,
                terms,
            } => self.start_verification(*entry, slot_session, *terms),
            Command::LapseVerification {
                entry,
                session,
                outcome,
            } => self.lapse_verification(*entry, session, *outcome),
            Command::RecordVerification {
                entry,
                session,
                evidence,
            } => self.record_verification(*entry, session.as_ref(), evidence),
            Command::StartHeadVerification { .. }
            | Command::LapseHeadVerification { .. }
            | Command::RecordHeadVerification { .. }
            | Command::EndRed { .. } => self.check_head(command),
            Command::IntendPublish { entry } => self.intend_publish(*entry),
            Command::RecordAdvanced { entry } => self.record_advanced(*entry),
            Command::RecordMoved {
                entry,
                from,
                seen,
                files,
            } => self.record_moved(*entry, from.as_ref(), seen.as_ref(), files),
            Command::RecordProbe { base, collisions } => self.record_probe(base, collisions),
            Command::Halt { reason, fault } => Ok(self.halted(reason, fault)),
            Command::Follow { from, seen, files } => {
                self.holds(from.as_ref(), seen.as_ref())?;
                Ok(self.follow(seen.as_ref(), files))
            }
            Command::AcceptRewrite { seen, by } => self.accept(seen, by),
            Command::FollowBranch { branch, by } => self.follow_branch(branch, by),
            Command::Unhalt => self.unhalt(),
            Command::Drop { entry, why } => self.drop_out(*entry, why),
        }
    }

    /// The batch goes upstream as it was verified.
    fn intend_publish(&self, number: u64) -> Decision {
        match &self.at_end(number)?.stage {
            Stage::Verified { candidate, .. } => Ok(vec![
                event::PublishIntended {
                    entry: number,
                    from: self.head.clone(),
                    to: candidate.sha.clone(),
                }
                .into(),
            ]),
            _ => Err(Refusal::WrongStage),
        }
    }

    /// Upstream is at the tip: each entry of the batch is published.
    fn record_advanced(&self, number: u64) -> Decision {
        match &self.at_end(number)?.stage {
            Stage::Publishing { .. } => {
                let steps = self.steps().into_iter();
                Ok(steps
                    .map(|(entry, from, to)| event::Advanced { entry, from, to }.into())
                    .collect())
            }
            _ => Err(Refusal::WrongStage),
        }
    }

    fn at(&self, number: u64) -> Result<&Entry, Refusal> {
        self.front()
            .filter(|front| front.number == number)
            .ok_or(Refusal::NotFront)
    }

    /// The entry whose candidate holds all of the batch.
    fn at_end(&self, number: u64) -> Result<&Entry, Refusal> {
        self.tip()
            .filter(|tip| tip.number == number)
            .ok_or(Refusal::NotFront)
    }

    fn enqueue(&self, kind: &EntryKind, priority: u8) -> Decision {
        let known = match kind {
            EntryKind::Scaffold => {
                let queued = self.queue.iter().chain(&self.parked);
                queued.into_iter().any(|e| e.kind == EntryKind::Scaffold)
            }
            EntryKind::Feature { feature, epoch, .. } => {
                let judged = self.judged.get(feature).is_some_and(|(e, verdict)| {
                    e == epoch && !matches!(verdict, Verdict::Dropped { .. })
                });
                judged || self.waiting().any(|e| e.kind.is_work_of(feature, *epoch))
            }
            EntryKind::Revert {
                feature, commit, ..
            } => {
                let merged = |undone: &Undone| {
                    undone.commit == *commit && matches!(undone.verdict, Verdict::Merged(_))
                };
                self.waiting().any(|e| e.kind.takes_out(feature))
                    || self.undone.get(feature).is_some_and(merged)
            }
        };
        if known {
            return Err(Refusal::Queued);
        }

        Ok(vec![
            event::Queued {
                entry: self.entries + 1,
                kind: kind.clone(),
                priority,
            }
            .into(),
        ])
    }

    /// Whether an entry can be taken out, wherever it waits: not while its commit is on the way
    /// upstream.
    fn may_leave(&self, number: u64) -> Result<(), Refusal> {
        let entry = self.waiting().find(|e| e.number == number);

        match entry.ok_or(Refusal::NotQueued)?.stage {
            Stage::Publishing { .. } => Err(Refusal::Publishing),
            Stage::Queued
            | Stage::Built { .. }
            | Stage::Verifying { .. }
            | Stage::Verified { .. } => Ok(()),
        }
    }

    fn drop_out(&self, number: u64, why: &str) -> Decision {
        self.may_leave(number)?;

        Ok(vec![
            event::Dequeued {
                entry: number,
                base: self.head.clone(),
                paths: vec![],
                why: why.to_owned(),
            }
            .into(),
        ])
    }
}
