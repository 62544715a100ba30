//! How long the answers to commands are kept. A command that comes again after that is a new one:
//! its expected version still decides.
//!
//! Answers are forgotten in the transaction of a batch, a few at a time and the oldest first, by
//! the time that events carry; no clock of its own, and no commit of its own.

use events::id::Timestamp;
use events::log::{ANSWERS_KEPT, ANSWERS_KEPT_FOR};

/// Answers forgotten with one batch: more than a batch can add, so that their number comes down.
pub const FORGOTTEN_AT_ONCE: u16 = 4096;

/// Bounds of the stored answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Answers that are kept at most. Each takes about 13 bytes of memory on SQLite.
    pub answers: usize,
    /// Age up to which they are kept, in microseconds.
    pub age: i64,
}

impl Default for Retention {
    /// What the log's port promises, and no more.
    fn default() -> Self {
        Self {
            answers: usize::try_from(ANSWERS_KEPT).unwrap_or(usize::MAX),
            age: ANSWERS_KEPT_FOR,
        }
    }
}

/// What is kept at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// The number of answers that are kept.
    pub answers: usize,
    /// When the oldest was recorded.
    pub oldest: Option<Timestamp>,
}

impl Retention {
    /// How many of the answers recorded at these times, oldest first, are to be forgotten by now.
    pub fn overdue(
        &self,
        kept: usize,
        oldest_first: impl IntoIterator<Item = Timestamp>,
        now: Timestamp,
    ) -> usize {
        let surplus = kept.saturating_sub(self.answers);

        let times = oldest_first
            .into_iter()
            .take(usize::from(FORGOTTEN_AT_ONCE))
            .enumerate();
        times
            .take_while(|(n, at)| *n < surplus || self.is_old(*at, now))
            .count()
    }

    /// Whether anything is to be forgotten by now.
    pub fn is_due(&self, kept: Kept, now: Timestamp) -> bool {
        kept.answers > self.answers || kept.oldest.is_some_and(|at| self.is_old(at, now))
    }

    fn is_old(&self, at: Timestamp, now: Timestamp) -> bool {
        at.0 < now.0.saturating_sub(self.age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_by_number_and_by_age() {
        let retention = Retention {
            answers: 3,
            age: 100,
        };
        let times = |times: &[i64]| times.iter().copied().map(Timestamp).collect::<Vec<_>>();

        let cases: [(usize, &[i64], i64, usize); 5] = [
            (3, &[1, 2, 3], 50, 0),
            (5, &[1, 2, 3, 4, 5], 50, 2),
            (3, &[1, 2, 103], 103, 2),
            (5, &[1, 2, 3, 4, 5], 200, 5),
            (0, &[], 200, 0),
        ];
        for (kept, recorded, now, expected) in cases {
            let found = retention.overdue(kept, times(recorded), Timestamp(now));
            assert_eq!(found, expected, "{kept} kept of {recorded:?} at {now}");
            let state = Kept {
                answers: kept,
                oldest: recorded.first().copied().map(Timestamp),
            };
            assert_eq!(
                retention.is_due(state, Timestamp(now)),
                expected > 0,
                "due and counted agree: {recorded:?} at {now}"
            );
        }
    }
}
