//! Quiet: everybody behaves well, time passes, and what stands under Needs you is done. Then all
//! work has to be done.

use events::feature::Stage;
use events::project::Intent;
use events::view::{Need, NeedKind};

use super::model::Model;

/// Looks until quiet, at most: what still moves then moves for ever.
const LOOKS_MAX: usize = 3_000;
/// Looks while something stays broken: enough for a merge, its verification and some probes.
const OUTAGE_LOOKS: usize = 120;
/// Needs that a person looks after in one run.
const NEEDS_MAX: usize = 80;

impl Model {
    /// Ends the storm. Says what stands still without a way out, if anything does.
    pub(super) fn calm(&mut self) -> Result<(), String> {
        self.calm = true;
        self.sit_out()?;
        self.late.clear();
        // What failed in the storm is tried again when its pause is over.
        self.refused.clear();
        for _ in 0..NEEDS_MAX {
            self.rest()?;
            if let Some(fault) = &self.fault {
                return Err(fault.clone());
            }
            if self.is_done() {
                return Ok(());
            }
            let intent = self.book().registered().map(|r| r.intent);
            if matches!(intent, Some(Intent::Stopped | Intent::Draining { .. })) {
                self.start();
                continue;
            }
            self.look_after()?;
        }
        Err(format!("needs without end: {}", self.standing()))
    }

    /// What is broken stays so for a while, in which everybody behaves well: nobody pays for it, it
    /// is named, and then it is mended.
    fn sit_out(&mut self) -> Result<(), String> {
        if self.broken.is_some() {
            for _ in 0..OUTAGE_LOOKS {
                self.look();
            }
            let health = &self.book().trunk.state.health;
            let named = |need: &Need| matches!(need.kind, NeedKind::Trunk | NeedKind::Verification);
            let needs = self.book().standing().needs_you;
            if health.red.is_some() && !needs.iter().any(named) {
                return Err("a red trunk is not named".to_owned());
            }
        }
        self.broken = None;
        Ok(())
    }

    /// Does what the first need asks for that is not done by itself.
    fn look_after(&mut self) -> Result<(), String> {
        let needs = self.book().standing().needs_you;
        let before = self.book().position;
        let mut refused = vec![];
        for need in needs {
            match self.remedy(&need) {
                Ok(()) if self.book().position != before => return Ok(()),
                Ok(()) => refused.push(format!("{} changes nothing", need.kind.name())),
                Err(why) => refused.push(format!("{} is refused: {why}", need.kind.name())),
            }
        }
        refused.dedup();
        Err(format!(
            "no way out ({}): {}",
            if refused.is_empty() {
                "Needs you is empty".to_owned()
            } else {
                refused.join(", ")
            },
            self.standing()
        ))
    }

    fn is_done(&self) -> bool {
        let book = self.book();
        let tallied = book.tallied();
        let resting = book.enlisted().all(|(_, berth, _)| berth.job().is_none());
        tallied.closed == tallied.total && book.is_completed() && resting
    }

    /// Performs all that is owed, and lets time pass, until nothing happens any more.
    fn rest(&mut self) -> Result<(), String> {
        for _ in 0..LOOKS_MAX {
            if !self.look() {
                return Ok(());
            }
        }
        Err(format!("never quiet: {}", self.standing()))
    }

    /// Performs all that is owed now, or lets time pass until something is; answers whether
    /// anything may still happen by itself.
    fn look(&mut self) -> bool {
        let before = (self.books.position, self.engine.clone());
        let due = self.due();
        let (looked, owed_at) = (due.looked, due.wake);
        due.owed
            .into_iter()
            .for_each(|owed| self.perform(owed, looked));
        let (steps, planned_at) = self.steps();
        for step in steps {
            self.reconcile(step);
        }
        for (container, session) in self.at_work() {
            self.agent(&container, &session);
        }
        if before != (self.books.position, self.engine.clone()) {
            return true;
        }
        let wake = [owed_at, planned_at].into_iter().flatten().min();
        let wake = wake.filter(|at| *at > self.now);
        self.now = wake.unwrap_or(self.now);
        wake.is_some()
    }

    /// Where everything stands, in few words and without names, so that equal faults read alike.
    fn standing(&self) -> String {
        let book = self.book();
        let slots = book.enlisted().map(|(n, berth, _)| {
            let target = book.registered().map_or(0, |r| r.target);
            let slot = format!("{:?}", berth.slot);
            let duty = format!("{:?}", berth.duty);
            let beyond = if n.0 > target { " beyond" } else { "" };
            format!("{} {}{beyond}", word(&slot), word(&duty))
        });
        let stages = book
            .known()
            .filter(|(_, known, _)| !matches!(known.stage, Stage::Closed { .. }))
            .map(|(_, known, _)| word(&format!("{:?}", known.stage)));
        let registered = book.registered();
        let intent = registered.map_or(String::new(), |r| word(&format!("{:?}", r.intent)));
        let begun = registered.map_or(String::new(), |r| word(&format!("{:?}", r.initialization)));
        let queue = book
            .trunk
            .state
            .queue
            .iter()
            .map(|entry| word(&format!("{:?}", entry.stage)));
        format!(
            "{intent}, initialization {begun}, slots {:?}, features {:?}, queue {:?}, target {}",
            sorted(slots),
            sorted(stages),
            sorted(queue),
            registered.map_or(0, |r| r.target),
        )
    }
}

fn word(debug: &str) -> String {
    debug
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect()
}

fn sorted(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut words: Vec<_> = words.collect();
    words.sort();
    words.dedup();
    words
}
