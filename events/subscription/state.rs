//! What a subscription is at a point of the log: its rules and its fold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Moment};
use crate::id::Timestamp;
use crate::stream::Position;
use crate::subscription::command::{Command, Refusal};
use crate::subscription::event::{Acknowledged, Created, Deleted, Event, Parked, Replayed};
use crate::subscription::filter::Filter;

/// Events that may be parked: a reader that can take nothing is broken, and has to be mended first.
pub const PARKED_MAX: usize = 1_000;

/// The state of a subscription stream.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Subscription {
    /// A stream that has no event yet.
    #[default]
    Unknown,
    /// It is read.
    Open(Open),
    /// It was.
    Deleted,
}

/// A subscription that is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// The filter: which events it wants.
    pub filter: Filter,
    /// Up to where everything wanted was taken or parked.
    pub checkpoint: Position,
    /// What could not be taken.
    pub parked: BTreeMap<Position, Aside>,
}

/// A parked event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside {
    /// Why it could not be taken.
    pub why: String,
    /// Whether it is to be delivered again.
    pub again: bool,
}

impl Subscription {
    /// The subscription, while it is read.
    pub fn open(&self) -> Option<&Open> {
        match self {
            Self::Open(open) => Some(open),
            Self::Unknown | Self::Deleted => None,
        }
    }
}

impl Open {
    /// Parked events that are to be delivered again, oldest first.
    pub fn due(&self) -> impl Iterator<Item = Position> {
        self.parked
            .iter()
            .filter(|(_, aside)| aside.again)
            .map(|(position, _)| *position)
    }

    /// What a reader that is there may do.
    fn rules(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        match command {
            // Again and again is no news.
            Command::Acknowledge { position }
                if *position <= self.checkpoint && !self.parked.contains_key(position) =>
            {
                Ok(vec![])
            }
            Command::Acknowledge { position } => Ok(vec![
                Acknowledged {
                    position: *position,
                }
                .into(),
            ]),
            Command::Park { position, why } => self.park(*position, why),
            Command::Replay { position } => match self.parked.get(position) {
                Some(aside) if aside.again => Ok(vec![]),
                Some(_) => Ok(vec![
                    Replayed {
                        position: *position,
                    }
                    .into(),
                ]),
                None => Err(Refusal::NotParked {
                    position: *position,
                }),
            },
            Command::Delete => Ok(vec![Deleted {}.into()]),
            Command::Create { .. } => Err(Refusal::Exists),
        }
    }

    fn park(&self, position: Position, why: &str) -> Result<Vec<Event>, Refusal> {
        let known = self.parked.get(&position);
        match known {
            // It is.
            Some(aside) if !aside.again => return Ok(vec![]),
            None if position <= self.checkpoint => return Err(Refusal::Behind { position }),
            None if self.parked.len() >= PARKED_MAX => return Err(Refusal::ParkedFull),
            Some(_) | None => {}
        }

        Ok(vec![
            Parked {
                position,
                why: why.to_owned(),
            }
            .into(),
        ])
    }
}

impl Aggregate for Subscription {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn rules(&self, command: &Command, _now: Timestamp) -> Result<Vec<Event>, Refusal> {
        match (self, command) {
            (Self::Unknown, Command::Create { filter, .. }) if filter.is_large() => {
                Err(Refusal::KindsTooMany)
            }
            (Self::Unknown, Command::Create { filter, after }) => Ok(vec![
                Created {
                    filter: filter.clone(),
                    after: *after,
                }
                .into(),
            ]),
            (_, Command::Create { .. }) => Err(Refusal::Exists),
            (Self::Unknown | Self::Deleted, _) => Err(Refusal::Unknown),
            (Self::Open(open), _) => open.rules(command),
        }
    }

    fn evolve(&mut self, event: &Event, _moment: Moment) {
        match (self, event) {
            (this @ Self::Unknown, Event::Created(e)) => {
                *this = Self::Open(Open {
                    filter: e.filter.clone(),
                    checkpoint: e.after,
                    parked: BTreeMap::new(),
                });
            }
            (Self::Open(open), Event::Acknowledged(e)) => {
                open.parked.remove(&e.position);
                open.checkpoint = open.checkpoint.max(e.position);
            }
            (Self::Open(open), Event::Parked(e)) => {
                let why = e.why.clone();
                open.parked.insert(e.position, Aside { why, again: false });
                open.checkpoint = open.checkpoint.max(e.position);
            }
            (Self::Open(open), Event::Replayed(e)) => {
                if let Some(aside) = open.parked.get_mut(&e.position) {
                    aside.again = true;
                }
            }
            (this, Event::Deleted(_)) => *this = Self::Deleted,
            // Made once; and what is not read takes nothing.
            (Self::Deleted | Self::Open(_), Event::Created(_))
            | (
                Self::Unknown | Self::Deleted,
                Event::Acknowledged(_) | Event::Parked(_) | Event::Replayed(_),
            ) => {}
        }
    }
}
