//! What a project uses: its containers now, its models and the way out so far, and disk.

use actors::ports::engine::{ContainerName, Engine};
use events::container::SlotState;
use events::id::{Generation, ProjectName};
use events::view::Transcript;

use super::{Done, Operator};
use crate::api::{ContainerUsage, DiskUsage, ProjectUsage};
use crate::data;
use crate::foreign;
use actors::rejection::Rejection;

/// A container that runs, as the projections have it.
struct Running {
    name: ContainerName,
    role: String,
}

impl Operator {
    /// What a project uses. The engine is asked now; a slot whose container it does not know has
    /// none.
    pub async fn usage(&self, name: &str) -> Done<ProjectUsage> {
        let name = Self::name(name)?;
        let (mut usage, running, memory_mib) = self.read(&name, |view| {
            let settings = &view.registered()?.settings;
            let mut usage = ProjectUsage {
                noise: self.deps.noises.of(&name),
                ..ProjectUsage::default()
            };
            for (_, session) in view.sessions.iter() {
                usage.models.add(&session.usage());
                usage.egress_bytes += session.egress().bytes;
                usage.egress_denied += session.egress().denied;
                if let Some(Transcript::Kept(bytes)) = session.transcript {
                    usage.disk.transcript_bytes += bytes;
                }
            }
            let at_work = view
                .enlisted()
                .filter_map(|(n, slot, _)| match &slot.state {
                    SlotState::Running { job, .. } => {
                        let container = |generation: Generation| ContainerName {
                            project: name.clone(),
                            n,
                            generation,
                        };
                        Some(Running {
                            name: container(slot.generation),
                            role: job.role.name().to_owned(),
                        })
                    }
                    SlotState::Idle
                    | SlotState::Assigned { .. }
                    | SlotState::Requested { .. }
                    | SlotState::Ended(_)
                    | SlotState::Quarantined { .. } => None,
                });
            Some((
                usage,
                at_work.collect::<Vec<_>>(),
                settings.container.memory_mib,
            ))
        })?;

        if let Some(engine) = &self.deps.engine {
            // Each question has its time, so an engine that hangs is asked once.
            for container in &running {
                match self.used(&**engine, container, memory_mib).await {
                    Ok(shape) => usage.containers.extend(shape),
                    Err(why) => {
                        usage.engine_trouble = Some(why);
                        break;
                    }
                }
            }
        }

        usage.disk = self.disk(&name, usage.disk).await?;
        Ok(usage)
    }

    async fn used(
        &self,
        engine: &dyn Engine,
        of: &Running,
        memory_mib: u32,
    ) -> Result<Option<ContainerUsage>, String> {
        let used = engine.used(&of.name).await.map_err(|e| e.to_string())?;

        Ok(used.map(|used| ContainerUsage {
            n: of.name.n.0,
            container: of.name.to_string(),
            role: of.role.clone(),
            cpu_ms: used.cpu_ms,
            memory_bytes: used.memory_bytes,
            memory_max_bytes: u64::from(memory_mib) * 1024 * 1024,
            processes: used.processes,
        }))
    }

    async fn disk(&self, name: &ProjectName, disk: DiskUsage) -> Done<DiskUsage> {
        let gate = data::gate_of(&self.deps.data, name);
        let cache = data::caches_of(&self.deps.data, name);
        let looked = tokio::task::spawn_blocking(move || {
            (foreign::size(&gate).bytes, foreign::size(&cache).bytes)
        })
        .await;
        let (gate_bytes, cache_bytes) = looked
            .map_err(|e| Rejection::invalid(format!("the disk could not be looked at: {e}")))?;

        Ok(DiskUsage {
            gate_bytes,
            cache_bytes,
            ..disk
        })
    }
}
