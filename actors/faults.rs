//! What the policies owe and cannot get done: refused although nothing moved, or failed again and
//! again. Each is counted, told to the server's log at its first time and at each tenfold, and
//! shown under Needs you until it is owed no more.
//!
//! What the server fails at by itself, a [`Chore`] such as asking an engine that is away, is kept
//! beside it until it succeeds: one way to say repeated failures once, with a count. What fails and
//! works in turn is one spell, which is told as one.
//!
//! In memory: what still stands after a restart is refused again and found again.

mod going;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use events::bounds::cut_reason;
use events::id::{ProjectName, SlotNo};
use events::policy::Errand;
use events::view::{Need, NeedKind, Remedy};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::chores::Chore;
use going::{Chores, Going, Others, Told, is_power_of_ten};

/// Faults that are told apart, of one project. Each is something a policy owes; there are few kinds
/// of them.
const FAULTS_MAX: usize = 100;
/// Refusals in a row that are no race any more, though other things moved meanwhile.
const REFUSED_IN_A_ROW: u64 = 3;
/// Failures in a row that a person hears of: the first ones mend themselves more often than not.
const FAILED_IN_A_ROW: u64 = 10;

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
    pub fn keep_slots(&self, tried: &BTreeSet<(ProjectName, SlotNo)>) {
        if !self.any_fails.load(Ordering::Acquire) {
            return;
        }
        let is_over = self.chores(|chores| chores.keep_slots(tried));
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

#[cfg(test)]
mod tests;
