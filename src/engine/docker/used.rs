//! What a container uses, as its engine counts it.

use actors::ports::engine::Used;
use bollard::models::ContainerStatsResponse;

/// Reads one answer of the engine. Memory is counted as the engine's own tool counts it: without
/// the page cache that can be given back. Source: the reference of `docker container stats`.
pub(super) fn used(stats: &ContainerStatsResponse) -> Used {
    Used {
        cpu_ms: cpu_ns(stats).unwrap_or(0) / 1_000_000,
        memory_bytes: memory(stats).unwrap_or(0),
        processes: processes(stats).unwrap_or(0),
    }
}

fn cpu_ns(stats: &ContainerStatsResponse) -> Option<u64> {
    stats.cpu_stats.as_ref()?.cpu_usage.as_ref()?.total_usage
}

fn processes(stats: &ContainerStatsResponse) -> Option<u64> {
    stats.pids_stats.as_ref()?.current
}

fn memory(stats: &ContainerStatsResponse) -> Option<u64> {
    let memory = stats.memory_stats.as_ref()?;
    let mut idle = 0;
    if let Some(counts) = &memory.stats {
        // Under its name in the second version of control groups, or in the first.
        let count = counts.get("inactive_file");
        let count = count.or(counts.get("total_inactive_file"));
        idle = count.copied().unwrap_or(0);
    }

    Some(memory.usage?.saturating_sub(idle))
}
