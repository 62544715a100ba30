//! The reconciler: woken by the projections, by the engine's hints and by a timer; takes no other
//! input.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use events::cause::{Cause, Principal};
use events::container::Command;
use events::id::{CommandId, SessionId};
use events::own_time::OwnTime;
use events::policy::AnyCommand;
use events::stream::{Position, StreamId};
use events::view::Projections;
use tokio::sync::{Notify, Semaphore};
use tracing::field::{Empty, display};
use tracing::{Span, debug, instrument};

use crate::chores::Chore;
use crate::containers::plan::{self, Step};
use crate::directory::Directory;
use crate::faults::Faults;
use crate::ports::PortError;
use crate::ports::clock::Clock;
use crate::ports::engine::{ContainerName, Engine, StartError, StartSpec, Status};
use crate::ports::transcripts::{Spoken, Transcripts};
use crate::projector::Projector;

/// Containers that may be starting at once: more only makes each slower.
const START_SLOTS: usize = 8;
/// The engine is listed at least this often: its hints may be lost.
const LIST_EVERY_MS: u64 = 15_000;
/// Pause after a step that failed, before its container is looked at again.
const STEP_PAUSE_MS: u64 = 1_000;

/// The id under which the outcome of a step is recorded: of this slot as it is. A generation may be
/// told the same thing again, by another session that ended before it got a container of its own.
pub(crate) fn step_id(projections: &Projections, name: &ContainerName, what: &str) -> CommandId {
    let slot = projections
        .projects
        .get(&name.project)
        .and_then(|view| view.slots.get(&name.n));
    let version = slot.map(|slot| slot.version).unwrap_or_default();
    let stream = StreamId::Container(name.project.clone(), name.n);
    let (stream, generation) = (stream.to_string(), name.generation.to_string());

    CommandId::derived(&[
        "reconcile",
        &stream,
        &generation,
        &version.to_string(),
        what,
    ])
}

/// The id under which what is kept of a session's words is recorded: once, however often its
/// container is looked at.
fn transcript_id(name: &ContainerName, session: &SessionId) -> CommandId {
    let stream = StreamId::Container(name.project.clone(), name.n);
    CommandId::derived(&["transcript", &stream.to_string(), session.as_str()])
}

/// Opens the door of a session before its container starts.
#[async_trait::async_trait]
pub trait Doors: Send + Sync {
    /// Keeps exactly these doors open: opens what is missing, closes what is not wanted.
    async fn keep(&self, wanted: std::collections::BTreeMap<events::id::SessionId, ContainerName>);
}

/// Makes the engine match the projections.
#[derive(Clone)]
pub struct Reconciler {
    /// The way to the hosts, for outcomes.
    pub directory: Directory,
    /// The projections, which say what is wanted.
    pub projector: Projector,
    /// The engine, which shows what there is.
    pub engine: Arc<dyn Engine>,
    /// Doors of the sessions.
    pub doors: Arc<dyn Doors>,
    /// The transcripts of what sessions printed.
    pub transcripts: Arc<dyn Transcripts>,
    /// The clock that tells the time.
    pub clock: Arc<dyn Clock>,
    /// Containers with a step under way.
    pub underway: Arc<Mutex<BTreeSet<ContainerName>>>,
    /// Bounds concurrent starts.
    pub slots: Arc<Semaphore>,
    /// A step ended.
    pub done: Arc<Notify>,
    /// What the engine does not do.
    pub faults: Arc<Faults>,
}

impl Reconciler {
    /// A reconciler that has not looked yet.
    pub fn new(
        directory: Directory,
        projector: Projector,
        transcripts: Arc<dyn Transcripts>,
        engine: Arc<dyn Engine>,
        doors: Arc<dyn Doors>,
        faults: Arc<Faults>,
    ) -> Self {
        let clock = directory.kernel().clock.clone();
        let (underway, done, slots) = (
            Arc::default(),
            Arc::default(),
            Arc::new(Semaphore::new(START_SLOTS)),
        );

        Self {
            directory,
            projector,
            engine,
            doors,
            transcripts,
            clock,
            underway,
            slots,
            done,
            faults,
        }
    }

