//! What the merge queue records of upstream: where it is, that it cannot be used, and that a person
//! takes it as it is.

use super::*;
use crate::claims::refs;

impl MergeQueue {
    /// Whether upstream, where it was seen, holds what the queue knows of it. That a branch was
    /// rewritten is ended by a person, or by upstream itself: by what was lost being there again.
    pub(super) fn holds(&self, from: Option<&Sha>, seen: Option<&Sha>) -> Result<(), Refusal> {
        if seen == self.head.as_ref() {
            return Ok(());
        }

        if from != self.head.as_ref() {
            return Err(Refusal::WrongStage);
        }

        let fault = self.halt.as_ref().map(|halt| &halt.fault);
        let is_rewritten =
            matches!(fault, Some(Fault::Rewritten { seen: at, .. }) if Some(at) == seen);

        let is_gone = self.head.is_some() && seen.is_none();
        match is_rewritten || is_gone {
            true => Err(Refusal::Rewritten),
            false => Ok(()),
        }
    }

    /// Where upstream is: taken while nothing is queued. An entry on its way finds out by itself,
    /// when it is built or published; but for a branch that was rewritten, which a look that
    /// `holds` disproves: nobody may say so instead.
    pub(super) fn follow(&self, seen: Option<&Sha>, files: &[String]) -> Vec<Event> {
        match (self.is_idle(), seen) {
            (true, seen) if seen == self.head.as_ref() && self.halt.is_some() => {
                vec![event::Unhalted {}.into()]
            }
            (true, Some(seen)) if self.head.as_ref() != Some(seen) => {
                let (from, to, files) = (self.head.clone(), seen.clone(), files.to_vec());
                vec![
                    event::Followed {
                        from,
                        to,
                        files,
                        accepted: None,
                    }
                    .into(),
                ]
            }
            (false, _) if self.is_rewritten() => vec![event::Unhalted {}.into()],
            _ => vec![],
        }
    }

    fn is_rewritten(&self) -> bool {
        let fault = self.halt.as_ref().map(|halt| &halt.fault);
        matches!(fault, Some(Fault::Rewritten { .. }))
    }

    /// While nothing is queued the same trouble is told once: nobody waits for the next try.
    pub(super) fn halted(&self, reason: &str, fault: &Fault) -> Vec<Event> {
        let told = self
            .halt
            .as_ref()
            .is_some_and(|halt| halt.reason == reason && halt.fault == *fault);

        match self.is_idle() && told {
            true => vec![],
            false => vec![
                event::Halted {
                    reason: reason.to_owned(),
                    fault: fault.clone(),
                }
                .into(),
            ],
        }
    }

    /// A person's word lets the queue go on, where going on would find out what is so. That
    /// upstream was rewritten was found out, and is ended by taking it, or by putting it back.
    pub(super) fn unhalt(&self) -> Decision {
        if self.is_rewritten() {
            return Err(Refusal::Rewritten);
        }

        let spent = self.tip().is_some_and(|tip| tip.lapses.is_spent());
        let waits = self.halt.is_some() || spent || self.waits_for_a_look();
        Ok(match waits {
            true => vec![event::Unhalted {}.into()],
            false => vec![],
        })
    }

    /// A person says what a branch is called now that is not there any more under its name. Whether
    /// the other one holds what upstream held is found out by the next look.
    pub(super) fn follow_branch(&self, branch: &str, by: &str) -> Decision {
        if self.branch.as_deref() == Some(branch) {
            return Ok(vec![]);
        }

        let fault = self.halt.as_ref().map(|halt| &halt.fault);
        if !matches!(fault, Some(Fault::BranchGone)) {
            return Err(Refusal::BranchThere);
        }

        if !refs::may_be_trunk(branch) {
            return Err(Refusal::NoBranchName);
        }

        Ok(vec![
            event::BranchFollowed {
                branch: branch.to_owned(),
                by: by.to_owned(),
            }
            .into(),
        ])
    }

    pub(super) fn accept(&self, seen: &Sha, by: &str) -> Decision {
        let fault = self.halt.as_ref().map(|halt| &halt.fault);
        let rewritten = matches!(fault, Some(Fault::Rewritten { seen: at, .. }) if at == seen);
        let busy = matches!(
            self.tip().map(|tip| &tip.stage),
            Some(Stage::Verifying { .. } | Stage::Publishing { .. })
        );

        match (rewritten, busy) {
            (false, _) => Err(Refusal::NotRewritten),
            (true, true) => Err(Refusal::WrongStage),
            (true, false) => {
                let accepted = Some(by.to_owned());
                Ok(vec![
                    event::Followed {
                        from: self.head.clone(),
                        to: seen.clone(),
                        files: vec![],
                        accepted,
                    }
                    .into(),
                ])
            }
        }
    }

    /// Somebody else moved upstream: what was built on where it was is built again.
    pub(super) fn record_moved(
        &self,
        number: u64,
        from: Option<&Sha>,
        seen: Option<&Sha>,
        files: &[String],
    ) -> Decision {
        self.holds(from, seen)?;

        match (&self.at(number)?.stage, self.tip().map(|tip| &tip.stage)) {
            (Stage::Verifying { .. }, _) | (_, Some(Stage::Verifying { .. })) => {
                Err(Refusal::WrongStage)
            }
            _ if seen == self.head.as_ref() => Ok(vec![]),
            _ => Ok(vec![
                event::UpstreamMoved {
                    entry: number,
                    seen: seen.cloned(),
                    files: files.to_vec(),
                }
                .into(),
            ]),
        }
    }

    pub(super) fn record_probe(&self, base: &Sha, collisions: &[Collision]) -> Decision {
        let known = self
            .probed
            .as_ref()
            .is_some_and(|probed| probed.base == *base);
        if known || self.head.as_ref() != Some(base) {
            return Err(Refusal::WrongStage);
        }

        Ok(vec![
            event::Probed {
                base: base.clone(),
                collisions: collisions.to_vec(),
            }
            .into(),
        ])
    }
}
