//! What a container uses, as its engine counts it.

use actors::ports::engine::Used;
use bollard::models::ContainerStatsResponse;

/// Reads one answer of the engine. Memory is counted as the engine's own tool counts it: without
/// the page cache that can be given back. Source: the reference of `docker container stats`.
pub(super) fn used(stats: &ContainerStatsResponse) -> Used {
    let memory = stats.memory_stats.as_ref();
    let usage = memory.and_then(|memory| memory.usage).unwrap_or(0);
    let idle = memory
        .and_then(|memory| memory.stats.as_ref())
        .and_then(|stats| {
            let count = |name: &str| stats.get(name).copied();
            count("inactive_file").or_else(|| count("total_inactive_file"))
        });
    let cpu_ns = stats
        .cpu_stats
        .as_ref()
        .and_then(|cpu| cpu.cpu_usage.as_ref())
        .and_then(|usage| usage.total_usage);

    Used {
        cpu_ms: cpu_ns.unwrap_or(0) / 1_000_000,
        memory_bytes: usage.saturating_sub(idle.unwrap_or(0)),
        processes: stats
            .pids_stats
            .as_ref()
            .and_then(|pids| pids.current)
            .unwrap_or(0),
    }
}