    /// Looks and acts until its task is ended.
    pub async fn run(self) {
        let mut changes = self.projector.changes();
        let mut hints = self.engine.hints();

        loop {
            changes.mark_unchanged();
            hints.mark_unchanged();
            let done = self.done.notified();
            let wake = self.look().await;
            tokio::select! {
                () = changes.changed() => {}
                _ = hints.changed() => {}
                () = done => {}
                () = self.clock.sleep_until(wake) => {}
            }
        }
    }

    /// One look: lists, plans, and begins every step whose container is not busy with another.
    async fn look(&self) -> events::id::Timestamp {
        let now = self.clock.now();
        let latest = now.plus_ms(LIST_EVERY_MS);

        // The projections are read after the list: a container that was started and recorded in
        // between is then not taken for an orphan, because its name is in the newer projections.
        let seen = match self.engine.list().await {
            Ok(seen) => seen,
            // Nothing is concluded from an engine that does not answer.
            Err(unreachable) => {
                let why = unreachable.to_string();
                self.faults.failing(None, Chore::List, &why);
                return now.plus_ms(STEP_PAUSE_MS);
            }
        };
        self.faults.well(None, Chore::List);
        let noticed = self.clock.gaps();
        let (plan, doors) = self.projector.read(|projections| {
            let own = OwnTime::new(now, &projections.node.state.gaps, &noticed);
            (
                plan::plan(projections, &seen, &own),
                plan::doors(projections),
            )
        });
        self.doors.keep(doors).await;
        self.forget_untried(&plan);
        for step in plan.steps {
            let mut underway = self.underway.lock().unwrap_or_else(PoisonError::into_inner);
            if underway.insert(step.name().clone()) {
                let worker = self.clone();
                tokio::spawn(async move { worker.perform(step).await });
            }
        }

        match plan.wake {
            Some(wake) => wake.min(latest),
            None => latest,
        }
    }

