//! The past on the wire: states at an instant, what changed between two of them, where an
//! expression flips, and reasons.

use events::id::{ProjectName, Timestamp};
use events::stream::Position;
use events::why::{Answer, Foreseen, Part, Prospect, Sentence, Shown};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{EventShape, FiguresShape, Instant, time};

/// A state at an instant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StateShape {
    /// The instant.
    #[serde(flatten)]
    pub instant: Instant,
    /// The state, as the rules folded it, or the view that was asked for.
    #[schema(value_type = Object)]
    pub state: Value,
}

/// A place of a state that is another at the second of two instants.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Change {
    /// The stream whose state it is.
    pub stream: String,
    /// The place in that state: a JSON pointer (RFC 6901).
    pub path: String,
    /// The change.
    #[serde(flatten)]
    pub edit: Edit,
    /// The last event that touched the place.
    pub position: u64,
    /// Its type.
    #[serde(rename = "type")]
    pub event: String,
    /// The time at which it was recorded.
    pub at: String,
}

/// The change of a place.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "change", rename_all = "lowercase")]
pub enum Edit {
    /// It was not there.
    Added {
        /// The value.
        #[schema(value_type = Object)]
        is: Value,
    },
    /// It is not there any more.
    Removed {
        /// The value that was there.
        #[schema(value_type = Object)]
        was: Value,
    },
    /// It has another value.
    Changed {
        /// The value before.
        #[schema(value_type = Object)]
        was: Value,
        /// The value after.
        #[schema(value_type = Object)]
        is: Value,
    },
}

/// The place at which an expression flips.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FlipShape {
    /// The position of the event that did it.
    pub position: u64,
    /// Whether the expression holds from there on.
    pub holds: bool,
    /// The event.
    pub event: EventShape,
}

/// The first position at which two logs differ.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DivergenceShape {
    /// The position.
    pub position: u64,
    /// The event of this log.
    pub here: EventShape,
    /// The event of the other one.
    pub there: EventShape,
}

/// A stream that two builds fold to different states.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DifferingShape {
    /// The stream.
    pub stream: String,
    /// The first event after which its state is another.
    pub event: EventShape,
}

/// A sentence of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SentenceShape {
    /// What it says, for programs: a stable word.
    pub kind: &'static str,
    /// Whether it tells a state or a wait.
    pub part: PartShape,
    /// What it says, for people.
    pub text: String,
    /// Where that is to be seen: at least one position.
    pub positions: Vec<u64>,
    /// Whether those events make it true; of something absent it is the newest event of the stream.
    pub is_shown: bool,
    /// Until when it waits at the latest, where that is known.
    pub until: Option<String>,
    /// What a person types, where it waits for one.
    pub command: Option<String>,
}

/// The part of an answer that a sentence belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PartShape {
    /// The state that it is in.
    Stands,
    /// Something that it waits for.
    Waits,
}

/// Why something was as it was.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WhyShape {
    /// The last event that had happened.
    pub position: u64,
    /// The time, which may be later than that event.
    pub now: String,
    /// The state first, then the waits.
    pub sentences: Vec<SentenceShape>,
}

/// What a wish would have come to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WhyNotShape {
    /// The last event that had happened.
    pub position: u64,
    /// The time, which may be later than that event.
    pub now: String,
    /// Whether it would happen.
    pub prospect: ProspectShape,
    /// The same in words.
    pub text: String,
    /// The types of the events that would be recorded.
    pub events: Vec<&'static str>,
    /// The stable code of a refusal.
    pub code: Option<&'static str>,
    /// The state of what it is about, and the premises that do not hold.
    pub because: Vec<SentenceShape>,
}

/// Whether a wish would happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProspectShape {
    /// The rules accept it.
    Accepted,
    /// A policy owes it: nobody has to ask for it.
    Owed,
    /// The server is about to begin it.
    Begun,
    /// The rules turn it down.
    Refused,
    /// The rules would take it, and a premise is missing.
    Missing,
}

impl SentenceShape {
    fn of(sentence: &Sentence, project: &ProjectName) -> Self {
        let remedy = sentence.remedy.as_ref();
        let command = remedy.and_then(|remedy| remedy.command(project));
        Self {
            kind: sentence.kind.name(),
            part: match sentence.part {
                Part::Stands => PartShape::Stands,
                Part::Waits => PartShape::Waits,
            },
            text: sentence.text.clone(),
            positions: sentence.positions.iter().map(|one| one.0).collect(),
            is_shown: sentence.shown == Shown::Events,
            until: sentence.until.map(time),
            command,
        }
    }
}

