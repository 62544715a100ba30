//! Milestones and the final verification: due, under way, settled, complete.

use crate::project::command::{Command, Refusal};
use crate::project::decide::Decision;
use crate::project::event::{self, OversightKind};
use crate::project::state::{Due, Initialization, Registered};

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

    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each kind; to be split by concept"
    )]
    pub(super) fn oversee(&self, command: &Command) -> Decision {
        let progress = &self.progress;

        match command {
            Command::DueMilestone {
                step,
                as_of,
                closed,
                total,
            } => {
                let highest = progress
                    .milestone
                    .as_ref()
                    .map_or(0, |due| due.step)
                    .max(progress.settled);
                let is_step = step % 10 == 0 && (10..=90).contains(step);
                if !is_step || u32::from(*step) * total > closed * 100 {
                    return Err(Refusal::NotDue);
                }
                if *step <= highest {
                    return Err(Refusal::StepSettled { step: *step });
                }
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
            Command::DueFinal {
                as_of,
                trunk_head,
                closed,
            } => {
                if progress.last.is_some() {
                    return Err(Refusal::Underway);
                }
                let due = event::FinalVerificationDue {
                    as_of: *as_of,
                    trunk_head: trunk_head.clone(),
                    closed: *closed,
                };
                Ok(vec![due.into()])
            }
            Command::StartOversight { slot_session } => match self.next_oversight() {
                Some(oversight) => Ok(vec![
                    event::OversightStarted {
                        slot_session: slot_session.clone(),
                        oversight,
                    }
                    .into(),
                ]),
                None if progress.oversight.is_some() => Err(Refusal::Underway),
                None => Err(Refusal::NotDue),
            },
            Command::LapseOversight { session, outcome } => match &progress.oversight {
                Some(run) if run.slot_session.session == *session => Ok(vec![
                    event::OversightLapsed {
                        session: session.clone(),
                        outcome: *outcome,
                    }
                    .into(),
                ]),
                _ => Err(Refusal::NotUnderway),
            },
            Command::SettleOversight {
                session,
                report,
                findings,
            } => {
                let Some(run) = progress
                    .oversight
                    .as_ref()
                    .filter(|run| run.slot_session.session == *session)
                else {
                    return Err(Refusal::NotUnderway);
                };
                let step = match run.kind {
                    OversightKind::Milestone { step } => step,
                    OversightKind::Final => 100,
                };
                let covers = progress.covered_by(step);
                let settled = event::MilestoneSettled {
                    session: session.clone(),
                    covers,
                    report: *report,
                    findings: *findings,
                };
                let mut events = vec![settled.into()];
                if run.kind == OversightKind::Final && *findings == 0 {
                    events.push(
                        event::Completed {
                            as_of: run.as_of,
                            trunk_head: run.trunk_head.clone(),
                        }
                        .into(),
                    );
                }
                Ok(events)
            }
            _ => Err(Refusal::NotDue),
        }
    }
}
