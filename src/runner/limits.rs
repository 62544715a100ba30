//! Limits of everything that runs in a container, which its main process sets on itself first.

use nix::sys::resource::{Resource, setrlimit};

use super::fence;

/// Largest file anything in the container may write.
const FILE_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// How much sooner than others the kernel ends what runs in a container, of 1000.
const GOES_FIRST: &str = "500";
/// Open files of one process in the container.
const OPEN_FILES_MAX: u64 = 4096;

/// Limits for everything below this process. A limit the machine refuses is left as it is.
pub(super) fn harden(pids: Option<u64>) {
    // When a host runs out of memory this container goes, and neither the server nor what else runs
    // there. Before this process is closed to others: its own files are as well then.
    if let Err(error) = fs_err::write("/proc/self/oom_score_adj", GOES_FIRST) {
        eprintln!("the kernel may end another process for this one's memory: {error}");
    }

    // The agent runs as the same user: it must not be able to attach to this process or to read its
    // memory.
    if let Err(error) = nix::sys::prctl::set_dumpable(false) {
        eprintln!("this process stays open to debuggers of its user: {error}");
    }

    if let Err(error) = fence::raise() {
        eprintln!("no system call is taken away here: {error}");
    }

    let limits = [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_FSIZE, FILE_MAX),
        (Resource::RLIMIT_NOFILE, OPEN_FILES_MAX),
    ];
    let pids = pids.map(|most| (Resource::RLIMIT_NPROC, most));
    for (resource, limit) in limits.into_iter().chain(pids) {
        if let Err(error) = setrlimit(resource, limit, limit) {
            eprintln!("limit {resource:?} stays as it is: {error}");
        }
    }
}
