//! A container that was begun: its record, its main process held by a descriptor, and how it ended.

use events::container::Exit;
use rustix::process::Signal;
use tokio::process::Child;
use tokio::sync::watch;

use super::kin::Kin;
use super::record::Record;
use crate::engine::pidfd::Held;

/// First exit code that says "128 and a signal".
const SIGNAL_BASE: i32 = 128;

/// A container that was begun.
pub(super) struct Container {
    /// None where nothing of the server's own tells about it.
    record: Option<Record>,
    /// None when it had ended before this server looked.
    main: Option<std::sync::Arc<Held>>,
    exit: watch::Receiver<Option<Exit>>,
}

impl Container {
    /// One that this server began: its exit code is told by the kernel.
    pub(super) fn begun(
        record: Record,
        main: Held,
        mut child: Child,
        hints: watch::Sender<u64>,
    ) -> Self {
        Self::followed(Some(record), main, hints, async move {
            match child.wait().await {
                Ok(status) => exit_of(status),
                Err(error) => {
                    tracing::warn!(%error, "how a container ended is not known");
                    Exit::with_code(None)
                }
            }
        })
    }

    /// One that an earlier server began: it is nobody's child here, and its exit code is not known.
    pub(super) fn adopted(record: Option<Record>, main: Held, hints: watch::Sender<u64>) -> Self {
        Self::followed(record, main, hints, async { Exit::with_code(None) })
    }

    /// One that ended before this server looked.
    pub(super) fn over(record: Option<Record>) -> Self {
        Self {
            record,
            main: None,
            exit: watch::channel(Some(Exit::with_code(None))).1,
        }
    }

    fn followed(
        record: Option<Record>,
        main: Held,
        hints: watch::Sender<u64>,
        exit: impl Future<Output = Exit> + Send + 'static,
    ) -> Self {
        let main = std::sync::Arc::new(main);
        let (told, heard) = watch::channel(None);
        let held = main.clone();

        tokio::spawn(async move {
            let exit = exit.await;
            if let Err(error) = held.ended().await {
                tracing::error!(pid = held.pid(), %error, "its end cannot be waited for");
            }
            told.send_replace(Some(exit));
            hints.send_modify(|n| *n += 1);
        });
        Self {
            record,
            main: Some(main),
            exit: heard,
        }
    }

    /// How the engine names it.
    pub(super) fn engine_id(&self) -> String {
        match &self.record {
            Some(record) => record.engine_id(),
            None => "unknown".to_owned(),
        }
    }

    /// How it ended, once it has.
    pub(super) fn exit(&self) -> Option<Exit> {
        self.exit.borrow().clone()
    }

    /// Returns when it has ended and its exit is known.
    pub(super) async fn ended(&self) {
        let mut exit = self.exit.clone();
        if exit.wait_for(Option::is_some).await.is_err() {
            tracing::debug!("nobody follows this container any more");
        }
    }

    /// The pid of its main process, while that runs.
    pub(super) fn main_pid(&self) -> Option<i32> {
        let main = self.main.as_ref().filter(|main| main.alive());
        main.map(|main| main.pid())
    }

    /// Whether its main process runs and has this pid.
    pub(super) fn main_is(&self, pid: i32) -> bool {
        self.main_pid() == Some(pid)
    }

    /// Sends its main process a signal.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(main) = &self.main {
            main.signal(signal);
        }
    }

    /// Ends everything that belongs to it, this thread waiting; its processes run as `user`.
    ///
    /// # Errors
    /// What did not end.
    pub(super) fn end(&self, user: u32) -> Result<(), String> {
        let Some(record) = &self.record else {
            return Ok(());
        };
        let main = self.main.as_deref();
        let kin = Kin { main, record, user };
        kin.end()
    }
}

fn exit_of(status: std::process::ExitStatus) -> Exit {
    use std::os::unix::process::ExitStatusExt;
    let signal = status.signal();
    Exit {
        code: status.code().or(signal.map(|signal| SIGNAL_BASE + signal)),
        oom: false,
        signal,
    }
}
