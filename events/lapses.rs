//! Lapses: sessions that ended without what they were for, counted by whose doing that was.
//!
//! What a person's stop ended, or a provider turned away for now, counts nowhere. What vanished is
//! tried again after a pause, and not for ever: who cannot tell why it vanishes asks a person.

use serde::{Deserialize, Serialize};

use crate::id::Timestamp;
use crate::outcome::{Fault, Outcome};

/// Sessions that may end by their own fault before a person has to look.
pub const OWN_MAX: u32 = 3;
/// Sessions that may vanish, or never start, before a person has to look.
pub const GONE_MAX: u32 = 5;

/// Sessions of one task that ended without a result, since a person last gave it a fresh start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lapses {
    /// By their own fault.
    pub own: u32,
    /// They vanished or never started.
    pub gone: u32,
    /// When the last of those did.
    pub gone_at: Timestamp,
}

impl Lapses {
    /// These and one that ended like this.
    pub fn with(mut self, outcome: Outcome, at: Timestamp) -> Self {
        match outcome.fault() {
            Fault::Session | Fault::Context | Fault::Budget => self.own += 1,
            Fault::Outside => {
                self.gone += 1;
                self.gone_at = at;
            }
            Fault::Nobody => {}
        }
        self
    }

    /// Whether a person has to look before another is tried.
    pub fn is_spent(self) -> bool {
        self.own >= OWN_MAX || self.gone >= GONE_MAX
    }
}

impl std::fmt::Display for Lapses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.own, self.gone) {
            (own, 0) => write!(f, "{own} ended without a result"),
            (0, gone) => write!(f, "{gone} vanished or never started"),
            (own, gone) => write!(
                f,
                "{own} ended without a result and {gone} vanished or never started"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many that ended like this, one second apart.
    fn ended(outcome: Outcome, count: u32) -> Lapses {
        let mut lapses = Lapses::default();
        for n in 1..=count {
            lapses = lapses.with(outcome, Timestamp(i64::from(n) * 1_000_000));
        }
        lapses
    }

    #[test]
    fn each_fault_has_its_own_bound_and_nobodys_has_none() {
        for (outcome, most) in [
            (Outcome::Failed, Some(OWN_MAX)),
            (Outcome::ContextFull, Some(OWN_MAX)),
            (Outcome::OverBudget, Some(OWN_MAX)),
            (Outcome::Lost, Some(GONE_MAX)),
            (Outcome::NeverStarted, Some(GONE_MAX)),
            (Outcome::Stopped, None),
            (Outcome::ProviderLimited, None),
        ] {
            let Some(most) = most else {
                assert_eq!(ended(outcome, 100), Lapses::default(), "{outcome:?}");
                continue;
            };
            assert!(!ended(outcome, most - 1).is_spent(), "{outcome:?}");
            assert!(ended(outcome, most).is_spent(), "{outcome:?}");
        }
    }

    #[test]
    fn the_pause_counts_from_the_last_that_vanished() {
        let vanished = ended(Outcome::Lost, 2);
        assert_eq!(vanished.gone_at, Timestamp(2_000_000));
        let failed = vanished.with(Outcome::Failed, Timestamp(9_000_000));
        assert_eq!(failed.gone_at, Timestamp(2_000_000));
    }

    #[test]
    fn it_is_said_in_words_how_they_ended() {
        let both = ended(Outcome::Lost, 2).with(Outcome::Failed, Timestamp(0));
        for (lapses, expected) in [
            (ended(Outcome::Failed, 2), "2 ended without a result"),
            (ended(Outcome::Lost, 2), "2 vanished or never started"),
            (
                both,
                "1 ended without a result and 2 vanished or never started",
            ),
        ] {
            assert_eq!(lapses.to_string(), expected);
        }
    }
}
