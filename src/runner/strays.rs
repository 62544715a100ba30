//! Reaping: children that lost their parent end up at the first process of a container, or at the
//! runner that asked for them, and would stay as zombies.

use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};

/// Reaps strays whenever a child ended, until its task is aborted.
pub(super) async fn reap() {
    let Ok(mut ended) = signal(SignalKind::child()) else {
        return;
    };
    while ended.recv().await.is_some() {
        for pid in zombies() {
            if let Err(error) = waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
                eprintln!("process {pid} was reaped already: {error}");
            }
        }
    }
}

/// Zombies of ours that nobody here waits for: those we started are waited for by their group
/// leader's pid, and lead their group.
fn zombies() -> Vec<Pid> {
    let Ok(processes) = fs_err::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let own = std::process::id();
    pids.filter(|pid| is_stray(*pid, own))
        .map(Pid::from_raw)
        .collect()
}

fn is_stray(pid: i32, own: u32) -> bool {
    let Ok(text) = fs_err::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    let Some((_, rest)) = text.rsplit_once(") ") else {
        return false;
    };
    let fields: Vec<&str> = rest.split(' ').collect();
    let leads = fields.get(2).and_then(|group| group.parse::<i32>().ok()) == Some(pid);
    let of_ours = fields.get(1).and_then(|parent| parent.parse().ok()) == Some(own);
    fields.first() == Some(&"Z") && of_ours && !leads
}
