//! What a project uses, on the wire.

use events::usage::Usage;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Noise;

/// What a project uses.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct ProjectUsage {
    /// Containers that run, as their engine counts them now.
    pub containers: Vec<ContainerUsage>,
    /// Why some of them are missing, when the engine could not be asked.
    pub engine_trouble: Option<String>,
    /// What all sessions used of their models.
    pub models: Usage,
    /// Bytes that all sessions moved over the way out.
    pub egress_bytes: u64,
    /// What they were denied there.
    pub egress_denied: u64,
    /// What came from outside and led to nothing, since the server began.
    #[serde(default)]
    pub noise: Noise,
    /// Disk.
    pub disk: DiskUsage,
}

/// What a container uses of the host.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ContainerUsage {
    /// Its slot.
    pub n: u16,
    /// Its name.
    pub container: String,
    /// What it is for.
    pub role: String,
    /// Processor time since its start, in milliseconds.
    pub cpu_ms: u64,
    /// Memory, its work folder included.
    pub memory_bytes: u64,
    /// Its limit.
    pub memory_max_bytes: u64,
    /// The number of processes and threads.
    pub processes: u64,
}

/// What a project takes of the server's disk.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct DiskUsage {
    /// Its gate.
    pub gate_bytes: u64,
    /// Its package caches.
    pub cache_bytes: u64,
    /// Transcripts that are kept, as they were printed: packed ones take less.
    pub transcript_bytes: u64,
}
