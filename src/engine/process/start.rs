//! Starting a container: its folder, its record, and the word to its runner; or taking all of that
//! back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use actors::ports::engine::{ContainerName, StartError, StartSpec, Unreachable};
use events::container::Class;

use super::container::Container;
use super::engine::ProcessEngine;
use super::kin::LAUNCH;
use super::record::{Record, boot_id};
use super::sandbox::{self, Sandbox};
use super::{group, launch};
use crate::engine::door_path;
use crate::engine::owner::Owner;
use crate::engine::pidfd::Held;
use crate::foreign;
use crate::named;

/// Where programs are, for a server that was told no path.
pub(super) const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

impl ProcessEngine {
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
    pub(super) async fn launch(&self, spec: &StartSpec) -> Result<Arc<Container>, StartError> {
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
        let group = match self.sandbox {
            Sandbox::Bubblewrap => None,
            Sandbox::Plain => self.own_group(&launch, main),
        };

        Record {
            launch,
            pid: main.pid(),
            start_ticks: main.start_ticks(),
            boot_id: boot_id(),
            sandboxed,
            group,
        }
    }

    /// A group for a launch, with its main process in it; none where there can be none.
    fn own_group(&self, launch: &str, main: &Held) -> Option<PathBuf> {
        let group = self.groups.make(launch)?;
        if let Err(error) = group::join(&group, main.pid()) {
            tracing::debug!(%error, "a process cannot be put into a control group");
            group::remove(&group);
            return None;
        }

        Some(group)
    }

    /// Takes back a launch whose runner did not begin; while something of it stays, its record
    /// does.
    async fn failed(
        &self,
        name: &ContainerName,
        container: &Arc<Container>,
        why: String,
    ) -> StartError {
        match self.take_back(name, container).await {
            Ok(()) => {
                self.known().remove(name);
                StartError::failed(Class::Runner, why)
            }
            Err(left) => StartError::failed(Class::Runner, format!("{why}; {left}")),
        }
    }

    /// Ends a container, and forgets its record when nothing of it is left.
    async fn take_back(
        &self,
        name: &ContainerName,
        container: &Arc<Container>,
    ) -> Result<(), Unreachable> {
        self.end(name, container).await?;
        let removed = self.records.remove(name);
        removed.map_err(|e| Unreachable(e.to_string()))
    }
}

fn random() -> Result<[u8; 8], StartError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|e| StartError::failed(Class::Random, e))?;
    Ok(bytes)
}
