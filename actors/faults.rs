//! What the policies owe and cannot get done: refused although nothing moved, or failed again and
//! again. Each is counted, told to the server's log at its first time and at each tenfold, and
//! shown under Needs you until it is owed no more.
//!
//! What the server fails at by itself, a [`Chore`] such as asking an engine that is away, is kept
//! beside it until it succeeds: one way to say repeated failures once, with a count. What fails and
//! works in turn is one spell, which is told as one.
//!
//! In memory: what still stands after a restart is refused again and found again.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use events::bounds::cut_reason;
use events::id::{BerthNo, ProjectName};
use events::policy::Errand;
use events::view::{Need, NeedKind, Remedy};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::chores::Chore;

/// Faults that are told apart, of one project. Each is something a policy owes; there are few kinds
/// of them.
const FAULTS_MAX: usize = 100;
/// Further ones that are counted.
const OTHERS_MAX: usize = 10_000;
/// Refusals in a row that are no race any more, though other things moved meanwhile.
const REFUSED_IN_A_ROW: u64 = 3;
/// Failures in a row that a person hears of: the first ones mend themselves more often than not.
const FAILED_IN_A_ROW: u64 = 10;
/// A chore that fails again within this time after it worked is in the same spell.
const SPELL: Duration = Duration::from_secs(600);

/// How something owed was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The rules turned it down, and nothing had moved: it will be turned down again.
    Refused,
    /// The rules turned it down; something else had moved meanwhile.
    Overtaken,
    /// The outside or the log did not do it.
    Failed,
}

#[derive(Debug)]
struct Fault {
    why: String,
    remedy: Remedy,
    refused: u64,
    failed: u64,
    /// Turned down on unmoved ground.
    is_sure: bool,
}

impl Fault {
    fn new() -> Self {
        Self {
            why: String::new(),
            remedy: Remedy::Mend,
            refused: 0,
            failed: 0,
            is_sure: false,
        }
    }

    fn is_shown(&self) -> bool {
        self.is_sure || self.refused >= REFUSED_IN_A_ROW || self.failed >= FAILED_IN_A_ROW
    }
}

/// What one project is owed and does not get.
#[derive(Debug, Default)]
struct Owing {
    faults: BTreeMap<String, Fault>,
    others: Others,
}

type ByProject = BTreeMap<ProjectName, Owing>;

/// What is beyond those that are told apart: how many, and whether one of them is.
#[derive(Debug, Default)]
struct Others(BTreeSet<u64>);

impl Others {
    fn mark(of: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        of.hash(&mut hasher);
        hasher.finish()
    }

    /// Counts one; answers how many there are, when it is a new one.
    fn count(&mut self, of: impl Hash) -> Option<u64> {
        let is_new = self.0.len() < OTHERS_MAX && self.0.insert(Self::mark(of));
        is_new.then_some(self.0.len() as u64)
    }

    fn forget(&mut self, of: impl Hash) {
        self.0.remove(&Self::mark(of));
    }

