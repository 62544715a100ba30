//! This server's own time: what passed while it was up and awake. A stopped process, a suspended
//! machine, a server that was down and a clock that was set are gaps; no lease, pause or limit runs
//! during one, because nobody could be heard and nobody could work.

use serde::{Deserialize, Serialize};

use crate::id::Timestamp;

/// A gap in the server's own time: it was down, it stood still, or its clock was set ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// What the clock showed when the server was last known awake.
    pub before: Timestamp,
    /// What it showed when it was awake again.
    pub after: Timestamp,
}

/// A reading of the clock, with the gaps that came before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnTime {
    /// Now.
    pub now: Timestamp,
    /// Oldest first.
    gaps: Vec<Gap>,
}

impl OwnTime {
    /// The time `now`, after gaps that are recorded and gaps that were noticed since and may be
    /// among them.
    pub fn new(now: Timestamp, recorded: &[Gap], noticed: &[Gap]) -> Self {
        let mut gaps = recorded.to_vec();
        let fresh = noticed.iter().filter(|gap| !recorded.contains(gap));
        gaps.extend(fresh);
        Self { now, gaps }
    }

    /// An earlier moment, moved by every gap since: what passed from there to now was own time.
    pub fn since(&self, at: Timestamp) -> Timestamp {
        let mut moved = at;
        for gap in self.gaps.iter().filter(|gap| gap.after > gap.before) {
            if moved <= gap.before {
                moved = Timestamp(moved.0.saturating_add(gap.after.0 - gap.before.0));
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp(second * 1_000_000)
    }
    fn gap(before: i64, after: i64) -> Gap {
        Gap {
            before: at(before),
            after: at(after),
        }
    }

    #[test]
    fn what_passed_is_counted_without_the_gaps() {
        let table = [
            ("no gap", vec![], 100, 40, 40),
            ("asleep since", vec![gap(50, 90)], 100, 40, 80),
            ("asleep before that", vec![gap(10, 30)], 100, 40, 40),
            ("at the last moment awake", vec![gap(40, 90)], 100, 40, 90),
            ("twice", vec![gap(50, 60), gap(70, 90)], 100, 40, 70),
            ("a gap that is none", vec![gap(500, 100)], 110, 105, 105),
        ];
        for (what, gaps, now, moment, expected) in table {
            let own = OwnTime::new(at(now), &gaps, &gaps[..gaps.len().min(1)]);
            assert_eq!(own.since(at(moment)), at(expected), "{what}");
        }
    }

    /// A gap that was noticed and is recorded by now is one gap.
    #[test]
    fn what_was_noticed_counts_once() {
        let (short, other) = (gap(50, 60), gap(70, 80));
        for (what, recorded, noticed, expected) in [
            ("noticed", vec![], vec![short], 50),
            ("recorded", vec![short], vec![], 50),
            ("both", vec![short], vec![short], 50),
            ("another", vec![short], vec![other], 60),
            ("another, and both", vec![short], vec![short, other], 60),
        ] {
            let own = OwnTime::new(at(100), &recorded, &noticed);
            assert_eq!(own.since(at(40)), at(expected), "{what}");
        }
    }
}
