//! What the kernel tells of a process. Source: proc(5), /proc/PID/stat. Read to a bound: this is
//! text of the kernel, about processes of anybody.

use fs_err::File;
use std::collections::BTreeMap;
use std::io::Read;

/// A stat line is far shorter.
const STAT_MAX: u64 = 4096;

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stat {
    /// One letter.
    pub(crate) state: char,
    /// The process that is told of its end.
    pub(crate) parent: i32,
    /// Its session.
    pub(crate) session: i32,
    /// Processor time, in clock ticks.
    pub(crate) ticks: u64,
    /// Threads.
    pub(crate) threads: u64,
    /// When it began, in clock ticks since boot.
    pub(crate) start_ticks: u64,
    /// Pages in memory.
    pub(crate) pages: u64,
}

impl Stat {
    /// The process that has this pid.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        Self::read(&text(pid, "stat", STAT_MAX)?)
    }

    fn read(line: &str) -> Option<Self> {
        // The name may hold spaces and parentheses; the fields after it begin with the third.
        let fields: Vec<&str> = line.rsplit_once(") ")?.1.split(' ').collect();
        let number = |at: usize| fields.get(at - 3)?.parse::<u64>().ok();
        Some(Self {
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            ticks: number(14)? + number(15)?,
            threads: number(20)?,
            start_ticks: number(22)?,
            pages: number(24)?,
        })
    }

    /// Whether it has ended and only waits to be waited for.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

/// A file of a process as text, as much of it as is asked for.
pub(crate) fn text(pid: i32, file: &str, max: u64) -> Option<String> {
    let opened = File::open(format!("/proc/{pid}/{file}")).ok()?;
    let mut bytes = Vec::new();
    opened.take(max).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The user that a process runs as.
pub(crate) fn user(pid: i32) -> Option<u32> {
    let status = text(pid, "status", STAT_MAX)?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Every process of this machine by its pid.
pub(crate) fn all() -> BTreeMap<i32, Stat> {
    let entries = fs_err::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, Stat::of(pid)?))).collect()
}

/// The pids among these whose chain of parents leads to one that `is`.
pub(crate) fn below(all: &BTreeMap<i32, Stat>, is: impl Fn(i32) -> bool) -> Vec<i32> {
    let leads = |mut pid: i32| {
        // No chain is longer than there are processes.
        for _ in 0..all.len() {
            if is(pid) {
                return true;
            }
            match all.get(&pid) {
                Some(stat) => pid = stat.parent,
                None => return false,
            }
        }
        false
    };

    all.keys().copied().filter(|pid| leads(*pid)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name_is() {
        let tail = "S 7 1 9 0 -1 4 0 0 0 0 30 12 0 0 20 0 3 0 100 4096 25 18446744073709551615";
        let read = Stat::read(&format!("42 (a ) b) {tail}")).expect("a process");

        let expected = Stat {
            state: 'S',
            parent: 7,
            session: 9,
            ticks: 42,
            threads: 3,
            start_ticks: 100,
            pages: 25,
        };
        assert_eq!(read, expected);
        assert!(Stat::read("").is_none() && Stat::read("42 (x) S").is_none());
    }

    #[test]
    fn this_process_is_among_all_and_below_its_parent() {
        let own = i32::try_from(std::process::id()).expect("pid");
        let all = all();
        let parent = all[&own].parent;
        assert!(below(&all, |pid| pid == parent).contains(&own));
        assert!(!below(&all, |pid| pid == own).contains(&parent));
        assert_eq!(user(own), Some(nix::unistd::getuid().as_raw()));
    }
}
