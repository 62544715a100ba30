//! What runs containers. An engine is a hint: reconcile by its list, never by one event or one exit
//! code.

use std::collections::BTreeSet;

use async_trait::async_trait;
use events::container::{Class, Exit};
use events::holder::Role;
use events::id::{Epoch, FeatureId, Generation, ProjectName, SessionId, SlotNo};
use events::policy::room::HostMemory;
use events::settings::ContainerLimits;
use tokio::sync::watch;

/// One container generation: its name is derived, so that a start whose answer was lost is found
/// again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerName {
    /// The name of its project.
    pub project: ProjectName,
    /// The number of the slot.
    pub n: SlotNo,
    /// The generation of the slot's container.
    pub generation: Generation,
}

impl std::fmt::Display for ContainerName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "supercargo-{}-{}-{}",
            self.project, self.n, self.generation
        )
    }
}

/// What a container is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartSpec {
    /// Its name.
    pub name: ContainerName,
    /// Its session: names its door.
    pub session: SessionId,
    /// The claim it works under, if any: people who look at the engine see whose it is.
    pub claim: Option<(FeatureId, Epoch)>,
    /// What it gets of the host.
    pub limits: ContainerLimits,
    /// Whether only code of ours runs in it; anything else needs an engine that isolates.
    pub ours: bool,
    /// Which of the project's package caches it gets, where the limits give it one.
    pub trust: Trust,
}

/// Whose word a container's result is. What one wrote the other never reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trust {
    /// An agent's.
    Agent,
    /// Ours: what it finds decides about a merge.
    Verification,
}

impl Trust {
    /// What sessions of this role are trusted with.
    pub fn of(role: Role) -> Self {
        if role == Role::Verifier {
            Self::Verification
        } else {
            Self::Agent
        }
    }

    /// In a word, for paths.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Verification => "verification",
        }
    }
}

/// What a running container uses of the host, now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Processor time since its start, in milliseconds.
    pub cpu_ms: u64,
    /// Memory that is not given back at once, in bytes; its work folder is part of it.
    pub memory_bytes: u64,
    /// The number of processes and threads.
    pub processes: u64,
}

impl ContainerName {
    /// Reads back what `Display` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("supercargo-")?.rsplitn(3, '-');
        let generation = Generation(parts.next()?.parse().ok()?);
        let n = SlotNo(parts.next()?.parse().ok()?);
        let name = Self {
            project: parts.next()?.parse().ok()?,
            n,
            generation,
        };

        // Only as we write it: a number has more spellings than one.
        (name.to_string() == text).then_some(name)
    }
}

/// What the engine sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which container of ours.
    pub name: ContainerName,
    /// How the engine names it.
    pub engine_id: String,
    /// Whether it runs.
    pub status: Status,
}

/// Whether a container runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It was made and never started: asking for its start again goes on with it.
    Created,
    /// It runs.
    Running,
    /// It ended.
    Exited(Exit),
}

/// Why a container did not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The engine tried, and it did not work: a stable class, and what was said.
    #[error("{class}: {detail}")]
    Failed {
        /// In a stable word.
        class: Class,
        /// The message, for people to read.
        detail: String,
    },
    /// The engine could not be asked, or did not answer in time: that is no fault of the container.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
}

impl StartError {
    /// A failure of this class.
    pub fn failed(class: Class, detail: impl std::fmt::Display) -> Self {
        Self::Failed {
            class,
            detail: detail.to_string(),
        }
    }
}

/// Whether a program is where containers work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// It is.
    Found,
    /// It is not: where it was sought, and what to do.
    Missing {
        /// For people, as the end of a sentence.
        advice: String,
    },
}

/// The engine cannot be asked now; that says nothing about its containers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the engine cannot be reached: {0}")]
pub struct Unreachable(pub String);

/// The engine. Only containers of this installation are ever listed or touched.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Its name, for people.
    fn name(&self) -> &'static str;
    /// Every container of ours.
    async fn list(&self) -> Result<Vec<Seen>, Unreachable>;
    /// Starts a container. Exclusive by name: when one of this name was started before, that one is
    /// answered.
    async fn start(&self, spec: &StartSpec) -> Result<String, StartError>;
    /// Seeks a program where a container with these limits would find it, in one of its own that is
    /// gone afterwards.
    async fn seek(&self, limits: &ContainerLimits, program: &str) -> Result<Sought, StartError>;
    /// Asks it to end, and ends it after the grace. Answers when that is done.
    async fn stop(&self, name: &ContainerName, grace_ms: u64) -> Result<(), Unreachable>;
    /// Removes an ended container and everything it held.
    async fn remove(&self, name: &ContainerName) -> Result<(), Unreachable>;
    /// Whether this process is the container's main process.
    async fn is_main_process(&self, name: &ContainerName, pid: i32) -> bool;
    /// The memory of the host that containers share, where their limits are kept; none where
    /// nothing keeps them.
    fn host_memory(&self) -> Option<HostMemory>;
    /// What a container uses; none when it does not run.
    async fn used(&self, name: &ContainerName) -> Result<Option<Used>, Unreachable>;
    /// Removes what is kept between sessions for any project but these.
    async fn forget_all_but(&self, projects: &BTreeSet<ProjectName>);
    /// Changes whenever a list may differ from the last one.
    fn hints(&self) -> watch::Receiver<u64>;
}
