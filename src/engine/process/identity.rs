//! Which process a container is: pid, start time and boot id together. A pid alone is used again by the kernel.

use std::path::Path;

use events::container::Exit;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Made by the runner, exclusively: whoever makes it has the container.
pub const RUN_FILE: &str = "run.json";
/// Made by the runner at its end.
pub const EXIT_FILE: &str = "exit.json";

/// Content of [`RUN_FILE`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunFile {
    /// Which launch won.
    pub launch: String,
    /// The runner's pid as it sees itself.
    pub pid: i32,
    /// Its start time, in clock ticks since boot.
    pub start_ticks: u64,
    /// The kernel's boot id.
    pub boot_id: String,
}

/// Content of [`EXIT_FILE`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExitFile {
    /// The runner's exit code.
    pub code: i32,
}

/// What the sandbox says about its child.
#[derive(Deserialize)]
struct Info {
    #[serde(rename = "child-pid")]
    child_pid: i32,
}

/// A container's main process as this host knows it.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// Its pid on this host.
    pub pid: i32,
    file: RunFile,
}

/// Where a launch's sandbox writes about its child.
pub(super) fn info_file(launch: &str) -> String {
    format!("info-{launch}.json")
}

/// The main process of the container in this folder, if one was ever started.
pub(super) fn read_run(folder: &Path) -> Option<Run> {
    let file: RunFile = serde_json::from_slice(&std::fs::read(folder.join(RUN_FILE)).ok()?).ok()?;
    let info = std::fs::read_to_string(folder.join(info_file(&file.launch))).unwrap_or_default();
    // The sandbox writes one JSON object and the runner may write below it.
    let child = serde_json::Deserializer::from_str(&info)
        .into_iter::<Info>()
        .next()
        .and_then(Result::ok);
    let pid = child.map_or(file.pid, |info| info.child_pid);
    Some(Run { pid, file })
}

/// How the container in this folder ended, as far as it left word.
pub(super) fn read_exit(folder: &Path) -> Exit {
    let file = std::fs::read(folder.join(EXIT_FILE))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<ExitFile>(&bytes).ok());
    Exit::with_code(file.map(|f| f.code))
}

/// Reads `/proc/<pid>/stat` behind the command name: state, then the fields after it.
fn stat(pid: i32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    Some(rest.split(' ').map(str::to_owned).collect())
}

/// A process's start time in clock ticks since boot: field 22 of its stat line.
pub fn start_ticks(pid: i32) -> Option<u64> {
    stat(pid)?.get(19)?.parse().ok()
}

/// The kernel's boot id.
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .unwrap_or_default()
        .trim()
        .to_owned()
}

impl Run {
    /// How the engine names it.
    pub(super) fn engine_id(&self) -> String {
        format!("{}@{}", self.pid, self.file.start_ticks)
    }

    /// Whether it is this very process, and not a zombie.
    pub(super) fn alive(&self) -> bool {
        let Some(fields) = stat(self.pid) else {
            return false;
        };
        let started = fields.get(19).and_then(|t| t.parse::<u64>().ok());
        let zombie = fields
            .first()
            .is_some_and(|state| state == "Z" || state == "X");
        !zombie && started == Some(self.file.start_ticks) && self.file.boot_id == boot_id()
    }

    /// Sends it a signal, if it is still itself.
    pub(super) fn signal(&self, signal: Signal) {
        if self.alive()
            && let Err(error) = kill(Pid::from_raw(self.pid), signal)
        {
            tracing::debug!(pid = self.pid, %error, "the signal found nobody");
        }
    }

    /// Kills it and every process of its session: without a sandbox its children outlive it otherwise.
    pub(super) fn kill_session(&self) {
        if self.file.boot_id != boot_id() {
            return;
        }
        self.signal(Signal::SIGKILL);
        let Ok(processes) = std::fs::read_dir("/proc") else {
            return;
        };
        for entry in processes.flatten() {
            let Some(pid) = entry
                .file_name()
                .to_str()
                .and_then(|n| n.parse::<i32>().ok())
            else {
                continue;
            };
            let fields = stat(pid);
            let session = fields
                .as_ref()
                .and_then(|f| f.get(3))
                .and_then(|s| s.parse::<i32>().ok());
            let started = fields
                .as_ref()
                .and_then(|f| f.get(19))
                .and_then(|t| t.parse::<u64>().ok());
            let ours =
                session == Some(self.pid) && started.is_some_and(|t| t >= self.file.start_ticks);
            if ours && let Err(error) = kill(Pid::from_raw(pid), Signal::SIGKILL) {
                tracing::debug!(pid, %error, "a process of the session was gone already");
            }
        }
    }
}

/// Returns when this process has ended; at once when it is not there.
pub(super) async fn ended(pid: i32) -> std::io::Result<()> {
    let Some(pid) = rustix::process::Pid::from_raw(pid) else {
        return Ok(());
    };
    let Ok(pidfd) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) else {
        return Ok(());
    };
    #[expect(
        deprecated,
        reason = "the safe registration; its descriptor is owned here and never closed behind it"
    )]
    let pidfd = AsyncFd::with_interest(pidfd, Interest::READABLE)?;
    let _ready = pidfd.readable().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reused_pid_is_not_mistaken_for_the_container() {
        let pid = i32::try_from(std::process::id()).expect("pid");
        let ticks = start_ticks(pid).expect("own stat");
        let file = |start_ticks, boot_id: String| RunFile {
            launch: "l".into(),
            pid,
            start_ticks,
            boot_id,
        };
        assert!(
            Run {
                pid,
                file: file(ticks, boot_id())
            }
            .alive()
        );
        assert!(
            !Run {
                pid,
                file: file(ticks + 1, boot_id())
            }
            .alive()
        );
        assert!(
            !Run {
                pid,
                file: file(ticks, "another boot".into())
            }
            .alive()
        );
    }
}
