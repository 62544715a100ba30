//! A sentence of an answer: what it says, and where in the log that is to be seen.

use serde::Serialize;

use crate::id::Timestamp;
use crate::stream::Position;
use crate::view::Remedy;
use crate::why::kind::{Kind, Part};

/// Something true of its subject, in plain English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// What it says, for programs.
    pub kind: Kind,
    /// Whether it tells a state or a wait.
    pub part: Part,
    /// What it says, for people.
    pub text: String,
    /// Where that is to be seen: at least one position, in the log's order.
    pub positions: Vec<Position>,
    /// What those positions are to it.
    pub shown: Shown,
    /// Until when it waits at the latest, where that is known and ahead.
    pub until: Option<Timestamp>,
    /// What a person does, where it waits for one.
    pub remedy: Option<Remedy>,
}

/// What the positions of a sentence are to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Events that make it true.
    Events,
    /// The newest event of the stream that it speaks about: it tells what is not there or has not
    /// happened yet, or its own event lies before what was read.
    Newest,
}
