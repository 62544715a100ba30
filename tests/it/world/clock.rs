//! A clock that runs fifty times as fast as the machine's and can jump, so that pauses of seconds
//! cost a test milliseconds.

use std::sync::Mutex;
use std::time::Duration;

use actors::ports::clock::Clock;
use async_trait::async_trait;
use events::id::Timestamp;
use events::own_time::Gap;
use tokio::sync::watch;
use tokio::time::Instant;

const SPEED: u32 = 50;
/// A date in 2023, in microseconds.
const START: i64 = 1_700_000_000_000_000;

pub(crate) struct FastClock {
    began: Instant,
    jumped: watch::Sender<i64>,
    gaps: Mutex<Vec<Gap>>,
}

impl FastClock {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            jumped: watch::Sender::new(0),
            gaps: Mutex::default(),
        }
    }

    /// Moves the time on; who waits for a time in between is woken.
    pub(crate) fn jump_ms(&self, ms: i64) {
        self.jumped.send_modify(|offset| *offset += ms * 1000);
    }
}

impl FastClock {
    /// The server and its machine stand still for so long, or the clock is set ahead: nobody lives
    /// through it.
    pub(crate) fn stand_still_ms(&self, ms: i64) {
        let mut gaps = self.gaps.lock().expect("gaps");
        let before = self.now();
        let after = Timestamp(before.0 + ms * 1000);
        gaps.push(Gap { before, after });
        drop(gaps);
        self.jump_ms(ms);
    }
}

#[async_trait]
impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        let elapsed = (self.began.elapsed() * SPEED).as_micros();
        Timestamp(START + i64::try_from(elapsed).expect("a short test") + *self.jumped.borrow())
    }

    fn gaps(&self) -> Vec<Gap> {
        self.gaps.lock().expect("gaps").clone()
    }

    /// It goes on from one server to the next.
    fn begin_after(&self, at: Timestamp) {
        assert!(self.now() >= at);
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut jumped = self.jumped.subscribe();
        let gaps = self.gaps().len();
        loop {
            let left = at.0 - self.now().0;
            if left <= 0 || self.gaps().len() != gaps {
                return;
            }
            let real = Duration::from_micros(u64::try_from(left).expect("positive")) / SPEED;
            tokio::select! {
                () = tokio::time::sleep(real.max(Duration::from_micros(100))) => {}
                _ = jumped.changed() => {}
            }
        }
    }
}
