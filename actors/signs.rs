//! Signs of life, in memory: when each session and each outside holder was last heard of. After a restart everybody gets a fresh
//! lease, because what was not seen while the server was down is nobody's silence.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use events::id::{SessionId, Timestamp};
use events::policy::Observed;

/// Who was heard of when.
#[derive(Debug)]
pub struct Signs {
    up_since: Timestamp,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    sessions: BTreeMap<SessionId, Timestamp>,
    outside: BTreeMap<String, Timestamp>,
}

impl Signs {
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

    /// A session is over: nothing of it is needed any more.
    pub fn forget(&self, session: &SessionId) {
        self.with(|heard| heard.sessions.remove(session));
    }

    /// What policies are told.
    pub fn observed(&self, now: Timestamp) -> Observed {
        self.with(|heard| Observed {
            now,
            up_since: self.up_since,
            seen: heard.sessions.clone(),
            seen_outside: heard.outside.clone(),
            ..Observed::default()
        })
    }
}
