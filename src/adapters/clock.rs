//! The machine's clock: the only place that asks for the time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actors::ports::clock::Clock;
use async_trait::async_trait;
use events::id::Timestamp;

/// The wall clock; waiting is bounded, so that a jump of the clock is noticed.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// A wait is looked at again after this long at the latest.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

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

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }

    async fn sleep_until(&self, at: Timestamp) {
        loop {
            let left = Duration::from_millis(at.ms_since(now()));
            if left.is_zero() && now() >= at {
                return;
            }
            tokio::time::sleep(left.clamp(Duration::from_millis(1), LOOK_AGAIN)).await;
        }
    }
}
