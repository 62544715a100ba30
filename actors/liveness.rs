//! Signs of life, in memory: when each session and each outside holder was last heard of. After a
//! restart, and after any gap in this server's own time, everybody gets a fresh lease: what was not
//! seen meanwhile is nobody's silence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use events::id::{SessionId, Timestamp};
use events::own_time::{Gap, OwnTime};
use events::policy::Observed;

/// Who was heard of when.
#[derive(Debug)]
pub struct Liveness {
    up_since: Timestamp,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    sessions: BTreeMap<SessionId, Timestamp>,
    outside: BTreeMap<String, Timestamp>,
}

impl Liveness {
    /// Signs seen from `up_since` on.
    pub fn new(up_since: Timestamp) -> Self {
        Self {
            up_since,
            heard: Mutex::default(),
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Heard) -> T) -> T {
        f(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A session was heard of.
    pub fn session(&self, session: &SessionId, at: Timestamp) {
        self.with(|heard| heard.sessions.insert(session.clone(), at));
    }

    /// An outside holder was heard of.
    pub fn outside(&self, principal: &str, at: Timestamp) {
        self.with(|heard| heard.outside.insert(principal.to_owned(), at));
    }

    /// Forgets every session that is over.
    pub fn keep_only(&self, at_work: &BTreeSet<SessionId>) {
        self.with(|heard| {
            heard
                .sessions
                .retain(|session, _| at_work.contains(session))
        });
    }

    /// What policies are told, after gaps that are recorded and gaps that were noticed in this run.
    pub fn observed(&self, now: Timestamp, recorded: &[Gap], noticed: &[Gap]) -> Observed {
        let up_since = noticed.last().map_or(self.up_since, |gap| gap.after);
        self.with(|heard| Observed {
            now,
            up_since,
            own: OwnTime::new(now, recorded, noticed),
            seen: heard.sessions.clone(),
            seen_outside: heard.outside.clone(),
            ..Observed::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_the_beginning_of_a_fresh_lease() {
        let liveness = Liveness::new(Timestamp(5));
        assert_eq!(
            liveness.observed(Timestamp(9), &[], &[]).up_since,
            Timestamp(5)
        );
        let gap = Gap {
            before: Timestamp(9),
            after: Timestamp(90),
        };
        let observed = liveness.observed(Timestamp(91), &[], &[gap]);
        assert_eq!(observed.up_since, Timestamp(90));
        assert_eq!(observed.own.since(Timestamp(8)), Timestamp(89));
    }
}
