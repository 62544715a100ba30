//! Quiet: everybody behaves well, time passes, and what stands under Needs you is done. Then all
//! work has to be done.

use events::container::SlotState;
use events::feature::Stage;
use events::id::SlotNo;
use events::project::{Intent, Registered};
use events::view::{Need, NeedKind};

use super::model::{Health, Model};

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
        self.sit_out_engine()?;
        self.late.clear();

        // What failed in the storm is tried again when its pause is over.
        self.refused.clear();
        for _ in 0..NEEDS_MAX {
            self.rest()?;
            if let Some(fault) = &self.fault {
                return Err(fault.clone());
            }
            if self.is_done() {
                let left = self.engine.len();
                return match left {
                    0 => Ok(()),
                    _ => Err("containers are left behind".to_owned()),
                };
            }
            let intent = self.view().registered().map(|r| r.intent);
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
            let health = &self.view().merge_queue.state.health;
            let named = |need: &Need| matches!(need.kind, NeedKind::Trunk | NeedKind::Verification);
            let needs = self.view().standing().needs_you;
            if health.red.is_some() && !needs.iter().any(named) {
                return Err("a red trunk is not named".to_owned());
            }
        }

        self.broken = None;
        Ok(())
    }

    /// The engine starts nothing, or nothing that comes to work, for a while: no slot and no
    /// feature pays for it, it is named in one line, and then it is mended. One that answers nobody
    /// is named where its list is asked for.
    fn sit_out_engine(&mut self) -> Result<(), String> {
        if matches!(self.health, Health::Barren | Health::Fleeting) {
            let before = self.given_up();
            let view = self.view().enlisted();
            // What failed before counts on: others were started in between.
            let fresh = view.filter(|(_, slot, _)| slot.failures == 0);
            let fresh: Vec<_> = fresh.map(|(n, ..)| n).collect();
            for _ in 0..OUTAGE_LOOKS {
                self.look();
            }
            let paid = |n: &SlotNo| !before.0.contains(n) && self.given_up().0.contains(n);
            if fresh.iter().any(paid) || self.given_up().1 > before.1 {
                let how = self.health;
                return Err(format!(
                    "a slot or a feature pays for an engine that is {how:?}"
                ));
            }
            let waits = self.is_evident();
            let needs = self.view().standing().needs_you;
            let named = needs.iter().filter(|need| need.kind == NeedKind::Outside);
            let named = named.count();
            if named > 1 || (waits && named == 0) {
                let how = self.health;
                return Err(format!("an engine that is {how:?} is named {named} times"));
            }
        }

        self.health = Health::Well;
        Ok(())
    }

    /// Whether one slot alone shows that the engine is ill: three failures in a row for an equal
    /// reason, and no session begun anywhere since.
    fn is_evident(&self) -> bool {
        let slots = || self.view().enlisted().map(|(_, slot, _)| slot);
        let begun = slots().map(|slot| slot.begun_at).max();
        slots().any(|slot| {
            let newest: Vec<_> = slot.unstarted.iter().rev().take(3).collect();
            let equal = newest.iter().all(|failed| failed.class == newest[0].class);
            newest.len() == 3 && equal && newest.iter().all(|failed| Some(failed.at) > begun)
        })
    }

    /// Slots that wait for a person, and how many features do.
    fn given_up(&self) -> (Vec<SlotNo>, usize) {
        let view = self.view();
        let slots = view.enlisted();
        let slots = slots.filter(|(_, b, _)| matches!(b.state, SlotState::Quarantined { .. }));
        let features = view.known();
        let features = features.filter(|(_, k, _)| matches!(k.stage, Stage::Quarantined { .. }));
        (slots.map(|(n, ..)| n).collect(), features.count())
    }

    /// Does what the first need asks for that is not done by itself.
    fn look_after(&mut self) -> Result<(), String> {
        let needs = self.view().standing().needs_you;
        let before = self.view().position;
        let mut refused = vec![];

        for need in needs {
            match self.remedy(&need) {
                Ok(()) if self.view().position != before => return Ok(()),
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
        let view = self.view();
        let tallied = view.tallied();
        let resting = view.enlisted().all(|(_, slot, _)| slot.job().is_none());
        // Where a person took all of it out of the backlog, nothing is left to be completed.
        let whole = view.registered().is_some_and(Registered::has_backlog);
        let over = view.is_completed() || whole && tallied.total == 0;
        tallied.closed == tallied.total && over && resting
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
    pub(crate) fn look(&mut self) -> bool {
        let before = (self.projections.position, self.engine.clone());
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

        if before != (self.projections.position, self.engine.clone()) {
            return true;
        }

        let wake = [owed_at, planned_at].into_iter().flatten().min();
        let wake = wake.filter(|at| *at > self.now);
        self.now = wake.unwrap_or(self.now);

        wake.is_some()
    }

    /// Where everything stands, in few words and without names, so that equal faults read alike.
    fn standing(&self) -> String {
        let view = self.view();
        let slots = view.enlisted().map(|(n, slot, _)| {
            let target = view.registered().map_or(0, |r| r.target);
            let state = format!("{:?}", slot.state);
            let duty = format!("{:?}", slot.duty);
            let beyond = if n.0 > target { " beyond" } else { "" };
            format!("{} {}{beyond}", word(&state), word(&duty))
        });
        let stages = view
            .known()
            .filter(|(_, known, _)| !matches!(known.stage, Stage::Closed { .. }))
            .map(|(_, known, _)| word(&format!("{:?}", known.stage)));
        let registered = view.registered();
        let intent = registered.map_or(String::new(), |r| word(&format!("{:?}", r.intent)));
        let begun = registered.map_or(String::new(), |r| word(&format!("{:?}", r.initialization)));
        let queue = view
            .merge_queue
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
