//! What the policies owe and cannot get done: refused although nothing moved, or failed again and
//! again. Each is counted, told to the server's log at its first time and at each tenfold, and
//! shown under Needs you until it is owed no more.
//!
//! What the server's own loops fail at, such as an engine or an upstream that is away, is kept
//! beside it until it succeeds: one way to say repeated failures once, with a count.
//!
//! In memory: what still stands after a restart is refused again and found again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use events::bounds::cut_reason;
use events::id::ProjectName;
use events::policy::Errand;
use events::view::{Need, NeedKind, Remedy};
use tokio::sync::watch;

/// Faults that are told apart, of one project. Each is something a policy owes; there are few kinds
/// of them.
const FAULTS_MAX: usize = 100;
/// Refusals in a row that are no race any more, though other things moved meanwhile.
const REFUSED_IN_A_ROW: u64 = 3;
/// Failures in a row that a person hears of: the first ones mend themselves more often than not.
const FAILED_IN_A_ROW: u64 = 10;
/// Failures in a row of a loop that a person hears of: loops pause in between.
const LOOPS_IN_A_ROW: u64 = 3;

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

type ByProject = BTreeMap<ProjectName, BTreeMap<String, Fault>>;

/// What a loop fails at: of a project, or of the server for all of them; and how often, and why.
type Loops = BTreeMap<(Option<ProjectName>, String), (u64, String)>;

/// The faults of all projects, by what is owed.
#[derive(Debug, Default)]
pub struct Faults {
    all: Mutex<ByProject>,
    loops: Mutex<Loops>,
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
        let count = self.with(|all| {
            let faults = all.entry(project.clone()).or_default();
            if faults.len() >= FAULTS_MAX && !faults.contains_key(subject) {
                return None;
            }
            let fault = faults.entry(subject.to_owned()).or_insert_with(Fault::new);
            fault.remedy.clone_from(&errand.remedy);
            why.clone_into(&mut fault.why);
            cut_reason(&mut fault.why);
            match kind {
                Kind::Refused | Kind::Overtaken => fault.refused += 1,
                Kind::Failed => fault.failed += 1,
            }
            fault.is_sure |= kind == Kind::Refused;
            Some(fault.refused + fault.failed)
        });
        self.tell();
        if let Some(count) = count.filter(|count| is_power_of_ten(*count)) {
            tracing::warn!(%project, subject, count, why, "not done; it is tried again");
        }
    }

    /// Forgets what is not owed any more.
    pub fn keep(&self, project: &ProjectName, owed: &BTreeSet<String>) {
        let over = self.with(|all| {
            let Some(faults) = all.get_mut(project) else {
                return false;
            };
            let before = faults.len();
            faults.retain(|subject, _| owed.contains(subject));
            let over = faults.len() < before;
            if faults.is_empty() {
                all.remove(project);
            }
            over
        });
        if over {
            self.tell();
        }
    }

    fn loops<T>(&self, f: impl FnOnce(&mut Loops) -> T) -> T {
        f(&mut self.loops.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts one more failure of a loop that tries again by itself. Without a project it is the
    /// server's, and every project hears of it.
    pub fn failing(&self, of: Option<&ProjectName>, subject: &str, why: &str) {
        let key = (of.cloned(), subject.to_owned());
        let mut why = why.to_owned();
        cut_reason(&mut why);
        let count = self.loops(|loops| {
            if loops.len() >= FAULTS_MAX && !loops.contains_key(&key) {
                return None;
            }
            let (count, last) = loops.entry(key).or_default();
            *count += 1;
            last.clone_from(&why);
            Some(*count)
        });
        self.tell();
        if let Some(count) = count.filter(|count| is_power_of_ten(*count)) {
            let project = of.map(ProjectName::as_str);
            tracing::warn!(project, subject, count, why, "failed; it is tried again");
        }
    }

    /// Says that it succeeded.
    pub fn well(&self, of: Option<&ProjectName>, subject: &str) {
        let key = (of.cloned(), subject.to_owned());
        let Some((count, _)) = self.loops(|loops| loops.remove(&key)) else {
            return;
        };
        self.tell();
        let project = of.map(ProjectName::as_str);
        tracing::info!(project, subject, failed = count, "works again");
    }

    /// What a person has to hear about a project.
    pub fn needs_you(&self, project: &ProjectName) -> Vec<Need> {
        let mut needs: Vec<Need> = self.with(|all| {
            let faults = all.get(project).into_iter().flatten();
            let shown = faults.filter(|(_, fault)| fault.is_shown());
            shown.map(|(subject, fault)| told(subject, fault)).collect()
        });
        self.loops(|loops| {
            for ((of, subject), (count, why)) in loops {
                let concerns = of.as_ref().is_none_or(|of| of == project);
                if concerns && *count >= LOOPS_IN_A_ROW {
                    needs.push(standing(subject, *count, why));
                }
            }
        });
        needs
    }
}

fn standing(subject: &str, count: u64, why: &str) -> Need {
    let text = format!("{subject} failed {count} times and is tried again by itself: {why}");
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

    #[test]
    fn what_a_loop_fails_at_is_shown_to_whom_it_concerns_until_it_works() {
        let faults = Faults::default();
        let other: ProjectName = "aquarium".parse().expect("a name");
        for count in 1..=LOOPS_IN_A_ROW {
            assert!(faults.needs_you(&zoo()).is_empty(), "{count}");
            faults.failing(None, "the engine", "no socket");
            faults.failing(Some(&zoo()), "upstream", "no route");
        }
        let texts = |name: &ProjectName| -> Vec<String> {
            let needs = faults.needs_you(name).into_iter();
            needs.map(|need| need.text).collect()
        };
        assert_eq!(
            texts(&other),
            ["the engine failed 3 times and is tried again by itself: no socket"]
        );
        assert_eq!(texts(&zoo()).len(), 2);
        faults.well(None, "the engine");
        faults.well(Some(&zoo()), "upstream");
        assert!(texts(&zoo()).is_empty());
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
        assert!(shown.len() == FAULTS_MAX && shown.iter().all(|line| line.text.len() < 5_000));
        let told: Vec<u64> = (0..2000).filter(|count| is_power_of_ten(*count)).collect();
        assert_eq!(told, [1, 10, 100, 1000]);
    }
}
