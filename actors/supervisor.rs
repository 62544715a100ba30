//! Starts everything in order on one log, and ends it in reverse.
//!
//! The long tasks (projector, policies, reconciler) are level-triggered: one that ended is started
//! again and finds in the projections what it owes. Three ends within a minute are not weather any
//! more: the server ends, and whoever watches it starts it anew.

use std::sync::Arc;

use events::cause::{Cause, Principal};
use events::id::{CommandId, NodeName, Timestamp};
use events::log::EventLog;
use events::node;
use events::policy::AnyCommand;
use events::policy::retain::Retention;
use events::stream::{Position, StreamId};

use crate::batches::Batches;
use crate::claims::queue::ClaimQueue;
use crate::containers::reconciler::{Doors, Reconciler};
use crate::directory::Directory;
use crate::effects::Effects;
use crate::faults::Faults;
use crate::feed::Feed;
use crate::host::{ExecuteError, IDLE, Kernel};
use crate::liveness::Liveness;
use crate::policies::Policies;
use crate::poll_requests::PollRequests;
use crate::ports::blobs::Blobs;
use crate::ports::clock::Clock;
use crate::ports::engine::Engine;
use crate::ports::models::Models;
use crate::ports::prompts::Prompts;
use crate::ports::repo::{Credentials, Repo};
use crate::ports::snapshots::Snapshots;
use crate::ports::transcripts::Transcripts;
use crate::projector::Projector;
use crate::pulse::Pulse;
use crate::rebuild;
use crate::repository_maintenance::RepositoryMaintenance;
use crate::sessions::Sessions;
use crate::sessions::tallies::Tallies;
use crate::snapshots::SnapshotTask;
use crate::tasks::Tasks;
use crate::transcript_retention::TranscriptRetention;
use crate::upstream_poller::UpstreamPoller;

/// The world as this installation has it.
#[derive(Clone)]
pub struct World {
    /// The log, which is the truth.
    pub log: Arc<dyn EventLog>,
    /// The clock that tells the time.
    pub clock: Arc<dyn Clock>,
    /// The repositories, through git.
    pub repo: Arc<dyn Repo>,
    /// What upstreams ask for.
    pub credentials: Arc<dyn Credentials>,
    /// The store of large content.
    pub blobs: Arc<dyn Blobs>,
    /// The transcripts of what sessions print.
    pub transcripts: Arc<dyn Transcripts>,
    /// Prompts.
    pub prompts: Arc<dyn Prompts>,
    /// Providers of models.
    pub models: Arc<dyn Models>,
    /// How long transcripts are kept.
    pub retention: Retention,
    /// A cache of the projections.
    pub snapshots: Arc<dyn Snapshots>,
    /// Events between two of them.
    pub snapshot_every: u64,
}

/// Everything that listens to commands on one log, before or without a fleet.
#[derive(Clone)]
pub struct Core {
    /// The way to the hosts of all streams.
    pub directory: Directory,
    /// The projections of all projects.
    pub projector: Projector,
    /// Who gets the next feature.
    pub claim_queue: ClaimQueue,
    /// The sessions that doors serve.
    pub sessions: Sessions,
    /// Who was heard of.
    pub liveness: Arc<Liveness>,
    /// Upstreams to be looked at without delay.
    pub poll_requests: PollRequests,
    /// Held while a project is registered: an upstream has one.
    pub registering: Arc<tokio::sync::Mutex<()>>,
    /// What is owed and cannot be done.
    pub faults: Arc<Faults>,
    /// The world.
    pub world: World,
}

/// A running core: its tasks end when this is stopped.
pub struct Running {
    /// What the tasks work on.
    pub core: Core,
    tasks: Tasks,
    snapshots: Option<SnapshotTask>,
    /// Through which position the projections were folded from the beginning when this began.
    checked: Position,
}

