//! The memory that containers share.

use events::policy::room::HostMemory;

/// The memory of this host, which is the engine's as well. Source: proc(5), /proc/meminfo.
pub(super) fn host_memory() -> Option<HostMemory> {
    let text = fs_err::read_to_string("/proc/meminfo").ok()?;
    let mib = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim()
            .strip_suffix(" kB")?
            .trim()
            .parse::<u64>()
            .ok()
            .map(|kib| kib / 1024)
    };

    Some(HostMemory {
        total: mib("MemTotal")?,
        available: mib("MemAvailable")?,
    })
}
