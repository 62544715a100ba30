//! How often something failed, since when, and what of that is told: counts without a lock and
//! without a clock of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use events::id::{ProjectName, SlotNo};
use events::view::{Need, NeedKind, Remedy};
use tokio::time::Instant;

use super::FAULTS_MAX;
use crate::chores::Chore;

/// Further ones that are counted.
const OTHERS_MAX: usize = 10_000;
/// A chore that fails again within this time after it worked is in the same spell.
pub(super) const SPELL: Duration = Duration::from_secs(600);

/// What is beyond those that are told apart: how many, and whether one of them is.
#[derive(Debug, Default)]
pub(super) struct Others(pub(super) BTreeSet<u64>);

impl Others {
    pub(super) fn mark(of: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        of.hash(&mut hasher);
        hasher.finish()
    }

    /// Counts one; answers how many there are, when it is a new one.
    pub(super) fn count(&mut self, of: impl Hash) -> Option<u64> {
        let is_new = self.0.len() < OTHERS_MAX && self.0.insert(Self::mark(of));
        is_new.then_some(self.0.len() as u64)
    }

    pub(super) fn forget(&mut self, of: impl Hash) {
        self.0.remove(&Self::mark(of));
    }

    /// What a person reads; nothing, where there are none.
    pub(super) fn told(&self) -> Option<Need> {
        let count = match self.0.len() {
            0 => return None,
            OTHERS_MAX => format!("{OTHERS_MAX} others and more"),
            count => format!("{count} others"),
        };
        let text = format!("and {count} fail as well; mend what is named first");
        Some(Need::new(NeedKind::Stuck, text, Remedy::Mend))
    }
}

/// How a chore goes.
#[derive(Debug, Default)]
pub(super) struct Going {
    /// Failures since it worked.
    pub(super) in_a_row: u64,
    /// Failures since the spell began.
    pub(super) in_all: u64,
    /// Whether the server's log says that it fails.
    pub(super) is_told: bool,
    pub(super) why: String,
    /// When it worked again.
    pub(super) worked: Option<Instant>,
}

impl Going {
    pub(super) fn fails(&mut self, why: String, now: Instant) -> Option<u64> {
        if let Some(worked) = self.worked.take()
            && now.duration_since(worked) > SPELL
        {
            self.in_all = 0;
        }
        self.in_a_row += 1;
        self.in_all += 1;
        self.why = why;
        let is_told = is_power_of_ten(self.in_all);
        self.is_told |= is_told;
        is_told.then_some(self.in_all)
    }

    /// Answers how often it failed, where the server's log says that it does.
    pub(super) fn works(&mut self, now: Instant) -> Option<u64> {
        if self.worked.is_none() {
            self.worked = Some(now);
        }
        self.in_a_row = 0;
        std::mem::take(&mut self.is_told).then_some(self.in_all)
    }
}

/// A chore of a project, or of the server for all of them.
pub(super) type Key = (Option<ProjectName>, Chore);

/// The chores that fail, and those that did.
#[derive(Debug, Default)]
pub(super) struct Chores {
    pub(super) known: BTreeMap<Key, Going>,
    pub(super) others: Others,
}

impl Chores {
    /// Whether there is room to tell one more apart: one that works gives way.
    pub(super) fn has_room(&mut self, key: &Key) -> bool {
        if self.known.len() < FAULTS_MAX || self.known.contains_key(key) {
            return true;
        }
        let mut works = self.known.iter().filter(|(_, going)| going.in_a_row == 0);
        let gone = works.next().map(|(key, _)| key.clone());
        match gone {
            Some(key) => self.known.remove(&key).is_some(),
            None => false,
        }
    }

    /// Forgets slots that have no step to be tried any more; answers whether there were any. What
    /// is not told apart cannot be asked for its slot: it is counted anew when it fails again.
    pub(super) fn keep_slots(&mut self, tried: &BTreeSet<(ProjectName, SlotNo)>) -> bool {
        let is_tried = |(of, chore): &Key| match (of, chore.slot()) {
            (Some(project), Some(n)) => tried.contains(&(project.clone(), n)),
            _ => true,
        };
        let before = self.known.len();
        self.known.retain(|key, _| is_tried(key));
        let is_over = self.known.len() < before;
        if is_over {
            self.others = Others::default();
        }
        is_over
    }

    pub(super) fn any_fails(&self) -> bool {
        let mut known = self.known.values();
        known.any(|going| going.in_a_row > 0) || !self.others.0.is_empty()
    }
}

/// What the server's log says once.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// So often.
    Times(u64),
    /// So many are not told apart.
    Others(u64),
}

pub(super) fn is_power_of_ten(count: u64) -> bool {
    count > 0 && 10_u64.pow(count.ilog10()) == count
}
