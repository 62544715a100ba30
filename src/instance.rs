//! One server on a data folder: the lock that says so, and what may be done about another.

use fs_err::File;
use fs_err::os::unix::fs::OpenOptionsExt;
use std::io::{Read, Seek, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::data::DataFolder;

/// The build, as the log records it.
pub const BUILD: &str = concat!("supercargo ", env!("CARGO_PKG_VERSION"));

/// What to do about a server that is on the data folder already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ownership {
    /// Leave it alone.
    #[default]
    Respect,
    /// Fence it: it is paused, or hangs, and cannot be stopped.
    TakeOver,
}

/// Holds the data folder for this process; another server on it is refused.
pub struct InstanceLock {
    file: File,
    path: PathBuf,
}

impl InstanceLock {
    /// Takes the lock, or says who has it.
    ///
    /// With [`Ownership::TakeOver`] a lock that another process holds is passed over: that process
    /// is fenced by the log itself, whose owner is counted, and records nothing from the moment on
    /// in which this one opens the log.
    pub fn take(data: &DataFolder, ownership: Ownership) -> anyhow::Result<Self> {
        let path = data.lock();
        let opened = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .custom_flags(nix::fcntl::OFlag::O_NOFOLLOW.bits())
            .open(&path);

        let mut file = opened.with_context(|| format!("opening {}", path.display()))?;
        if file.try_lock().is_err() && ownership == Ownership::Respect {
            let mut holder = String::new();
            file.read_to_string(&mut holder)
                .with_context(|| format!("reading {}", path.display()))?;
            let holder = if holder.trim().is_empty() {
                "another process".to_owned()
            } else {
                format!("process {}", holder.trim())
            };
            bail!(
                "{} is in use by {holder}; stop that server first, choose another --data, or end \
                 its reign with `serve --take-over`",
                data.path().display()
            );
        }

        let noted = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()));
        noted.with_context(|| format!("writing {}", path.display()))?;

        Ok(Self { file, path })
    }
}

impl InstanceLock {
    /// Whether nobody took it over meanwhile.
    pub(crate) fn is_ours(&self) -> bool {
        fs_err::read_to_string(&self.path)
            .is_ok_and(|holder| holder.trim() == std::process::id().to_string())
    }
}

impl Drop for InstanceLock {
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            tracing::debug!(%error, "the lock goes with the process");
        }
    }
}
