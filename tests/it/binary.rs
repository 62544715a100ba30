//! The real binary as tests start it: on a data folder, on an engine, with every wait bounded.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What takes longer is stuck; a bound of the tests, never a measurement.
pub(crate) const STUCK_AFTER: Duration = Duration::from_secs(180);

/// The binary with these arguments on a data folder; containers are processes unless the test says
/// otherwise.
pub(crate) fn supercargo(args: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supercargo"));
    command
        .args(args)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .env("SUPERCARGO_ENGINE", "process");
    command.env("SUPERCARGO_IMAGE", supercargo::engine::docker::image::IMAGE);
    command
}

/// Sends a signal to a child of ours.
pub(crate) fn signal(child: &Child, signal: Signal) {
    kill(
        Pid::from_raw(i32::try_from(child.id()).expect("pid")),
        signal,
    )
    .expect("our own child");
}

/// Waits for a child's end, within limits; its exit code.
pub(crate) fn wait(mut child: Child) -> Option<i32> {
    let (done, ended) = std::sync::mpsc::channel();
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("pid"));
    let waiter =
        std::thread::spawn(move || done.send(child.wait().expect("waited").code()).is_ok());
    let code = ended.recv_timeout(STUCK_AFTER);
    if code.is_err() {
        kill(pid, Signal::SIGKILL).expect("our own child");
    }
    let heard = waiter.join().expect("waiter");
    code.unwrap_or(None).filter(|_| heard)
}

/// A server until the end of the test.
pub(crate) struct Serving {
    child: Option<Child>,
}

impl Serving {
    /// Starts a server and waits for its ready line.
    pub(crate) fn start(serve: Command) -> Self {
        Self::start_telling(serve, Stdio::null())
    }

    /// The same, with its complaints going somewhere.
    pub(crate) fn start_telling(mut serve: Command, complaints: Stdio) -> Self {
        let mut child = serve
            .stdout(Stdio::piped())
            .stderr(complaints)
            .spawn()
            .expect("started");
        let mut ready = String::new();
        let mut lines = BufReader::new(child.stdout.take().expect("stdout"));
        while !ready.contains("listening on ") {
            let read = lines.read_line(&mut ready).expect("a line");
            assert!(read > 0, "the server ended before it was ready: {ready}");
        }
        Self { child: Some(child) }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("a server").id()
    }

    /// Whether it is over already.
    pub(crate) fn has_ended(&self) -> bool {
        let pid = i32::try_from(self.id()).expect("pid");
        let left = nix::sys::wait::WaitPidFlag::WEXITED | nix::sys::wait::WaitPidFlag::WNOWAIT;
        let flags = left | nix::sys::wait::WaitPidFlag::WNOHANG;
        let status = nix::sys::wait::waitid(nix::sys::wait::Id::Pid(Pid::from_raw(pid)), flags);
        !matches!(status, Ok(nix::sys::wait::WaitStatus::StillAlive))
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, which: Signal) {
        signal(self.child.as_ref().expect("a server"), which);
    }

    /// Waits until it ends by itself; its exit code.
    pub(crate) fn ended(mut self) -> Option<i32> {
        wait(self.child.take().expect("a server"))
    }

    /// Ends it as an operator does.
    pub(crate) fn stop(mut self) {
        let child = self.child.take().expect("a server");
        signal(&child, Signal::SIGTERM);
        assert_eq!(wait(child), Some(0), "an orderly stop");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}
