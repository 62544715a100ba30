//! A command that somebody wishes for, and what it would come to at the instant.

use serde::Serialize;

use crate::id::{FeatureId, ProjectName, SlotNo};
use crate::log::NewEvent;
use crate::stream::StreamId;
use crate::why::sentence::Sentence;

/// Something that might happen to a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The name of the project.
    pub project: ProjectName,
    /// The deed that is wished for.
    pub deed: Deed,
}

/// What is wished for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Somebody claims a feature.
    Claim {
        /// The feature.
        feature: FeatureId,
        /// Whoever claims it.
        by: Claimant,
    },
    /// The work of a feature goes on towards upstream.
    Merge(FeatureId),
    /// A person closes a feature as done elsewhere.
    Close(FeatureId),
    /// A person opens a closed feature again.
    Reopen(FeatureId),
    /// A person gives a feature a fresh start.
    Requeue(FeatureId),
    /// A person starts the project.
    Start,
    /// A person has it end in order.
    Drain,
    /// A person stops it.
    Stop,
    /// A person lets an entry of the merge queue change protected paths.
    Approve(u64),
    /// A person lets the merge queue go on.
    Resume,
    /// A person puts a slot back into service.
    Reinstate(SlotNo),
}

/// Who would claim a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimant {
    /// The fleet, in whatever slot is free.
    Fleet,
    /// The fleet, in this slot.
    Slot(SlotNo),
    /// Somebody outside, by name.
    Outside(String),
}

/// What a wish comes to, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Whether it would happen.
    pub prospect: Prospect,
    /// The state of what it is about and, where something is missing, the premises that do not
    /// hold.
    pub because: Vec<Sentence>,
}

/// Whether a wish would be carried out at the instant.
#[derive(Debug, Clone, PartialEq)]
pub enum Prospect {
    /// Its rules accept it.
    Accepted(Foreseen),
    /// A policy owes it already: nobody has to ask for it.
    Owed {
        /// The name of the policy.
        policy: String,
        /// What it would record.
        next: Foreseen,
    },
    /// The server is about to begin it; what is recorded then depends on the outside.
    Begun {
        /// The effect, in words.
        effect: String,
    },
    /// Its rules turn it down.
    Refused(Refused),
    /// Its rules would take it, and no policy owes it: a premise is missing.
    Missing,
}

/// What a command would record.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreseen {
    /// The stream that it writes.
    pub stream: StreamId,
    /// The name of the command, in words.
    pub command: String,
    /// Its events, as they would be stored; none where it is so already.
    pub events: Vec<NewEvent>,
}

/// A refusal in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Its stable code.
    pub code: &'static str,
    /// What a person reads.
    pub text: String,
}
