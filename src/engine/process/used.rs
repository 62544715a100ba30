//! What a process container uses: the sum over its main process and everything below it.

use actors::ports::engine::Used;

use crate::engine::stat;

/// Clock ticks of a second, as the kernel tells them to programs on every Linux.
const TICKS_A_SECOND: u64 = 100;

/// What this process and everything below it use now; none when it is gone.
pub(super) fn used(main: i32) -> Option<Used> {
    let all = stat::all();
    all.get(&main)?;
    let page = rustix::param::page_size() as u64;
    let own = stat::below(&all, |pid| pid == main);

    let mut used = Used::default();
    for process in own.iter().filter_map(|pid| all.get(pid)) {
        used.cpu_ms += process.ticks * 1000 / TICKS_A_SECOND;
        used.memory_bytes += process.pages * page;
        used.processes += process.threads;
    }
    Some(used)
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_test_uses_something_and_nobody_nothing() {
        let own = i32::try_from(std::process::id()).expect("a pid");
        let used = super::used(own).expect("this test runs");
        assert!(used.memory_bytes > 0 && used.processes > 0);
        assert_eq!(super::used(0), None);
    }
}
