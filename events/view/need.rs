//! Needs: what stands still until a person does something, with what that is.
//!
//! A need names its kind (for programs), says what is the matter (for people) and which remedy lets
//! work go on. A remedy is a value and not a sentence: whoever shows it writes it as a command, and
//! a test performs it.

use serde::Serialize;

use crate::id::{FeatureId, ProjectName, Sha, SlotNo};

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// What kind of thing stands still.
    pub kind: NeedKind,
    /// What is the matter, in words.
    pub text: String,
    /// What lets work go on.
    pub remedy: Remedy,
}

impl Need {
    /// A need of this kind.
    pub fn new(kind: NeedKind, text: impl Into<String>, remedy: Remedy) -> Self {
        Self {
            kind,
            text: text.into(),
            remedy,
        }
    }
}

/// What kind of thing stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedKind {
    /// Upstream cannot be copied.
    Copy,
    /// Initializers ended without a backlog.
    Initialization,
    /// Overseers ended without a report, or final verifications found something again and again.
    Oversight,
    /// A merge has nothing that it could be verified with, or what there is cannot be run.
    Verification,
    /// Verifiers of one candidate were lost.
    Verifiers,
    /// The trunk is red without any work of ours.
    Trunk,
    /// Upstream cannot be used.
    Upstream,
    /// A merge changes protected paths.
    Held,
    /// Merged work could not be taken out again.
    Undo,
    /// A feature used up one of its bounds.
    Feature,
    /// An agent asked a question.
    Question,
    /// A slot failed too often, or all are out of service.
    Slot,
    /// A provider of models, an agent's tool, the setup command or the engine is in trouble.
    Outside,
    /// Something that the server owes and cannot get done.
    Stuck,
    /// There is nobody to work: the project has no agent of its own.
    Target,
    /// What a feature had brought was taken out.
    Aside,
    /// Features wait for a heading.
    Epic,
    /// There is nothing to do: every feature was withdrawn.
    Idle,
}

impl NeedKind {
    /// The kind as wires and tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Initialization => "initialization",
            Self::Oversight => "oversight",
            Self::Verification => "verification",
            Self::Verifiers => "verifiers",
            Self::Trunk => "trunk",
            Self::Upstream => "upstream",
            Self::Held => "held",
            Self::Undo => "undo",
            Self::Feature => "feature",
            Self::Question => "question",
            Self::Slot => "slot",
            Self::Outside => "outside",
            Self::Stuck => "stuck",
            Self::Target => "target",
            Self::Aside => "aside",
            Self::Epic => "epic",
            Self::Idle => "idle",
        }
    }
}

/// What a person does, so that work goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Remedy {
    /// Mend what is outside: it is tried again by itself.
    Mend,
    /// Stop the project.
    Stop,
    /// Start the project: what was given up is tried anew.
    Start,
    /// Have the spec made a backlog anew.
    Initialize,
    /// Let the merge queue go on: what was given up there is tried anew.
    ResumeQueue,
    /// Give the project agents of its own.
    SetTarget,
    /// Close a heading by hand.
    Close {
        /// The feature that this is about.
        feature: FeatureId,
    },
    /// Say what merges are verified with.
    SetVerification,
    /// Take a rewritten upstream as it is.
    AcceptUpstream {
        /// Where it was seen.
        seen: Sha,
    },
    /// Say what upstream's branch is called now.
    FollowBranch,
    /// Give the server a credential that upstream takes.
    SetCredential,
    /// Forget the pinned keys of upstream's host.
    ForgetHostKeys,
    /// Let an entry change what it was held for, or refuse it.
    Approve {
        /// The entry's number in the merge queue.
        entry: u64,
    },
    /// Have what is in trouble tried at once.
    Retry,
    /// Take the feature's work out once more, after what stood in the way.
    Undo {
        /// The feature that this is about.
        feature: FeatureId,
    },
    /// Give the feature a fresh start.
    Requeue {
        /// The feature that this is about.
        feature: FeatureId,
    },
    /// Answer the feature's question.
    Answer {
        /// The feature that this is about.
        feature: FeatureId,
    },
    /// Take the feature out of the backlog.
    Withdraw {
        /// The feature that this is about.
        feature: FeatureId,
    },
    /// Put the slot back into service.
    Reinstate {
        /// The number of the slot.
        slot: SlotNo,
    },
}

impl Remedy {
    /// The feature that it is about.
    pub fn feature(&self) -> Option<&FeatureId> {
        match self {
            Self::Close { feature }
            | Self::Undo { feature }
            | Self::Requeue { feature }
            | Self::Answer { feature }
            | Self::Withdraw { feature } => Some(feature),
            Self::Mend
            | Self::Stop
            | Self::Start
            | Self::Initialize
            | Self::ResumeQueue
            | Self::SetTarget
            | Self::SetVerification
            | Self::AcceptUpstream { .. }
            | Self::FollowBranch
            | Self::SetCredential
            | Self::ForgetHostKeys
            | Self::Approve { .. }
            | Self::Retry
            | Self::Reinstate { .. } => None,
        }
    }

    /// The entry of the merge queue that it is about.
    pub fn entry(&self) -> Option<u64> {
        match self {
            Self::Approve { entry } => Some(*entry),
            _ => None,
        }
    }

    /// The slot that it is about.
    pub fn slot(&self) -> Option<SlotNo> {
        match self {
            Self::Reinstate { slot } => Some(*slot),
            _ => None,
        }
    }

    /// The remedy as it is typed; none where nothing is to be told to the server.
    pub fn command(&self, project: &ProjectName) -> Option<String> {
        let verb = match self {
            Self::Mend => return None,
            Self::Stop => format!("project stop {project}"),
            Self::Start => format!("project start {project}"),
            Self::Retry => format!("project retry {project}"),
            Self::Initialize => format!("project initialize {project}"),
            Self::ResumeQueue => format!("queue resume {project}"),
            Self::SetTarget => format!("project set {project} --target 1"),
            Self::Close { feature } => format!("feature close {project} {feature}"),
            Self::SetVerification => format!("project set {project} --verify COMMAND"),
            Self::AcceptUpstream { seen } => format!("project upstream accept {project} {seen}"),
            Self::FollowBranch => format!("project upstream follow {project}"),
            Self::SetCredential => format!("project set {project} --token-file FILE"),
            Self::ForgetHostKeys => format!("project upstream forget-host-keys {project}"),
            Self::Approve { entry } => format!("queue approve {project} {entry}"),
            Self::Undo { feature } => format!("feature undo {project} {feature}"),
            Self::Requeue { feature } => format!("feature requeue {project} {feature}"),
            Self::Answer { feature } => format!("feature answer {project} {feature} TEXT"),
            Self::Withdraw { feature } => format!("feature withdraw {project} {feature}"),
            Self::Reinstate { slot } => format!("container restart {project} {slot}"),
        };

        Some(format!("supercargo {verb}"))
    }
}
