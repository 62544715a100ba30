//! The health of the trunk itself: what is known to be green, whether a red verification is the
//! work's fault or was there before, and how often one and the same tree was red and then green.
//!
//! Red once is verified once more on the same tree, and in between the bare head is, in a session
//! of its own: a red tree says nothing about the work as long as nobody knows how its head fares at
//! that time, for what a verification needs may have gone away since the last one. Red, while the
//! head is green, and red again is the work's own fault. While the head is red no work is judged;
//! what is red waits beside the queue (`parked`) until the head moves or is found green, and the
//! head is looked at again after longer and longer pauses.

use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::holder::SlotSession;
use crate::id::{Digest, FeatureId, SessionId, Sha, Timestamp};
use crate::lapses::Lapses;
use crate::merge_queue::entry::{Entry, Stage};
use crate::merge_queue::event::{self, Event};
use crate::merge_queue::state::MergeQueue;
use crate::merge_queue::{Command, Refusal};
use crate::own_time::OwnTime;
use crate::probing::pause_ms;

/// What is known of the trunk's own verification.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Health {
    /// Terms of the verification of an entry that was begun last.
    pub terms: Option<Digest>,
    /// The commit that was green last.
    pub green: Option<Green>,
    /// The verifier that works on the bare head.
    pub checking: Option<Checking>,
    /// Its verifiers that ended without evidence.
    pub lapses: Lapses,
    /// Set while the head is red without any work of ours.
    pub red: Option<Red>,
    /// Trees that were red and then green.
    pub flakes: Flakes,
}

/// A commit that was green, and on which terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Green {
    /// The commit that was verified.
    pub commit: Sha,
    /// Digest of everything that decides what a verification runs.
    pub terms: Option<Digest>,
}

/// A verifier at work on the bare head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checking {
    /// The head.
    pub head: Sha,
    /// On which terms.
    pub terms: Digest,
    /// The slot and session that verify it.
    pub slot_session: SlotSession,
}

/// A head that is red by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Red {
    /// The head that was seen red.
    pub head: Sha,
    /// On which terms.
    pub terms: Digest,
    /// The evidence that it rests on.
    pub evidence: Evidence,
    /// The time since when it holds.
    pub since: Timestamp,
    /// When it was seen last.
    pub at: Timestamp,
    /// Looks that found it red again.
    pub probes: usize,
    /// Upstream moved since, or a person wants it looked at: it is, at once.
    pub asked: bool,
}

/// Trees that were red and then green: the verification says one thing today and another tomorrow.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Flakes {
    /// The number of times that it was seen.
    pub count: u32,
    /// The newest.
    pub last: Option<Flake>,
}

/// A tree that was red and then green.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flake {
    /// The number of the entry that it struck.
    pub entry: u64,
    /// The feature whose work was verified, if any.
    pub feature: Option<FeatureId>,
    /// How the red run ended.
    pub exit: i32,
    /// The session that ran the verification.
    pub session: SessionId,
    /// When the green one was recorded.
    pub at: Timestamp,
}

impl Red {
    /// When the bare head may be verified again.
    pub fn next_probe(&self, own: &OwnTime) -> Timestamp {
        if self.asked {
            return self.at;
        }
        own.since(self.at).plus_ms(pause_ms(self.probes))
    }
}

impl Health {
    /// A person wants it looked at, at once.
    pub(super) fn look_again(&mut self) {
        self.lapses = Lapses::default();
        if let Some(red) = &mut self.red {
            red.asked = true;
        }
    }
}

impl Entry {
    /// The candidate is another one, or is verified otherwise.
    pub(super) fn forget_reds(&mut self) {
        self.reds.clear();
        self.cleared = false;
    }

    /// Whether its candidate was red and nobody looked since at how the head fares.
    fn is_suspect(&self) -> bool {
        !self.reds.is_empty() && !self.cleared && !self.is_its_own()
    }

    /// Whether the command is its own: what upstream does not suggest cannot have been red there.
    fn is_its_own(&self) -> bool {
        self.changes.suggests_anew
    }
}

impl MergeQueue {
    /// Whether the bare head has to be verified, because an entry is red and nobody knows the head
    /// to be green.
    pub fn is_head_in_doubt(&self) -> bool {
        self.suspect().is_some()
    }

