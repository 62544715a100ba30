//! What a process container uses: the sum over its main process and everything below it. Source: proc(5), /proc/PID/stat.

use std::collections::HashMap;

use actors::ports::engine::Used;

/// Clock ticks of a second, as the kernel tells them to programs on every Linux.
const TICKS_A_SECOND: u64 = 100;

/// One process, as the kernel tells it.
struct Process {
    parent: i32,
    ticks: u64,
    threads: u64,
    pages: u64,
}

fn process(stat: &str) -> Option<Process> {
    // The name may hold spaces and parentheses; the fields after it begin with the third.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let number = |at: usize| fields.get(at - 3)?.parse::<u64>().ok();
    Some(Process {
        parent: fields.get(1)?.parse().ok()?,
        ticks: number(14)? + number(15)?,
        threads: number(20)?,
        pages: number(24)?,
    })
}

/// What this process and everything below it use now; none when it is gone.
pub(super) fn used(main: i32) -> Option<Used> {
    let mut all = HashMap::new();
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        all.extend(process(&stat).map(|process| (pid, process)));
    }
    all.contains_key(&main).then(|| {
        let below = |mut pid: i32| {
            // No chain is longer than there are processes.
            for _ in 0..all.len() {
                if pid == main {
                    return true;
                }
                match all.get(&pid) {
                    Some(process) => pid = process.parent,
                    None => return false,
                }
            }
            false
        };
        let page = rustix::param::page_size() as u64;
        let own = all.iter().filter(|(pid, _)| below(**pid));
        own.fold(Used::default(), |sum, (_, process)| Used {
            cpu_ms: sum.cpu_ms + process.ticks * 1000 / TICKS_A_SECOND,
            memory_bytes: sum.memory_bytes + process.pages * page,
            processes: sum.processes + process.threads,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name_is() {
        let tail = "S 7 1 1 0 -1 4 0 0 0 0 30 12 0 0 20 0 3 0 100 4096 25 18446744073709551615";
        let read = process(&format!("42 (a ) b) {tail}")).expect("a process");
        assert_eq!(
            (read.parent, read.ticks, read.threads, read.pages),
            (7, 42, 3, 25)
        );
        assert!(process("").is_none() && process("42 (x) S").is_none());
        let own = used(i32::try_from(std::process::id()).expect("a pid")).expect("this test runs");
        assert!(own.memory_bytes > 0 && own.processes > 0);
    }
}
