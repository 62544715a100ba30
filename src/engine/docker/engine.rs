//! Containers on a Docker engine: listed, made, started, stopped and removed.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actors::ports::engine::{
    ContainerName, Engine, Seen, Sought, StartError, StartSpec, Status, Unreachable, Used,
};
use async_trait::async_trait;
use bollard::Docker;
use bollard::errors::Error;
use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{
    CreateContainerOptions, KillContainerOptions, ListContainersOptions, StatsOptions,
    StopContainerOptions,
};
use events::container::Class;
use events::id::ProjectName;
use events::policy::room::HostMemory;
use events::settings::ContainerLimits;
use futures::StreamExt;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tracing::instrument;

use super::look::status_of;
use super::told::{Died, ours};
use super::{contract, look, memory, told, used};
use crate::engine::caches::Caches;
use crate::engine::door_path;
use crate::engine::pidfd::Held;

/// A list or an inspection has to be answered within this time.
pub(super) const ASK_WITHIN: Duration = Duration::from_secs(10);

/// Making, starting or removing a container has to be answered within this time: disks may be slow.
pub(super) const ACT_WITHIN: Duration = Duration::from_secs(60);

/// A stop is answered within its grace and this much.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// First exit code that says "128 and a signal".
pub(super) const SIGNAL_BASE: i32 = 128;

/// Last signal.
pub(super) const SIGNAL_MAX: i32 = 64;

/// The Docker engine of this host.
pub struct DockerEngine {
    pub(super) docker: Docker,
    /// Whose containers are ours.
    pub(super) instance: String,
    pub(super) image: String,
    /// Where the runner lies, for the trial of an image.
    pub(super) binaries: PathBuf,
    /// Images in which the runner was tried and works.
    pub(super) tried: tokio::sync::Mutex<HashSet<String>>,
    doors: PathBuf,
    caches: Caches,
    pub(super) shown: Vec<contract::Shown>,
    pub(super) hints: watch::Sender<u64>,
    /// Containers whose end the engine has told, by id. Its list learns of an end after it was
    /// told: it is not believed about these.
    pub(super) died: Died,
    /// Main processes as inspected, held: a pid alone is used again.
    mains: Mutex<HashMap<ContainerName, Held>>,
    pub(super) events: AbortHandle,
}

impl Drop for DockerEngine {
    fn drop(&mut self) {
        self.events.abort();
    }
}

/// What is there under a name of ours.
pub(super) enum Found {
    Ours(Box<ContainerInspectResponse>),
    Foreign,
    Nothing,
}

pub(super) fn unreachable(what: &str, error: impl std::fmt::Display) -> Unreachable {
    Unreachable(format!("{what}: {error}"))
}

