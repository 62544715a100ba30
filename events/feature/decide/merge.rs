//! From a submission to its end: reviews, merging, closing and withdrawing.

use super::*;

impl Known {
    pub(super) fn start_review(&self, slot_session: &SlotSession) -> Decision {
        match &self.stage {
            Stage::Submitted { review: None, .. } => Ok(vec![
                event::ReviewStarted {
                    slot_session: slot_session.clone(),
                }
                .into(),
            ]),
            Stage::Submitted { .. } => Err(Refusal::ReviewOpen),
            _ => Err(Refusal::NotSubmitted),
        }
    }

    pub(super) fn lapse_review(&self, session: &SessionId, outcome: Outcome) -> Decision {
        match &self.stage {
            Stage::Submitted {
                review: Some(slot_session),
                ..
            } if slot_session.session == *session => {
                let lapsed = event::ReviewLapsed {
                    session: session.clone(),
                    outcome,
                };
                let lapses = self.tally.reviewers.with(outcome, Timestamp(0));
                let mut events = vec![lapsed.into()];
                if lapses.is_spent() {
                    let why = format!("of its reviewers, {lapses}");
                    events.push(event::Quarantined { why }.into());
                }
                Ok(events)
            }
            _ => Err(Refusal::NoReview),
        }
    }

    /// A verdict is taken only for the session, claim and commit that are open.
    pub(super) fn pass_review(
        &self,
        session: &SessionId,
        epoch: Epoch,
        sha: &Sha,
        verdict: &Verdict,
    ) -> Decision {
        self.open_verdict(session, epoch, sha, verdict)?;
        Ok(vec![
            event::ReviewPassed {
                session: session.clone(),
                verdict: verdict.clone(),
            }
            .into(),
        ])
    }

    pub(super) fn reject_review(
        &self,
        session: &SessionId,
        epoch: Epoch,
        sha: &Sha,
        verdict: &Verdict,
    ) -> Decision {
        self.open_verdict(session, epoch, sha, verdict)?;
        let rejected = event::ReviewRejected {
            session: session.clone(),
            verdict: verdict.clone(),
        };

        let count = self.tally.rejections + 1;
        Ok(self.bounded(vec![rejected.into()], count, REJECTIONS_MAX, "rejections"))
    }

    pub(super) fn abort_merge(&self, candidate: &Sha, why: &str) -> Decision {
        self.merging(candidate)?;
        Ok(vec![
            event::MergeAborted {
                candidate: candidate.clone(),
                why: why.to_owned(),
            }
            .into(),
        ])
    }

    fn open_verdict(
        &self,
        session: &SessionId,
        epoch: Epoch,
        sha: &Sha,
        verdict: &Verdict,
    ) -> Result<(), Refusal> {
        match &self.stage {
            Stage::Submitted {
                submission,
                review: Some(slot_session),
            } => {
                if slot_session.session != *session
                    || submission.epoch != epoch
                    || submission.sha != *sha
                {
                    return Err(Refusal::VerdictNotOpen);
                }
                verdict.check().map_err(|why| Refusal::Invalid {
                    why: why.to_string(),
                })
            }
            _ => Err(Refusal::NoReview),
        }
    }

    pub(super) fn begin_merge(&self, epoch: Epoch, candidate: &Sha) -> Decision {
        match &self.stage {
            Stage::Approved { submission } if submission.epoch == epoch => Ok(vec![
                event::MergeBegun {
                    candidate: candidate.clone(),
                }
                .into(),
            ]),
            Stage::Merging { .. } => Err(Refusal::Merging),
            _ => Err(Refusal::NotApproved),
        }
    }

    fn merging(&self, candidate: &Sha) -> Result<(), Refusal> {
        match &self.stage {
            Stage::Merging {
                candidate: current, ..
            } if current == candidate => Ok(()),
            _ => Err(Refusal::NotMerging),
        }
    }

    pub(super) fn reject_merge(
        &self,
        epoch: Epoch,
        fault: MergeFault,
        paths: &[String],
        detail: &str,
    ) -> Decision {
        match &self.stage {
            Stage::Approved { submission } | Stage::Merging { submission, .. }
                if submission.epoch == epoch =>
            {
                let rejected = event::MergeRejected {
                    epoch,
                    fault,
                    paths: paths.to_vec(),
                    detail: detail.to_owned(),
                };
                let (count, max, what) = match fault {
                    MergeFault::Conflict => {
                        (self.tally.conflicts + 1, CONFLICTS_MAX, "merge conflicts")
                    }
                    MergeFault::Red | MergeFault::Refused => {
                        (self.tally.rejections + 1, REJECTIONS_MAX, "rejections")
                    }
                };
                Ok(self.bounded(vec![rejected.into()], count, max, what))
            }
            _ => Err(Refusal::NotApproved),
        }
    }

    pub(super) fn close(&self, closing: &Closing, by: &str) -> Decision {
        let closed = event::Closed {
            closing: closing.clone(),
            by: by.to_owned(),
        };

        match (closing, &self.stage) {
            (asked, Stage::Closed { closing }) if asked == closing => Ok(vec![]),
            (_, Stage::Closed { .. }) => Err(Refusal::Closed),
            (Closing::Merged { sha }, Stage::Merging { candidate, .. }) if candidate == sha => {
                Ok(vec![closed.into()])
            }
            (Closing::Merged { .. }, _) => Err(Refusal::NotMerging),
            (Closing::Restored { .. }, Stage::Open { .. }) => Ok(vec![closed.into()]),
            (Closing::Restored { .. }, _) => Err(Refusal::NotOpen),
            (_, Stage::Claimed { holder, .. }) => Err(Refusal::Held {
                by: holder.to_string(),
            }),
            (_, Stage::Merging { .. }) => Err(Refusal::Merging),
            (_, Stage::Withdrawn) => Err(Refusal::Withdrawn),
            (Closing::DoneElsewhere | Closing::WontDo, _) => Ok(vec![closed.into()]),
        }
    }

    pub(super) fn withdraw(&self, by: &str) -> Decision {
        if self.stage == Stage::Withdrawn {
            return Ok(vec![]);
        }

        self.changeable()?;
        let withdrawn = event::Withdrawn { by: by.to_owned() };

        Ok(match &self.stage {
            Stage::Claimed { .. } => {
                let detail = "the feature was withdrawn".to_owned();
                vec![
                    event::Released {
                        epoch: self.epoch,
                        outcome: Outcome::Interrupted,
                        detail,
                    }
                    .into(),
                    withdrawn.into(),
                ]
            }
            _ => vec![withdrawn.into()],
        })
    }
}