    /// What a person reads; nothing, where there are none.
    fn told(&self) -> Option<Need> {
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
struct Going {
    /// Failures since it worked.
    in_a_row: u64,
    /// Failures since the spell began.
    in_all: u64,
    /// Whether the server's log says that it fails.
    is_told: bool,
    why: String,
    /// When it worked again.
    worked: Option<Instant>,
}

impl Going {
    fn fails(&mut self, why: String, now: Instant) -> Option<u64> {
        let is_over = |worked: Instant| now.duration_since(worked) > SPELL;
        if self.worked.take().is_some_and(is_over) {
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
    fn works(&mut self, now: Instant) -> Option<u64> {
        if self.worked.is_none() {
            self.worked = Some(now);
        }
        self.in_a_row = 0;
        std::mem::take(&mut self.is_told).then_some(self.in_all)
    }
}

/// A chore of a project, or of the server for all of them.
type Key = (Option<ProjectName>, Chore);

/// The chores that fail, and those that did.
#[derive(Debug, Default)]
struct Chores {
    known: BTreeMap<Key, Going>,
    others: Others,
}

impl Chores {
    /// Whether there is room to tell one more apart: one that works gives way.
    fn has_room(&mut self, key: &Key) -> bool {
        if self.known.len() < FAULTS_MAX || self.known.contains_key(key) {
            return true;
        }
        let mut works = self.known.iter().filter(|(_, going)| going.in_a_row == 0);
        let gone = works.next().map(|(key, _)| key.clone());
        gone.is_some_and(|key| self.known.remove(&key).is_some())
    }

    fn any_fails(&self) -> bool {
        let mut known = self.known.values();
        known.any(|going| going.in_a_row > 0) || !self.others.0.is_empty()
    }
}

/// What the server's log says once.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// So often.
    Times(u64),
    /// So many are not told apart.
    Others(u64),
}

/// The faults of all projects, by what is owed, and the chores that fail.
#[derive(Debug, Default)]
pub struct Faults {
    all: Mutex<ByProject>,
    chores: Mutex<Chores>,
    /// Whether any chore fails: most succeed, and ask nothing but this.
    any_fails: AtomicBool,
    changes: watch::Sender<u64>,
}

impl Faults {
    fn with<T>(&self, f: impl FnOnce(&mut ByProject) -> T) -> T {
        f(&mut self.all.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Changes whenever they do.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Counts one more time that something owed was not done.
    pub fn note(&self, project: &ProjectName, errand: &Errand, kind: Kind, why: &str) {
        let subject = errand.name.as_str();
        let told = self.with(|all| {
            let Owing { faults, others } = all.entry(project.clone()).or_default();
            if faults.len() >= FAULTS_MAX && !faults.contains_key(subject) {
                return others.count(subject).map(Told::Others);
            }
            others.forget(subject);
            let fault = faults.entry(subject.to_owned()).or_insert_with(Fault::new);
            fault.remedy.clone_from(&errand.remedy);
            why.clone_into(&mut fault.why);
            cut_reason(&mut fault.why);
            match kind {
                Kind::Refused | Kind::Overtaken => fault.refused += 1,
                Kind::Failed => fault.failed += 1,
            }
            fault.is_sure |= kind == Kind::Refused;
            Some(Told::Times(fault.refused + fault.failed))
        });
        self.tell();
        match told {
            Some(Told::Times(count)) if is_power_of_ten(count) => {
                tracing::warn!(%project, subject, count, why, "not done; it is tried again");
            }
            Some(Told::Others(count)) if is_power_of_ten(count) => {
                tracing::warn!(%project, count, "others are not done either");
            }
            _ => {}
        }
    }

    /// Forgets what is not owed any more.
    pub fn keep(&self, project: &ProjectName, owed: &BTreeSet<String>) {
        let over = self.with(|all| {
            let Some(Owing { faults, others }) = all.get_mut(project) else {
                return false;
            };
            let before = faults.len() + others.0.len();
            faults.retain(|subject, _| owed.contains(subject));
            if !others.0.is_empty() {
                let marks: BTreeSet<u64> = owed.iter().map(Others::mark).collect();
                others.0.retain(|mark| marks.contains(mark));
            }
            let after = faults.len() + others.0.len();
            if after == 0 {
                all.remove(project);
            }
            after < before
        });
        if over {
            self.tell();
        }
    }

    fn chores<T>(&self, f: impl FnOnce(&mut Chores) -> T) -> T {
        let mut chores = self.chores.lock().unwrap_or_else(PoisonError::into_inner);
        let done = f(&mut chores);
        self.any_fails.store(chores.any_fails(), Ordering::Release);
        done
    }

    /// Counts one more failure of what the server does by itself. Without a project it is the
    /// server's, and every project hears of it.
    pub fn failing(&self, of: Option<&ProjectName>, chore: Chore, why: &str) {
        let subject = chore.subject();
        let told = self.failed(of, chore, why, Instant::now());
        self.tell();
        let project = of.map(ProjectName::as_str);
        match told {
            Some(Told::Times(count)) => {
                tracing::warn!(project, subject, count, why, "failed");
            }
            Some(Told::Others(count)) if is_power_of_ten(count) => {
                tracing::warn!(project, subject, count, why, "others fail as well");
            }
            Some(Told::Others(_)) | None => {}
        }
    }

    fn failed(
        &self,
        of: Option<&ProjectName>,
        chore: Chore,
        why: &str,
        now: Instant,
    ) -> Option<Told> {
        let key = (of.cloned(), chore);
        let mut why = why.to_owned();
        cut_reason(&mut why);
        self.chores(|chores| {
            if !chores.has_room(&key) {
                return chores.others.count(&key).map(Told::Others);
            }
            chores.others.forget(&key);
            let going = chores.known.entry(key).or_default();
            going.fails(why, now).map(Told::Times)
        })
    }

    /// Says that it succeeded.
    pub fn well(&self, of: Option<&ProjectName>, chore: Chore) {
        if !self.any_fails.load(Ordering::Acquire) {
            return;
        }
        let subject = chore.subject();
        let told = self.worked(of, chore, Instant::now());
        self.tell();
        if let Some(failed) = told {
            let project = of.map(ProjectName::as_str);
            tracing::info!(project, subject, failed, "works again");
        }
    }

    fn worked(&self, of: Option<&ProjectName>, chore: Chore, now: Instant) -> Option<u64> {
        let key = (of.cloned(), chore);
        self.chores(|chores| {
            chores.others.forget(&key);
            chores.known.get_mut(&key)?.works(now)
        })
    }

    /// Says how it went.
    pub fn went<E: std::fmt::Display>(
        &self,
        of: Option<&ProjectName>,
        chore: Chore,
        result: Result<(), E>,
    ) {
        match result {
            Ok(()) => self.well(of, chore),
            Err(error) => self.failing(of, chore, &error.to_string()),
        }
    }

    /// Forgets failures at slots that have no step to be tried any more.
    pub fn keep_slots(&self, tried: &BTreeSet<(ProjectName, BerthNo)>) {
        if !self.any_fails.load(Ordering::Acquire) {
            return;
        }
        let is_tried = |of: &Option<ProjectName>, chore: &Chore| {
            let slot = of.clone().zip(chore.slot());
            slot.is_none_or(|slot| tried.contains(&slot))
        };
        let is_over = self.chores(|chores| {
            let before = chores.known.len();
            chores.known.retain(|(of, chore), _| is_tried(of, chore));
            chores.known.len() < before
        });
        if is_over {
            self.tell();
        }
    }

    /// What a person has to hear about a project.
    pub fn needs_you(&self, project: &ProjectName) -> Vec<Need> {
        let mut needs: Vec<Need> = self.with(|all| {
            let Some(owing) = all.get(project) else {
                return vec![];
            };
            let shown = owing.faults.iter().filter(|(_, fault)| fault.is_shown());
            let shown = shown.map(|(subject, fault)| told(subject, fault));
            shown.chain(owing.others.told()).collect()
        });
        self.chores(|chores| {
            for ((of, chore), going) in &chores.known {
                let concerns = of.as_ref().is_none_or(|of| of == project);
                if concerns && going.in_a_row >= chore.heard_after() {
                    needs.push(standing(chore, going));
                }
            }
            needs.extend(chores.others.told());
        });
        needs
    }
}

fn standing(chore: &Chore, going: &Going) -> Need {
    let Going { in_a_row, why, .. } = going;
    let (subject, remedy) = (chore.subject(), chore.remedy());
    let text = format!("{subject} failed {in_a_row} times: {why}; {remedy}");
    Need::new(NeedKind::Stuck, text, Remedy::Mend)
}

fn told(subject: &str, fault: &Fault) -> Need {
    let Fault {
        why,
        refused,
        failed,
        ..
    } = fault;
    let text = if *refused == 0 {
        format!("{subject} failed {failed} times and is tried again by itself: {why}")
    } else {
        format!(
            "{subject} was refused {refused} times and cannot go on by itself: {why}; \
             this is a fault of the server: please report it"
        )
    };
    Need::new(NeedKind::Stuck, text, fault.remedy.clone())
}

fn is_power_of_ten(count: u64) -> bool {
    count > 0 && 10_u64.pow(count.ilog10()) == count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zoo() -> ProjectName {
        "zoo".parse().expect("a name")
    }

    fn errand(name: &str) -> Errand {
        Errand {
            name: name.to_owned(),
            remedy: Remedy::Mend,
        }
    }

    #[test]
    fn what_is_refused_for_good_is_shown_until_it_is_owed_no_more() {
        let faults = Faults::default();
        faults.note(
            &zoo(),
            &errand("building entry 1"),
            Kind::Refused,
            "too large",
        );
        faults.note(
            &zoo(),
            &errand("building entry 1"),
            Kind::Refused,
            "too large",
        );
        let shown = faults.needs_you(&zoo());
        assert!(
            shown.len() == 1
                && shown[0]
                    .text
                    .contains("building entry 1 was refused 2 times")
                && shown[0].text.contains("too large"),
            "{shown:?}"
        );
        faults.keep(&zoo(), &BTreeSet::from(["building entry 1".to_owned()]));
        assert_eq!(faults.needs_you(&zoo()).len(), 1, "still owed");
        faults.keep(&zoo(), &BTreeSet::new());
        assert!(faults.needs_you(&zoo()).is_empty());
    }

    #[test]
    fn a_race_is_no_fault_and_one_that_never_ends_is() {
        let faults = Faults::default();
        for count in 1..=REFUSED_IN_A_ROW {
            assert!(faults.needs_you(&zoo()).is_empty(), "{count}");
            faults.note(&zoo(), &errand("claiming"), Kind::Overtaken, "held");
        }
        assert_eq!(faults.needs_you(&zoo()).len(), 1);
        for _ in 1..FAILED_IN_A_ROW {
            faults.note(&zoo(), &errand("copying"), Kind::Failed, "gone");
        }
        assert_eq!(faults.needs_you(&zoo()).len(), 1);
        faults.note(&zoo(), &errand("copying"), Kind::Failed, "gone");
        assert_eq!(faults.needs_you(&zoo()).len(), 2);
    }

    fn texts(faults: &Faults, name: &ProjectName) -> Vec<String> {
        let needs = faults.needs_you(name).into_iter();
        needs.map(|need| need.text).collect()
    }

    #[test]
    fn what_a_chore_fails_at_is_shown_to_whom_it_concerns_until_it_works() {
        let faults = Faults::default();
        let other: ProjectName = "aquarium".parse().expect("a name");
        for count in 1..=Chore::List.heard_after() {
            assert!(faults.needs_you(&zoo()).is_empty(), "{count}");
            faults.failing(None, Chore::List, "no socket");
            faults.failing(Some(&zoo()), Chore::Watch, "no route");
        }
        let told = texts(&faults, &other);
        assert!(
            told.len() == 1
                && told[0].starts_with(
                    "asking the container engine what runs failed 3 times: no socket; it is tried"
                ),
            "{told:?}"
        );
        assert_eq!(texts(&faults, &zoo()).len(), 2);
        faults.well(None, Chore::List);
        faults.well(Some(&zoo()), Chore::Watch);
        assert!(texts(&faults, &zoo()).is_empty());
    }

    #[test]
    fn what_stops_everything_is_shown_at_once() {
        let faults = Faults::default();
        faults.failing(None, Chore::Record, "the disk is full");
        let told = texts(&faults, &zoo());
        assert!(
            told.len() == 1 && told[0].contains("the disk is full; nothing goes on meanwhile"),
            "{told:?}"
        );
    }

    #[test]
    fn a_slot_that_is_not_tried_any_more_is_forgotten() {
        let faults = Faults::default();
        let tried: BTreeSet<_> = [(zoo(), BerthNo(2))].into();
        for _ in 0..3 {
            for n in [1, 2] {
                faults.failing(Some(&zoo()), Chore::Slot(BerthNo(n)), "no answer");
            }
        }
        faults.keep_slots(&tried);
        let told = texts(&faults, &zoo());
        assert!(
            told.len() == 1 && told[0].starts_with("the container of slot 2 failed 3 times"),
            "{told:?}"
        );
    }

    #[test]
    fn a_chore_that_fails_and_works_in_turn_is_told_as_one_spell() {
        let faults = Faults::default();
        let begun = Instant::now();
        let (mut failed, mut worked) = (vec![], vec![]);
        for second in 0..200 {
            let now = begun + Duration::from_secs(second);
            failed.extend(faults.failed(None, Chore::AcceptAtDoors, "too many files", now));
            worked.extend(faults.worked(None, Chore::AcceptAtDoors, now));
        }
        let times: Vec<Told> = [1, 10, 100].map(Told::Times).into();
        assert_eq!((failed, worked), (times, vec![1, 10, 100]));

        let later = begun + Duration::from_secs(200) + SPELL;
        let anew = faults.failed(None, Chore::AcceptAtDoors, "too many files", later);
        assert_eq!(anew, Some(Told::Times(1)), "another spell");
    }

    #[test]
    fn what_is_not_told_apart_is_counted_until_it_works() {
        let faults = Faults::default();
        let slots = |from: u16, to: u16| (from..to).map(|n| Chore::Slot(BerthNo(n)));
        for _ in 0..3 {
            for slot in slots(0, 150) {
                faults.failing(Some(&zoo()), slot, "no answer");
            }
        }
        let told = texts(&faults, &zoo());
        assert_eq!(told.len(), FAULTS_MAX + 1);
        assert!(
            told[FAULTS_MAX].starts_with("and 50 others fail as well"),
            "{told:?}"
        );
        for slot in slots(0, 30).chain(slots(140, 150)) {
            faults.well(Some(&zoo()), slot);
        }
        let told = texts(&faults, &zoo());
        assert!(
            told[70].starts_with("and 40 others fail as well"),
            "{told:?}"
        );

        // Those that work gave way: the others are told apart when they fail again.
        for slot in slots(100, 130) {
            faults.failing(Some(&zoo()), slot, "no answer");
        }
        let told = texts(&faults, &zoo());
        assert!(
            told[70].starts_with("and 10 others fail as well"),
            "{told:?}"
        );
        for slot in slots(0, 150) {
            faults.well(Some(&zoo()), slot);
        }
        assert!(texts(&faults, &zoo()).is_empty());
    }

    #[test]
    fn faults_are_bounded_and_told_once_a_tenfold() {
        let faults = Faults::default();
        for n in 0..500 {
            faults.note(
                &zoo(),
                &errand(&format!("thing {n}")),
                Kind::Refused,
                &"w".repeat(100_000),
            );
        }
        let shown = faults.needs_you(&zoo());
        assert!(shown.iter().all(|line| line.text.len() < 5_000));
        assert_eq!(shown.len(), FAULTS_MAX + 1);
        let others = &shown[FAULTS_MAX].text;
        assert!(
            others.starts_with("and 400 others fail as well"),
            "{others}"
        );
        let told: Vec<u64> = (0..2000).filter(|count| is_power_of_ten(*count)).collect();
        assert_eq!(told, [1, 10, 100, 1000]);
    }
}
