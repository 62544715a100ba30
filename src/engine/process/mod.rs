//! Containers as detached processes: one folder and one runner per generation, in a bubblewrap sandbox where a probe shows that it
//! works, else as a plain process group with limits, which is said loudly.
//!
//! A start is exclusive by name: the runner makes `run.json` in its folder, and only one can. What runs is known by pid, start time
//! and boot id, so a restarted server adopts it and never mistakes another process for it.

mod identity;
mod sandbox;
mod used;

use std::collections::{BTreeSet, HashSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actors::ports::engine::{
    ContainerName, Engine, Seen, StartError, StartSpec, Status, Unreachable, Used,
};
use async_trait::async_trait;
use events::id::ProjectName;
use events::policy::room::HostMemory;
use nix::sys::signal::Signal;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;

pub use identity::{EXIT_FILE, ExitFile, RUN_FILE, RunFile, boot_id, start_ticks};
pub use sandbox::Sandbox;

use super::caches::Caches;
use super::owner::Owner;
use crate::door::door_path;

/// A runner has to say that it is there within this time.
const SAID_WITHIN: Duration = Duration::from_secs(20);
/// A killed process group has to be gone within this time.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// The process engine.
pub struct ProcessEngine {
    data: PathBuf,
    berths: PathBuf,
    doors: PathBuf,
    caches: Caches,
    binary: PathBuf,
    sandbox: Sandbox,
    allow_unisolated: bool,
    hints: watch::Sender<u64>,
    watched: Arc<Mutex<HashSet<ContainerName>>>,
}

impl ProcessEngine {
    /// An engine whose containers live below `data`. `allow_unisolated` lets agents that are not ours run without a sandbox.
    pub fn new(
        data: &Path,
        binary: PathBuf,
        sandbox: Sandbox,
        allow_unisolated: bool,
    ) -> std::io::Result<Self> {
        let (berths, doors) = (data.join("berths"), data.join("d"));
        for folder in [&berths, &doors] {
            std::fs::create_dir_all(folder)?;
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o711))?;
        }
        Ok(Self {
            data: data.to_owned(),
            berths,
            doors,
            caches: Caches::of(data),
            binary,
            sandbox,
            allow_unisolated,
            hints: watch::Sender::new(0),
            watched: Arc::default(),
        })
    }

    fn folder(&self, name: &ContainerName) -> PathBuf {
        self.berths.join(name.to_string())
    }

    fn prepare(&self, name: &ContainerName) -> std::io::Result<PathBuf> {
        let folder = self.folder(name);
        std::fs::create_dir_all(&folder)?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
        Owner::of(name.n).give(&folder)?;
        Ok(folder)
    }

    /// Starts the runner and waits until it says that it, or an earlier one, has the container.
    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each kind; to be split by concept"
    )]
    async fn launch(&self, spec: &StartSpec, folder: &Path) -> Result<(), StartError> {
        let launch = data_encoding::HEXLOWER.encode(&random()?);
        let door = door_path(&self.doors, &spec.session);
        let cache = self.caches.prepare(spec).await?;
        let mut inside = vec![
            self.binary.as_os_str().to_owned(),
            "runner".into(),
            "--door".into(),
            door.clone().into(),
            "--berth".into(),
            folder.as_os_str().to_owned(),
            "--launch".into(),
            launch.clone().into(),
        ];
        inside.extend(
            cache
                .iter()
                .flat_map(|cache| ["--cache".into(), cache.clone().into()]),
        );
        let (cache, binary) = (cache.as_deref(), self.binary.as_path());
        let shown = sandbox::Shown {
            data: &self.data,
            berth: folder,
            door: &door,
            cache,
            binary,
        };
        let mut command = self.sandbox.command(&inside, &shown);
        let info = std::fs::File::create(folder.join(identity::info_file(&launch)))
            .map_err(|e| StartError::failed("folder", e))?;
        Owner::of(spec.name.n)
            .give(&folder.join(identity::info_file(&launch)))
            .map_err(|e| StartError::failed("folder", e))?;
        command.env_clear().env(
            "PATH",
            std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into()),
        );
        command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(info);
        if let Owner::Dropped(id) = Owner::of(spec.name.n) {
            command.uid(id).gid(id);
        }
        let mut child = command
            .spawn()
            .map_err(|e| StartError::failed("spawn", e))?;
        let mut stdout = child
            .stdout
            .take()
            .ok_or_else(|| StartError::failed("spawn", "no pipe"))?;
        let mut said = [0; 8];
        let heard = tokio::time::timeout(SAID_WITHIN, stdout.read(&mut said)).await;
        // The child belongs to itself from here on; it is only waited for, so that it does not stay as a zombie.
        tokio::spawn(async move {
            if let Err(error) = child.wait().await {
                tracing::debug!(%error, "a container's process could not be waited for");
            }
        });
        match heard {
            Ok(Ok(n)) if n > 0 => Ok(()),
            Ok(_) => {
                let said = std::fs::read_to_string(folder.join(identity::info_file(&launch)))
                    .unwrap_or_default();
                Err(StartError::failed(
                    "runner",
                    format!("the runner ended at once: {}", said.trim()),
                ))
            }
            Err(_) => Err(StartError::failed(
                "runner",
                format!("the runner said nothing within {} s", SAID_WITHIN.as_secs()),
            )),
        }
    }

    /// Raises a hint when this process ends.
    fn watch(&self, name: &ContainerName, pid: i32) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if !watched.insert(name.clone()) {
            return;
        }
        let (hints, watched, name) = (self.hints.clone(), self.watched.clone(), name.clone());
        tokio::spawn(async move {
            if let Err(error) = identity::ended(pid).await {
                tracing::debug!(container = %name, %error, "its end will be seen by the next list");
            }
            watched
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&name);
            hints.send_modify(|n| *n += 1);
        });
    }
}

