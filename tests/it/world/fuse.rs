//! A log that stops in the middle: the k-th append ends the server, either before it is recorded or
//! right after. And a git that does: its k-th command never comes back, either before it did
//! anything or right after.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use events::log::{Append, AppendError, EventLog, Receipt};
use tokio::sync::Notify;

use super::below::reads_below;

/// On which side of the append the server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// What was done outside is not recorded.
    Before,
    /// What was recorded is not acted on, and nobody heard of it.
    After,
}

pub(crate) struct FuseLog {
    inner: Arc<dyn EventLog>,
    left: AtomicI64,
    side: Side,
    blown: AtomicBool,
    told: Notify,
}

impl FuseLog {
    pub(crate) fn new(inner: Arc<dyn EventLog>, appends: i64, side: Side) -> Arc<Self> {
        Arc::new(Self {
            inner,
            left: AtomicI64::new(appends),
            side,
            blown: AtomicBool::new(false),
            told: Notify::new(),
        })
    }

    /// Returns when the server has to end.
    pub(crate) async fn blown(&self) {
        let told = self.told.notified();
        if !self.blown.load(Ordering::SeqCst) {
            told.await;
        }
    }

    fn blow(&self) -> AppendError {
        self.blown.store(true, Ordering::SeqCst);
        self.told.notify_waiters();
        AppendError::Unknown("the server was killed".to_owned())
    }
}

impl FuseLog {
    async fn appended(&self, append: Append) -> Result<Receipt, AppendError> {
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        if left < 0 || self.blown.load(Ordering::SeqCst) {
            return Err(AppendError::Closed("the server was killed".to_owned()));
        }
        if left > 0 {
            return self.inner.append(append).await;
        }
        if self.side == Side::After {
            // Recorded or refused: nobody hears of it.
            drop(self.inner.append(append).await);
        }
        Err(self.blow())
    }
}

reads_below!(FuseLog);

/// A git on a path of its own: its k-th command says so and never comes back.
pub(crate) struct FuseGit {
    program: PathBuf,
    told: tokio::net::unix::pipe::Receiver,
}

impl FuseGit {
    pub(crate) fn new(folder: &Path, commands: i64, side: Side) -> Self {
        let folder = folder.join("fuse");
        fs_err::create_dir(&folder).expect("folder");
        let (program, pipe) = (folder.join("git"), folder.join("told"));
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        let first = if side == Side::After {
            "git \"$@\""
        } else {
            "true"
        };

        let place = folder.display();
        let script = format!(
            "#!/bin/sh\nexec 9>{place}/lock\nflock 9\necho >> {place}/count\nn=$(wc -l < \
             {place}/count)\nexec 9>&-\n\
             test $n -eq {commands} || exec git \"$@\"\n{first}\necho > {place}/told\nexec sleep \
             600\n"
        );
        fs_err::write(&program, script).expect("script");
        fs_err::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
            .expect("runnable");
        let told = tokio::net::unix::pipe::OpenOptions::new()
            .read_write(true)
            .open_receiver(&pipe)
            .expect("opened");

        Self { program, told }
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Returns when the server has to end.
    pub(crate) async fn blown(&self) {
        while self.told.try_read(&mut [0; 1]).is_err() {
            self.told.readable().await.expect("a pipe");
        }
    }
}
