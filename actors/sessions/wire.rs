//! What travels through a door, as JSON. Unknown fields are refused: a typo must not pass for an
//! omission.

use events::backlog::Batch;
use events::feature::Content;
use events::holder::Role;
use events::id::{Digest, Epoch, FeatureId, ProjectName, SessionId, Sha};
use events::settings::AgentSpec;
use events::verdict::{Report, Verdict};
use serde::{Deserialize, Serialize};

use crate::ports::models::Protocol;

/// What a runner is told when it reports for work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionBrief {
    /// Its session.
    pub session: SessionId,
    /// What it is for.
    pub role: Role,
    /// The name of its project.
    pub project: ProjectName,
    /// The feature, for coders and reviewers.
    pub feature: Option<FeatureId>,
    /// The claim, for coders and reviewers.
    pub epoch: Option<Epoch>,
    /// The commit to check out; none in an empty repository.
    pub sha: Option<Sha>,
    /// The ref that holds it in the gate.
    pub fetch: Option<String>,
    /// The branch a coder pushes to.
    pub branch: Option<String>,
    /// The agent; none for verifiers.
    pub agent: Option<AgentSpec>,
    /// The provider of its model, when it has one.
    pub models: Option<ModelApi>,
    /// What keeps it from starting, when something does.
    pub trouble: Option<String>,
    /// Command run in the fresh clone before the agent.
    pub setup: Option<String>,
    /// The prompt or, for verifiers, the command line.
    pub prompt: String,
    /// The recorded verification command, for agents that want to run it.
    pub verify: Option<String>,
    /// Milliseconds between two looks at what a coder has not committed.
    pub rescue_ms: u64,
    /// Milliseconds until the session is ended.
    pub wall_ms: u64,
}

/// Where a session's model is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelApi {
    /// The name of the provider.
    pub provider: String,
    /// How it is spoken to.
    pub protocol: Protocol,
}

impl ModelApi {
    /// Its path on the agent's voice.
    pub fn path(&self) -> String {
        format!("/model/{}", self.provider)
    }
}

/// The answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Whether the granted work is still this session's. When not, the agent gets a short grace and
    /// the session ends.
    pub open: bool,
    /// Whether its model's context is as full as it may be: the work is secured, and a fresh
    /// session goes on.
    pub full: bool,
}

/// What a verifier's run came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// The tree that was checked out.
    pub tree: Sha,
    /// Exit code; a time-out counts as 124.
    pub exit: i32,
    /// Digest of the whole log.
    pub log: Digest,
    /// Its last lines.
    pub tail: String,
}

/// What an agent did not run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeverRan {
    /// The setup command failed on what is upstream.
    Setup,
    /// The agent's program could not be started.
    Tool,
}

/// What a runner reports at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// The agent's exit code, when it ended by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended the agent.
    pub signal: Option<i32>,
    /// Whether the runner was asked to stop.
    pub interrupted: bool,
    /// What kept the agent from starting, if something did.
    pub trouble: Option<String>,
    /// What kept the agent from running, when that is the project's to mend.
    #[serde(default)]
    pub never_ran: Option<NeverRan>,
    /// Whether it was ended because its model's context was full.
    #[serde(default)]
    pub context_full: bool,
    /// What the agent itself said about its end, when it says such things and called it a failure.
    #[serde(default)]
    pub failure: Option<String>,
    /// What of its work could not be brought to safety.
    #[serde(default)]
    pub unsecured: Option<String>,
    /// For verifiers.
    pub verification: Option<Verification>,
}

/// What an agent may say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case", deny_unknown_fields)]
pub enum Say {
    /// A coder hands in a pushed commit.
    Submit {
        /// The commit that is handed in.
        sha: Sha,
    },
    /// A reviewer judges.
    Verdict {
        /// The judgement.
        verdict: Verdict,
    },
    /// An overseer reports.
    Report {
        /// The report.
        report: Report,
    },
    /// An initializer hands in the backlog.
    Backlog {
        /// The features.
        batch: Batch,
    },
    /// Anybody says something about the feature at hand.
    Comment {
        /// The text, as it was written.
        text: String,
    },
    /// A coder gives the work back.
    Release {
        /// The reason, in words for people.
        reason: String,
    },
    /// A coder needs a person.
    Ask {
        /// The question that a person answers.
        question: String,
    },
    /// Anybody found more to do.
    Create {
        /// The content of the new feature.
        content: Content,
        /// Ids it depends on.
        #[serde(default)]
        depends_on: Vec<String>,
    },
}

/// The answer to a verb.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Where it is recorded.
    pub position: u64,
    /// Ids of features it brought.
    #[serde(default)]
    pub ids: Vec<FeatureId>,
}

/// An error on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The stable code, for programs.
    pub code: String,
    /// For people and agents: what was wrong, and what to do.
    pub detail: String,
}
