//! What a node is at a point of the log: its rules and its fold.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Moment};
use crate::id::Timestamp;
use crate::node::command::{Command, Refusal};
use crate::node::event::{Event, Sealed, Started, StoodStill, Stopped};
use crate::own_time::Gap;
use crate::seal::Statement;
use crate::stream::Position;

/// Gaps that are kept: what is older than so many matters to no lease and no limit any more.
pub const GAPS_MAX: usize = 64;

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
    /// A seal begins where the one before it ended.
    fn sealed(&self, seal: &Sealed) -> Result<Vec<Event>, Refusal> {
        let next = Position(self.sealed.0 + 1);
        let Statement { first, last, .. } = seal.statement;
        if first == next && last >= first {
            Ok(vec![seal.clone().into()])
        } else {
            Err(Refusal::NotNext { next })
        }
    }

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
            Command::Seal { seal } => self.sealed(seal),
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
