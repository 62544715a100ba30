//! Containers of builds whose record lay in the slot's own folder, where their agent could write
//! it. It is not read: what such a folder holds is reported as ended, and a process is ended with
//! it only where the kernel says that it is that container's own.
//!
//! The proof: it runs as the slot's user, and was begun as the runner of this very folder. An agent
//! can pretend this of its own processes only.

use std::path::Path;

use super::kin::Kin;
use super::record::{Record, boot_id};
use crate::engine::pidfd::Held;
use crate::engine::stat;

/// Made by such a runner; whether it is there is all that is looked at.
const RUN_FILE: &str = "run.json";
/// A command line is looked at up to here.
const COMMAND_MAX: u64 = 128 * 1024;

/// Whether a container was begun in this folder.
pub(super) fn began_in(folder: &Path) -> bool {
    fs_err::symlink_metadata(folder.join(RUN_FILE)).is_ok()
}

/// Ends what is proven to run in this folder as this user.
///
/// # Errors
/// What did not end.
pub(super) fn end(folder: &Path, user: u32) -> Result<(), String> {
    for (pid, seen) in stat::all() {
        if stat::user(pid) != Some(user) || !is_runner_of(pid, folder) {
            continue;
        }
        let found = Held::begun_at(pid, seen.start_ticks).map_err(|e| e.to_string())?;
        let Some(main) = found.filter(|_| is_runner_of(pid, folder)) else {
            continue;
        };
        let record = Record {
            // No environment holds this.
            launch: "\0".to_owned(),
            pid,
            start_ticks: seen.start_ticks,
            boot_id: boot_id(),
            sandboxed: false,
            group: None,
        };
        let kin = Kin {
            main: Some(&main),
            record: &record,
            user,
        };
        kin.end()?;
    }

    Ok(())
}

fn is_runner_of(pid: i32, folder: &Path) -> bool {
    let command = stat::text(pid, "cmdline", COMMAND_MAX).unwrap_or_default();
    let words: Vec<&str> = command.split('\0').collect();
    let names_folder = |pair: &[&str]| pair[0] == "--berth" && Path::new(pair[1]) == folder;
    words.contains(&"runner") && words.windows(2).any(names_folder)
}