impl Core {
    /// Folds the log and starts the projector. Nothing is owed or reconciled yet.
    pub async fn open(world: World) -> Result<Running, ExecuteError> {
        let unavailable = |e: events::log::ReadError| ExecuteError::Unavailable(e.to_string());
        events::registry::registry().map_err(|e| ExecuteError::Unavailable(e.to_string()))?;
        let head = world.log.head().await.map_err(unavailable)?;

        if let Some(at) = Self::last_recorded(&*world.log).await? {
            world.clock.begin_after(at);
        }

        let feed = Feed::new(head.position);
        let projections = rebuild::restored(&world.log, &*world.snapshots)
            .await
            .map_err(unavailable)?;
        let checked = if projections.position == Position(0) {
            head.position
        } else {
            Position(0)
        };

        let (projector, follower) = Projector::open(world.log.clone(), &feed, projections)
            .await
            .map_err(unavailable)?;
        let core = Self::on(world, feed, projector.clone());
        let mut tasks = Tasks::default();

        tasks.run(async move {
            projector
                .run(follower)
                .await
                .map_err(|error| format!("the projections cannot follow the log: {error}"))
        });
        Ok(Running {
            core,
            tasks,
            snapshots: None,
            checked,
        })
    }

    /// Everybody who listens, around one log and its projections.
    fn on(world: World, feed: Feed, projector: Projector) -> Self {
        let faults: Arc<Faults> = Arc::default();
        let directory = Directory::new(Kernel {
            log: world.log.clone(),
            feed,
            clock: world.clock.clone(),
            quarantine: Arc::default(),
            faults: faults.clone(),
            idle: IDLE,
        });
        let liveness = Arc::new(Liveness::new(world.clock.now()));
        let sessions = Sessions {
            directory: directory.clone(),
            projector: projector.clone(),
            work: world.repo.clone(),
            blobs: world.blobs.clone(),
            transcripts: world.transcripts.clone(),
            models: world.models.clone(),
            liveness: liveness.clone(),
            tallies: Arc::new(Tallies::new(world.clock.now())),
            allowance: Arc::default(),
        };

        Self {
            claim_queue: ClaimQueue::new(directory.clone(), projector.clone()),
            directory,
            projector,
            sessions,
            liveness,
            poll_requests: PollRequests::default(),
            registering: Arc::default(),
            faults,
            world,
        }
    }
}

impl Core {
    /// When anything was last recorded: the run before was up then.
    async fn last_recorded(log: &dyn EventLog) -> Result<Option<Timestamp>, ExecuteError> {
        let unavailable = |e: events::log::ReadError| ExecuteError::Unavailable(e.to_string());
        let head = log.head().await.map_err(unavailable)?;
        let before = Position(head.position.0.saturating_sub(1));
        let newest = log.read_all(before, 1).await;
        let newest = newest.map_err(unavailable)?;
        Ok(newest.first().map(|envelope| envelope.at))
    }

    /// Reads the clock, so that a gap shows.
    fn pulse(&self, node: NodeName) -> Pulse {
        Pulse {
            directory: self.directory.clone(),
            projector: self.projector.clone(),
            clock: self.world.clock.clone(),
            node,
        }
    }

    /// Carries out what policies owe.
    pub fn effects(&self) -> Effects {
        Effects {
            directory: self.directory.clone(),
            projector: self.projector.clone(),
            claim_queue: self.claim_queue.clone(),
            upstream: self.world.repo.clone(),
            merges: self.world.repo.clone(),
            work: self.world.repo.clone(),
            contents: self.world.repo.clone(),
            blobs: self.world.blobs.clone(),
            batches: Batches::default(),
            prompts: self.world.prompts.clone(),
        }
    }

    /// Looks after upstreams.
    pub fn upstream_poller(&self) -> UpstreamPoller {
        UpstreamPoller {
            directory: self.directory.clone(),
            projector: self.projector.clone(),
            upstream: self.world.repo.clone(),
            contents: self.world.repo.clone(),
            poll_requests: self.poll_requests.clone(),
            faults: self.faults.clone(),
        }
    }
}

impl Running {
    /// Records that this server runs, and begins to owe and to reconcile.
    pub async fn begin(
        &mut self,
        node: &NodeName,
        build: &str,
        engine: Arc<dyn Engine>,
        doors: Arc<dyn Doors>,
    ) -> Result<(), ExecuteError> {
        self.record_start(node, build).await?;
        self.keep_working(engine, doors);
        self.keep_in_order(node);
        Ok(())
    }

