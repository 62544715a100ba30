//! Containers that are tasks. They live on when a server crashes, as real ones do, and are found
//! again by name.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actors::containers::reconciler::Doors;
use actors::ports::engine::{
    ContainerName, Engine, Seen, Sought, StartError, StartSpec, Status, Unreachable, Used,
};
use actors::sessions::Sessions;
use async_trait::async_trait;
use events::container::{Class, Exit};
use events::id::{ProjectName, SessionId};
use events::policy::room::HostMemory;
use events::settings::ContainerLimits;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::stub;
use super::temper::Temper;

pub(crate) struct StubEngine {
    trees: PathBuf,
    gates: PathBuf,
    sessions: watch::Receiver<Option<Sessions>>,
    containers: Mutex<HashMap<ContainerName, JoinHandle<i32>>>,
    /// Containers that were listed before. The first list is late by a moment, as a real engine's
    /// is under load: it still shows a container as made and not started.
    listed: Mutex<HashSet<ContainerName>>,
    hints: watch::Sender<u64>,
    /// How many containers were ever started.
    pub(crate) started: AtomicUsize,
    /// Starts that fail first.
    pub(crate) failing: AtomicUsize,
    /// Containers that end by themselves as soon as they were started, first.
    pub(crate) fleeting: AtomicUsize,
    /// Whether it answers nobody.
    pub(crate) away: AtomicBool,
    /// What agents are like who do not as they are told.
    pub(crate) temper: Mutex<Option<Arc<Temper>>>,
}

impl StubEngine {
    pub(crate) fn new(
        trees: PathBuf,
        gates: PathBuf,
        sessions: watch::Receiver<Option<Sessions>>,
    ) -> Self {
        let (started, failing) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let fleeting = AtomicUsize::new(0);
        let (containers, listed) = (Mutex::default(), Mutex::default());

        Self {
            trees,
            gates,
            sessions,
            containers,
            listed,
            hints: watch::Sender::new(0),
            started,
            failing,
            fleeting,
            away: AtomicBool::new(false),
            temper: Mutex::default(),
        }
    }

    /// Kills a container as an outsider would.
    pub(crate) fn kill_all(&self) {
        for task in self.containers.lock().expect("engine").values() {
            task.abort();
        }
        self.hints.send_modify(|n| *n += 1);
    }

    /// Kills one container as an outsider would, or takes it away altogether.
    pub(crate) fn take_away(&self, name: &ContainerName, whole: bool) {
        let mut containers = self.containers.lock().expect("engine");
        if let Some(task) = containers.get(name) {
            task.abort();
        }
        if whole {
            containers.remove(name);
        }
        drop(containers);
        self.hints.send_modify(|n| *n += 1);
    }

    /// The containers that are there, running or not.
    pub(crate) fn names(&self) -> Vec<ContainerName> {
        let containers = self.containers.lock().expect("engine");
        let mut names: Vec<_> = containers.keys().cloned().collect();
        names.sort();
        names
    }

    /// Whether it answers nobody from here on.
    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
        self.hints.send_modify(|n| *n += 1);
    }

    fn answers(&self) -> Result<(), Unreachable> {
        if self.away.load(Ordering::SeqCst) {
            return Err(Unreachable("it is away".into()));
        }
        Ok(())
    }

    /// How many run now.
    pub(crate) fn running(&self) -> usize {
        self.containers
            .lock()
            .expect("engine")
            .values()
            .filter(|task| !task.is_finished())
            .count()
    }
}

#[async_trait]
impl Engine for StubEngine {
    fn name(&self) -> &'static str {
        "stub"
    }

    async fn seek(&self, _limits: &ContainerLimits, _program: &str) -> Result<Sought, StartError> {
        self.answers()?;
        Ok(Sought::Found)
    }

    async fn list(&self) -> Result<Vec<Seen>, Unreachable> {
        self.answers()?;
        let containers = self.containers.lock().expect("engine");
        let mut listed = self.listed.lock().expect("engine");
        let seen = containers.iter().map(|(name, task)| {
            let exit = Exit {
                code: Some(0),
                oom: false,
                signal: None,
            };
            let status = match (listed.insert(name.clone()), task.is_finished()) {
                (true, _) => Status::Created,
                (false, true) => Status::Exited(exit),
                (false, false) => Status::Running,
            };
            Seen {
                name: name.clone(),
                engine_id: format!("stub-{name}"),
                status,
            }
        });

        Ok(seen.collect())
    }

    async fn start(&self, spec: &StartSpec) -> Result<String, StartError> {
        self.answers()?;
        if is_due(&self.failing) {
            return Err(StartError::failed(Class::Image, "it is missing"));
        }

        let mut containers = self.containers.lock().expect("engine");
        if !containers.contains_key(&spec.name) {
            self.started.fetch_add(1, Ordering::SeqCst);
            let tree = self.trees.join(spec.name.to_string());
            let gate = self.gates.join(format!("{}.git", spec.name.project));
            let (session, sessions, hints) = (
                spec.session.clone(),
                self.sessions.clone(),
                self.hints.clone(),
            );
            let temper = self.temper.lock().expect("temper").clone();
            let fleeting = is_due(&self.fleeting);
            let task = tokio::spawn(async move {
                let code = match fleeting {
                    true => 1,
                    false => stub::run(session, sessions, tree, gate, temper).await,
                };
                hints.send_modify(|n| *n += 1);
                code
            });
            containers.insert(spec.name.clone(), task);
        }

        Ok(format!("stub-{}", spec.name))
    }

    async fn stop(&self, name: &ContainerName, _grace_ms: u64) -> Result<(), Unreachable> {
        self.answers()?;
        if let Some(task) = self.containers.lock().expect("engine").get(name) {
            task.abort();
        }
        self.hints.send_modify(|n| *n += 1);
        Ok(())
    }

    async fn remove(&self, name: &ContainerName) -> Result<(), Unreachable> {
        self.answers()?;
        if let Some(task) = self.containers.lock().expect("engine").remove(name) {
            task.abort();
        }
        Ok(())
    }

    async fn is_main_process(&self, _name: &ContainerName, _pid: i32) -> bool {
        true
    }

    fn host_memory(&self) -> Option<HostMemory> {
        None
    }

    async fn used(&self, _name: &ContainerName) -> Result<Option<Used>, Unreachable> {
        Ok(None)
    }

    async fn forget_all_but(&self, _projects: &BTreeSet<ProjectName>) {}

    fn hints(&self) -> watch::Receiver<u64> {
        self.hints.subscribe()
    }
}

/// Counts down; whether it was not at zero.
fn is_due(count: &AtomicUsize) -> bool {
    let less = |n: usize| n.checked_sub(1);
    count
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
        .is_ok()
}

/// Stub containers need no sockets: they hold the sessions themselves.
pub(crate) struct NoDoors;

#[async_trait]
impl Doors for NoDoors {
    async fn keep(&self, _wanted: BTreeMap<SessionId, ContainerName>) {}
}
