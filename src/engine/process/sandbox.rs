//! How a container's process is fenced in: bubblewrap where a probe shows that it works, else
//! nothing.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

use events::id::SlotNo;

use crate::engine::owner::Owner;

/// The fence around a process container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {
    /// Own process, network, IPC and user namespaces; the host's files read-only; no capability.
    Bubblewrap,
    /// A session of its own and resource limits: it sees the host's network and files.
    Plain,
}

/// Namespaces and rights of a container, the same for the probe and for the real thing.
const FENCE: &[&str] = &[
    "--unshare-user",
    "--unshare-pid",
    "--unshare-net",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--as-pid-1",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "--tmpfs",
    "/tmp",
];

/// What a container sees of our data folder.
pub(super) struct Shown<'a> {
    /// The data folder: hidden but for the rest.
    pub(super) data: &'a Path,
    /// The slot's own folder, writable.
    pub(super) slot: &'a Path,
    /// Its door.
    pub(super) door: &'a Path,
    /// Its package cache, writable, if it has one.
    pub(super) cache: Option<&'a Path>,
    /// Our binary.
    pub(super) binary: &'a Path,
}

impl Sandbox {
    /// Tries the fence on a command that does nothing, as the user that slots run as.
    pub fn probe() -> Self {
        let mut probe = std::process::Command::new("bwrap");
        probe
            .args(FENCE)
            .args(["--", "true"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Owner::Dropped(id) = Owner::of(SlotNo(0)) {
            probe.uid(id).gid(id);
        }
        let works = probe.status().is_ok_and(|status| status.success());
        if works { Self::Bubblewrap } else { Self::Plain }
    }

    /// What this fence does not keep apart; none when it keeps everything we promise.
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::Bubblewrap => None,
            Self::Plain => Some(
                "containers are plain processes here: they see the host's network and every file \
                 their user may read. \
                 Install bubblewrap, or use a Docker engine, before real agents run.",
            ),
        }
    }

    /// The command that runs `inside` within the fence. Below the data folder only what is shown is
    /// there.
    pub(super) fn command(self, inside: &[OsString], shown: &Shown<'_>) -> tokio::process::Command {
        let Self::Bubblewrap = self else {
            let mut command = tokio::process::Command::new(&inside[0]);
            command.args(&inside[1..]);
            return command;
        };

        let mut command = tokio::process::Command::new("bwrap");
        command.args(["--info-fd", "2"]).args(FENCE);
        for hidden in ["/root", "/home", "/run"]
            .map(Path::new)
            .into_iter()
            .filter(|p| p.is_dir())
        {
            command.arg("--tmpfs").arg(hidden);
        }
        command.arg("--tmpfs").arg(shown.data);
        command.arg("--bind").arg(shown.slot).arg(shown.slot);
        if let Some(cache) = shown.cache {
            command.arg("--bind").arg(cache).arg(cache);
        }

        command.arg("--ro-bind").arg(shown.door).arg(shown.door);
        command.arg("--ro-bind").arg(shown.binary).arg(shown.binary);
        command.arg("--").args(inside);

        command
    }
}