    async fn record_start(&self, node: &NodeName, build: &str) -> Result<(), ExecuteError> {
        let core = &self.core;
        let stream = StreamId::Node(node.clone());
        let next = core
            .projector
            .read(|projections| projections.node.version.0 + 1);
        let id = CommandId::derived(&["node start", node.as_str(), &next.to_string()]);
        let cause = Cause::first(Principal::Node(node.to_string().into()), id);
        let start = AnyCommand::Node(node::Command::Start {
            build: build.to_owned(),
            last: Core::last_recorded(&*core.world.log).await?,
        });

        core.directory
            .execute(&stream, start, id, cause, vec![])
            .await?;
        Ok(())
    }

    /// Keeps the tasks that do the fleet's work: what is owed, and what containers have to be.
    fn keep_working(&mut self, engine: Arc<dyn Engine>, doors: Arc<dyn Doors>) {
        let core = &self.core;
        let effects = core.effects();
        let (liveness, faults) = (core.liveness.clone(), core.faults.clone());
        let host = engine.clone();
        self.tasks.keep("policies", move || {
            let (effects, liveness) = (effects.clone(), liveness.clone());
            Policies::new(effects, liveness, host.clone(), faults.clone()).run()
        });

        let reconciler = Reconciler::new(
            core.directory.clone(),
            core.projector.clone(),
            core.world.transcripts.clone(),
            engine,
            doors,
            core.faults.clone(),
        );
        self.tasks
            .keep("reconciler", move || reconciler.clone().run());
    }

    /// Keeps the tasks that look after what the installation has.
    fn keep_in_order(&mut self, node: &NodeName) {
        let core = &self.core;
        let maintenance = RepositoryMaintenance {
            clock: core.world.clock.clone(),
            projector: core.projector.clone(),
            gates: core.world.repo.clone(),
            faults: core.faults.clone(),
        };
        self.tasks
            .keep("repository maintenance", move || maintenance.clone().run());

        let poller = core.upstream_poller();
        self.tasks
            .keep("upstream poller", move || poller.clone().run());

        let snapshots = SnapshotTask {
            log: core.world.log.clone(),
            projector: core.projector.clone(),
            snapshots: core.world.snapshots.clone(),
            directory: core.directory.clone(),
            node: node.clone(),
            every: core.world.snapshot_every,
            checked: self.checked,
        };
        self.snapshots = Some(snapshots.clone());
        self.tasks
            .keep("snapshots", move || snapshots.clone().run());

        let pulse = core.pulse(node.clone());
        self.tasks.keep("pulse", move || pulse.clone().run());

        let retention = TranscriptRetention {
            log: core.world.log.clone(),
            projector: core.projector.clone(),
            directory: core.directory.clone(),
            transcripts: core.world.transcripts.clone(),
            retention: core.world.retention,
        };
        self.tasks
            .keep("transcript retention", move || retention.clone().run());
    }

    /// Returns why the core cannot go on; never, while it can.
    pub async fn failed(&self) -> String {
        let mut failed = self.tasks.failed();
        let why = failed
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|why| why.clone());
        why.unwrap_or_else(|| "the core ended".to_owned())
    }

    /// Records an orderly stop and ends the tasks. Running agents belong to the engine and live on.
    pub async fn stop(mut self, node: &NodeName) {
        let epoch = self.core.projector.read(|projections| {
            projections
                .node
                .state
                .up_since
                .map(|_| projections.node.state.epoch)
        });
        self.tasks.end().await;
        if let Some(epoch) = epoch {
            let id = CommandId::derived(&["node stop", node.as_str(), &epoch.to_string()]);
            let cause = Cause::first(Principal::Node(node.to_string().into()), id);
            let stop = AnyCommand::Node(node::Command::Stop { epoch });
            if let Err(error) = self
                .core
                .directory
                .execute(&StreamId::Node(node.clone()), stop, id, cause, vec![])
                .await
            {
                tracing::warn!(%error, "the orderly stop was not recorded; the next start sees a \
                                        crash");
            }
        }

        if let Some(snapshots) = &self.snapshots
            && let Err(error) = snapshots.store().await
        {
            tracing::warn!(%error, "no snapshot was kept; the next start takes longer");
        }
        self.core.directory.stop();
    }

    /// Ends the tasks at once, as a crash would; for tests that stop between two steps.
    pub fn crash(self) {
        self.tasks.abort();
        self.core.directory.stop();
    }
}
