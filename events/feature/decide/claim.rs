//! Claims: who may take a feature, and how a claim ends.

use super::*;

/// A name that is cut would be another holder's.
fn nameable(holder: &Holder) -> Result<(), Refusal> {
    match holder {
        Holder::Outside { principal } if principal.len() > NAME_MAX => Err(Refusal::Invalid {
            why: format!("the holder's name has more than {NAME_MAX} bytes"),
        }),
        Holder::Outside { .. } | Holder::Slot { .. } => Ok(()),
    }
}

impl Known {
    /// Who holds this claim, when it is open.
    pub(crate) fn held(&self, epoch: Epoch) -> Result<&Holder, Refusal> {
        self.known_epoch(epoch)?;
        match &self.stage {
            Stage::Claimed { .. } if epoch != self.epoch => Err(Refusal::StaleEpoch {
                given: epoch,
                current: self.epoch,
            }),
            Stage::Claimed { holder, .. } => Ok(holder),
            _ => Err(Refusal::NoClaim),
        }
    }

    pub(super) fn claim(&self, holder: &Holder) -> Decision {
        match &self.stage {
            Stage::Open { question: Some(_) } => Err(Refusal::QuestionOpen),
            Stage::Open { question: None } => {
                if self.content.kind == FeatureType::Epic {
                    return Err(Refusal::Epic);
                }
                if let Some(why) = &self.aside {
                    return Err(Refusal::Aside { why: why.clone() });
                }
                if !self.blockers.is_empty() {
                    let by: Vec<_> = self.blockers.iter().map(FeatureId::as_str).collect();
                    return Err(Refusal::Blocked { by: by.join(", ") });
                }
                nameable(holder)?;
                Ok(vec![
                    event::Claimed {
                        epoch: Epoch(self.epoch.0 + 1),
                        holder: holder.clone(),
                    }
                    .into(),
                ])
            }
            Stage::Claimed { holder, .. } => Err(Refusal::Held {
                by: holder.to_string(),
            }),
            Stage::Submitted { .. } | Stage::Approved { .. } | Stage::Merging { .. } => {
                Err(Refusal::NotOpen)
            }
            Stage::Closed { .. } => Err(Refusal::Closed),
            Stage::Quarantined { why } => Err(Refusal::Quarantined { why: why.clone() }),
            Stage::Withdrawn => Err(Refusal::Withdrawn),
        }
    }

    pub(super) fn release(&self, epoch: Epoch, outcome: Outcome, detail: &str) -> Decision {
        self.held(epoch)?;
        let released = event::Released {
            epoch,
            outcome,
            detail: detail.to_owned(),
        };
        let used = self.tally.with(outcome, Timestamp(0));
        let (count, max, what) = match outcome.fault() {
            Fault::Session => (used.tries, TRIES_MAX, "failed tries"),
            Fault::Context => (
                used.contexts,
                CONTEXTS_MAX,
                "sessions whose context was full",
            ),
            Fault::Budget => (
                used.budgets,
                BUDGETS_MAX,
                "sessions that spent their budget",
            ),
            Fault::Outside => (used.gone, GONE_MAX, VANISHED),
            Fault::Nobody => return Ok(vec![released.into()]),
        };
        let what = format!("{what} (the last: {}; {detail})", outcome.name());

        Ok(self.bounded(vec![released.into()], count, max, &what))
    }

    pub(super) fn ask(&self, epoch: Epoch, question: &str) -> Decision {
        self.held(epoch)?;
        text_fits(question)?;
        let released = event::Released {
            epoch,
            outcome: Outcome::Asked,
            detail: question.to_owned(),
        };

        Ok(vec![
            event::QuestionAsked {
                epoch,
                question: question.to_owned(),
            }
            .into(),
            released.into(),
        ])
    }

    pub(super) fn submit(&self, epoch: Epoch, sha: &Sha, base: Option<&Sha>) -> Decision {
        self.held(epoch)?;
        Ok(vec![
            event::Submitted {
                epoch,
                sha: sha.clone(),
                base: base.cloned(),
            }
            .into(),
        ])
    }

    /// A claim of the fleet that vanishes is counted: its feature may be why.
    pub(super) fn expire(
        &self,
        epoch: Epoch,
        last_seen: Timestamp,
        up_since: Timestamp,
    ) -> Decision {
        self.held(epoch)?;
        let expired = event::ClaimExpired {
            epoch,
            last_seen: last_seen.0,
            up_since: up_since.0,
        };

        let gone = self.tally.gone + u32::from(self.is_held_by_the_fleet());
        Ok(self.bounded(vec![expired.into()], gone, GONE_MAX, VANISHED))
    }

    pub(super) fn secure_work(&self, epoch: Epoch, sha: Option<&Sha>) -> Decision {
        self.known_epoch(epoch)?;
        Ok(vec![
            event::WorkSecured {
                epoch,
                sha: sha.cloned(),
            }
            .into(),
        ])
    }

    pub(super) fn lose_work(&self, epoch: Epoch, last_sha: Option<&Sha>, why: &str) -> Decision {
        self.known_epoch(epoch)?;
        Ok(vec![
            event::WorkLost {
                epoch,
                last_sha: last_sha.cloned(),
                why: why.to_owned(),
            }
            .into(),
        ])
    }

    pub(super) fn deny_push(&self, epoch: Epoch, by: &str, why: &str) -> Decision {
        self.known_epoch(epoch)?;
        Ok(vec![
            event::PushDenied {
                epoch,
                by: by.to_owned(),
                why: why.to_owned(),
            }
            .into(),
        ])
    }

    pub(super) fn known_epoch(&self, epoch: Epoch) -> Result<(), Refusal> {
        let known = epoch.0 >= 1 && epoch <= self.epoch;
        if known {
            Ok(())
        } else {
            Err(Refusal::UnknownEpoch { given: epoch })
        }
    }
}
