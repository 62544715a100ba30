//! What happened to a slot. Frozen by golden files.

use serde::{Deserialize, Serialize};

use crate::container::class::Class;
use crate::event_enum;
use crate::holder::Role;
use crate::id::{Digest, Epoch, FeatureId, Generation, SessionId, Sha};
use crate::outcome::Outcome;
use crate::settings::AgentSpec;
use crate::usage::Usage;

/// What a session is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The session that this is about.
    pub session: SessionId,
    /// What it is for.
    pub role: Role,
    /// The feature, for coders and reviewers, and for verifiers of a feature's candidate.
    pub feature: Option<FeatureId>,
    /// The claim, for coders and reviewers.
    pub epoch: Option<Epoch>,
    /// The commit it starts from or looks at; none in an empty repository.
    pub sha: Option<Sha>,
    /// The agent; none for verifiers.
    pub agent: Option<AgentSpec>,
    /// The prompt or, for verifiers, the command line: in the blob store.
    pub prompt_digest: Digest,
}

impl Assignment {
    /// The claim that it is about: the feature and its epoch.
    pub fn claim(&self) -> Option<(&FeatureId, Epoch)> {
        Some((self.feature.as_ref()?, self.epoch?))
    }
}

/// The slot is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Enlisted {}

/// It has a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assigned {
    /// The job that it works on.
    pub assignment: Assignment,
}

/// A container is about to be started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartRequested {
    /// The generation of the slot's container.
    pub generation: Generation,
}

/// The container runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The generation of the slot's container.
    pub generation: Generation,
    /// How the engine names it.
    pub engine_id: String,
}

/// The container could not be started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartFailed {
    /// The generation of the slot's container.
    pub generation: Generation,
    /// The kind of failure, in a stable word.
    pub class: Class,
    /// What the engine said.
    pub detail: String,
}

/// The runner took its assignment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionStarted {
    /// The session that this is about.
    pub session: SessionId,
}

/// The session is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionEnded {
    /// The session that this is about.
    pub session: SessionId,
    /// How, judged from evidence.
    pub outcome: Outcome,
    /// The agent's exit code, if it had one.
    pub exit_code: Option<i32>,
    /// What the runner reported, in the blob store.
    pub evidence: Option<Digest>,
    /// The message, for people to read.
    pub detail: String,
}

/// How a container ended, as the engine tells it. A hint, never a verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Exit code; none when the engine cannot tell.
    pub code: Option<i32>,
    /// Whether memory ran out.
    pub oom: bool,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

impl Exit {
    /// An end of which only the code is known, if that.
    pub fn with_code(code: Option<i32>) -> Self {
        Self {
            code,
            oom: false,
            signal: None,
        }
    }
}

/// The container has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exited {
    /// The generation of the slot's container.
    pub generation: Generation,
    /// The way in which it ended.
    pub exit: Exit,
}

/// The container is not there any more, and nobody saw it end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lost {
    /// The generation of the slot's container.
    pub generation: Generation,
    /// What was looked for.
    pub reason: String,
}

/// The container is gone, with everything it held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Removed {
    /// The generation of the slot's container.
    pub generation: Generation,
}

/// The slot waits for a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Idle {}

/// It failed too often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The reason, in words for people.
    pub why: String,
}

/// A person took it out of service: what runs in it is ended, and nothing is given to it until it
/// is reinstated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Withheld {
    /// The name of whoever asked for it.
    pub by: String,
}

/// A person wants the session at hand to end; the slot goes on with the next job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InterruptRequested {
    /// The session that this is about.
    pub session: SessionId,
    /// The name of whoever asked for it.
    pub by: String,
}

/// A person trusts it again, or puts it back into service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reinstated {
    /// The name of whoever asked for it.
    pub by: String,
}

/// The slot is not wanted any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dismissed {}

/// A session said its last: what is kept of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TranscriptKept {
    /// The session whose transcript it is.
    pub session: SessionId,
    /// Chunks, numbered from 1.
    pub chunks: u64,
    /// Bytes in all of them.
    pub bytes: u64,
    /// BLAKE3 over the bytes, in order.
    pub digest: Digest,
}

/// A transcript is beyond its time: it is removed after this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TranscriptDropped {
    /// The session whose transcript it is.
    pub session: SessionId,
}

/// What a session used of a model since it was last recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelUsage {
    /// The name of the provider.
    pub provider: String,
    /// Which, as the provider named it.
    pub model: String,
    /// The amounts that were used.
    pub usage: Usage,
}

/// A session used its model's provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsageMetered {
    /// The session that this is about.
    pub session: SessionId,
    /// What, since it was last recorded.
    pub models: Vec<ModelUsage>,
}

/// Something a session was not allowed to reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeniedTarget {
    /// What it asked for, cut to what can be shown.
    pub target: String,
    /// The number of tries that were denied.
    pub count: u64,
}

/// A session reached out, or was kept from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EgressRecorded {
    /// The session that this is about.
    pub session: SessionId,
    /// Bytes that went out and came in since it was last recorded.
    pub bytes: u64,
    /// What was turned down since then.
    pub denied: Vec<DeniedTarget>,
}

event_enum! {
    /// The events of a container stream.
    pub enum Event {
        Enlisted(Enlisted) = "container.enlisted", 1;
        Assigned(Assigned) = "container.assigned", 2, was [1: Assigned];
        StartRequested(StartRequested) = "container.start_requested", 1;
        Started(Started) = "container.started", 1;
        StartFailed(StartFailed) = "container.start_failed", 1;
        SessionStarted(SessionStarted) = "container.session_started", 1;
        SessionEnded(SessionEnded) = "container.session_ended", 1;
        Exited(Exited) = "container.exited", 1;
        Lost(Lost) = "container.lost", 1;
        Removed(Removed) = "container.removed", 1;
        Idle(Idle) = "container.idle", 1;
        Quarantined(Quarantined) = "container.quarantined", 1;
        Withheld(Withheld) = "container.withheld", 1;
        InterruptRequested(InterruptRequested) = "container.interrupt_requested", 1;
        Reinstated(Reinstated) = "container.reinstated", 1;
        Dismissed(Dismissed) = "container.dismissed", 1;
        TranscriptKept(TranscriptKept) = "container.transcript_kept", 1;
        TranscriptDropped(TranscriptDropped) = "container.transcript_dropped", 1;
        UsageMetered(UsageMetered) = "container.usage_metered", 1;
        EgressRecorded(EgressRecorded) = "container.egress_recorded", 1;
    }
}
