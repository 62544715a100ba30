//! The run on the wire: instants, how many events when, and marks.

use events::id::Timestamp;
use events::marks::MarkKind;
use events::stream::Position;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time;

/// A place in the log, and its time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Instant {
    /// The position; 0 before the first event.
    pub position: u64,
    /// When the event there was recorded; none before the first one.
    pub at: Option<String>,
}

impl Instant {
    /// The instant of a position.
    pub fn of(position: Position, at: Timestamp) -> Self {
        Self {
            position: position.0,
            at: (position.0 > 0).then(|| time(at)),
        }
    }
}

/// A part of the run, in equal shares of time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TimelineShape {
    /// The newest position.
    pub head: u64,
    /// The first event of the part.
    pub from: Instant,
    /// Its last one.
    pub to: Instant,
    /// Its shares.
    pub buckets: Vec<BucketShape>,
    /// What a person would look for, oldest first; the newest 500.
    pub marks: Vec<MarkShape>,
}

/// A share of time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BucketShape {
    /// Its first event; where it has none, that of the part.
    pub position: u64,
    /// The number of its events.
    pub count: u32,
}

/// An event that a person would look for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MarkShape {
    /// Its position.
    pub position: u64,
    /// The time at which it was recorded.
    pub at: String,
    /// The reason to look for it.
    pub kind: MarkKind,
    /// The type of the event.
    #[serde(rename = "type")]
    pub event: String,
    /// The project that it is of.
    pub project: Option<String>,
    /// The event in words.
    pub text: String,
}
