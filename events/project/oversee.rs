//! Milestones and the final verification: due, under way, settled, complete.

use crate::holder::SlotSession;
use crate::id::{Digest, SessionId};
use crate::project::command::{Command, Refusal};
use crate::project::decide::Decision;
use crate::project::event::{self, OversightKind};
use crate::project::state::{Due, Initialization, Oversight, Registered};

/// Final verifications with findings before a person has to look.
pub(super) const ROUNDS_MAX: u32 = 5;

impl Registered {
    /// What the next overseer would be for, if one may start: a milestone that is due, else the
    /// final verification.
    pub fn next_oversight(&self) -> Option<OversightKind> {
        let progress = &self.progress;
        let fresh = |due: &&Due| !due.lapses.is_spent();

        if progress.oversight.is_some() || !self.is_running() {
            return None;
        }

        let last = progress
            .last
            .as_ref()
            .filter(fresh)
            .filter(|_| progress.rounds < ROUNDS_MAX);
        match (last, progress.milestone.as_ref().filter(fresh)) {
            (Some(_), _) => Some(OversightKind::Final),
            (None, Some(due)) => Some(OversightKind::Milestone { step: due.step }),
            (None, None) => None,
        }
    }

    /// Whether something that is due is not tried any more until a person wants it.
    pub fn gave_up(&self) -> bool {
        let progress = &self.progress;
        let spent = progress
            .last
            .iter()
            .chain(&progress.milestone)
            .any(|due| due.lapses.is_spent());
        let rounds = progress.last.is_some() && progress.rounds >= ROUNDS_MAX;
        let initializers = matches!(
            &self.initialization,
            Initialization::Due { lapses } if lapses.is_spent()
        );
        spent || rounds || initializers
    }

    pub(super) fn oversee(&self, command: &Command) -> Decision {
        match command {
            Command::DueMilestone {
                step,
                as_of,
                closed,
                total,
            } => {
                self.may_be_due(*step, *closed, *total)?;
                Ok(vec![
                    event::MilestoneDue {
                        step: *step,
                        as_of: *as_of,
                        closed: *closed,
                        total: *total,
                    }
                    .into(),
                ])
            }
            Command::DueFinal { .. } if self.progress.last.is_some() => Err(Refusal::Underway),
            Command::DueFinal {
                as_of,
                trunk_head,
                closed,
            } => Ok(vec![
                event::FinalVerificationDue {
                    as_of: *as_of,
                    trunk_head: trunk_head.clone(),
                    closed: *closed,
                }
                .into(),
            ]),
            Command::StartOversight { slot_session } => self.start_oversight(slot_session),
            Command::LapseOversight { session, outcome } => {
                self.overseen_by(session)?;
                Ok(vec![
                    event::OversightLapsed {
                        session: session.clone(),
                        outcome: *outcome,
                    }
                    .into(),
                ])
            }
            Command::SettleOversight {
                session,
                report,
                findings,
            } => self.settle_oversight(session, *report, *findings),
            _ => Err(Refusal::NotDue),
        }
    }

    /// Whether a step is reached, and neither looked at nor asked for.
    fn may_be_due(&self, step: u8, closed: u32, total: u32) -> Result<(), Refusal> {
        let progress = &self.progress;
        let is_step = step.is_multiple_of(10) && (10..=90).contains(&step);
        if !is_step || u32::from(step) * total > closed * 100 {
            return Err(Refusal::NotDue);
        }

        let asked_for = match &progress.milestone {
            Some(due) => due.step,
            None => 0,
        };
        if step <= asked_for.max(progress.settled) {
            return Err(Refusal::StepSettled { step });
        }
        Ok(())
    }

    fn start_oversight(&self, slot_session: &SlotSession) -> Decision {
        match self.next_oversight() {
            Some(oversight) => Ok(vec![
                event::OversightStarted {
                    slot_session: slot_session.clone(),
                    oversight,
                }
                .into(),
            ]),
            None if self.progress.oversight.is_some() => Err(Refusal::Underway),
            None => Err(Refusal::NotDue),
        }
    }

    /// The run of this session.
    fn overseen_by(&self, session: &SessionId) -> Result<&Oversight, Refusal> {
        match &self.progress.oversight {
            Some(run) if run.slot_session.session == *session => Ok(run),
            Some(_) | None => Err(Refusal::NotUnderway),
        }
    }

    /// An overseer's report; a final one that found nothing completes the project.
    fn settle_oversight(&self, session: &SessionId, report: Digest, findings: u32) -> Decision {
        let run = self.overseen_by(session)?;
        let step = match run.kind {
            OversightKind::Milestone { step } => step,
            OversightKind::Final => 100,
        };
        let settled = event::MilestoneSettled {
            session: session.clone(),
            covers: self.progress.covered_by(step),
            report,
            findings,
        };

        let mut events = vec![settled.into()];
        if run.kind == OversightKind::Final && findings == 0 {
            let completed = event::Completed {
                as_of: run.as_of,
                trunk_head: run.trunk_head.clone(),
            };
            events.push(completed.into());
        }
        Ok(events)
    }
}
