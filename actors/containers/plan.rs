//! Pure: what the projections want and what the engine shows → the steps that bring them
//! together.
//! One code path for start-up, hints and the timer.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use events::container::{Assignment, Ended, Exit, Slot, SlotState};
use events::holder::Role;
use events::id::{Generation, SessionId, SlotNo, Timestamp};
use events::own_time::OwnTime;
use events::project::{Intent, Registered};
use events::settings::Dialect;
use events::view::{ProjectView, Projections};

use crate::ports::engine::{ContainerName, Seen, StartSpec, Status, Trust};

/// A runner that reported its end gets this long to end by itself.
pub const LINGER_MS: u64 = 10_000;
/// A stopped session gets this long to bring its work to safety.
pub const STOP_GRACE_MS: u64 = 30_000;

/// A container that was started gets this long, of the server's own time, until its runner reports
/// for work: it does so within a second, on a machine that is not overwhelmed.
pub const BEGIN_WITHIN_MS: u64 = 300_000;
/// A verifier's runner has this long beyond the wall, which it counts from its first word, to end
/// its command and to record how that went.
pub const JUDGED_WITHIN_MS: u64 = BEGIN_WITHIN_MS + 60_000;

/// One step towards what is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask the engine to start it.
    Start(StartSpec),
    /// It runs: record it.
    RecordStarted {
        /// The container that the step is about.
        name: ContainerName,
        /// How the engine names it.
        engine_id: String,
    },
    /// It ended: record it.
    RecordExited {
        /// The container that the step is about.
        name: ContainerName,
        /// The way in which it ended.
        exit: Exit,
    },
    /// It ran by the projections and this list has no sign of it: look again, and record what that
    /// shows.
    RecordLost {
        /// The container that the step is about.
        name: ContainerName,
    },
    /// End it.
    Stop {
        /// The container that the step is about.
        name: ContainerName,
        /// With how much time.
        grace_ms: u64,
    },
    /// Its work is safe and it has ended: remove it and record that.
    Remove {
        /// The container that the step is about.
        name: ContainerName,
    },
    /// Ours by its label, and nobody's by the projections: stop and remove it.
    RemoveOrphan {
        /// The container that the step is about.
        name: ContainerName,
    },
}

impl Step {
    /// The verb of the step, in the words of the log.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Start(_) => "start",
            Self::RecordStarted { .. } => "record started",
            Self::RecordExited { .. } => "record exited",
            Self::RecordLost { .. } => "record lost",
            Self::Stop { .. } => "stop",
            Self::Remove { .. } => "remove",
            Self::RemoveOrphan { .. } => "remove an orphan",
        }
    }

    /// Which container the step is about.
    pub fn name(&self) -> &ContainerName {
        match self {
            Self::Start(spec) => &spec.name,
            Self::RecordStarted { name, .. }
            | Self::RecordExited { name, .. }
            | Self::RecordLost { name }
            | Self::Stop { name, .. }
            | Self::Remove { name }
            | Self::RemoveOrphan { name } => name,
        }
    }
}

/// The steps, and when to look again even if nothing happens.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// At most one per container.
    pub steps: Vec<Step>,
    /// The next time to look again.
    pub wake: Option<Timestamp>,
}

impl Plan {
    fn reached(&mut self, now: Timestamp, at: Timestamp) -> bool {
        if now >= at {
            return true;
        }
        self.wake = [self.wake, Some(at)].into_iter().flatten().min();
        false
    }
}

/// Compares the projections with the engine's list.
pub fn plan(projections: &Projections, seen: &[Seen], own: &OwnTime) -> Plan {
    let mut plan = Plan::default();
    let by_name: BTreeMap<&ContainerName, &Seen> = seen.iter().map(|s| (&s.name, s)).collect();

    for view in projections.projects.values() {
        let Some(registered) = view.registered() else {
            continue;
        };
        let scene = Scene {
            view,
            registered,
            own,
        };
        for (n, slot, _) in view.enlisted() {
            let name = ContainerName {
                project: view.name.clone(),
                n,
                generation: slot.generation,
            };
            let seen = by_name.get(&name).copied();
            let step = step_slot(&mut plan, &scene, slot, name, seen);
            plan.steps.extend(step);
        }
    }

    for orphan in seen.iter().filter(|s| !is_known(projections, &s.name)) {
        plan.steps.push(Step::RemoveOrphan {
            name: orphan.name.clone(),
        });
    }

    plan
}

struct Scene<'a> {
    view: &'a ProjectView,
    registered: &'a Registered,
    own: &'a OwnTime,
}

/// Whether the projections hold this very generation, and not as removed or as what never came to
/// work: its slot goes on with the next.
pub fn is_known(projections: &Projections, name: &ContainerName) -> bool {
    let Some(view) = projections.projects.get(&name.project) else {
        return false;
    };
    let Some(slot) = view.slot(name.n) else {
        return false;
    };

    slot.generation == name.generation
        && matches!(
            slot.state,
            SlotState::Requested { .. } | SlotState::Running { .. } | SlotState::Ended(_)
        )
}

