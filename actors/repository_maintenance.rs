//! Looks after the gates: once a day each is packed, and what may go is removed: candidates of long
//! ago, and what claims left of features that are over. Gates never clean up behind our back
//! (`gc.auto` is off in them), so without this they would only grow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use events::id::{ProjectName, Timestamp};
use events::policy::upkeep;
use events::view::ProjectView;

use crate::chores::Chore;
use crate::faults::Faults;
use crate::ports::clock::Clock;
use crate::ports::repo::{Gone, Upkeep};
use crate::projector::Projector;

/// Time between two times for the same gate, and before the first one: a server that starts has
/// other things to do.
const EVERY_MS: u64 = 24 * 3_600_000;
const FIRST_MS: u64 = 600_000;

/// The maintenance of one installation's gates.
#[derive(Clone)]
pub struct RepositoryMaintenance {
    /// The clock that tells the time.
    pub clock: Arc<dyn Clock>,
    /// The projections of all projects.
    pub projector: Projector,
    /// The repositories, through git.
    pub gates: Arc<dyn Upkeep>,
    /// Who hears of what fails.
    pub faults: Arc<Faults>,
}

impl RepositoryMaintenance {
    /// Maintains until its task is ended.
    pub async fn run(self) {
        let mut due: BTreeMap<ProjectName, Timestamp> = BTreeMap::new();
        let mut changes = self.projector.changes();

        loop {
            changes.mark_unchanged();
            let now = self.clock.now();
            let gates = self.gates();
            due.retain(|name, _| gates.contains(name));
            for name in gates {
                let at = *due
                    .entry(name.clone())
                    .or_insert_with(|| now.plus_ms(FIRST_MS));
                if at <= now {
                    let done = self.gates.maintain(&name, &self.gone(&name, now)).await;
                    self.faults.went(Some(&name), Chore::Maintain, done);
                    due.insert(name, self.clock.now().plus_ms(EVERY_MS));
                }
            }
            let next = due.values().min().copied();
            tokio::select! {
                () = changes.changed() => {}
                () = self.clock.sleep_until_some(next) => {}
            }
        }
    }

    /// Every project with a gate.
    fn gates(&self) -> BTreeSet<ProjectName> {
        self.projector.read(|projections| {
            let open = projections.projects.values().filter(|view| {
                view.registered().is_some() && view.merge_queue.state.branch.is_some()
            });
            open.map(|view| view.name.clone()).collect()
        })
    }

    fn gone(&self, name: &ProjectName, now: Timestamp) -> Gone {
        self.projector.read(|projections| {
            let gone = |view: &ProjectView| Gone {
                first_candidate: upkeep::first_candidate_kept(&view.merge_queue.state),
                features: upkeep::let_go(view, now),
            };
            projections.projects.get(name).map(gone).unwrap_or_default()
        })
    }
}
