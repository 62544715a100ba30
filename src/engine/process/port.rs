//! What the fleet asks of an engine, answered with processes.

use std::collections::BTreeSet;
use std::sync::PoisonError;
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

use super::engine::ProcessEngine;
use super::sandbox::Sandbox;
use super::{earlier, used};
use crate::engine::owner::Owner;
use crate::foreign;

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
        removed.flatten().map_err(cannot)?;

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
