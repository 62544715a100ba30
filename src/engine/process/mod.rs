//! Containers as detached processes: one folder and one runner per generation, in a bubblewrap
//! sandbox where a probe shows that it works, else as a plain session with limits, which is said
//! loudly.
//!
//! A start is exclusive by name: the server makes a record in a folder of its own, and only one
//! can. What runs is known by pid, start time and boot id, and held by a descriptor, so a restarted
//! server adopts it and never mistakes another process for it. Nothing that lies in a slot's folder
//! is read or written by the server: its agent can write there.

mod container;
mod earlier;
mod group;
mod kin;
mod launch;
pub mod reach;
mod record;
mod sandbox;
mod trial;
mod used;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actors::ports::engine::{
    ContainerName, Engine, Seen, Sought, StartError, StartSpec, Status, Unreachable, Used,
};
use async_trait::async_trait;
use events::container::Class;
use events::id::ProjectName;
use events::policy::room::HostMemory;
use events::settings::ContainerLimits;
use rustix::process::Signal;
use tokio::sync::watch;
use tracing::instrument;

pub use kin::{LAUNCH, end_own_children};
pub use sandbox::Sandbox;

use self::container::Container;
use self::group::Groups;
use self::record::{Record, Records, boot_id, parsed};
use super::caches::Caches;
use super::owner::Owner;
use super::pidfd::Held;
use crate::engine::door_path;
use crate::foreign;
use crate::named;

/// Where programs are, for a server that was told no path.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// Starts of one container, one after the other.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// The process engine.
pub struct ProcessEngine {
    data: PathBuf,
    slots: PathBuf,
    doors: PathBuf,
    caches: Caches,
    binary: PathBuf,
    sandbox: Sandbox,
    allow_unisolated: bool,
    records: Records,
    groups: Groups,
    hints: watch::Sender<u64>,
    known: Mutex<BTreeMap<ContainerName, Arc<Container>>>,
    turns: Mutex<BTreeMap<ContainerName, Turn>>,
}

