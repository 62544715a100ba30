//! What happened to a node. Frozen by golden files.

use serde::{Deserialize, Serialize};

use crate::bounds::{Bounded, cut_name};
use crate::event_enum;
use crate::id::{Digest, Timestamp};
use crate::own_time::Gap;
use crate::seal::Statement;
use crate::stream::Position;

/// The server runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// Counts the runs of this server, from 1.
    pub epoch: u64,
    /// The build of the server, as it names itself.
    pub build: String,
    /// When the run before was last known to be up; none in a new log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
}

/// The server stood still for a while, or its clock was set: whoever holds something gets a fresh
/// lease from here on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoodStill {
    /// The number of the run of this server.
    pub epoch: u64,
    /// From when to when, by its clock.
    pub gap: Gap,
}

/// The server ended in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stopped {
    /// The number of the run of this server.
    pub epoch: u64,
}

/// A range of the log is sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sealed {
    /// Which range, and what it is.
    pub statement: Statement,
    /// Public half of the key that signed it: Ed25519, hex.
    pub key: String,
    /// Ed25519 signature over [`Statement::signed_bytes`], hex.
    pub signature: String,
}

/// Alarm: the projections that served were not what the log says. They were replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diverged {
    /// The oldest stream state that was not the same, by the position of its newest event.
    pub at: Position,
    /// Through which position both were folded.
    pub through: Position,
    /// Digest of the state that served.
    pub kept: Digest,
    /// Digest of the state that the log gives.
    pub folded: Digest,
}

event_enum! {
    /// The events of a node stream.
    pub enum Event {
        Started(Started) = "node.started", 1;
        Stopped(Stopped) = "node.stopped", 1;
        Sealed(Sealed) = "node.sealed", 1;
        Diverged(Diverged) = "node.books_diverged", 1;
        StoodStill(StoodStill) = "node.stood_still", 1;
    }
}

impl Bounded for Event {
    fn bounded(mut self) -> Self {
        match &mut self {
            Self::Started(e) => cut_name(&mut e.build),
            Self::Sealed(e) => {
                cut_name(&mut e.key);
                cut_name(&mut e.signature);
            }
            Self::Stopped(_) | Self::Diverged(_) | Self::StoodStill(_) => {}
        }
        self
    }
}
