//! A subscription: a reader outside of us whose place in the log we keep. It takes events in order,
//! acknowledges them, and parks the one that it cannot take, so that the others are not held up;
//! what is parked can be replayed.
//!
//! Delivery is at least once: what was not acknowledged comes again. One reader at a time, by a
//! [`lease`] that is no state of the log: places are, who stands there is not.

pub mod lease;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod ways;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Moment};
use crate::bounds::{Bounded, NAME_MAX, cut, cut_name};
use crate::envelope::Envelope;
use crate::id::{ProjectName, Timestamp};
use crate::stream::{Position, StreamId};
use crate::{event_enum, refusal_enum};

/// Kinds of event that one filter may name.
pub const KINDS_MAX: usize = 32;
/// Events that may be parked: a reader that can take nothing is broken, and has to be mended first.
pub const PARKED_MAX: usize = 1_000;
/// Longest reason of a parked event, in bytes; longer ones are cut.
pub const WHY_MAX: usize = 1_000;

/// Which events are wanted. Those of subscriptions themselves never are: acknowledging would bring
/// the next.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// Only those of this project.
    pub project: Option<ProjectName>,
    /// Only these names, `noun.verb`; empty for all.
    pub kinds: Vec<String>,
}

impl Filter {
    fn is_large(&self) -> bool {
        self.kinds.len() > KINDS_MAX || self.kinds.iter().any(|kind| kind.len() > NAME_MAX)
    }

    /// Whether an event is wanted.
    pub fn wants(&self, envelope: &Envelope) -> bool {
        let project = self.project.is_none() || envelope.stream.project() == self.project.as_ref();
        let kind = self.kinds.is_empty() || self.kinds.iter().any(|kind| *kind == envelope.kind);
        project && kind && !matches!(envelope.stream, StreamId::Subscription(_))
    }
}

/// A request to a subscription.
#[derive(Debug, Clone, Serialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of the events of the same name"
)]
pub enum Command {
    Create { filter: Filter, after: Position },
    Acknowledge { position: Position },
    Park { position: Position, why: String },
    Replay { position: Position },
    Delete,
}

refusal_enum! {
    /// Why a subscription turned a command down.
    pub enum Refusal {
        Unknown: NotFound = "unknown_subscription", "there is no such subscription; `subscription \
                                           list` shows those there are";
        Exists = "exists", "there is a subscription of this name, or there was one: names are not \
                            used again";
        KindsTooMany: Invalid = "kinds_too_many", "a filter names at most 32 kinds of event, each \
                                          of at most 200 bytes";
        NotParked { position: Position } = "not_parked", "position {position} is not parked";
        Behind { position: Position } = "behind", "position {position} was acknowledged before; \
                                                   what is parked is replayed instead";
        ParkedFull = "parked_full", "1000 events are parked: mend the reader and replay them, or \
                                     delete the subscription";
    }
}

/// A reader has a name here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Created {
    /// The filter: which events it wants.
    pub filter: Filter,
    /// From where on.
    pub after: Position,
}

/// Everything wanted up to here was taken; or this one event that was parked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Up to here.
    pub position: Position,
}

/// An event could not be taken. The others go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parked {
    /// The event's position in the log.
    pub position: Position,
    /// Why, in the reader's words.
    pub why: String,
}

/// A parked event is to be delivered again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    /// The event's position in the log.
    pub position: Position,
}

/// Nobody reads it any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deleted {}

event_enum! {
    /// The events of a subscription stream.
    pub enum Event {
        Created(Created) = "subscription.created", 1;
        Acknowledged(Acknowledged) = "subscription.acknowledged", 1;
        Parked(Parked) = "subscription.parked", 1;
        Replayed(Replayed) = "subscription.replayed", 1;
        Deleted(Deleted) = "subscription.deleted", 1;
    }
}

impl Bounded for Event {
    fn bounded(mut self) -> Self {
        match &mut self {
            Self::Created(e) => {
                e.filter.kinds.truncate(KINDS_MAX);
                e.filter.kinds.iter_mut().for_each(cut_name);
            }
            Self::Parked(e) => cut(&mut e.why, WHY_MAX),
            Self::Acknowledged(_) | Self::Replayed(_) | Self::Deleted(_) => {}
        }
        self
    }
}

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
        let open = match (self, command) {
            (Self::Unknown, Command::Create { filter, .. }) if filter.is_large() => {
                return Err(Refusal::KindsTooMany);
            }
            (Self::Unknown, Command::Create { filter, after }) => {
                return Ok(vec![
                    Created {
                        filter: filter.clone(),
                        after: *after,
                    }
                    .into(),
                ]);
            }
            (_, Command::Create { .. }) => return Err(Refusal::Exists),
            (Self::Unknown | Self::Deleted, _) => return Err(Refusal::Unknown),
            (Self::Open(open), _) => open,
        };

        match command {
            // Again and again is no news.
            Command::Acknowledge { position }
                if *position <= open.checkpoint && !open.parked.contains_key(position) =>
            {
                Ok(vec![])
            }
            Command::Acknowledge { position } => Ok(vec![
                Acknowledged {
                    position: *position,
                }
                .into(),
            ]),
            Command::Park { position, why } => open.park(*position, why),
            Command::Replay { position } => match open.parked.get(position) {
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
                open.parked.insert(
                    e.position,
                    Aside {
                        why: e.why.clone(),
                        again: false,
                    },
                );
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
