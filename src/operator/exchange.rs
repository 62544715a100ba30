//! Issues of repositories, kept in step without a verb: what changed here is written soon after,
//! and what others changed there is taken in whenever upstream was looked at.
//!
//! What was exchanged is read back from upstream itself, so nothing of it is remembered across a
//! restart: the first exchange of a run finds what the last one left.

use actors::chores::Chore;
use std::collections::{BTreeMap, BTreeSet};

use events::id::{ProjectName, Timestamp};
use events::policy::{backoff_ms, issues};
use events::stream::Position;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Done, Operator, RequestContext};

/// Who takes in what others changed.
const BY: &str = "beads";

/// How far a project is.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    /// Through which position it was written.
    done: Position,
    /// Upstream was looked at since.
    is_wanted: bool,
    /// Exchanges in a row that failed.
    failed: u32,
    /// Not tried again before.
    not_before: Timestamp,
}

/// The exchange of all projects. Clones share what was done.
#[derive(Clone)]
pub struct Exchange {
    operator: Operator,
    done: watch::Sender<BTreeMap<ProjectName, Position>>,
}

impl Exchange {
    /// An exchange that has done nothing yet.
    pub fn new(operator: Operator) -> Self {
        Self {
            operator,
            done: watch::Sender::default(),
        }
    }

    /// Through which position each project's issues were written.
    pub fn done(&self) -> watch::Receiver<BTreeMap<ProjectName, Position>> {
        self.done.subscribe()
    }

    /// Exchanges whatever is due, until its task is ended.
    pub async fn run(self) {
        let core = &self.operator.core;
        let clock = core.directory.kernel().clock.clone();
        let mut changes = core.projector.changes();
        let mut steps: BTreeMap<ProjectName, Step> = BTreeMap::new();
        let mut underway: JoinSet<(ProjectName, Position, Done<()>)> = JoinSet::new();
        let mut busy: BTreeSet<ProjectName> = BTreeSet::new();

        loop {
            changes.mark_unchanged();
            let now = clock.now();
            let mut due = self.due(&mut steps);
            due.retain(|name, _| !busy.contains(name));
            for name in due.iter().filter(|(_, at)| **at <= now).map(|(n, _)| n) {
                busy.insert(name.clone());
                // Taken before it begins: a look that ends meanwhile is for the next exchange.
                steps.entry(name.clone()).or_default().is_wanted = false;
                underway.spawn(self.clone().exchanged(name.clone()));
            }
            let next = due.into_values().filter(|at| *at > now).min();
            tokio::select! {
                () = changes.changed() => {}
                () = clock.sleep_until_some(next) => {}
                looked = core.poll_requests.looked_at() => {
                    for name in looked {
                        steps.entry(name).or_default().is_wanted = true;
                    }
                }
                Some(Ok((name, through, done))) = underway.join_next() => {
                    busy.remove(&name);
                    let step = steps.entry(name.clone()).or_default();
                    self.note(&name, step, (through, done));
                }
            }
        }
    }

    /// When each project is due; those that are not kept in step any more are forgotten.
    fn due(&self, steps: &mut BTreeMap<ProjectName, Step>) -> BTreeMap<ProjectName, Timestamp> {
        self.operator.core.projector.read(|projections| {
            let kept =
                |name: &ProjectName| projections.projects.get(name).is_some_and(issues::are_kept);
            steps.retain(|name, _| kept(name));

            let mut due = BTreeMap::new();
            for view in projections
                .projects
                .values()
                .filter(|view| issues::are_kept(view))
            {
                let step = steps.entry(view.name.clone()).or_default();
                let at = match step.is_wanted {
                    true => Some(step.not_before),
                    false => issues::due(view, step.done).map(|at| at.max(step.not_before)),
                };
                due.extend(at.map(|at| (view.name.clone(), at)));
            }
            due
        })
    }

    /// One exchange of a project; answers through which position it wrote.
    async fn exchanged(self, name: ProjectName) -> (ProjectName, Position, Done<()>) {
        let projector = &self.operator.core.projector;
        let through = projector.read(|projections| projections.position);
        let synced = self
            .operator
            .sync_beads(&RequestContext::fresh(BY), name.as_str())
            .await;
        let done = synced.map(|synced| {
            if synced.published.changed {
                let commit = &synced.published.sha;
                tracing::info!(project = %name, commit, "issues were published");
            }
        });

        (name, through, done)
    }

    fn note(&self, name: &ProjectName, step: &mut Step, (through, done): (Position, Done<()>)) {
        match done {
            Ok(()) => {
                self.operator.core.faults.well(Some(name), Chore::Exchange);
                *step = Step {
                    done: through,
                    is_wanted: step.is_wanted,
                    ..Step::default()
                };
                self.done.send_modify(|done| {
                    done.insert(name.clone(), through);
                });
            }
            Err(problem) => {
                step.failed += 1;
                step.is_wanted = true;
                let now = self.operator.core.directory.kernel().clock.now();
                step.not_before = now.plus_ms(backoff_ms(step.failed));
                let faults = &self.operator.core.faults;
                faults.failing(Some(name), Chore::Exchange, &problem.message);
            }
        }
    }
}
