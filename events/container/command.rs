//! What can be asked of a slot, and why it is turned down.

use serde::Serialize;

use crate::container::class::Class;
use crate::container::event::{Assignment, DeniedTarget, Exit, ModelUsage};
use crate::id::{Digest, Generation, SessionId};
use crate::outcome::Outcome;
use crate::refusal_enum;

/// A request to a slot.
#[derive(Debug, Clone, Serialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of the events of the same name"
)]
pub enum Command {
    Enlist,
    Assign {
        assignment: Box<Assignment>,
    },
    RequestStart {
        generation: Generation,
    },
    RecordStarted {
        generation: Generation,
        engine_id: String,
    },
    RecordStartFailed {
        generation: Generation,
        class: Class,
        detail: String,
    },
    BeginSession {
        session: SessionId,
    },
    EndSession {
        session: SessionId,
        outcome: Outcome,
        exit_code: Option<i32>,
        evidence: Option<Digest>,
        detail: String,
    },
    RecordExited {
        generation: Generation,
        exit: Exit,
    },
    RecordLost {
        generation: Generation,
        reason: String,
    },
    RecordRemoved {
        generation: Generation,
    },
    Withhold {
        by: String,
    },
    Interrupt {
        by: String,
    },
    Reinstate {
        by: String,
    },
    Dismiss,
    KeepTranscript {
        session: SessionId,
        chunks: u64,
        bytes: u64,
        digest: Digest,
    },
    DropTranscript {
        session: SessionId,
    },
    MeterUsage {
        session: SessionId,
        models: Vec<ModelUsage>,
    },
    RecordEgress {
        session: SessionId,
        bytes: u64,
        denied: Vec<DeniedTarget>,
    },
}

refusal_enum! {
    /// Why a slot turned a command down.
    pub enum Refusal {
        Unknown: NotFound = "unknown_container", "there is no such container; `container list` \
                                        shows those there are";
        Exists = "exists", "the slot is enlisted already";
        Busy = "busy", "the slot is busy with a session";
        NotIdle = "not_idle", "the slot is not idle";
        Quarantined { why: String } = "quarantined", "the slot is quarantined ({why}); a person \
                                                      has to reinstate it";
        Withheld { by: String } = "withheld", "the slot was taken out of service by {by}; \
                                               `container restart` puts it back";
        NotQuarantined = "not_quarantined", "the slot is in service";
        NoSession = "no_session", "no session is at work in this slot";
        StaleGeneration { given: Generation, current: Generation } = "stale_generation", "generation {given} is over, the slot is at {current}";
        WrongState = "wrong_state", "the slot is not where that could have happened";
        AgentTooLong = "agent_too_long", "the agent's command line is too long to be recorded: \
                                          shorten it with `project set --agent-command`";
        SessionOver = "session_over", "this session is over: its word is not taken, stop \
                                        working on it";
    }
}
