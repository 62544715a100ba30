//! A control group for each container without a sandbox, where the kernel's second version of them
//! is there and ours to write: whatever a process starts is in it, and all of it ends at once.
//! Source: the kernel's cgroup-v2 document, `cgroup.kill`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::foreign;

/// Largest list of a group's processes: more than a machine can have.
const LIST_MAX: usize = 4 * 1024 * 1024;

/// The groups of one installation, beside the one that the server is in.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    folder: Option<PathBuf>,
    prefix: String,
}

impl Groups {
    /// The groups of the installation with this data folder.
    pub(super) fn of(data: &Path) -> Self {
        let digest = blake3::hash(data.as_os_str().as_encoded_bytes()).to_hex();
        Self {
            folder: own_folder(),
            prefix: format!("supercargo-{}-", &digest[..12]),
        }
    }

    /// A new group for a launch; none where there are none.
    pub(super) fn make(&self, launch: &str) -> Option<PathBuf> {
        let group = self
            .folder
            .as_ref()?
            .join(format!("{}{launch}", self.prefix));

        match fs_err::create_dir(&group) {
            Ok(()) if group.join("cgroup.kill").exists() => Some(group),
            Ok(()) => {
                remove(&group);
                None
            }
            Err(error) => {
                tracing::debug!(group = %group.display(), %error, "no control group can be made");
                None
            }
        }
    }

    /// Ends and removes the groups of this installation that no record names: their server died
    /// before their runner could begin.
    pub(super) fn keep_only(&self, known: &BTreeSet<PathBuf>) {
        let Some(folder) = &self.folder else { return };
        for entry in fs_err::read_dir(folder).into_iter().flatten().flatten() {
            let ours = entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.starts_with(&self.prefix));
            if ours && !known.contains(&entry.path()) {
                kill(&entry.path());
                remove(&entry.path());
            }
        }
    }
}

/// Puts a process into a group; what it starts from then on is in it as well.
pub(super) fn join(group: &Path, pid: i32) -> std::io::Result<()> {
    fs_err::write(group.join("cgroup.procs"), pid.to_string())
}

/// The processes of a group; none when it is gone.
///
/// # Errors
/// When the list is there and cannot be read: nobody knows then whether the group is empty.
pub(super) fn processes(group: &Path) -> Result<Vec<i32>, String> {
    let listed = match foreign::read(&group.join("cgroup.procs"), LIST_MAX) {
        Ok(listed) => listed,
        // It was removed before, or while, its list was read.
        Err(_) if !group.exists() => return Ok(vec![]),
        Err(error) => return Err(error.to_string()),
    };
    let listed = String::from_utf8_lossy(&listed);
    let lines = listed.lines();
    Ok(lines.filter_map(|line| line.parse().ok()).collect())
}

/// Kills everything in a group, also what is just being started.
pub(super) fn kill(group: &Path) {
    if let Err(error) = fs_err::write(group.join("cgroup.kill"), "1") {
        tracing::debug!(group = %group.display(), %error, "its processes are killed one by one");
    }
}

/// Removes an empty group.
pub(super) fn remove(group: &Path) {
    match fs_err::remove_dir(group) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(group = %group.display(), %error, "a control group is left behind");
        }
        _ => {}
    }
}

/// The group that this process is in, as a folder.
fn own_folder() -> Option<PathBuf> {
    let own = fs_err::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs_err::read_to_string("/proc/self/mountinfo").ok()?;
    folder_of(&own, &mounts)
}

fn folder_of(own: &str, mounts: &str) -> Option<PathBuf> {
    let group = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    mounts.lines().find_map(|line| {
        // Field 4 is the group that is mounted, field 5 where; after the dash comes the kind of
        // file system.
        let (facts, kind) = line.split_once(" - ")?;
        let mut facts = facts.split(' ').skip(3);
        let (root, at) = (facts.next()?, facts.next()?);
        let within = Path::new(group).strip_prefix(root).ok()?;
        if !kind.starts_with("cgroup2 ") {
            return None;
        }
        Some(Path::new(at).join(within))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_group_is_where_it_is_mounted() {
        let mounts = "25 1 0:22 / /proc rw - proc proc rw\n\
             41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
        let nested = "41 31 0:38 /docker/a /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
        let folder = |own: &str, mounts: &str| folder_of(own, mounts);
        let at = |path: &str| Some(PathBuf::from(path));
        assert_eq!(
            folder("4:memory:/x\n0::/user.slice\n", mounts),
            at("/sys/fs/cgroup/unified/user.slice")
        );
        assert_eq!(folder("0::/docker/a/b\n", nested), at("/sys/fs/cgroup/b"));
        assert_eq!(folder("0::/elsewhere\n", nested), None);
        assert_eq!(folder("4:memory:/x\n", mounts), None);
    }
}