fn random() -> Result<[u8; 8], StartError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|e| StartError::failed("random", e))?;
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

    async fn list(&self) -> Result<Vec<Seen>, Unreachable> {
        let entries = std::fs::read_dir(&self.berths)
            .map_err(|e| Unreachable(format!("{}: {e}", self.berths.display())))?;
        let mut seen = Vec::new();
        for entry in entries.flatten() {
            let Some(name) = entry.file_name().to_str().and_then(ContainerName::parse) else {
                continue;
            };
            let Some(run) = identity::read_run(&entry.path()) else {
                continue;
            };
            let status = match run.alive() {
                true => {
                    self.watch(&name, run.pid);
                    Status::Running
                }
                false => Status::Exited(identity::read_exit(&entry.path())),
            };
            seen.push(Seen {
                name,
                engine_id: run.engine_id(),
                status,
            });
        }
        Ok(seen)
    }

    async fn start(&self, spec: &StartSpec) -> Result<String, StartError> {
        if !spec.ours && self.sandbox == Sandbox::Plain && !self.allow_unisolated {
            let why = "this agent would run without a sandbox: install bubblewrap, or accept it with --allow-unisolated";
            return Err(StartError::failed("not_isolated", why));
        }
        let folder = self
            .prepare(&spec.name)
            .map_err(|e| StartError::failed("folder", e))?;
        if identity::read_run(&folder).is_none() {
            self.launch(spec, &folder).await?;
        }
        let run = identity::read_run(&folder)
            .ok_or_else(|| StartError::failed("runner", "the runner left no trace"))?;
        self.watch(&spec.name, run.pid);
        Ok(run.engine_id())
    }

    async fn stop(&self, name: &ContainerName, grace_ms: u64) -> Result<(), Unreachable> {
        let Some(run) = identity::read_run(&self.folder(name)).filter(identity::Run::alive) else {
            return Ok(());
        };
        if grace_ms > 0 {
            run.signal(Signal::SIGTERM);
            if tokio::time::timeout(Duration::from_millis(grace_ms), identity::ended(run.pid))
                .await
                .is_ok()
            {
                return Ok(());
            }
        }
        run.kill_session();
        match tokio::time::timeout(GONE_WITHIN, identity::ended(run.pid)).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Unreachable(format!(
                "{name} did not end although it was killed"
            ))),
        }
    }

    async fn remove(&self, name: &ContainerName) -> Result<(), Unreachable> {
        let folder = self.folder(name);
        if let Some(run) = identity::read_run(&folder) {
            run.kill_session();
        }
        let removed = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(&folder)).await;
        match removed {
            Ok(Err(e)) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(Unreachable(format!("removing {name}: {e}")))
            }
            Ok(_) => Ok(()),
            Err(e) => Err(Unreachable(e.to_string())),
        }
    }

    async fn is_main_process(&self, name: &ContainerName, pid: i32) -> bool {
        identity::read_run(&self.folder(name)).is_some_and(|run| run.pid == pid && run.alive())
    }

    /// Nothing keeps a limit on memory here.
    fn host_memory(&self) -> Option<HostMemory> {
        None
    }

    async fn used(&self, name: &ContainerName) -> Result<Option<Used>, Unreachable> {
        let run = identity::read_run(&self.folder(name)).filter(identity::Run::alive);
        let Some(pid) = run.map(|run| run.pid) else {
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
