//! The claims of a feature: who held each, what was handed in under it, what was said of that, and
//! what became of it.

use std::collections::BTreeMap;

use crate::codec::{CodecError, EventCodec};
use crate::envelope::Envelope;
use crate::feature::event::{Closing, Event};
use crate::holder::Holder;
use crate::id::{Epoch, SessionId, Sha};
use crate::outcome::Outcome;
use crate::stream::Position;
use crate::verdict::Judgement;

/// What became of the work of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is held, or was when the log ends.
    Held,
    /// It was given back, or ended, without anything handed in.
    Released(Outcome),
    /// Nothing was heard of its holder.
    Expired,
    /// Its work is handed in, and not judged yet.
    HandedIn,
    /// A reviewer sent it back.
    SentBack,
    /// A reviewer passed it.
    Passed,
    /// The merge queue sent it back.
    Unmerged,
    /// It is upstream.
    Merged(Sha),
    /// It was upstream, and was taken out or reopened since.
    Undone(Sha),
}

/// What a reviewer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Where it is recorded.
    pub position: Position,
    /// The session that judged.
    pub session: SessionId,
    /// Pass or reject.
    pub judgement: Judgement,
    /// The number of its findings.
    pub findings: usize,
}

/// One claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfClaim {
    /// Its number.
    pub epoch: Epoch,
    /// Where it was granted.
    pub claimed: Position,
    /// Whoever held it.
    pub holder: Holder,
    /// The commit that was handed in under it, and where.
    pub submitted: Option<(Position, Sha)>,
    /// What reviewers said, in order.
    pub verdicts: Vec<Verdict>,
    /// What became of it, and the event that says so.
    pub fate: (Position, Fate),
}

/// The events of a feature, read for its claims.
#[derive(Debug, Default)]
pub struct Claims {
    claims: BTreeMap<Epoch, OfClaim>,
}

impl Claims {
    /// Takes the next event of the feature.
    ///
    /// # Errors
    /// This build does not know the event.
    pub fn take(&mut self, envelope: &Envelope) -> Result<(), CodecError> {
        let at = envelope.position;
        match Event::decode(&envelope.kind, envelope.schema, &envelope.payload)? {
            Event::Claimed(e) => {
                let claim = OfClaim {
                    epoch: e.epoch,
                    claimed: at,
                    holder: e.holder,
                    submitted: None,
                    verdicts: vec![],
                    fate: (at, Fate::Held),
                };
                self.claims.insert(e.epoch, claim);
            }
            Event::Released(e) => self.of(e.epoch, at, Fate::Released(e.outcome)),
            Event::ClaimExpired(e) => self.of(e.epoch, at, Fate::Expired),
            Event::Submitted(e) => {
                self.of(e.epoch, at, Fate::HandedIn);
                if let Some(claim) = self.claims.get_mut(&e.epoch) {
                    claim.submitted = Some((at, e.sha));
                }
            }

            Event::ReviewPassed(e) => self.judged(at, e.session, &e.verdict, Fate::Passed),
            Event::ReviewRejected(e) => self.judged(at, e.session, &e.verdict, Fate::SentBack),
            Event::MergeRejected(e) => self.of(e.epoch, at, Fate::Unmerged),
            Event::Closed(e) => {
                if let Closing::Merged { sha } = e.closing {
                    self.newest(at, Fate::Merged(sha));
                }
            }
            Event::Reopened(_) | Event::SetAside(_) => self.undone(at),
            _ => {}
        }
        Ok(())
    }

    fn of(&mut self, epoch: Epoch, at: Position, fate: Fate) {
        if let Some(claim) = self.claims.get_mut(&epoch) {
            claim.fate = (at, fate);
        }
    }

    /// Of the work that was handed in last.
    fn newest(&mut self, at: Position, fate: Fate) {
        let mut claims = self.claims.values_mut().rev();
        if let Some(claim) = claims.find(|claim| claim.submitted.is_some()) {
            claim.fate = (at, fate);
        }
    }

    fn judged(
        &mut self,
        at: Position,
        session: SessionId,
        verdict: &crate::verdict::Verdict,
        fate: Fate,
    ) {
        self.newest(at, fate);

        let mut claims = self.claims.values_mut().rev();
        if let Some(claim) = claims.find(|claim| claim.submitted.is_some()) {
            claim.verdicts.push(Verdict {
                position: at,
                session,
                judgement: verdict.judgement,
                findings: verdict.findings.len(),
            });
        }
    }

    fn undone(&mut self, at: Position) {
        for claim in self.claims.values_mut() {
            if let (_, Fate::Merged(sha)) = &claim.fate {
                claim.fate = (at, Fate::Undone(sha.clone()));
            }
        }
    }

    /// The claims, in order.
    pub fn done(self) -> BTreeMap<Epoch, OfClaim> {
        self.claims
    }
}
