//! What one session may ask for: each verb so often, and so much text. Every verb that is accepted
//! adds to the log for ever, and one that is refused costs work; an agent that goes in circles, or
//! means harm, comes to an end of both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use events::claims::allowance::COMMENTS_MAX;
use events::id::SessionId;
use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

use super::Sessions;
use super::wire::Say;
use crate::rejection::Rejection;

/// Pushes of one session: one for each commit of a long day, rescues included.
const PUSHES_MAX: u32 = 2_000;

/// Bytes that one session may push in all, packed as git packs them: sixteen of the largest pushes.
/// They stay on the gate's disk for weeks, also when nothing refers to them any more.
const PUSHED_MAX: usize = 2 * 1024 * 1024 * 1024;

/// What a session may do so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verb {
    Submit,
    Verdict,
    Report,
    Backlog,
    Comment,
    Release,
    Ask,
    Create,
    Push,
}

impl Verb {
    fn of(say: &Say) -> Self {
        match say {
            Say::Submit { .. } => Self::Submit,
            Say::Verdict { .. } => Self::Verdict,
            Say::Report { .. } => Self::Report,
            Say::Backlog { .. } => Self::Backlog,
            Say::Comment { .. } => Self::Comment,
            Say::Release { .. } => Self::Release,
            Say::Ask { .. } => Self::Ask,
            Say::Create { .. } => Self::Create,
        }
    }

    /// How often, and its name. Refused tries count as well; most verbs succeed once.
    fn bound(self) -> (u32, &'static str) {
        match self {
            Self::Submit => (100, "submit"),
            Self::Verdict => (100, "verdict"),
            Self::Report => (100, "report"),
            Self::Backlog => (100, "backlog"),
            Self::Comment => (4 * COMMENTS_MAX, "comment"),
            Self::Release => (100, "release"),
            Self::Ask => (100, "ask"),
            Self::Create => (200, "create"),
            Self::Push => (PUSHES_MAX, "push"),
        }
    }
}

#[derive(Debug, Default)]
struct Spent {
    tries: BTreeMap<Verb, u32>,
    /// Bytes that were pushed.
    pushed: usize,
    /// One verb of a session at a time: what it may still do is known before the next is looked at.
    turns: Arc<Turns<()>>,
}

/// What the sessions of this server asked for. A restart forgets tries; what was recorded is in the
/// projections.
#[derive(Debug, Default)]
pub struct Allowance(Mutex<BTreeMap<SessionId, Spent>>);

impl Allowance {
    fn with<T>(&self, session: &SessionId, f: impl FnOnce(&mut Spent) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f(all.entry(session.clone()).or_default())
    }

    fn count(&self, session: &SessionId, verb: Verb) -> Result<(), Rejection> {
        let (most, name) = verb.bound();
        let tries = self.with(session, |spent| {
            let tries = spent.tries.entry(verb).or_default();
            *tries = tries.saturating_add(1);
            *tries
        });
        if tries <= most {
            return Ok(());
        }

        let why = format!(
            "this session has asked to {name} {most} times, which is as often as one may: \
         it is not looked at any more"
        );
        Err(Rejection::conflict("too_many", why))
    }

    fn room_to_push(&self, session: &SessionId) -> usize {
        self.with(session, |spent| PUSHED_MAX.saturating_sub(spent.pushed))
    }

    fn pushed(&self, session: &SessionId, bytes: usize) {
        self.with(session, |spent| {
            spent.pushed = spent.pushed.saturating_add(bytes);
        });
    }

    /// Forgets every session that is over.
    pub(super) fn keep_only(&self, at_work: &BTreeSet<SessionId>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|session, _| at_work.contains(session));
    }
}

impl Sessions {
    /// The session's turn to say something, if it may say it once more.
    pub(super) async fn turn(
        &self,
        session: &SessionId,
        say: &Say,
    ) -> Result<OwnedMutexGuard<()>, Rejection> {
        self.allowance.count(session, Verb::of(say))?;
        let turns = self.allowance.with(session, |spent| spent.turns.clone());
        Ok(turns.lock_owned().await)
    }

    /// Bytes that this session may still push.
    pub fn room_to_push(&self, session: &SessionId) -> usize {
        self.allowance.room_to_push(session)
    }

    /// Counts bytes that this session pushed.
    pub fn pushed(&self, session: &SessionId, bytes: usize) {
        if bytes > 0 {
            self.allowance.pushed(session, bytes);
        }
    }

    /// Counts a push.
    pub(super) fn one_more_push(&self, session: &SessionId) -> Result<(), Rejection> {
        self.allowance.count(session, Verb::Push)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_comes_to_its_end_and_the_others_go_on() {
        let allowance = Allowance::default();
        let [one, two] = [1, 2].map(|n| SessionId::from_bytes([n; 10]));

        let (most, _) = Verb::Submit.bound();
        for _ in 0..most {
            assert_eq!(allowance.count(&one, Verb::Submit), Ok(()));
        }

        let refused = allowance.count(&one, Verb::Submit).expect_err("too many");
        assert!(
            refused.to_string().contains("submit 100 times"),
            "{refused}"
        );
        assert_eq!(allowance.count(&one, Verb::Comment), Ok(()));
        assert_eq!(allowance.count(&two, Verb::Submit), Ok(()));

        allowance.pushed(&one, PUSHED_MAX - 10);
        assert_eq!(allowance.room_to_push(&one), 10);
        allowance.pushed(&one, 11);
        assert_eq!(allowance.room_to_push(&one), 0);
        assert_eq!(allowance.room_to_push(&two), PUSHED_MAX);

        allowance.keep_only(&BTreeSet::from([two]));
        assert_eq!(allowance.room_to_push(&one), PUSHED_MAX);
        assert_eq!(allowance.count(&one, Verb::Submit), Ok(()));
    }
}
