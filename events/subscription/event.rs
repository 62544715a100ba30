//! What happened to a subscription. Frozen by golden files.

use serde::{Deserialize, Serialize};

use crate::bounds::{Bounded, cut, cut_name};
use crate::event_enum;
use crate::stream::Position;
use crate::subscription::filter::{Filter, KINDS_MAX};

/// Longest reason of a parked event, in bytes; longer ones are cut.
pub const WHY_MAX: usize = 1_000;

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