    #[instrument(name = "step", skip_all, fields(
        container = %step.name(), step = step.verb(), correlation = Empty,
    ))]
    async fn perform(self, step: Step) {
        let name = step.name().clone();
        if let Some((_, correlation)) = self.newest(&name) {
            Span::current().record("correlation", display(correlation));
        }

        let ok = self.step(step).await;
        debug!(ok, "the step ended");
        if !ok {
            self.clock
                .sleep_until(self.clock.now().plus_ms(STEP_PAUSE_MS))
                .await;
        }
        self.underway
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&name);
        self.done.notify_waiters();
    }

    /// Performs one step; false when it should be tried again after a pause.
    async fn step(&self, step: Step) -> bool {
        match step {
            Step::Start(spec) => self.start(&spec).await,
            Step::RecordStarted { name, engine_id } => {
                let generation = name.generation;
                let started = Command::RecordStarted {
                    generation,
                    engine_id,
                };
                self.record(&name, "start", started).await
            }
            Step::RecordExited { name, exit } => {
                let generation = name.generation;
                self.record(&name, "end", Command::RecordExited { generation, exit })
                    .await
            }
            Step::RecordLost { name } => self.record_lost(&name).await,
            Step::Stop { name, grace_ms } => {
                self.reached(self.engine.stop(&name, grace_ms).await, &name)
            }
            Step::Remove { name } => {
                let removed = self.reached(self.engine.remove(&name).await, &name);
                let generation = name.generation;
                removed
                    && self.keep_transcript(&name).await
                    && self
                        .record(&name, "remove", Command::RecordRemoved { generation })
                        .await
            }
            Step::RemoveOrphan { name } => self.remove_orphan(&name).await,
        }
    }

    /// Starts a container, a few at a time, and records what came of it.
    async fn start(&self, spec: &StartSpec) -> bool {
        let Ok(_slot) = self.slots.acquire().await else {
            return false;
        };

        let generation = spec.name.generation;
        let outcome = match self.engine.start(spec).await {
            Ok(engine_id) => Command::RecordStarted {
                generation,
                engine_id,
            },
            Err(StartError::Failed { class, detail }) => Command::RecordStartFailed {
                generation,
                class,
                detail,
            },
            Err(StartError::Unreachable(error)) => return self.reached(Err(error), &spec.name),
        };
        self.record(&spec.name, "start", outcome).await
    }

    /// "Not there" and "never ran" are concluded only from a list that was begun after the
    /// projections knew that it ran: the one that raised the suspicion may be older than the start.
    async fn record_lost(&self, name: &ContainerName) -> bool {
        match self.engine.list().await {
            Ok(seen)
                if seen
                    .iter()
                    .all(|s| s.name != *name || s.status == Status::Created) =>
            {
                let (generation, reason) = (
                    name.generation,
                    format!("the engine's list has no {name} that ran"),
                );
                self.record(name, "end", Command::RecordLost { generation, reason })
                    .await
            }
            Ok(_) => true,
            Err(_) => false,
        }
    }

    /// Records what is kept of what the session said: nothing comes after its container is gone.
    /// False when that could not be read now.
    async fn keep_transcript(&self, name: &ContainerName) -> bool {
        let job = self.projector.read(|projections| {
            let view = projections.projects.get(&name.project)?;
            let session = view.slot(name.n)?.job()?.session.clone();
            let record = view.sessions.get(&session);
            let is_kept = record.is_some_and(|record| record.transcript.is_some());
            Some((session, is_kept))
        });
        let Some((session, is_kept)) = job else {
            return true;
        };
        let (project, chore) = (Some(&name.project), Chore::KeepTranscript(name.n));

        match self.transcripts.seal(&session).await {
            Ok(None) => {
                self.faults.well(project, chore);
                true
            }
            Ok(Some(spoken)) => {
                let Spoken {
                    chunks,
                    bytes,
                    digest,
                } = spoken;
                let over = session.clone();
                // Earlier builds recorded it under another id, which a repetition does not find.
                if !is_kept {
                    let id = transcript_id(name, &session);
                    let kept = Command::KeepTranscript {
                        session,
                        chunks,
                        bytes,
                        digest,
                    };
                    self.record_as(id, name, "transcript", kept).await;
                }
                self.faults.went(
                    None,
                    Chore::PackTranscripts,
                    self.transcripts.pack(&over).await,
                );
                self.faults.well(project, chore);
                true
            }
            Err(error) => {
                let is_over = matches!(error, PortError::Permanent(_));
                self.faults.failing(project, chore, &error.to_string());
                is_over
            }
        }
    }

    /// Forgets failures at slots where there is no step left to try.
    fn forget_untried(&self, plan: &plan::Plan) {
        let underway = self.underway.lock().unwrap_or_else(PoisonError::into_inner);
        let planned = plan.steps.iter().map(|step| step.name());
        let tried = planned.chain(underway.iter());
        let tried = tried.map(|name| (name.project.clone(), name.n)).collect();
        drop(underway);
        self.faults.keep_slots(&tried);
    }

    async fn remove_orphan(&self, name: &ContainerName) -> bool {
        if self
            .projector
            .read(|projections| plan::is_known(projections, name))
        {
            return true;
        }
        tracing::info!(container = %name, "no stream knows this container of ours: it is removed");
        self.reached(self.engine.stop(name, 0).await, name)
            && self.reached(self.engine.remove(name).await, name)
    }

    fn reached<E: std::fmt::Display>(&self, result: Result<(), E>, name: &ContainerName) -> bool {
        let is_ok = result.is_ok();
        self.faults
            .went(Some(&name.project), Chore::Slot(name.n), result);
        is_ok
    }

    async fn record(&self, name: &ContainerName, what: &str, command: Command) -> bool {
        let id = self
            .projector
            .read(|projections| step_id(projections, name, what));
        self.record_as(id, name, what, command).await
    }

    async fn record_as(
        &self,
        id: CommandId,
        name: &ContainerName,
        what: &str,
        command: Command,
    ) -> bool {
        let stream = StreamId::Container(name.project.clone(), name.n);
        let (causation, correlation) = match self.newest(name) {
            Some((position, correlation)) => (Some(position), correlation),
            None => (None, id),
        };
        let cause = Cause {
            principal: Principal::Node("engine".into()),
            correlation,
            causation,
        };

        match self
            .directory
            .execute(&stream, AnyCommand::Container(command), id, cause, vec![])
            .await
        {
            Ok(receipt) => {
                self.projector.wait_for(receipt.position).await;
                true
            }
            Err(error) => {
                debug!(container = %name, what, %error, "the step was turned down");
                false
            }
        }
    }
    /// The newest event of a container's slot, and the story that it belongs to.
    fn newest(&self, name: &ContainerName) -> Option<(Position, CommandId)> {
        self.projector.read(|projections| {
            let view = projections.projects.get(&name.project)?;
            let slot = view.slots.get(&name.n)?;
            Some((slot.position, slot.correlation))
        })
    }
}
