//! Looks after the gates: once a day each is packed, and candidates of long ago are removed. Gates never clean up behind our back
//! (`gc.auto` is off in them), so without this they would only grow.

use std::collections::BTreeMap;
use std::sync::Arc;

use events::id::{ProjectName, Timestamp};
use events::policy::upkeep;

use crate::ports::clock::Clock;
use crate::ports::repo::Repo;
use crate::projector::Projector;

/// Time between two times for the same gate, and before the first one: a server that starts has other things to do.
const EVERY_MS: u64 = 24 * 3_600_000;
const FIRST_MS: u64 = 600_000;

/// The caretaker of one installation's gates.
#[derive(Clone)]
pub struct Caretaker {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The books.
    pub projector: Projector,
    /// git.
    pub repo: Arc<dyn Repo>,
}

impl Caretaker {
    /// Maintains until its task is ended.
    pub async fn run(self) {
        let mut due: BTreeMap<ProjectName, Timestamp> = BTreeMap::new();
        let mut changes = self.projector.changes();
        loop {
            changes.mark_unchanged();
            let now = self.clock.now();
            let gates = self.gates();
            due.retain(|name, _| gates.contains_key(name));
            for (name, first) in gates {
                let at = *due.entry(name.clone()).or_insert_with(|| now.plus_ms(FIRST_MS));
                if at <= now {
                    let done = self.repo.maintain(&name, first).await;
                    done.unwrap_or_else(|error| tracing::warn!(project = %name, %error, "its gate is as it was; tomorrow again"));
                    due.insert(name, self.clock.now().plus_ms(EVERY_MS));
                }
            }
            let sleep = async {
                match due.values().min() {
                    Some(at) => self.clock.sleep_until(*at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = changes.changed() => {}
                () = sleep => {}
            }
        }
    }

    /// Every project with a gate, and the oldest entry whose candidate stays.
    fn gates(&self) -> BTreeMap<ProjectName, u64> {
        self.projector.read(|books| {
            let open = books.projects.values().filter(|book| book.registered().is_some() && book.trunk.state.branch.is_some());
            open.map(|book| (book.name.clone(), upkeep::first_candidate_kept(&book.trunk.state))).collect()
        })
    }
}
