//! How a project stands: its counts, and what a person has to look at.

use crate::feature::Stage;
use crate::project::{Initialization, Intent, Repository};
use crate::trunk;
use crate::view::books::ProjectBook;

/// Progress over the features that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tallied {
    /// Closed.
    pub closed: u32,
    /// All that count.
    pub total: u32,
}

impl Tallied {
    /// The highest tenth passed, in percent: 0 to 100.
    pub fn step(self) -> u8 {
        let tenths = u64::from(self.closed) * 10 / u64::from(self.total.max(1));
        u8::try_from(tenths * 10).unwrap_or(100)
    }
}

/// One line about a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Progress.
    pub tallied: Tallied,
    /// What waits for a person, most pressing first.
    pub needs_you: Vec<String>,
}

impl ProjectBook {
    /// Closed features and all that count.
    pub fn tallied(&self) -> Tallied {
        let counted = self.known().filter(|(_, known, _)| known.counts());
        counted.fold(Tallied::default(), |sum, (_, known, _)| Tallied {
            closed: sum.closed + u32::from(known.is_closed()),
            total: sum.total + 1,
        })
    }

    /// Whether the final verification settled without findings and nothing came since.
    pub fn is_completed(&self) -> bool {
        self.registered()
            .is_some_and(|r| r.intent == Intent::Completed)
    }

    /// How the project stands.
    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each kind; to be split by concept"
    )]
    pub fn standing(&self) -> Standing {
        let mut needs_you = Vec::new();
        if let Some(registered) = self.registered() {
            if let Repository::Failed { reason, .. } = &registered.repository {
                needs_you.push(format!("upstream cannot be copied: {reason}"));
            }
            if let Initialization::Due { lapses } = registered.initialization
                && lapses >= crate::policy::INITIALIZERS_MAX
            {
                needs_you.push(format!("{lapses} initializers ended without a backlog"));
            }
            let progress = &registered.progress;
            if registered.is_running()
                && registered.next_oversight().is_none()
                && progress.oversight.is_none()
            {
                let due = progress.last.iter().chain(&progress.milestone).next();
                needs_you.extend(due.map(|d| {
                    format!(
                        "the overseer run for {} % ended without a result {} times",
                        d.step, d.lapses
                    )
                }));
            }
            let waits = |front: &&trunk::Entry| {
                let bare = crate::policy::integrate::verification(registered, front).is_none();
                bare && matches!(front.stage, trunk::Stage::Built { .. }) && !front.needs_approval()
            };
            if !registered.settings.allow_unverified
                && self.trunk.state.tip().filter(waits).is_some()
            {
                needs_you.push(
                    "a merge waits: set a verification command, or accept merging without one"
                        .to_owned(),
                );
            }
        }
        if let Some(halt) = &self.trunk.state.halt {
            needs_you.push(format!(
                "the trunk is halted: {} ({})",
                halt.fault.advice(),
                halt.reason
            ));
        }
        let tip = self.trunk.state.tip();
        if let Some(tip) = tip.filter(|tip| tip.lapses >= trunk::VERIFIERS_MAX) {
            needs_you.push(format!(
                "{} verifiers of entry {} were lost",
                tip.lapses, tip.number
            ));
        }
        for held in &self.trunk.state.held {
            let what = held
                .feature()
                .map_or_else(|| "the scaffold".to_owned(), ToString::to_string);
            let paths = held.changes.protected.join(", ");
            needs_you.push(format!(
                "entry {} of {what} changes {paths}: `trunk approve` or `trunk refuse` it",
                held.number
            ));
        }
        for (id, undone) in &self.trunk.state.undone {
            match &undone.verdict {
                trunk::Verdict::Conflict { paths, .. } => {
                    needs_you.push(format!(
                        "{id} could not be undone: later work changed {}",
                        paths.join(", ")
                    ));
                }
                trunk::Verdict::Red { exit, .. } => {
                    needs_you.push(format!("{id} could not be undone: the verification without it ended with exit code {exit}"));
                }
                trunk::Verdict::Merged(_)
                | trunk::Verdict::Refused { .. }
                | trunk::Verdict::Dropped { .. } => {}
            }
        }
        for (id, known, _) in self.known() {
            match &known.stage {
                Stage::Quarantined { why } => needs_you.push(format!("{id} is quarantined: {why}")),
                Stage::Open {
                    question: Some(question),
                } => needs_you.push(format!("{id} asks: {question}")),
                _ => {}
            }
        }
        for (n, berth, _) in self.enlisted() {
            if let crate::container::Slot::Quarantined { why } = &berth.slot {
                needs_you.push(format!("berth {n} is quarantined: {why}"));
            }
        }
        Standing {
            tallied: self.tallied(),
            needs_you,
        }
    }
}