/// Waits for an answer of the engine, within limits.
pub(super) async fn within<T>(
    limit: Duration,
    what: &str,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<Result<T, Error>, Unreachable> {
    match tokio::time::timeout(limit, asked).await {
        // No answer, or one that says that the engine cannot reach what does its work.
        Ok(Err(error)) if matches!(status(&error), None | Some(503)) => {
            Err(unreachable(what, error))
        }
        Ok(answer) => Ok(answer),
        Err(_) => Err(unreachable(
            what,
            format!("no answer within {} s", limit.as_secs()),
        )),
    }
}

/// The status of an answer that is one.
pub(super) fn status(error: &Error) -> Option<u16> {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

impl DockerEngine {
    /// An engine for the containers of `instance`, made from `image` where a project names no
    /// other, whose doors are below `doors`. The runner in the folder `binaries` is tried in an
    /// image of a project before it is used.
    pub fn new(
        docker: Docker,
        instance: &str,
        image: &str,
        binaries: PathBuf,
        doors: PathBuf,
        caches: Caches,
    ) -> Self {
        let (hints, died) = (watch::Sender::new(0), Died::default());
        let following = told::follow(docker.clone(), ours(instance), hints.clone(), died.clone());
        let events = tokio::spawn(following).abort_handle();
        let (instance, image) = (instance.to_owned(), image.to_owned());

        Self {
            docker,
            instance,
            image,
            binaries,
            tried: tokio::sync::Mutex::default(),
            doors,
            caches,
            shown: contract::Shown::by_test(),
            hints,
            died,
            mains: Mutex::default(),
            events,
        }
    }

    /// How Docker names a container of ours. The instance is part of it: two installations may
    /// share an engine.
    pub(super) fn docker_name(&self, name: &ContainerName) -> String {
        let short: String = self.instance.chars().rev().take(6).collect();
        format!("{name}.{short}")
    }

    /// The pid of a container's main process, if that is known and runs: whoever else asks is not
    /// it, and the engine is not troubled.
    fn known_main(&self, name: &ContainerName) -> Option<i32> {
        let mains = self.mains.lock().unwrap_or_else(PoisonError::into_inner);
        mains.get(name).filter(|main| main.alive()).map(Held::pid)
    }

    async fn create(&self, spec: &StartSpec) -> Result<(), StartError> {
        if let Some(image) = &spec.limits.image {
            self.try_image(image).await?;
        }

        let door = door_path(&self.doors, &spec.session);
        let cache = self.caches.prepare(spec).await?;
        let mut launch = [0; 8];
        getrandom::fill(&mut launch).map_err(|e| StartError::failed(Class::Random, e))?;
        let wanted = contract::Wanted {
            instance: &self.instance,
            image: spec.limits.image.as_ref().unwrap_or(&self.image),
            shown: &self.shown,
            limits: &spec.limits,
            door: &door,
            cache: cache.as_deref(),
            launch: &data_encoding::HEXLOWER.encode(&launch),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
        };
        let options = CreateContainerOptions {
            name: Some(self.docker_name(&spec.name)),
            ..CreateContainerOptions::default()
        };

        let asked = self
            .docker
            .create_container(Some(options), contract::create(spec, &wanted));
        match within(ACT_WITHIN, "making a container", asked).await? {
            Ok(_) => Ok(()),
            // Made by an earlier request whose answer was lost, or somebody else's: the inspection
            // tells.
            Err(error) if status(&error) == Some(409) => Ok(()),
            Err(error) if status(&error) == Some(404) => {
                Err(StartError::failed(Class::Image, error))
            }
            Err(error) => Err(StartError::failed(Class::Create, error)),
        }
    }
}

#[async_trait]
impl Engine for DockerEngine {
    fn name(&self) -> &'static str {
        "docker"
    }

    #[instrument(name = "engine.seek", level = "debug", skip_all, fields(program))]
    async fn seek(&self, limits: &ContainerLimits, program: &str) -> Result<Sought, StartError> {
        self.sought(limits, program).await
    }

    #[instrument(name = "engine.list", level = "debug", skip_all)]
    async fn list(&self) -> Result<Vec<Seen>, Unreachable> {
        let options = ListContainersOptions {
            all: true,
            filters: Some(ours(&self.instance)),
            ..ListContainersOptions::default()
        };
        let listed = within(
            ASK_WITHIN,
            "listing containers",
            self.docker.list_containers(Some(options)),
        )
        .await?;
        let listed = listed.map_err(|e| unreachable("listing containers", e))?;
        let mut seen = Vec::new();

        for summary in listed {
            let (Some(name), Some(engine_id)) = (look::name_of(&summary), summary.id) else {
                continue;
            };
            let running = summary.state
                == Some(bollard::models::ContainerSummaryStateEnum::RUNNING)
                && !self
                    .died
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .contains(&engine_id);
            let status = match running {
                true => Status::Running,
                // The reason of an end is in the inspection alone; one that vanished in between is
                // not there any more.
                false => match self.inspect(&name).await? {
                    Some(found) => status_of(&found),
                    None => continue,
                },
            };
            seen.push(Seen {
                name,
                engine_id,
                status,
            });
        }

        Ok(seen)
    }

    #[instrument(
        name = "engine.start", level = "debug", skip_all, fields(container = %spec.name),
        ret(level = "debug"), err(level = "debug"),
    )]
    async fn start(&self, spec: &StartSpec) -> Result<String, StartError> {
        // Exclusive by label as well: the name alone would be free again after somebody renamed the
        // container.
        let there = self.look_by_label(&spec.name).await?;
        if matches!(there, Found::Nothing) {
            self.create(spec).await?;
        }

        let docker_name = self.docker_name(&spec.name);
        let id = match self.look(&spec.name).await? {
            // One container is one session: what has run is never started again.
            Found::Ours(found) if status_of(&found) != Status::Created => {
                return Ok(found.id.unwrap_or_default());
            }
            Found::Ours(found) => found.id.unwrap_or_default(),
            Found::Foreign => {
                return Err(StartError::failed(
                    Class::NameTaken,
                    format!("{docker_name} is somebody else's"),
                ));
            }
            // The name is taken before the container can be seen.
            Found::Nothing => {
                return Err(Unreachable(format!(
                    "{docker_name} is just being made by another request"
                ))
                .into());
            }
        };

        // Starting a running container changes nothing.
        match within(
            ACT_WITHIN,
            "starting a container",
            self.docker.start_container(&id, None),
        )
        .await?
        {
            Ok(()) => Ok(id),
            Err(error) => {
                let mut detail = error.to_string();
                if let Err(error) = self.removed(&id).await {
                    detail = format!("{detail}; it is left for the next look: {error}");
                }
                Err(StartError::failed(Class::Start, detail))
            }
        }
    }

    #[instrument(
        name = "engine.stop", level = "debug", skip_all, fields(container = %name),
        ret(level = "debug"), err(level = "debug"),
    )]
    async fn stop(&self, name: &ContainerName, grace_ms: u64) -> Result<(), Unreachable> {
        let Some(found) = self.inspect(name).await? else {
            return Ok(());
        };

        let id = found.id.unwrap_or_default();
        let stopped = if grace_ms == 0 {
            within(
                STOP_WITHIN,
                "killing a container",
                self.docker
                    .kill_container(&id, None::<KillContainerOptions>),
            )
            .await?
        } else {
            let seconds = i32::try_from(grace_ms.div_ceil(1000)).unwrap_or(i32::MAX);
            let options = StopContainerOptions {
                t: Some(seconds),
                signal: None,
            };
            let limit = Duration::from_millis(grace_ms) + STOP_WITHIN;
            within(
                limit,
                "stopping a container",
                self.docker.stop_container(&id, Some(options)),
            )
            .await?
        };

        match stopped {
            Ok(()) => Ok(()),
            // Stopped already, gone already, or not running: that is what was wanted.
            Err(error) if matches!(status(&error), Some(304 | 404 | 409)) => Ok(()),
            Err(error) => Err(unreachable("stopping a container", error)),
        }
    }

    #[instrument(
        name = "engine.remove", level = "debug", skip_all, fields(container = %name),
        ret(level = "debug"), err(level = "debug"),
    )]
    async fn remove(&self, name: &ContainerName) -> Result<(), Unreachable> {
        self.mains
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
        match self.inspect(name).await? {
            Some(found) => self.removed(&found.id.unwrap_or_default()).await,
            None => Ok(()),
        }
    }

    async fn is_main_process(&self, name: &ContainerName, pid: i32) -> bool {
        // The one that is asked about is held first: what is found out is then about it.
        let Ok(Some(asked)) = Held::of(pid) else {
            return false;
        };

        if let Some(known) = self.known_main(name) {
            return known == pid;
        }

        let Ok(Some(found)) = self.inspect(name).await else {
            return false;
        };

        let state = found.state.unwrap_or_default();
        let main = state.pid.filter(|_| state.running == Some(true));

        let is_main = main == Some(i64::from(pid)) && asked.alive();
        if is_main {
            self.mains
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(name.clone(), asked);
        }

        is_main
    }

    fn host_memory(&self) -> Option<HostMemory> {
        memory::host_memory()
    }

    async fn used(&self, name: &ContainerName) -> Result<Option<Used>, Unreachable> {
        let docker_name = self.docker_name(name);
        let options = StatsOptions {
            stream: false,
            one_shot: true,
        };
        let mut answers = Box::pin(self.docker.stats(&docker_name, Some(options)));

        let asked = async { answers.next().await.transpose() };
        match within(ASK_WITHIN, "asking what a container uses", asked).await? {
            Ok(stats) => Ok(stats
                .as_ref()
                .map(used::used)
                .filter(|used| used.processes > 0)),
            Err(error) if matches!(status(&error), Some(404 | 409)) => Ok(None),
            Err(error) => Err(unreachable("asking what a container uses", error)),
        }
    }

    async fn forget_all_but(&self, projects: &BTreeSet<ProjectName>) {
        self.caches.forget_all_but(projects).await;
    }

    fn hints(&self) -> watch::Receiver<u64> {
        self.hints.subscribe()
    }
}
