//! What happened to a project. Frozen by golden files.

use serde::{Deserialize, Serialize};

use crate::event_enum;
use crate::holder::SlotSession;
use crate::id::{Digest, FeatureId, SessionId, Sha, Timestamp};
use crate::outcome::Outcome;
use crate::project::Thing;
use crate::settings::Settings;
use crate::stream::Position;

/// Whether the project starts from a spec or from what is there.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectKind {
    /// A spec is turned into features first.
    New,
    /// The repository has a life of its own; no initializer.
    Existing,
}

/// What an oversight is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OversightKind {
    /// A tenth of the way, 10 to 90; covers every unsettled step below.
    Milestone {
        /// Percent.
        step: u8,
    },
    /// Everything is closed.
    Final,
}

/// It exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Registered {
    /// Where its upstream is; never with credentials.
    pub git_url: String,
    /// The kind: new, or with a life of its own.
    pub kind: ProjectKind,
}

/// The gate holds a copy of upstream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cloned {
    /// The name of upstream's branch.
    pub branch: String,
    /// Its commit; none when upstream is empty.
    pub head: Option<Sha>,
    /// The setup command that its lock files suggest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<String>,
}

/// Upstream could not be copied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CloneFailed {
    /// What was tried and what was said.
    pub reason: String,
}

/// What is to be built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpecWritten {
    /// Its text is in the blob store.
    pub digest: Digest,
    /// Length in bytes.
    pub bytes: u64,
}

/// The whole new settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingsChanged {
    /// All of them.
    pub settings: Box<Settings>,
}

/// How many slots are wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetSet {
    /// 0 means outside claimers only.
    pub count: u16,
}

/// Work is wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The name of whoever asked for it.
    pub by: String,
}

/// A person wants what was given up to be tried anew: initializers, overseers and final
/// verifications count from here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Renewed {
    /// The name of whoever asked for it.
    pub by: String,
}

/// Nothing new is to begin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrainRequested {
    /// The name of whoever asked for it.
    pub by: String,
}

/// No work is wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stopped {
    /// The name of whoever asked for it.
    pub by: String,
}

/// The backlog is being edited; nothing is claimed meanwhile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EditOpened {
    /// The name of whoever asked for it.
    pub by: String,
}

/// The edit was taken over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EditSaved {
    /// The name of whoever asked for it.
    pub by: String,
}

/// The edit was thrown away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EditDiscarded {
    /// The name of whoever asked for it.
    pub by: String,
}

/// The spec waits to be turned into features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InitializationDue {
    /// The spec.
    pub spec: Digest,
}

/// An initializer was granted a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InitializationStarted {
    /// Which slot and session.
    #[serde(rename = "seat")]
    pub slot_session: SlotSession,
}

/// The initializer ended without a backlog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InitializationLapsed {
    /// The session that this is about.
    pub session: SessionId,
    /// The outcome that the session ended with.
    pub outcome: Outcome,
}

/// A backlog was handed in; its batch is in the blob store under this digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacklogProposed {
    /// By which session.
    pub session: SessionId,
    /// The batch.
    pub digest: Digest,
    /// The number of its features.
    pub count: u32,
}

/// Every feature of the proposed backlog exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Initialized {
    /// The number of its features.
    pub count: u32,
}

/// Progress passed one or more tenths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MilestoneDue {
    /// The highest step passed, 10 to 90.
    pub step: u8,
    /// True at this position.
    pub as_of: Position,
    /// Closed features that count.
    pub closed: u32,
    /// Features that count.
    pub total: u32,
}

/// An overseer was granted a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OversightStarted {
    /// Which slot and session.
    #[serde(rename = "seat")]
    pub slot_session: SlotSession,
    /// The purpose: a milestone or the end.
    pub oversight: OversightKind,
}

/// The overseer ended without a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OversightLapsed {
    /// The session that this is about.
    pub session: SessionId,
    /// The outcome that the session ended with.
    pub outcome: Outcome,
}