impl ProcessEngine {
    /// An engine whose containers live below `data`. `allow_unisolated` lets agents that are not
    /// ours run without a sandbox.
    ///
    /// # Errors
    /// When its folders cannot be made, or what is in them cannot be looked at.
    pub fn new(
        data: &Path,
        binary: PathBuf,
        sandbox: Sandbox,
        allow_unisolated: bool,
    ) -> std::io::Result<Self> {
        let (slots, doors) = (data.join("berths"), data.join("d"));
        for folder in [&slots, &doors] {
            fs_err::create_dir_all(folder)?;
            fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o711))?;
        }

        let engine = Self {
            data: data.to_owned(),
            slots,
            doors,
            caches: Caches::of(data),
            binary,
            sandbox,
            allow_unisolated,
            records: Records::open(data.join("launches"))?,
            groups: Groups::of(data),
            hints: watch::Sender::new(0),
            known: Mutex::default(),
            turns: Mutex::default(),
        };
        engine.take_over()?;

        Ok(engine)
    }

    /// Looks at what an earlier server left: containers with a record are adopted, those of earlier
    /// builds are ended, and what was only just being made is removed.
    fn take_over(&self) -> std::io::Result<()> {
        let recorded: BTreeSet<_> = self.records.names()?.into_iter().collect();
        let records = recorded.iter().filter_map(|name| self.records.read(name));
        let groups = records.filter_map(|record| record.group).collect();
        self.groups.keep_only(&groups);

        for entry in fs_err::read_dir(&self.slots)? {
            let entry = entry?;
            let Some(name) = parsed(&entry.file_name()) else {
                continue;
            };
            if recorded.contains(&name) {
                continue;
            }
            if earlier::began_in(&entry.path()) {
                self.end_earlier(&name, &entry.path());
            } else {
                foreign::remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Ends a container whose only record its agent could write, and takes it as one that ended.
    fn end_earlier(&self, name: &ContainerName, folder: &Path) {
        tracing::warn!(container = %name, "an earlier build began it: it is ended, for nothing it \
                                           wrote of itself is believed");
        if let Err(error) = earlier::end(folder, Owner::of(name.n).uid()) {
            tracing::error!(container = %name, %error, "something of it is left");
        }
        let ended = Arc::new(Container::over(None));
        self.known().insert(name.clone(), ended);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<ContainerName, Arc<Container>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder(&self, name: &ContainerName) -> PathBuf {
        self.slots.join(name.to_string())
    }

    fn turn(&self, name: &ContainerName) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(name.clone()).or_default().clone()
    }

    /// The container of this name, if it was ever begun; another server on the same folder may have
    /// begun it.
    fn find(&self, name: &ContainerName) -> std::io::Result<Option<Arc<Container>>> {
        let mut known = self.known();
        if let Some(container) = known.get(name) {
            return Ok(Some(container.clone()));
        }

        if !self.records.names()?.contains(name) {
            return Ok(None);
        }

        let record = self.records.read(name);
        let main = record.as_ref().map(Record::main).transpose()?.flatten();
        let adopted = match main {
            Some(main) => Container::adopted(record, main, self.hints.clone()),
            None => Container::over(record),
        };
        let adopted = Arc::new(adopted);
        known.insert(name.clone(), adopted.clone());

        Ok(Some(adopted))
    }

    /// A fresh folder for the slot's user; what lay there had no record.
    fn prepare(&self, name: &ContainerName) -> std::io::Result<PathBuf> {
        let folder = self.folder(name);
        foreign::remove(&folder)?;
        named::make_folder(&folder, 0o700)?;
        Owner::of(name.n).give(&folder)?;
        Ok(folder)
    }

    /// The command that starts a runner, which waits for the word to begin.
    async fn command(
        &self,
        spec: &StartSpec,
        folder: &Path,
        launch: &str,
    ) -> Result<tokio::process::Command, StartError> {
        let door = door_path(&self.doors, &spec.session);
        let cache = self.caches.prepare(spec).await?;
        let mut inside = vec![self.binary.as_os_str().to_owned(), "runner".into()];
        inside.extend(["--door".into(), door.clone().into()]);
        inside.extend(["--berth".into(), folder.as_os_str().to_owned()]);
        inside.extend(["--launch".into(), launch.into(), "--await-word".into()]);
        if let Some(cache) = &cache {
            inside.extend(["--cache".into(), cache.clone().into()]);
        }
        if self.sandbox.counts_processes() {
            let most = spec.limits.pids.to_string();
            inside.extend(["--pids".into(), most.into()]);
        }

        let shown = sandbox::Shown {
            data: &self.data,
            slot: folder,
            door: &door,
            cache: cache.as_deref(),
            binary: &self.binary,
            limits: &spec.limits,
        };
        let mut command = self.sandbox.command(&inside, &shown);
        let path = std::env::var_os("PATH");
        command
            .env_clear()
            .env("PATH", path.unwrap_or_else(|| USUAL_PATH.into()))
            .env(LAUNCH, launch)
            .current_dir(folder);
        if let Owner::Dropped(id) = Owner::of(spec.name.n) {
            command.uid(id).gid(id);
        }
        Ok(command)
    }

    /// Starts a runner: learns which process it is, writes that down, gives the word.
    async fn launch(&self, spec: &StartSpec) -> Result<Arc<Container>, StartError> {
        let name = &spec.name;
        let folder = self.prepare(name);
        let folder = folder.map_err(|e| StartError::failed(Class::Folder, e))?;
        let launch = data_encoding::HEXLOWER.encode(&random()?);
        let command = self.command(spec, &folder, &launch).await?;
        let waiting = launch::waiting(self.sandbox, command).await?;

        let record = self.record(launch, &waiting.main);
        if let Err(error) = self.records.write(name, &record) {
            let failed = waiting.given_up(format!("its record: {error}")).await;
            record.group.as_deref().into_iter().for_each(group::remove);
            return Err(failed);
        }
        let (main, child) = (waiting.main, waiting.child);
        let begun = Container::begun(record, main, child, self.hints.clone());
        let container = Arc::new(begun);
        // Known before it begins: its first deed is a word at its door.
        self.known().insert(name.clone(), container.clone());
        match waiting.pipes.begin().await {
            Ok(()) => Ok(container),
            Err(why) => Err(self.failed(name, &container, why).await),
        }
    }

    /// What is written down about a launch; without a sandbox its main process is put into a group
    /// of its own first.
    fn record(&self, launch: String, main: &Held) -> Record {
        let sandboxed = self.sandbox == Sandbox::Bubblewrap;
        let made = match self.sandbox {
            Sandbox::Bubblewrap => None,
            Sandbox::Plain => self.groups.make(&launch),
        };
        let group = made.and_then(|group| match group::join(&group, main.pid()) {
            Ok(()) => Some(group),
            Err(error) => {
                tracing::debug!(%error, "a process cannot be put into a control group");
                group::remove(&group);
                None
            }
        });

        Record {
            launch,
            pid: main.pid(),
            start_ticks: main.start_ticks(),
            boot_id: boot_id(),
            sandboxed,
            group,
        }
    }

    /// Takes back a launch whose runner did not begin; while something of it stays, its record
    /// does.
    async fn failed(
        &self,
        name: &ContainerName,
        container: &Arc<Container>,
        why: String,
    ) -> StartError {
        let ended = self.end(name, container).await;
        let ended = ended.and_then(|()| {
            let removed = self.records.remove(name);
            removed.map_err(|e| Unreachable(e.to_string()))
        });

        match ended {
            Ok(()) => {
                self.known().remove(name);
                StartError::failed(Class::Runner, why)
            }
            Err(left) => StartError::failed(Class::Runner, format!("{why}; {left}")),
        }
    }

    /// Ends everything of a container, and answers when it is gone.
    async fn end(
        &self,
        name: &ContainerName,
        container: &Arc<Container>,
    ) -> Result<(), Unreachable> {
        let (container, user) = (container.clone(), Owner::of(name.n).uid());
        let ended = tokio::task::spawn_blocking(move || container.end(user)).await;
        let ended = ended.unwrap_or_else(|e| Err(e.to_string()));
        ended.map_err(|why| Unreachable(format!("ending {name}: {why}")))
    }
}

fn random() -> Result<[u8; 8], StartError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|e| StartError::failed(Class::Random, e))?;
    Ok(bytes)
}

