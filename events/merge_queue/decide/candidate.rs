//! What became of building an entry's candidate, and what a person says of one that changes
//! protected paths.

use super::*;

impl MergeQueue {
    pub(super) fn record_candidate(
        &self,
        number: u64,
        candidate: &Candidate,
        changes: &Changes,
        asked: bool,
    ) -> Decision {
        // What was built without a look at upstream says nothing about it.
        if !asked && self.halt.is_some() {
            return Err(Refusal::Halted);
        }

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
        if let Some(tip) = self.tip()
            && self.batched() > 0
            && entry.asks_for(&changes)
        {
            // It waits for a person, by itself, when its turn comes.
            let closed = event::BatchClosed {
                entry: tip.number,
                why: format!("entry {number} changes protected paths"),
            };
            return Ok(vec![closed.into()]);
        }

        let built = event::CandidateBuilt {
            entry: number,
            candidate: candidate.clone(),
            changes,
        };
        let mut events = vec![built.into()];

        // An empty upstream has nothing that could be verified.
        if entry.kind == EntryKind::Scaffold && self.head.is_none() {
            let verified = event::Verified {
                entry: number,
                evidence: Evidence::Scaffold,
            };
            events.push(verified.into());
        }

        Ok(events)
    }

    pub(super) fn record_conflict(
        &self,
        number: u64,
        base: Option<&Sha>,
        paths: &[String],
        why: &str,
    ) -> Decision {
        match self.at(number)?.stage {
            Stage::Queued if !paths.is_empty() && base == self.head.as_ref() => Ok(vec![
                event::Dequeued {
                    entry: number,
                    base: base.cloned(),
                    paths: paths.to_vec(),
                    why: why.to_owned(),
                }
                .into(),
            ]),
            _ => Err(Refusal::WrongStage),
        }
    }

    pub(super) fn record_nothing(&self, number: u64, base: Option<&Sha>) -> Decision {
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

    /// The batch takes no further entry.
    pub(super) fn close_batch(&self, number: u64, why: &str) -> Decision {
        match self.at_end(number)?.stage {
            Stage::Built { .. } if !self.closed => Ok(vec![
                event::BatchClosed {
                    entry: number,
                    why: why.to_owned(),
                }
                .into(),
            ]),
            _ => Err(Refusal::WrongStage),
        }
    }

    /// The front entry waits beside the queue for a person.
    pub(super) fn hold(&self, number: u64) -> Decision {
        match self.at(number)? {
            front if matches!(front.stage, Stage::Built { .. }) && front.needs_approval() => {
                Ok(vec![event::Held { entry: number }.into()])
            }
            _ => Err(Refusal::WrongStage),
        }
    }

    pub(super) fn approve_change(&self, number: u64, by: &str) -> Decision {
        self.held(number)?;
        Ok(vec![
            event::ChangeApproved {
                entry: number,
                by: by.to_owned(),
            }
            .into(),
        ])
    }

    pub(super) fn refuse_change(&self, number: u64, by: &str, why: &str) -> Decision {
        self.may_leave(number)?;
        Ok(vec![
            event::ChangeRefused {
                entry: number,
                by: by.to_owned(),
                why: why.to_owned(),
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
}
