//! The verification of a candidate, from the grant to the evidence.

use super::*;
use crate::holder::SlotSession;
use crate::id::Digest;
use crate::outcome::Outcome;

impl MergeQueue {
    pub(super) fn start_verification(
        &self,
        number: u64,
        slot_session: &SlotSession,
        terms: Digest,
    ) -> Decision {
        let tip = self.at_end(number)?;
        if !matches!(tip.stage, Stage::Built { .. }) || self.health.checking.is_some() {
            return Err(Refusal::WrongStage);
        }

        may_be_verified(tip)?;
        if tip.lapses.is_spent() {
            return Err(Refusal::GivenUp);
        }

        Ok(vec![
            event::VerificationStarted {
                entry: number,
                slot_session: slot_session.clone(),
                terms: Some(terms),
            }
            .into(),
        ])
    }

    pub(super) fn lapse_verification(
        &self,
        number: u64,
        session: &SessionId,
        outcome: Outcome,
    ) -> Decision {
        self.verified_by(number, session)?;
        Ok(vec![
            event::VerificationLapsed {
                entry: number,
                session: session.clone(),
                outcome,
            }
            .into(),
        ])
    }

    pub(super) fn record_verification(
        &self,
        number: u64,
        session: Option<&SessionId>,
        evidence: &Evidence,
    ) -> Decision {
        self.may_be_evidence(number, session, evidence)?;

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

    /// Evidence is of the candidate's own tree and from the session that runs its command; or a
    /// project that has no command accepts that.
    fn may_be_evidence(
        &self,
        number: u64,
        session: Option<&SessionId>,
        evidence: &Evidence,
    ) -> Result<(), Refusal> {
        match (session, evidence) {
            (
                Some(session),
                Evidence::Ran {
                    tree, session: by, ..
                },
            ) => {
                let candidate = self.verified_by(number, session)?;
                match candidate.tree == *tree && by == session {
                    true => Ok(()),
                    false => Err(Refusal::NotVerifier),
                }
            }
            (None, Evidence::NoneConfigured) => {
                let tip = self.at_end(number)?;
                match tip.stage {
                    Stage::Built { .. } => may_be_verified(tip),
                    _ => Err(Refusal::WrongStage),
                }
            }
            _ => Err(Refusal::NotVerifier),
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
}

/// What changes protected paths waits for a person before anything is made of it.
fn may_be_verified(entry: &Entry) -> Result<(), Refusal> {
    match entry.needs_approval() {
        true => Err(Refusal::NeedsApproval),
        false => Ok(()),
    }
}