#[async_trait]
impl Engine for ProcessEngine {
    fn name(&self) -> &'static str {
        match self.sandbox {
            Sandbox::Bubblewrap => "process (bubblewrap)",
            Sandbox::Plain => "process (not isolated)",
        }
    }

    #[instrument(name = "engine.seek", level = "debug", skip_all, fields(program))]
    async fn seek(&self, _limits: &ContainerLimits, program: &str) -> Result<Sought, StartError> {
        self.sought(program).await
    }

    #[instrument(name = "engine.list", level = "debug", skip_all)]
    async fn list(&self) -> Result<Vec<Seen>, Unreachable> {
        let cannot = |e: std::io::Error| Unreachable(format!("looking at the launches: {e}"));
        for name in self.records.names().map_err(cannot)? {
            self.find(&name).map_err(cannot)?;
        }
        let known = self.known();
        let seen = known.iter().map(|(name, container)| Seen {
            name: name.clone(),
            engine_id: container.engine_id(),
            status: match container.exit() {
                Some(exit) => Status::Exited(exit),
                None => Status::Running,
            },
        });
        Ok(seen.collect())
    }

    #[instrument(
        name = "engine.start", level = "debug", skip_all, fields(container = %spec.name),
        ret(level = "debug"), err(level = "debug"),
    )]
    async fn start(&self, spec: &StartSpec) -> Result<String, StartError> {
        if !spec.ours {
            self.refuse_unfenced()?;
        }
        let turn = self.turn(&spec.name);
        let _turn = turn.lock().await;
        let found = self.find(&spec.name);
        if let Some(there) = found.map_err(|e| StartError::failed(Class::Record, e))? {
            return Ok(there.engine_id());
        }
        Ok(self.launch(spec).await?.engine_id())
    }

    #[instrument(
        name = "engine.stop", level = "debug", skip_all, fields(container = %name),
        ret(level = "debug"), err(level = "debug"),
    )]
    async fn stop(&self, name: &ContainerName, grace_ms: u64) -> Result<(), Unreachable> {
        let found = self.find(name);
        let Some(container) = found.map_err(|e| Unreachable(format!("{name}: {e}")))? else {
            return Ok(());
        };

        if grace_ms > 0 {
            container.signal(Signal::TERM);
            let grace = Duration::from_millis(grace_ms);
            if tokio::time::timeout(grace, container.ended())
                .await
                .is_err()
            {
                tracing::debug!(container = %name, "it did not end within its grace and is killed");
            }
        }

        self.end(name, &container).await?;
        container.ended().await;

        Ok(())
    }

    #[instrument(
        name = "engine.remove", level = "debug", skip_all, fields(container = %name),
        ret(level = "debug"), err(level = "debug"),
    )]
    async fn remove(&self, name: &ContainerName) -> Result<(), Unreachable> {
        let cannot = |e: std::io::Error| Unreachable(format!("removing {name}: {e}"));
        if let Some(container) = self.find(name).map_err(cannot)? {
            self.end(name, &container).await?;
        }

        let (folder, user) = (self.folder(name), Owner::of(name.n).uid());
        let removed = tokio::task::spawn_blocking(move || {
            if earlier::began_in(&folder) {
                earlier::end(&folder, user).map_err(std::io::Error::other)?;
            }
            foreign::remove(&folder)
        });
        let removed = removed.await.map_err(std::io::Error::other);
        removed.and_then(|done| done).map_err(cannot)?;

        // The record last: until the folder is gone, what there is has a name.
        self.records.remove(name).map_err(cannot)?;
        self.known().remove(name);
        self.turns
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);

        Ok(())
    }

    async fn is_main_process(&self, name: &ContainerName, pid: i32) -> bool {
        self.known()
            .get(name)
            .is_some_and(|container| container.main_is(pid))
    }

    /// Nothing keeps a limit on memory here.
    fn host_memory(&self) -> Option<HostMemory> {
        None
    }

    async fn used(&self, name: &ContainerName) -> Result<Option<Used>, Unreachable> {
        let main = self.known().get(name).and_then(|known| known.main_pid());
        let Some(pid) = main else {
            return Ok(None);
        };
        tokio::task::spawn_blocking(move || used::used(pid))
            .await
            .map_err(|e| Unreachable(e.to_string()))
    }

    async fn forget_all_but(&self, projects: &BTreeSet<ProjectName>) {
        self.caches.forget_all_but(projects).await;
    }

    fn hints(&self) -> watch::Receiver<u64> {
        self.hints.subscribe()
    }
}
