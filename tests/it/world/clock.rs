//! A clock that runs fifty times as fast as the machine's, can jump and can be stopped, so that
//! pauses of seconds cost a test milliseconds, or pass when the test says so. It passes only while
//! somebody reads it: a machine that leaves a test without a processor costs nobody a lease.

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

/// What passes between two readings at most: a server that runs reads its clock every second.
const STEP: Duration = Duration::from_secs(5);

pub(crate) struct FastClock {
    read: Mutex<Read>,
    hands: watch::Sender<Hands>,
    gaps: Mutex<Vec<Gap>>,
}

/// The newest reading.
struct Read {
    at: Instant,
    /// What ran up to it.
    ran: Duration,
}

/// How a test moved it.
#[derive(Clone, Copy, Default)]
struct Hands {
    /// Microseconds that it was moved on.
    ahead: i64,
    /// Where it was stopped.
    stopped: Option<i64>,
}

impl FastClock {
    pub(crate) fn new() -> Self {
        Self {
            read: Mutex::new(Read {
                at: Instant::now(),
                ran: Duration::ZERO,
            }),
            hands: watch::Sender::default(),
            gaps: Mutex::default(),
        }
    }

    /// Moves the time on; who waits for a time in between is woken.
    pub(crate) fn jump_ms(&self, ms: i64) {
        self.hands.send_modify(|hands| hands.ahead += ms * 1000);
    }

    /// Stops it: from here on time passes in jumps only.
    pub(crate) fn stop(&self) {
        let ran = self.ran();
        self.hands.send_modify(|hands| hands.stopped = Some(ran));
    }

    /// Lets it run again from where it was stopped.
    pub(crate) fn go_on(&self) {
        let ran = self.ran();
        self.hands.send_modify(|hands| {
            let stopped = hands.stopped.take().unwrap_or(ran);
            hands.ahead -= ran - stopped;
        });
    }

    fn ran(&self) -> i64 {
        let mut read = self.read.lock().expect("a reading");
        let now = Instant::now();
        let passed = ((now - read.at) * SPEED).min(STEP);
        *read = Read {
            at: now,
            ran: read.ran + passed,
        };
        i64::try_from(read.ran.as_micros()).expect("a short test")
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
        let hands = *self.hands.borrow();
        let ran = hands.stopped.unwrap_or_else(|| self.ran());
        Timestamp(START + ran + hands.ahead)
    }

    fn gaps(&self) -> Vec<Gap> {
        self.gaps.lock().expect("gaps").clone()
    }

    /// It goes on from one server to the next.
    fn begin_after(&self, at: Timestamp) {
        assert!(self.now() >= at);
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut hands = self.hands.subscribe();
        let gaps = self.gaps().len();

        loop {
            let left = at.0 - self.now().0;
            if left <= 0 || self.gaps().len() != gaps {
                return;
            }
            let left = Duration::from_micros(u64::try_from(left).expect("positive"));
            let real = left.min(STEP / 2) / SPEED;
            let runs = hands.borrow_and_update().stopped.is_none();
            tokio::select! {
                () = tokio::time::sleep(real.max(Duration::from_micros(100))), if runs => {}
                _ = hands.changed() => {}
            }
        }
    }
}
