//! The heap of a server. The C library gives its threads a share of their own each, up to eight for
//! a processor, and what is freed in one is of no use to another: a server, whose threads come and
//! go with the work, then keeps several times what it has in use, and more with every session. One
//! share is enough for it: it waits for disks and agents, not for memory.
//!
//! That can be said only before a program begins, by a variable of its environment.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
use std::os::unix::process::CommandExt;

/// What the C library reads at the begin of a program.
const VARIABLE: &str = "GLIBC_TUNABLES";
/// One share for all threads; what is large (128 KiB) is given back at once when it is freed, and
/// so is what is free at the end.
const FRUGAL: &str = "glibc.malloc.arena_max=1:glibc.malloc.mmap_threshold=131072:\
                      glibc.malloc.trim_threshold=131072";

/// Begins this program anew with such a heap, in this same process. It goes on as it is when that
/// is so already, when the operator set the variable to something else, or when the program cannot
/// be begun again.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn make_frugal() {
    let mut given = std::env::args_os();
    let name = given.next().unwrap_or_default();
    let Ok(own) = std::env::current_exe() else {
        return;
    };
    if std::env::var_os(VARIABLE).is_some() {
        return;
    }
    let mut again = std::process::Command::new(own);
    again.arg0(name).args(given).env(VARIABLE, FRUGAL);
    // Comes back only with a failure, after which everything is as it was.
    drop(again.exec());
}

/// Other C libraries have one heap for all threads.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn make_frugal() {}
