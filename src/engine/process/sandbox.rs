//! How a container's process is fenced in: bubblewrap where a probe shows that it works, else nothing.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

use events::id::BerthNo;

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

impl Sandbox {
    /// Tries the fence on a command that does nothing, as the user that berths run as.
    pub fn probe() -> Self {
        let mut probe = std::process::Command::new("bwrap");
        probe.args(FENCE).args(["--", "true"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Owner::Dropped(id) = Owner::of(BerthNo(0)) {
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
                "containers are plain processes here: they see the host's network and every file their user may read. \
                 Install bubblewrap, or use a Docker engine, before real agents run.",
            ),
        }
    }

    /// The command that runs `inside` within the fence. Below the data folder only the berth's own folder, its door and the binary
    /// are there.
    pub(super) fn command(
        self,
        inside: &[OsString],
        berth: &Path,
        door: &Path,
        binary: &Path,
        berths: &Path,
        doors: &Path,
    ) -> tokio::process::Command {
        let Self::Bubblewrap = self else {
            let mut command = tokio::process::Command::new(&inside[0]);
            command.args(&inside[1..]);
            return command;
        };
        let mut command = tokio::process::Command::new("bwrap");
        command.args(["--info-fd", "2"]).args(FENCE);
        for hidden in ["/root", "/home", "/run"].map(Path::new).into_iter().filter(|p| p.is_dir()) {
            command.arg("--tmpfs").arg(hidden);
        }
        if let Some(data) = berths.parent().filter(|data| doors.parent() == Some(data)) {
            command.arg("--tmpfs").arg(data);
        }
        command.arg("--bind").arg(berth).arg(berth);
        command.arg("--ro-bind").arg(door).arg(door);
        command.arg("--ro-bind").arg(binary).arg(binary);
        command.arg("--").args(inside);
        command
    }
}
