//! State and command to events or refusal: only the front entry moves, and nothing is published
//! that was not verified.

#[cfg(test)]
mod tests;
mod upstream;

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
    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each kind; to be split by concept"
    )]
    fn decide_open(&self, command: &Command) -> Decision {
        match command {
            Command::Open { .. } => Err(Refusal::Open),
            Command::Enqueue { kind, priority } => self.enqueue(kind, *priority),
            Command::RecordCandidate {
                entry,
                candidate,
                changes,
                asked,
            } => {
                // What was built without a look at upstream says nothing about it.
                if !asked && self.halt.is_some() {
                    return Err(Refusal::Halted);
                }
                self.record_candidate(*entry, candidate, changes)
            }
            Command::Hold { entry } => match self.at(*entry)? {
                front if matches!(front.stage, Stage::Built { .. }) && front.needs_approval() => {
                    Ok(vec![event::Held { entry: *entry }.into()])
                }
                _ => Err(Refusal::WrongStage),
            },
            Command::ApproveChange { entry, by } => {
                self.held(*entry)?;
                Ok(vec![
                    event::ChangeApproved {
                        entry: *entry,
                        by: by.clone(),
                    }
                    .into(),
                ])
            }
            Command::RefuseChange { entry, by, why } => {
                self.may_leave(*entry)?;
                Ok(vec![
                    event::ChangeRefused {
                        entry: *entry,
                        by: by.clone(),
                        why: why.clone(),
                    }
                    .into(),
                ])
            }
            Command::RecordConflict {
                entry,
                base,
                paths,
                why,
            } => match self.at(*entry)?.stage {
                Stage::Queued if !paths.is_empty() && *base == self.head => Ok(vec![
                    event::Dequeued {
                        entry: *entry,
                        base: base.clone(),
                        paths: paths.clone(),
                        why: why.clone(),
                    }
                    .into(),
                ]),
                _ => Err(Refusal::WrongStage),
            },
            Command::RecordNothing { entry, base } => self.record_nothing(*entry, base.as_ref()),
            Command::CloseBatch { entry, why } => match self.at_end(*entry)?.stage {
                Stage::Built { .. } if !self.closed => Ok(vec![
                    event::BatchClosed {
                        entry: *entry,
                        why: why.clone(),
                    }
                    .into(),
                ]),
                _ => Err(Refusal::WrongStage),
            },
            Command::StartVerification {
                entry,
                slot_session,
                terms,
            } => {
                let tip = self.at_end(*entry)?;
                if !matches!(tip.stage, Stage::Built { .. }) || self.health.checking.is_some() {
                    return Err(Refusal::WrongStage);
                }
                may_be_verified(tip)?;
                if tip.lapses.is_spent() {
                    return Err(Refusal::GivenUp);
                }
                Ok(vec![
                    event::VerificationStarted {
                        entry: *entry,
                        slot_session: slot_session.clone(),
                        terms: Some(*terms),
                    }
                    .into(),
                ])
            }
            Command::LapseVerification {
                entry,
                session,
                outcome,
            } => {
                self.verified_by(*entry, session)?;
                Ok(vec![
                    event::VerificationLapsed {
                        entry: *entry,
                        session: session.clone(),
                        outcome: *outcome,
                    }
                    .into(),
                ])
            }
            Command::RecordVerification {
                entry,
                session,
                evidence,
            } => self.verification(*entry, session.as_ref(), evidence),
            Command::StartHeadVerification { .. }
            | Command::LapseHeadVerification { .. }
            | Command::RecordHeadVerification { .. }
            | Command::EndRed { .. } => self.check_head(command),
            Command::IntendPublish { entry } => match &self.at_end(*entry)?.stage {
                Stage::Verified { candidate, .. } => {
                    let intended = event::PublishIntended {
                        entry: *entry,
                        from: self.head.clone(),
                        to: candidate.sha.clone(),
                    };
                    Ok(vec![intended.into()])
                }
                _ => Err(Refusal::WrongStage),
            },
            Command::RecordAdvanced { entry } => match &self.at_end(*entry)?.stage {
                Stage::Publishing { .. } => {
                    let steps = self.steps().into_iter();
                    Ok(steps
                        .map(|(entry, from, to)| event::Advanced { entry, from, to }.into())
                        .collect())
                }
                _ => Err(Refusal::WrongStage),
            },
            Command::RecordMoved {
                entry,
                from,
                seen,
                files,
            } => {
                self.holds(from.as_ref(), seen.as_ref())?;
                match (&self.at(*entry)?.stage, self.tip().map(|tip| &tip.stage)) {
                    (Stage::Verifying { .. }, _) | (_, Some(Stage::Verifying { .. })) => {
                        Err(Refusal::WrongStage)
                    }
                    _ if *seen == self.head => Ok(vec![]),
                    _ => Ok(vec![
                        event::UpstreamMoved {
                            entry: *entry,
                            seen: seen.clone(),
                            files: files.clone(),
                        }
                        .into(),
                    ]),
                }
            }
            Command::RecordProbe { base, collisions } => self.record_probe(base, collisions),
            Command::Halt { reason, fault } => Ok(self.halted(reason, fault)),
            Command::Follow { from, seen, files } => {
                self.holds(from.as_ref(), seen.as_ref())?;
                Ok(self.follow(seen.as_ref(), files))
            }
            Command::AcceptRewrite { seen, by } => self.accept(seen, by),
            Command::Unhalt => self.unhalt(),
            Command::Drop { entry, why } => self.drop_out(*entry, why),
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

    fn held(&self, number: u64) -> Result<&Entry, Refusal> {
        self.held
            .iter()
            .find(|entry| entry.number == number)
            .ok_or(Refusal::NotHeld)
    }

    fn record_candidate(&self, number: u64, candidate: &Candidate, changes: &Changes) -> Decision {
        let entry = match self.joins(u16::MAX).filter(|next| next.number == number) {
            Some(next) => next,
            None => self.at(number)?,
        };
        let below = if self.batched() == 0 {
            self.head.as_ref()
        } else {
            self.tip().and_then(Entry::candidate).map(|c| &c.sha)
        };

        if !matches!(entry.stage, Stage::Queued) || candidate.base.as_ref() != below {
            return Err(Refusal::WrongStage);
        }

        let changes = changes.clone().cut();

        // It waits for a person, by itself, when its turn comes.
        let asks = changes
            .protected
            .iter()
            .any(|path| !entry.approved.contains(path));
        if let (true, true, Some(tip)) = (asks, self.batched() > 0, self.tip()) {
            let why = format!("entry {number} changes protected paths");
            return Ok(vec![
                event::BatchClosed {
                    entry: tip.number,
                    why,
                }
                .into(),
            ]);
        }

        let candidate = candidate.clone();
        let mut events = vec![
            event::CandidateBuilt {
                entry: number,
                candidate,
                changes,
            }
            .into(),
        ];

        // An empty upstream has nothing that could be verified.
        if entry.kind == EntryKind::Scaffold && self.head.is_none() {
            events.push(
                event::Verified {
                    entry: number,
                    evidence: Evidence::Scaffold,
                }
                .into(),
            );
        }

        Ok(events)
    }

    fn record_nothing(&self, number: u64, base: Option<&Sha>) -> Decision {
        match self.at(number)?.stage {
            Stage::Queued if base == self.head.as_ref() => Ok(vec![
                event::FoundEmpty {
                    entry: number,
                    base: base.cloned(),
                }
                .into(),
            ]),
            _ => Err(Refusal::WrongStage),
        }
    }

    fn verified_by(&self, number: u64, session: &SessionId) -> Result<&Candidate, Refusal> {
        match &self.at_end(number)?.stage {
            Stage::Verifying {
                candidate,
                slot_session,
            } if slot_session.session == *session => Ok(candidate),
            _ => Err(Refusal::NotVerifier),
        }
    }

    fn verification(
        &self,
        number: u64,
        session: Option<&SessionId>,
        evidence: &Evidence,
    ) -> Decision {
        match (session, evidence) {
            (
                Some(session),
                Evidence::Ran {
                    tree, session: by, ..
                },
            ) => {
                let candidate = self.verified_by(number, session)?;
                if candidate.tree != *tree || by != session {
                    return Err(Refusal::NotVerifier);
                }
            }
            (None, Evidence::NoneConfigured) => {
                let tip = self.at_end(number)?;
                match tip.stage {
                    Stage::Built { .. } => may_be_verified(tip)?,
                    _ => return Err(Refusal::WrongStage),
                }
            }
            _ => return Err(Refusal::NotVerifier),
        }

        Ok(vec![if evidence.is_green() {
            event::Verified {
                entry: number,
                evidence: evidence.clone(),
            }
            .into()
        } else {
            self.found_red(self.at_end(number)?, evidence)
        }])
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

/// What changes protected paths waits for a person before anything is made of it.
fn may_be_verified(entry: &Entry) -> Result<(), Refusal> {
    match entry.needs_approval() {
        true => Err(Refusal::NeedsApproval),
        false => Ok(()),
    }
}
