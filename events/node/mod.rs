//! A node stream: when a server was up, on which build. Server-up intervals are part of the proof
//! that a lease ran out.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Moment};
use crate::bounds::{Bounded, cut_name};
use crate::id::{Digest, Timestamp};
use crate::own_time::Gap;
use crate::seal::Statement;
use crate::stream::Position;
use crate::{event_enum, refusal_enum};

/// Gaps that are kept: what is older than so many matters to no lease and no limit any more.
pub const GAPS_MAX: usize = 64;

/// A request to a node.
#[derive(Debug, Clone, Serialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of the events of the same name"
)]
pub enum Command {
    Start {
        build: String,
        /// When the run before was last known to be up.
        last: Option<Timestamp>,
    },
    Stop {
        epoch: u64,
    },
    /// The server stood still, or its clock was set.
    Miss {
        gap: Gap,
    },
    Seal {
        seal: Sealed,
    },
    Alarm {
        alarm: Diverged,
    },
}

refusal_enum! {
    /// Why a node turned a command down.
    pub enum Refusal {
        NotUp = "not_up", "this server run is not the current one";
        NotNext { next: Position } = "not_next", "a seal begins where the one before it ended: at \
                                                  position {next}";
    }
}

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

/// The state of a node stream.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Node {
    /// The newest run.
    pub epoch: u64,
    /// Since when it is up; none after an orderly stop.
    pub up_since: Option<Timestamp>,
    /// The last position under a seal.
    pub sealed: Position,
    /// The newest alarm about the projections: where they differed first.
    pub diverged: Option<Position>,
    /// When it was down, stood still or had its clock set, oldest first; as many as [`GAPS_MAX`].
    pub gaps: Vec<Gap>,
}

impl Node {
    fn missed(&mut self, gap: Gap) {
        self.gaps.push(gap);
        let over = self.gaps.len().saturating_sub(GAPS_MAX);
        self.gaps.drain(..over);
    }
}

impl Aggregate for Node {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn rules(&self, command: &Command, _now: Timestamp) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Start { build, last } => Ok(vec![
                Started {
                    epoch: self.epoch + 1,
                    build: build.clone(),
                    last: *last,
                }
                .into(),
            ]),
            Command::Stop { epoch } if *epoch == self.epoch && self.up_since.is_some() => {
                Ok(vec![Stopped { epoch: *epoch }.into()])
            }
            Command::Stop { .. } => Err(Refusal::NotUp),
            Command::Miss { gap } if self.up_since.is_some() && !self.gaps.contains(gap) => {
                Ok(vec![
                    StoodStill {
                        epoch: self.epoch,
                        gap: *gap,
                    }
                    .into(),
                ])
            }
            Command::Miss { .. } => Ok(vec![]),
            Command::Alarm { alarm } => Ok(vec![alarm.clone().into()]),
            Command::Seal { seal } => {
                let next = Position(self.sealed.0 + 1);
                let Statement { first, last, .. } = seal.statement;
                if first == next && last >= first {
                    Ok(vec![seal.clone().into()])
                } else {
                    Err(Refusal::NotNext { next })
                }
            }
        }
    }

    fn evolve(&mut self, event: &Event, moment: Moment) {
        match event {
            Event::Started(e) => {
                (self.epoch, self.up_since) = (e.epoch, Some(moment.at));
                if let Some(before) = e.last {
                    self.missed(Gap {
                        before,
                        after: moment.at,
                    });
                }
            }
            Event::StoodStill(e) => self.missed(e.gap),
            Event::Stopped(_) => self.up_since = None,
            Event::Sealed(e) => self.sealed = e.statement.last,
            Event::Diverged(e) => self.diverged = Some(e.at),
        }
    }
}
