//! Who holds a piece of work: a slot with one session, or somebody outside.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{SessionId, SlotNo};

/// The holder of a claim.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Holder {
    /// A slot of the project, for one session. Stored as `berth`.
    #[serde(rename = "berth")]
    Slot {
        /// The number of the slot.
        n: SlotNo,
        /// Which session of it.
        session: SessionId,
    },
    /// A person or a person's own agent.
    Outside {
        /// Under which name.
        principal: String,
    },
}

/// Longest name of a holder outside, in bytes.
const OUTSIDE_MAX: usize = 64;

/// A name that nobody outside can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a holder is 1 to {OUTSIDE_MAX} of a-z, A-Z, 0-9, '.', '_', '@' and '-', not {0:?}")]
pub struct BadOutsideName(pub String);

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot { n, .. } => write!(f, "slot {n}"),
            Self::Outside { principal } => f.write_str(principal),
        }
    }
}

impl Holder {
    /// Somebody outside.
    ///
    /// # Errors
    /// The name is empty, too long, or has letters that no such name has.
    pub fn outside(name: &str) -> Result<Self, BadOutsideName> {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '@' | '-');
        if name.is_empty() || name.len() > OUTSIDE_MAX || !name.chars().all(known) {
            let shown = name.chars().take(OUTSIDE_MAX).collect();
            return Err(BadOutsideName(shown));
        }
        let principal = name.to_owned();
        Ok(Self::Outside { principal })
    }

    /// The session, when the holder is a slot.
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Slot { session, .. } => Some(session),
            Self::Outside { .. } => None,
        }
    }
}

/// A slot and the session it was granted for. Stored as `seat`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SlotSession {
    /// The number of the slot.
    pub n: SlotNo,
    /// The session that this is about.
    pub session: SessionId,
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Turns the spec into the backlog.
    Initializer,
    /// Does one feature.
    Coder,
    /// Judges one submission.
    Reviewer,
    /// Verifies the project at a milestone or at the end.
    Overseer,
    /// No model: runs the project's verification on a candidate.
    Verifier,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Initializer,
        Self::Coder,
        Self::Reviewer,
        Self::Overseer,
        Self::Verifier,
    ];

    /// The role as wires and templates name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Initializer => "initializer",
            Self::Coder => "coder",
            Self::Reviewer => "reviewer",
            Self::Overseer => "overseer",
            Self::Verifier => "verifier",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_outside_is_short_and_plain() {
        let longest = "a".repeat(OUTSIDE_MAX);
        for name in ["ann", "ann@home", "a.b-c_d", "7", &longest] {
            let held = Holder::outside(name).expect(name);
            assert_eq!(held.to_string(), name);
        }

        let long = "a".repeat(10_000);
        for name in ["", " ", "a b", "a\nb", "ä", "a/b", "a\u{1b}[31m", &long] {
            let why = Holder::outside(name).expect_err(name).to_string();
            assert!(why.contains("1 to 64") && why.len() < 300, "{why}");
            assert!(!why.contains('\n') && !why.contains('\u{1b}'), "{why}");
        }
    }

    #[test]
    fn a_slot_has_a_session_and_people_have_none() {
        let session = SessionId::from_bytes([7; 10]);
        let slot = Holder::Slot {
            n: SlotNo(1),
            session: session.clone(),
        };
        assert_eq!(slot.session(), Some(&session));
        let ann = Holder::outside("ann").expect("a name");
        assert_eq!(ann.session(), None);
    }
}
