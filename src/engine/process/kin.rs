//! What belongs to a container, and its end: a namespace ends with its first process; without one,
//! every process is looked for by marks that children inherit, ended, and looked for again until
//! nothing is found.
//!
//! The marks: the control group, the descent from the main process (which takes in children that
//! lost their parent), its session, and the launch in the environment. A process is signalled
//! through a descriptor that was taken before its marks were looked at again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::group;
use super::record::Record;
use crate::engine::pidfd::Held;
use crate::engine::stat::{self, Stat};

/// Name of the launch in the environment of everything in a container.
pub const LAUNCH: &str = "SUPERCARGO_LAUNCH";
/// What was killed has to be gone within this time.
const GONE_WITHIN: Duration = Duration::from_secs(10);
/// An environment is looked through up to here.
const ENVIRONMENT_MAX: u64 = 1024 * 1024;
/// Looks in a row that have to find nothing: a process may pass from one pid to another behind the
/// back of a single look.
const EMPTY_LOOKS: u32 = 2;

/// The processes of a container.
pub(super) struct Kin<'a> {
    /// Its main process, if it was there.
    pub(super) main: Option<&'a Held>,
    /// What was written down about it.
    pub(super) record: &'a Record,
    /// The user that its processes run as.
    pub(super) user: u32,
}

impl Kin<'_> {
    /// Ends all of it, this thread waiting.
    ///
    /// # Errors
    /// How many are still there after a while.
    pub(super) fn end(&self) -> Result<(), String> {
        let begun = now();

        if self.record.sandboxed {
            let Some(main) = self.main else {
                return Ok(());
            };
            let maker = self.maker(main);
            ended(std::slice::from_ref(main), begun)?;
            return gone(maker.as_slice(), begun);
        }

        self.end_others(begun)?;
        if let Some(main) = self.main {
            ended(std::slice::from_ref(main), begun)?;
        }

        // Whatever the main process began as its last deed.
        self.end_others(begun)?;
        if let Some(group) = &self.record.group {
            group::remove(group);
        }

        Ok(())
    }

    /// The process that made the sandbox: the parent of the one in it, which follows it into its
    /// end. Whoever was put in the place of a parent that is gone does not name the launch.
    fn maker(&self, main: &Held) -> Option<Held> {
        let parent = Stat::of(main.pid())?.parent;
        let words = stat::text(parent, "cmdline", ENVIRONMENT_MAX)?;
        let names_it = words.split('\0').any(|word| word == self.record.launch);
        let stat = Stat::of(parent).filter(|_| names_it)?;
        Held::begun_at(parent, stat.start_ticks).ok()?
    }

    /// Ends all but the main process, which is held still meanwhile: as long as it is there, what
    /// lost its parent is its child.
    fn end_others(&self, begun: Instant) -> Result<(), String> {
        if let Some(main) = self.main {
            main.signal(Signal::STOP);
        }
        let mut empty = 0;
        while empty < EMPTY_LOOKS {
            let others = self.others()?;
            ended(&others, begun)?;
            empty = if others.is_empty() { empty + 1 } else { 0 };
        }
        Ok(())
    }

    /// Everything that belongs to it now, but for its main process.
    fn others(&self) -> Result<Vec<Held>, String> {
        let all = stat::all();
        let main = self.main.filter(|main| main.alive()).map(Held::pid);
        let grouped = self.record.group.as_deref().map(group::processes);
        let grouped = grouped.transpose()?.unwrap_or_default();
        let grouped: BTreeSet<i32> = grouped.into_iter().collect();

        let marked = |pid: i32| {
            let of_session = |main: i32| all.get(&pid).is_some_and(|stat| stat.session == main);
            grouped.contains(&pid) || main.is_some_and(of_session) || self.carries_mark(pid)
        };
        let seeds: BTreeSet<i32> = all.keys().copied().filter(|pid| marked(*pid)).collect();
        let ours = stat::below(&all, |pid| seeds.contains(&pid) || main == Some(pid));
        held(&all, ours, main)
    }

    fn carries_mark(&self, pid: i32) -> bool {
        if stat::user(pid) != Some(self.user) {
            return false;
        }
        let environment = stat::text(pid, "environ", ENVIRONMENT_MAX).unwrap_or_default();
        let mark = format!("{LAUNCH}={}", self.record.launch);
        environment.split('\0').any(|entry| entry == mark)
    }
}

/// Ends everything that descends from this process, this thread waiting.
///
/// # Errors
/// How many are still there after a while.
pub fn end_own_children() -> Result<(), String> {
    let (begun, own) = (now(), own_pid());
    loop {
        let all = stat::all();
        let children = held(&all, stat::below(&all, |pid| pid == own), None)?;
        if children.is_empty() {
            return Ok(());
        }
        ended(&children, begun)?;
    }
}

/// These processes, as they were seen: one that ended meanwhile is left out, and so is this process
/// and the one that is `but`.
///
/// # Errors
/// None could be held though some are there: nobody may take them for gone.
fn held(all: &BTreeMap<i32, Stat>, pids: Vec<i32>, but: Option<i32>) -> Result<Vec<Held>, String> {
    let (own, mut found, mut failed) = (own_pid(), Vec::new(), None);

    for pid in pids {
        let seen = all.get(&pid).filter(|seen| !seen.has_ended());
        let Some(seen) = seen.filter(|_| pid != own && pid != 1 && Some(pid) != but) else {
            continue;
        };
        match Held::begun_at(pid, seen.start_ticks) {
            Ok(held) => found.extend(held),
            Err(error) => failed = Some(format!("process {pid} cannot be held: {error}")),
        }
    }

    // Those that can be held are ended first; the next look tries the others again.
    match failed {
        Some(why) if found.is_empty() => Err(why),
        _ => Ok(found),
    }
}

/// Kills these and waits for their ends.
fn ended(processes: &[Held], begun: Instant) -> Result<(), String> {
    for process in processes {
        process.signal(Signal::KILL);
    }
    gone(processes, begun)
}

/// Waits for the ends of these.
fn gone(processes: &[Held], begun: Instant) -> Result<(), String> {
    let waited = |process: &&Held| {
        let left = GONE_WITHIN.saturating_sub(begun.elapsed());
        !process.ended_within(left)
    };

    let staying: Vec<i32> = processes.iter().filter(waited).map(Held::pid).collect();
    if staying.is_empty() && begun.elapsed() < GONE_WITHIN {
        return Ok(());
    }

    Err(format!(
        "{} processes, and first {:?}, do not end although they, or what they follow, were killed",
        staying.len(),
        staying.first()
    ))
}

fn own_pid() -> i32 {
    i32::try_from(std::process::id()).unwrap_or(0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long the kernel takes to end processes is real time"
)]
fn now() -> Instant {
    Instant::now()
}
