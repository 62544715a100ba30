//! How a container's process is fenced in: bubblewrap where a probe shows that it works, else
//! nothing.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

use events::id::SlotNo;
use events::settings::ContainerLimits;

use crate::engine::limits::{SHARED_MIB, tmp_mib};
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
];

/// Size of a folder that hides one of the host's, in MiB: a little may be written there.
const HIDING_MIB: u32 = 16;
const MIB: u64 = 1024 * 1024;

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
    /// What it may take.
    pub(super) limits: &'a ContainerLimits,
}

/// A folder in memory, of this size.
fn in_memory(folder: impl AsRef<Path>, mib: u32) -> [OsString; 4] {
    let bytes = u64::from(mib) * MIB;
    let folder = folder.as_ref().as_os_str().to_owned();
    [
        "--size".into(),
        bytes.to_string().into(),
        "--tmpfs".into(),
        folder,
    ]
}

impl Sandbox {
    /// Tries the fence on a command that does nothing, as the user that slots run as.
    pub fn probe() -> Self {
        let mut probe = std::process::Command::new("bwrap");
        probe
            .args(FENCE)
            .args(in_memory("/tmp", HIDING_MIB))
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

    /// Whether the kernel counts the processes of a container apart from those of other containers
    /// and of the host: in a user namespace it does since Linux 5.14.
    pub(super) fn counts_processes(self) -> bool {
        let release = fs_err::read_to_string("/proc/sys/kernel/osrelease");
        let version = release.ok().as_deref().and_then(version_of);
        self == Self::Bubblewrap && version >= Some((5, 14))
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
            command.args(in_memory(hidden, HIDING_MIB));
        }

        command.args(in_memory("/tmp", tmp_mib(shown.limits)));
        // The folder of devices lies in memory as well: only its shared part may be written in.
        command.args(in_memory("/dev/shm", SHARED_MIB));
        command.args(["--remount-ro", "/dev"]);

        command.args(in_memory(shown.data, HIDING_MIB));
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

/// The first two numbers of a kernel's release.
fn version_of(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernels_version_is_read() {
        assert_eq!(version_of("6.18.44-fc-v657"), Some((6, 18)));
        assert_eq!(version_of("5.9.0"), Some((5, 9)));
        assert!(version_of("5.9.0") < Some((5, 14)));
        assert_eq!(version_of("elsewhere"), None);
        assert!(None < Some((5, 14)));
    }
}
