//! The session of a slot: from its first word to its end, what is metered of it and kept of what it
//! printed; and what a person wants of the slot meanwhile.

use super::*;
use crate::container::event::{DeniedTarget, ModelUsage};

impl Slot {
    pub(super) fn begin_session(&self, session: &SessionId) -> Decision {
        match &self.state {
            SlotState::Running { job, begun, .. } if job.session == *session => match begun {
                true => Ok(vec![]),
                false => Ok(vec![
                    event::SessionStarted {
                        session: session.clone(),
                    }
                    .into(),
                ]),
            },
            _ => Err(Refusal::SessionOver),
        }
    }

    /// A requested start has its own end, started or failed, and that comes first.
    pub(super) fn end_session(&self, session: &SessionId, end: Event) -> Decision {
        match self.state {
            SlotState::Requested { .. } => Err(Refusal::SessionOver),
            _ if !self.works_for(session) => Err(Refusal::SessionOver),
            // What never got a container has none that could be removed: the slot is free at once.
            SlotState::Assigned { .. } => Ok(vec![end, event::Idle {}.into()]),
            _ => Ok(vec![end]),
        }
    }

    /// What a person wanted to end was stopped, however its end looks from outside.
    pub(super) fn judged(&self, outcome: Outcome) -> Outcome {
        if self.is_interrupted() && outcome.fault() == Fault::Outside {
            Outcome::Stopped
        } else {
            outcome
        }
    }

    pub(super) fn meter_usage(&self, session: &SessionId, models: &[ModelUsage]) -> Decision {
        self.at_hand(session)?;
        Ok(vec![
            event::UsageMetered {
                session: session.clone(),
                models: models.to_vec(),
            }
            .into(),
        ])
    }

    pub(super) fn record_egress(
        &self,
        session: &SessionId,
        bytes: u64,
        denied: &[DeniedTarget],
    ) -> Decision {
        self.at_hand(session)?;
        Ok(vec![
            event::EgressRecorded {
                session: session.clone(),
                bytes,
                denied: denied.to_vec(),
            }
            .into(),
        ])
    }

    /// What was used counts until the container is gone: an answer may come after the report of the
    /// end.
    fn at_hand(&self, session: &SessionId) -> Result<(), Refusal> {
        match self.job() {
            Some(job) if job.session == *session => Ok(()),
            Some(_) | None => Err(Refusal::SessionOver),
        }
    }

    /// A transcript is kept once nothing comes after it: when the container is gone.
    pub(super) fn keeps_transcript_of(&self, session: &SessionId) -> Result<(), Refusal> {
        match &self.state {
            SlotState::Ended(e) if e.gone && e.job.session == *session => Ok(()),
            _ => Err(Refusal::WrongState),
        }
    }

    pub(super) fn interrupt(&self, by: &str) -> Decision {
        let job = self
            .job()
            .filter(|job| self.works_for(&job.session))
            .ok_or(Refusal::NoSession)?;

        if self.is_interrupted() {
            return Ok(vec![]);
        }

        Ok(vec![
            event::InterruptRequested {
                session: job.session.clone(),
                by: by.to_owned(),
            }
            .into(),
        ])
    }

    pub(super) fn withhold(&self, by: &str) -> Decision {
        match &self.duty {
            Duty::Withhold { .. } => Ok(vec![]),
            _ => Ok(vec![event::Withheld { by: by.to_owned() }.into()]),
        }
    }

    pub(super) fn reinstate(&self, by: &str) -> Decision {
        match (&self.state, &self.duty) {
            (SlotState::Quarantined { .. }, _) | (_, Duty::Withhold { .. }) => {
                Ok(vec![event::Reinstated { by: by.to_owned() }.into()])
            }
            (SlotState::Idle, _) => Ok(vec![]),
            _ => Err(Refusal::NotQuarantined),
        }
    }
}
