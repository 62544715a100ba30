//! What may be asked of a project, and why it may be turned down.

use serde::Serialize;

use crate::holder::SlotSession;
use crate::id::{Digest, FeatureId, SessionId, Sha, Timestamp};
use crate::outcome::Outcome;
use crate::project::Thing;
use crate::project::event::ProjectKind;
use crate::refusal_enum;
use crate::settings::Settings;
use crate::stream::Position;

/// Longest git URL, in bytes.
pub const URL_MAX: usize = 2048;

/// Longest name of a branch, in bytes: git itself takes what a file system does.
pub const BRANCH_MAX: usize = 1024;

/// A request to a project.
#[derive(Debug, Clone, Serialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of the events of the same name"
)]
pub enum Command {
    Register {
        git_url: String,
        kind: ProjectKind,
    },
    Relocate {
        git_url: String,
        by: String,
    },
    RecordClone {
        branch: String,
        head: Option<Sha>,
        #[serde(skip_serializing_if = "Option::is_none")]
        setup: Option<String>,
    },
    FailClone {
        reason: String,
    },
    WriteSpec {
        digest: Digest,
        bytes: u64,
    },
    ChangeSettings {
        settings: Box<Settings>,
    },
    SetTarget {
        count: u16,
    },
    /// `has_features` is the caller's reading of the backlog.
    Start {
        by: String,
        has_features: bool,
    },
    Drain {
        by: String,
    },
    Stop {
        by: String,
    },
    OpenEdit {
        by: String,
    },
    SaveEdit {
        by: String,
    },
    DiscardEdit {
        by: String,
    },
    DueInitialization,
    /// A person wants the spec of a repository that had a life before turned into a backlog.
    AskInitialization,
    StartInitialization {
        #[serde(rename = "seat")]
        slot_session: SlotSession,
    },
    LapseInitialization {
        session: SessionId,
        outcome: Outcome,
    },
    ProposeBacklog {
        session: SessionId,
        digest: Digest,
        count: u32,
    },
    FinishInitialization {
        count: u32,
    },
    DueMilestone {
        step: u8,
        as_of: Position,
        closed: u32,
        total: u32,
    },
    DueFinal {
        as_of: Position,
        trunk_head: Option<Sha>,
        closed: u32,
    },
    StartOversight {
        #[serde(rename = "seat")]
        slot_session: SlotSession,
    },
    LapseOversight {
        session: SessionId,
        outcome: Outcome,
    },
    SettleOversight {
        session: SessionId,
        report: Digest,
        findings: u32,
    },
    Resume {
        why: String,
    },
    Delete {
        by: String,
    },
    /// `since` is when the session was given its work.
    ReportTrouble {
        thing: Thing,
        detail: String,
        retry_at: Option<Timestamp>,
        session: SessionId,
        feature: Option<FeatureId>,
        since: Timestamp,
    },
    EndTrouble {
        thing: Thing,
        why: String,
    },
    /// A person wants what is in trouble tried at once.
    AskProbe {
        by: String,
    },
}

refusal_enum! {
    /// Why a project turned a command down.
    pub enum Refusal {
        UnknownProject: NotFound = "unknown_project", "there is no such project; `project list` \
                                             shows those there are, `project add` makes one";
        Exists = "exists", "a project of this name is or was registered, and names are never used \
                            again; choose another";
        Deleted = "deleted", "the project was deleted";
        Invalid { why: String }: Invalid = "invalid", "{why}";
        AlreadyCloned = "already_cloned", "the gate holds a copy of upstream already";
        NothingToDo = "nothing_to_do", "there is neither a spec nor a feature: add one with \
                                        `project set --spec FILE` or `feature add`";
        NoAgent = "no_agent", "no agent was chosen: say which one works with `project set NAME \
                               --agent-command COMMAND` or `--model MODEL`, or take the scripted \
                               one of demos with `--script-agent`";
        NoSpec = "no_spec", "there is no spec to make a backlog of: give one with `project set \
                             --spec FILE`";
        Initialized = "initialized", "the spec was made a backlog already: further features are \
                                      added with `feature add`";
        StillWorking = "still_working", "stop the project first";
        Editing { by: String } = "editing", "the backlog is being edited by {by}; save or discard \
                                             that edit first";
        NotEditing = "not_editing", "no edit is open";
        NotDue = "not_due", "nothing of that kind is due";
        Underway = "underway", "one is under way already";
        NotUnderway = "not_underway", "this session is not under way for the project: its result \
                                       is not taken";
        NoTrouble = "no_trouble", "nothing that this project needs is in trouble";
        StepSettled { step: u8 } = "step_settled", "step {step} is settled or due already";
    }
}