/// An overseer reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MilestoneSettled {
    /// The session that this is about.
    pub session: SessionId,
    /// The steps this report covers, ascending; 100 for the final verification.
    pub covers: Vec<u8>,
    /// The report, in the blob store.
    pub report: Digest,
    /// Number of findings; each became a feature.
    pub findings: u32,
}

/// Everything that counts is closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FinalVerificationDue {
    /// True at this position.
    pub as_of: Position,
    /// The commit that upstream has.
    pub trunk_head: Option<Sha>,
    /// Closed features that count.
    pub closed: u32,
}

/// Done: the final verification found nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completed {
    /// True at this position.
    pub as_of: Position,
    /// The commit that upstream has.
    pub trunk_head: Option<Sha>,
}

/// There is work again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resumed {
    /// The reason, in words for people.
    pub why: String,
}

/// A thing that sessions need was seen in trouble; none of them is to blame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TroubleReported {
    /// The thing in trouble.
    pub thing: Thing,
    /// The sight of it, in words for people.
    pub detail: String,
    /// Until when the thing itself said to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// Which session saw it.
    pub session: SessionId,
    /// What that session worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<FeatureId>,
    /// Whether it was begun after the trouble was known, to see how the thing is.
    pub probe: bool,
}

/// The thing works again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TroubleEnded {
    /// The thing in trouble.
    pub thing: Thing,
    /// The sign that it is over, in words.
    pub why: String,
}

/// A person wants everything that is in trouble tried at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeAsked {
    /// The name of whoever asked for it.
    pub by: String,
}

/// Gone; the name is never used again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deleted {
    /// The name of whoever asked for it.
    pub by: String,
}

/// Upstream has another address: whoever runs it says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relocated {
    /// Where it is from now on.
    pub git_url: String,
    /// The person.
    pub by: String,
}

event_enum! {
    /// The events of a project stream.
    pub enum Event {
        Registered(Registered) = "project.registered", 1;
        Cloned(Cloned) = "project.cloned", 1;
        CloneFailed(CloneFailed) = "project.clone_failed", 1;
        SpecWritten(SpecWritten) = "project.spec_written", 1;
        SettingsChanged(SettingsChanged) = "project.settings_changed", 2, was [1: SettingsChanged];
        TargetSet(TargetSet) = "project.target_set", 1;
        Started(Started) = "project.started", 1;
        DrainRequested(DrainRequested) = "project.drain_requested", 1;
        Stopped(Stopped) = "project.stopped", 1;
        EditOpened(EditOpened) = "project.edit_opened", 1;
        EditSaved(EditSaved) = "project.edit_saved", 1;
        EditDiscarded(EditDiscarded) = "project.edit_discarded", 1;
        InitializationDue(InitializationDue) = "project.initialization_due", 1;
        InitializationStarted(InitializationStarted) = "project.initialization_started", 1;
        InitializationLapsed(InitializationLapsed) = "project.initialization_lapsed", 1;
        BacklogProposed(BacklogProposed) = "project.backlog_proposed", 1;
        Initialized(Initialized) = "project.initialized", 1;
        MilestoneDue(MilestoneDue) = "project.milestone_due", 1;
        OversightStarted(OversightStarted) = "project.oversight_started", 1;
        OversightLapsed(OversightLapsed) = "project.oversight_lapsed", 1;
        MilestoneSettled(MilestoneSettled) = "project.milestone_settled", 1;
        FinalVerificationDue(FinalVerificationDue) = "project.final_verification_due", 1;
        Completed(Completed) = "project.completed", 1;
        Resumed(Resumed) = "project.resumed", 1;
        Deleted(Deleted) = "project.deleted", 1;
        TroubleReported(TroubleReported) = "project.trouble_reported", 1;
        TroubleEnded(TroubleEnded) = "project.trouble_ended", 1;
        ProbeAsked(ProbeAsked) = "project.probe_asked", 1;
        Renewed(Renewed) = "project.renewed", 1;
        Relocated(Relocated) = "project.relocated", 1;
    }
}
