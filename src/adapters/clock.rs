//! The machine's clock: the only place that asks for the time.
//!
//! Each reading is held against a clock that nobody sets. Where more passed than there can be
//! between two readings of a server that is awake, it stood still: it was stopped, or its machine
//! was suspended. Where the wall's clock was set ahead, time was missed as well. Where it was set
//! back, this clock goes on as if it had not been: times never go back here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use actors::ports::clock::Clock;
use async_trait::async_trait;
use events::id::Timestamp;
use events::node::GAPS_MAX;
use events::own_time::Gap;

/// The wall clock; waiting is bounded, so that a gap is noticed.
#[derive(Debug, Clone, Default)]
pub struct SystemClock(Arc<Mutex<Readings>>);

/// A wait is looked at again after this long at the latest.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A server that is awake reads its clock every second; one that did not for so long stood still.
/// Shorter than any lease worth having.
const STOOD_STILL: Duration = Duration::from_secs(10);
/// Two clocks that part by more than this between two readings were set apart; less is a time
/// service at work.
const SET_MS: u64 = 2_000;

/// The newest reading, and the gaps before it.
#[derive(Debug, Default)]
struct Readings {
    newest: Option<(Timestamp, Duration)>,
    /// How far this clock is ahead of the wall's, which was set back, in microseconds.
    ahead: i64,
    gaps: Vec<Gap>,
    /// How many gaps were noticed, kept or not.
    noticed: u64,
}

impl Readings {
    /// Takes a reading of both clocks, the wall's and one that nobody sets, and answers what time
    /// it is here.
    fn take(&mut self, wall: Timestamp, steady: Duration) -> Timestamp {
        let shown = Timestamp(wall.0.saturating_add(self.ahead));
        let now = match self.newest {
            Some((last, at)) => self.after(last, steady.saturating_sub(at), shown),
            None => shown,
        };
        self.newest = Some((now, steady));
        now
    }

    /// The time when so much passed by the steady clock since the last reading, and the wall's
    /// shows this.
    fn after(&mut self, last: Timestamp, passed: Duration, shown: Timestamp) -> Timestamp {
        let passed_us = i64::try_from(passed.as_micros()).unwrap_or(i64::MAX);
        let expected = Timestamp(last.0.saturating_add(passed_us));
        let set_back = expected.ms_since(shown) > SET_MS;
        let set_ahead = shown.ms_since(expected) > SET_MS;
        let now = if set_back {
            self.ahead += expected.0 - shown.0;
            expected
        } else if set_ahead {
            let regained = self.ahead.min(shown.0 - expected.0);
            self.ahead -= regained;
            Timestamp(shown.0 - regained)
        } else {
            shown.max(last)
        };

        if passed > STOOD_STILL {
            self.miss(last, now);
        } else if now.ms_since(expected) > SET_MS {
            self.miss(expected, now);
        }
        now
    }

    fn miss(&mut self, before: Timestamp, after: Timestamp) {
        self.noticed += 1;
        self.gaps.push(Gap { before, after });
        let over = self.gaps.len().saturating_sub(GAPS_MAX);
        self.gaps.drain(..over);
    }
}

/// Now, for code outside the core: file names and the like.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks for the time"
)]
pub fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Since a moment of this process, by a clock that goes on while the process is stopped and that
/// nobody sets.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks for the time"
)]
fn steady() -> Duration {
    static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed()
}

impl SystemClock {
    fn with<T>(&self, f: impl FnOnce(&mut Readings) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads both clocks at one moment: whoever comes second sees what the first one noticed.
    fn read(&self) -> (Timestamp, u64) {
        self.with(|readings| {
            let here = readings.take(now(), steady());
            (here, readings.noticed)
        })
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.read().0
    }

    async fn sleep_until(&self, at: Timestamp) {
        let (mut now, before) = self.read();

        loop {
            let left = Duration::from_millis(at.ms_since(now));
            if left.is_zero() && now >= at {
                return;
            }
            tokio::time::sleep(left.clamp(Duration::from_millis(1), LOOK_AGAIN)).await;
            let (later, noticed) = self.read();
            if noticed != before {
                return;
            }
            now = later;
        }
    }

    fn gaps(&self) -> Vec<Gap> {
        self.with(|readings| readings.gaps.clone())
    }

    fn begin_after(&self, at: Timestamp) {
        self.with(|readings| {
            let shown = now().0.saturating_add(readings.ahead);
            readings.ahead += at.0.saturating_sub(shown).max(0);
            readings.newest = None;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp(ms * 1_000)
    }

    /// One reading after another, in milliseconds: what the wall's clock and the steady one show,
    /// and what time it is here.
    type Shown = (i64, u64, i64);
    type Case = (&'static str, &'static [Shown], &'static [(i64, i64)]);

    #[test]
    fn gaps_are_told_from_time_that_passes() {
        let table: [Case; 9] = [
            ("awake", &[(0, 0, 0), (9_000, 9_000, 9_000)], &[]),
            (
                "stopped",
                &[(0, 0, 0), (90_000, 90_000, 90_000)],
                &[(0, 90_000)],
            ),
            (
                "suspended",
                &[(0, 0, 0), (90_000, 1_000, 90_000)],
                &[(1_000, 90_000)],
            ),
            (
                "set ahead",
                &[(0, 0, 0), (601_000, 1_000, 601_000)],
                &[(1_000, 601_000)],
            ),
            (
                "set back",
                &[
                    (0, 0, 0),
                    (-599_000, 1_000, 1_000),
                    (-598_000, 2_000, 2_000),
                ],
                &[],
            ),
            (
                "drifting",
                &[(0, 0, 0), (2_900, 1_000, 2_900), (2_500, 2_000, 2_900)],
                &[],
            ),
            (
                "set back, and right again",
                &[(0, 0, 0), (-599_000, 1_000, 1_000), (2_000, 2_000, 2_000)],
                &[],
            ),
            (
                "set back, and too far ahead",
                &[(0, 0, 0), (-599_000, 1_000, 1_000), (62_000, 2_000, 62_000)],
                &[(2_000, 62_000)],
            ),
            (
                "stopped and set back",
                &[(0, 0, 0), (-80_000, 20_000, 20_000)],
                &[(0, 20_000)],
            ),
        ];

        for (what, shown, expected) in table {
            let mut readings = Readings::default();
            for (wall, steady, here) in shown {
                let read = readings.take(at(*wall), Duration::from_millis(*steady));
                assert_eq!(read, at(*here), "{what}");
            }
            let gap = |(before, after): &(i64, i64)| Gap {
                before: at(*before),
                after: at(*after),
            };
            let gaps: Vec<_> = expected.iter().map(gap).collect();
            assert_eq!(readings.gaps, gaps, "{what}");
            assert_eq!(readings.noticed, gaps.len() as u64, "{what}");
        }
    }

    #[test]
    fn a_clock_begins_no_earlier_than_what_was_written() {
        let clock = SystemClock::default();
        let later = now().plus_ms(3_600_000);
        clock.begin_after(later);
        assert!(clock.now() >= later);
        assert!(clock.gaps().is_empty());
    }
}
