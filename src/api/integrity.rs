//! Whether the log can be trusted, on the wire: what is sealed, and what a walk over all of it
//! finds.

use events::audit::Breach;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The log of this installation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LogShape {
    /// Its own id.
    pub log: String,
    /// The newest position.
    pub head: u64,
    /// The last position under a seal; 0 while nothing is sealed.
    pub sealed: u64,
}

/// One line of a walk: how far it came, and at its end what it found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WalkStep {
    /// It goes on.
    Going {
        /// Events that were looked at.
        looked: u64,
        /// Events there were when it began.
        of: u64,
    },
    /// The chain and the seals hold.
    Sound {
        /// The last position.
        head: u64,
        /// The digest there, to be compared with one that was kept elsewhere.
        digest: String,
        /// The last position under a seal.
        sealed: u64,
    },
    /// The chain does not hold from some position on.
    Broken {
        /// The first position that does not hold.
        at: u64,
        /// In which way.
        damage: String,
    },
    /// What the audit found; clean without breaches.
    Audited {
        /// Events that were looked at.
        events: u64,
        /// Broken invariants, by position.
        breaches: Vec<BreachShape>,
        /// Merges that were published without a verification, as the settings accept.
        unverified: Vec<String>,
    },
    /// It came to no end, and why.
    Failed {
        /// The reason.
        detail: String,
    },
}

/// A broken invariant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BreachShape {
    /// Its id in docs/reliability.md.
    pub id: String,
    /// The first position that does not hold.
    pub position: u64,
    /// The difference from what holds, in words.
    pub reason: String,
}

impl BreachShape {
    /// The shape of a breach.
    pub(crate) fn of(breach: &Breach) -> Self {
        Self {
            id: breach.id.to_owned(),
            position: breach.position,
            reason: breach.reason.clone(),
        }
    }
}