fn all(sentences: &[Sentence], project: &ProjectName) -> Vec<SentenceShape> {
    let shapes = sentences.iter();
    shapes.map(|one| SentenceShape::of(one, project)).collect()
}

impl WhyShape {
    /// The sentences about something in a project, at an instant.
    pub fn of(
        project: &ProjectName,
        (position, now): (Position, Timestamp),
        sentences: &[Sentence],
    ) -> Self {
        Self {
            position: position.0,
            now: time(now),
            sentences: all(sentences, project),
        }
    }
}

impl WhyNotShape {
    /// The answer to a wish about a project, at an instant.
    pub fn of(
        project: &ProjectName,
        (position, now): (Position, Timestamp),
        answer: &Answer,
    ) -> Self {
        let (prospect, foreseen) = match &answer.prospect {
            Prospect::Accepted(next) => (ProspectShape::Accepted, Some(next)),
            Prospect::Owed { next, .. } => (ProspectShape::Owed, Some(next)),
            Prospect::Begun { .. } => (ProspectShape::Begun, None),
            Prospect::Refused(_) => (ProspectShape::Refused, None),
            Prospect::Missing => (ProspectShape::Missing, None),
        };
        let code = match &answer.prospect {
            Prospect::Refused(refused) => Some(refused.code),
            Prospect::Accepted(_)
            | Prospect::Owed { .. }
            | Prospect::Begun { .. }
            | Prospect::Missing => None,
        };

        Self {
            position: position.0,
            now: time(now),
            prospect,
            text: in_words(&answer.prospect),
            events: foreseen.map(kinds).unwrap_or_default(),
            code,
            because: all(&answer.because, project),
        }
    }
}

fn kinds(next: &Foreseen) -> Vec<&'static str> {
    next.events.iter().map(|event| event.kind.name).collect()
}

fn in_words(prospect: &Prospect) -> String {
    match prospect {
        Prospect::Accepted(next) => format!("It would be accepted: {}.", foreseen(next)),
        Prospect::Owed { policy, next } => {
            format!(
                "It happens by itself, by the policy {policy}: {}.",
                foreseen(next)
            )
        }
        Prospect::Begun { effect } => format!("The server is about to begin it: {effect}."),
        Prospect::Refused(refused) => {
            format!("It would be refused: {} ({}).", refused.text, refused.code)
        }
        Prospect::Missing => "Nothing refuses it, and something is missing for it.".to_owned(),
    }
}

fn foreseen(next: &Foreseen) -> String {
    let kinds = kinds(next);
    match kinds[..] {
        [] => format!(
            "\"{}\" changes nothing there, it is so already",
            next.command
        ),
        _ => format!("{} would be recorded in {}", kinds.join(", "), next.stream),
    }
}

/// The recorded course of a project beside another one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WhatIfShape {
    /// The project.
    pub project: String,
    /// The position after which both begin.
    pub from: u64,
    /// Where they part; nothing, where what is otherwise makes no difference.
    pub parting: Option<PartingShape>,
    /// Whether the other course never came to rest and was cut off.
    pub endless: bool,
    /// Sessions of the other course for whose work there was no recorded one, so that another one
    /// of their role stands for it.
    pub guessed: u32,
    /// Positions of the record that came from a policy or an effect although nothing in the
    /// projections owed them: something was seen that is not recorded.
    pub unexplained: Vec<u64>,
    /// The recorded course.
    pub recorded: CourseShape,
    /// The other one.
    pub otherwise: CourseShape,
    /// Features that come out otherwise.
    pub features: Vec<FeatureCourse>,
}

/// The instant at which two courses part.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PartingShape {
    /// The last position that they have in common.
    pub position: u64,
    /// When the next event was recorded, RFC 3339.
    pub at: String,
    /// What is otherwise there, in words.
    pub why: String,
}

/// A course in figures.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CourseShape {
    /// What happened in it, counted.
    pub figures: FiguresShape,
    /// Seconds from its beginning to the last feature that was closed or quarantined, or to the
    /// project's completion.
    pub took_s: u64,
    /// Whether the project is completed at its end.
    pub completed: bool,
    /// What needs a person at its end.
    pub needs_you: u64,
}

/// A feature in both courses.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FeatureCourse {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How it stands at the end of the recorded course, and since when.
    pub recorded: String,
    /// The same of the other one.
    pub otherwise: String,
}