    /// The entry whose judgement waits for the head's own verification.
    fn suspect(&self) -> Option<&Entry> {
        let tip = self.tip().filter(|_| self.head.is_some())?;
        (matches!(tip.stage, Stage::Built { .. }) && tip.is_suspect()).then_some(tip)
    }

    /// What a red verification of the batch's tip comes to.
    pub(super) fn found_red(&self, tip: &Entry, evidence: &Evidence) -> Event {
        let (entry, evidence) = (tip.number, evidence.clone());

        if self.batched() > 1 {
            return event::VerificationFailed { entry, evidence }.into();
        }

        let was_red = match &self.health.red {
            Some(red) => {
                Some(&red.head) == self.head.as_ref() && Some(red.terms) == self.health.terms
            }
            None => false,
        };
        let own = tip.is_its_own() || self.head.is_none();
        if was_red && !own {
            return event::Parked { entry, evidence }.into();
        }

        if !tip.reds.is_empty() && (own || tip.cleared) {
            return event::VerificationFailed { entry, evidence }.into();
        }

        event::VerificationDoubted { entry, evidence }.into()
    }

    /// Verifying the bare head, from the grant to the evidence.
    pub(super) fn check_head(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::StartHeadVerification {
                slot_session,
                terms,
            } => self.start_head_verification(slot_session, *terms),
            Command::LapseHeadVerification { session, outcome } => {
                self.checked_by(session)?;
                Ok(vec![
                    event::HeadVerificationLapsed {
                        session: session.clone(),
                        outcome: *outcome,
                    }
                    .into(),
                ])
            }
            Command::RecordHeadVerification { session, evidence } => {
                self.head_verified(self.checked_by(session)?, session, evidence)
            }
            Command::EndRed { why } if self.health.red.is_some() || !self.parked.is_empty() => {
                Ok(vec![event::RedEnded { why: why.clone() }.into()])
            }
            _ => Err(Refusal::WrongStage),
        }
    }

    /// One verification at a time, be it of an entry or of the head.
    fn start_head_verification(
        &self,
        slot_session: &SlotSession,
        terms: Digest,
    ) -> Result<Vec<Event>, Refusal> {
        let tip = self.tip().map(|tip| &tip.stage);
        let is_busy = matches!(tip, Some(Stage::Verifying { .. }));

        match &self.head {
            Some(head) if !is_busy && self.health.checking.is_none() => {
                if self.health.lapses.is_spent() {
                    return Err(Refusal::GivenUp);
                }
                Ok(vec![
                    event::HeadVerificationStarted {
                        head: head.clone(),
                        slot_session: slot_session.clone(),
                        terms,
                    }
                    .into(),
                ])
            }
            Some(_) | None => Err(Refusal::WrongStage),
        }
    }

    fn checked_by(&self, session: &SessionId) -> Result<&Checking, Refusal> {
        let checking = self.health.checking.as_ref();
        checking
            .filter(|checking| checking.slot_session.session == *session)
            .ok_or(Refusal::NotVerifier)
    }

    fn head_verified(
        &self,
        checking: &Checking,
        session: &SessionId,
        evidence: &Evidence,
    ) -> Result<Vec<Event>, Refusal> {
        if !matches!(evidence, Evidence::Ran { session: by, .. } if by == session) {
            return Err(Refusal::NotVerifier);
        }
        let (head, evidence) = (checking.head.clone(), evidence.clone());
        let same = self.head.as_ref() == Some(&head)
            && self.health.terms.as_ref() == Some(&checking.terms);
        let green = evidence.is_green();
        let mut events = vec![if green {
            event::HeadVerified { head, evidence }.into()
        } else {
            event::HeadFailed { head, evidence }.into()
        }];
        if same
            && !green
            && let Some(tip) = self.suspect()
            && let Some(seen) = tip.reds.last()
        {
            let (entry, evidence) = (tip.number, seen.clone());
            events.push(event::Parked { entry, evidence }.into());
        }

        Ok(events)
    }

    /// Whether a person's word has the trunk looked at again.
    pub(super) fn waits_for_a_look(&self) -> bool {
        let red = self.health.red.as_ref();
        red.is_some_and(|red| !red.asked) || self.health.lapses.is_spent()
    }

    pub(super) fn doubted(&mut self, e: &event::VerificationDoubted) {
        self.closed = true;
        self.at_tip(|tip| {
            if let Some(candidate) = tip.candidate().cloned() {
                tip.stage = Stage::Built { candidate };
            }
            tip.reds.push(e.evidence.clone());
        });
    }

    pub(super) fn head_started(&mut self, e: &event::HeadVerificationStarted) {
        self.health.checking = Some(Checking {
            head: e.head.clone(),
            terms: e.terms,
            slot_session: e.slot_session.clone(),
        });
    }

    pub(super) fn head_lapsed(&mut self, e: &event::HeadVerificationLapsed, at: Timestamp) {
        self.health.checking = None;
        self.health.lapses = self.health.lapses.with(e.outcome, at);
    }

    pub(super) fn red_ended(&mut self) {
        self.health.red = None;
        self.unpark();
    }

    pub(super) fn head_is_green(&mut self, head: &Sha) {
        self.health.lapses = Lapses::default();
        let Some(checking) = self.health.checking.take() else {
            return;
        };

        self.forget_other_terms(&checking);
        if self.head.as_ref() == Some(head) {
            self.at_tip(|tip| tip.cleared = !tip.reds.is_empty());
        }

        self.health.green = Some(Green {
            commit: head.clone(),
            terms: Some(checking.terms),
        });
        if self.head.as_ref() == Some(head) {
            self.health.red = None;
            self.unpark();
        }
    }

    pub(super) fn head_is_red(&mut self, head: &Sha, evidence: &Evidence, at: Timestamp) {
        self.health.lapses = Lapses::default();
        let checking = self.health.checking.take();
        let current = self.head.as_ref() == Some(head);
        let Some(checking) = checking.filter(|_| current) else {
            return;
        };

        self.forget_other_terms(&checking);
        let mut red = Red {
            head: head.clone(),
            terms: checking.terms,
            evidence: evidence.clone(),
            since: at,
            at,
            probes: 0,
            asked: false,
        };
        let mut is_same = false;
        if let Some(before) = &self.health.red {
            is_same = before.head == red.head && before.terms == red.terms;
            red.since = before.since;
            red.probes = before.probes + 1;
        }
        self.health.red = Some(red);

        // What was red on another head, or on other terms, may mend this one.
        if !is_same {
            self.unpark();
        }
    }

    /// Red runs on other terms say nothing.
    fn forget_other_terms(&mut self, checking: &Checking) {
        if self.health.terms != Some(checking.terms) {
            self.queue.iter_mut().for_each(Entry::forget_reds);
        }
    }

    /// Upstream moved: it may be mended, and what waited is tried on it.
    pub(super) fn head_moved(&mut self) {
        if let Some(red) = &mut self.health.red {
            red.asked = true;
            if let Some(green) = &self.health.green
                && Some(&green.commit) == self.head.as_ref()
                && green.terms == Some(red.terms)
            {
                self.health.red = None;
            }
        }

        self.unpark();
    }

    /// The verification of the tip was green.
    pub(super) fn is_sound(&mut self, evidence: &Evidence, at: Timestamp) {
        let terms = self.health.terms;
        let Some(tip) = self.tip() else { return };
        let (Evidence::Ran { .. }, Some(candidate)) = (evidence, tip.candidate()) else {
            return;
        };
        let (commit, flake) = (candidate.sha.clone(), flake(tip, at));
        self.health.green = Some(Green { commit, terms });
        if let Some(flake) = flake {
            self.health.flakes.count += 1;
            self.health.flakes.last = Some(flake);
        }
    }

    pub(super) fn park(&mut self, number: u64) {
        let place = self.queue.iter().position(|entry| entry.number == number);
        let Some(place) = place else { return };
        self.unbuild_from(place);
        self.settle(true);
        if let Some(mut entry) = self.queue.remove(place) {
            entry.forget_reds();
            self.parked.push(entry);
        }
    }

    /// What waited beside the queue joins it again.
    fn unpark(&mut self) {
        for entry in std::mem::take(&mut self.parked) {
            self.line_up(entry);
        }
    }
}

fn flake(tip: &Entry, at: Timestamp) -> Option<Flake> {
    let Evidence::Ran { exit, session, .. } = tip.reds.last()? else {
        return None;
    };
    Some(Flake {
        entry: tip.number,
        feature: tip.feature().cloned(),
        exit: *exit,
        session: session.clone(),
        at,
    })
}

#[cfg(test)]
mod tests;