fn step_slot(
    plan: &mut Plan,
    scene: &Scene<'_>,
    slot: &Slot,
    name: ContainerName,
    seen: Option<&Seen>,
) -> Option<Step> {
    let status = seen.map(|seen| &seen.status);

    match (&slot.state, status) {
        (SlotState::Requested { job, .. }, None | Some(Status::Created)) => {
            Some(Step::Start(start_of(scene, job, name)))
        }
        (SlotState::Requested { .. }, Some(_)) => Some(Step::RecordStarted {
            name,
            engine_id: seen.map(|seen| seen.engine_id.clone()).unwrap_or_default(),
        }),
        (SlotState::Running { .. }, None | Some(Status::Created)) => {
            Some(Step::RecordLost { name })
        }
        (SlotState::Running { .. }, Some(Status::Exited(exit))) => Some(Step::RecordExited {
            name,
            exit: exit.clone(),
        }),
        (SlotState::Running { job, at, begun, .. }, Some(Status::Running)) => {
            let own_ms = scene.registered.settings.session_wall_ms;
            let wall_ms = allowed_ms(*begun, job.role, own_ms);
            let wall = scene.own.since(*at).plus_ms(wall_ms);
            if !plan.reached(scene.own.now, wall) && is_wanted(scene, &job.session, slot) {
                return None;
            }
            Some(Step::Stop {
                name,
                grace_ms: STOP_GRACE_MS,
            })
        }
        (SlotState::Ended(ended), status) => step_ended(plan, scene, ended, name, status),
        (SlotState::Idle | SlotState::Assigned { .. } | SlotState::Quarantined { .. }, _) => None,
    }
}

/// The container that an assignment asks for.
fn start_of(scene: &Scene<'_>, job: &Assignment, name: ContainerName) -> StartSpec {
    let runs_ours_alone = match &job.agent {
        Some(agent) => agent.dialect == Dialect::Script,
        None => true,
    };

    StartSpec {
        name,
        session: job.session.clone(),
        claim: job.claim().map(|(feature, epoch)| (feature.clone(), epoch)),
        limits: scene.registered.settings.container.clone(),
        ours: runs_ours_alone,
        trust: Trust::of(job.role),
    }
}

/// How long a session may run, from its container's start, in a project whose sessions may take
/// `own_ms`.
fn allowed_ms(begun: bool, role: Role, own_ms: u64) -> u64 {
    match (begun, role) {
        (false, _) => BEGIN_WITHIN_MS,
        // Its runner ends it at the wall, and says so: that is a judgement of what hung.
        (true, Role::Verifier) => own_ms + JUDGED_WITHIN_MS,
        (true, Role::Coder | Role::Reviewer | Role::Initializer | Role::Overseer) => own_ms,
    }
}

/// A running session is wanted while its project is, and while its grant stands or its work was
/// handed in.
fn is_wanted(scene: &Scene<'_>, session: &SessionId, slot: &Slot) -> bool {
    if slot.is_interrupted() {
        return false;
    }

    // A stop of the project is recorded at the slot first, by policy: then it is known who ended
    // the session.
    let is_intended = matches!(
        scene.registered.intent,
        Intent::Running { .. } | Intent::Draining { .. }
    );
    if !is_intended || scene.view.grant_of(session).is_some() {
        return true;
    }

    match slot.job() {
        Some(job) => is_secured(scene.view, job) || may_end_by_itself(job),
        None => false,
    }
}

/// Whether a session is let end by itself when its grant is over: those that made a backlog or a
/// report end on their own word. What a verifier runs is nobody's work any more.
fn may_end_by_itself(job: &Assignment) -> bool {
    job.epoch.is_none() && job.role != Role::Verifier
}

fn is_secured(view: &ProjectView, job: &Assignment) -> bool {
    let Some((feature, epoch)) = job.claim() else {
        return false;
    };

    match view.feature(feature) {
        Some(known) => known.secured.contains_key(&epoch),
        None => false,
    }
}

/// Nothing is removed before what it held is recorded as safe: that is rule 3 of the design.
fn step_ended(
    plan: &mut Plan,
    scene: &Scene<'_>,
    ended: &Ended,
    name: ContainerName,
    status: Option<&Status>,
) -> Option<Step> {
    let has_work = ended.job.role == Role::Coder && !ended.outcome.never_began();
    let is_safe = !has_work || is_secured(scene.view, &ended.job);
    let until = scene.own.since(ended.at).plus_ms(LINGER_MS);

    match status {
        Some(Status::Running) if plan.reached(scene.own.now, until) => {
            Some(Step::Stop { name, grace_ms: 0 })
        }
        Some(Status::Running) => None,
        Some(Status::Exited(exit)) if !ended.gone => Some(Step::RecordExited {
            name,
            exit: exit.clone(),
        }),
        None | Some(Status::Created) if !ended.gone => Some(Step::RecordLost { name }),
        Some(Status::Exited(_) | Status::Created) | None if is_safe => Some(Step::Remove { name }),
        Some(Status::Exited(_) | Status::Created) | None => None,
    }
}

/// The session whose container this is, by the projections.
pub fn session_at(projections: &Projections, name: &ContainerName) -> Option<SessionId> {
    let slot = projections.projects.get(&name.project)?.slot(name.n)?;
    if slot.generation != name.generation {
        return None;
    }
    Some(slot.job()?.session.clone())
}

/// The sessions whose doors have to be open: requested, running, or over while the container is
/// still there.
pub fn doors(projections: &Projections) -> BTreeMap<SessionId, ContainerName> {
    let mut doors = BTreeMap::new();

    for view in projections.projects.values() {
        for (n, slot, _) in view.enlisted() {
            if let (
                Some(job),
                SlotState::Requested { .. } | SlotState::Running { .. } | SlotState::Ended(_),
            ) = (slot.job(), &slot.state)
            {
                let name = ContainerName {
                    project: view.name.clone(),
                    n,
                    generation: slot.generation,
                };
                doors.insert(job.session.clone(), name);
            }
        }
    }

    doors
}

/// A slot's container name at its present generation, for people who ask by number.
pub fn present_name(view: &ProjectView, n: SlotNo) -> Option<ContainerName> {
    let generation = view
        .slot(n)
        .map(|b| b.generation)
        .filter(|g| *g > Generation(0))?;
    Some(ContainerName {
        project: view.name.clone(),
        n,
        generation,
    })
}
