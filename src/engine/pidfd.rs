//! A process that is held by a descriptor: a pid is used again by the kernel, a descriptor of a
//! process never means another one.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::stat::Stat;

/// A process of this machine, alive when it was taken hold of.
#[derive(Debug)]
pub(crate) struct Held {
    pid: i32,
    start_ticks: u64,
    fd: OwnedFd,
}

impl Held {
    /// The process that has this pid; none when there is none.
    ///
    /// # Errors
    /// When the kernel gives no descriptor of it.
    pub(crate) fn of(pid: i32) -> std::io::Result<Option<Self>> {
        // Negative numbers and 0 mean groups to some calls.
        let Some(raw) = Some(pid).filter(|pid| *pid > 0).and_then(Pid::from_raw) else {
            return Ok(None);
        };

        let fd = match pidfd_open(raw, PidfdFlags::empty()) {
            Ok(fd) => fd,
            Err(Errno::SRCH | Errno::INVAL) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some(stat) = Stat::of(pid) else {
            return Ok(None);
        };

        let start_ticks = stat.start_ticks;
        let held = Self {
            pid,
            start_ticks,
            fd,
        };

        // Alive after its stat was read: then the stat is this process's, and not that of one which
        // got its pid.
        Ok(Some(held).filter(Self::alive))
    }

    /// The process of this pid that began at this time; none when it has ended, whoever has its
    /// pid.
    ///
    /// # Errors
    /// As [`Held::of`].
    pub(crate) fn begun_at(pid: i32, start_ticks: u64) -> std::io::Result<Option<Self>> {
        let held = Self::of(pid)?;
        Ok(held.filter(|held| held.start_ticks == start_ticks))
    }

    /// The pid, which is its own while it is alive.
    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    /// When it began, in clock ticks since boot.
    pub(crate) fn start_ticks(&self) -> u64 {
        self.start_ticks
    }

    /// Whether it has not ended. One that has and was not waited for is no longer alive.
    pub(crate) fn alive(&self) -> bool {
        !self.ended_within(Duration::ZERO)
    }

    /// Waits for its end, this thread with it; whether it came in time.
    pub(crate) fn ended_within(&self, time: Duration) -> bool {
        let limit = Timespec::try_from(time).unwrap_or_default();
        let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
        poll(&mut fds, Some(&limit)).is_ok_and(|ready| ready > 0)
    }

    /// Sends it a signal; one that has ended hears nothing, and nobody else does either.
    pub(crate) fn signal(&self, signal: Signal) {
        match pidfd_send_signal(&self.fd, signal) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => {
                // Whoever waits for its end hears that it did not come.
                tracing::debug!(pid = self.pid, %error, "a process of ours takes no signal");
            }
        }
    }

    /// Returns when it has ended.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub(crate) async fn ended(&self) -> std::io::Result<()> {
        #[expect(
            deprecated,
            reason = "the safe registration; its descriptor is owned here and never closed behind \
                      it"
        )]
        let fd = AsyncFd::with_interest(self.fd.try_clone()?, Interest::READABLE)?;
        let _ready = fd.readable().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> i32 {
        i32::try_from(std::process::id()).expect("pid")
    }

    #[test]
    fn a_pid_alone_is_nobody() {
        let me = Held::of(own()).expect("asked").expect("this test runs");
        let ticks = me.start_ticks();
        assert!(me.alive());
        assert!(Held::begun_at(own(), ticks).expect("asked").is_some());
        assert!(Held::begun_at(own(), ticks + 1).expect("asked").is_none());
        for nobody in [0, -1, -own(), i32::MIN, i32::MAX] {
            assert!(Held::of(nobody).expect("asked").is_none(), "{nobody}");
        }
    }

    #[tokio::test]
    async fn an_end_is_seen_whether_waited_for_or_not() {
        let mut child = std::process::Command::new("sleep")
            .arg("600")
            .spawn()
            .expect("a child");
        let pid = i32::try_from(child.id()).expect("pid");
        let held = Held::of(pid).expect("asked").expect("it runs");
        held.signal(Signal::KILL);
        held.ended().await.expect("waited");
        assert!(!held.alive(), "a zombie");
        assert!(Held::of(pid).expect("asked").is_none(), "a zombie");
        child.wait().expect("waited for");
        held.signal(Signal::KILL);

        assert!(!held.alive());
    }
}
