//! Subscriptions on the wire.

use events::subscription::{Filter, Open};
use events::view::Tracked;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::EventShape;

/// A reader to be.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSubscription {
    /// Its name: a-z, 0-9 and '-', 1 to 50 characters. Never used again after it is deleted.
    pub name: String,
    /// Only events of this project.
    #[serde(default)]
    pub project: Option<String>,
    /// Only events of these names; empty for all.
    #[serde(default)]
    pub types: Vec<String>,
    /// Begin after this position; the head of the log, if nothing is said.
    #[serde(default)]
    pub after: Option<u64>,
}

/// A reader and its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionShape {
    /// Its name.
    pub name: String,
    /// Only events of this project.
    pub project: Option<String>,
    /// Only events of these names; empty for all.
    pub types: Vec<String>,
    /// Everything wanted up to here was taken or parked.
    pub checkpoint: u64,
    /// Positions in the log after that, wanted or not.
    pub behind: u64,
    /// The reader whose turn it is, while it shows signs of life.
    #[serde(default)]
    pub read_by: Option<String>,
    /// What could not be taken.
    pub parked: Vec<ParkedShape>,
    /// Version of its stream.
    pub version: u64,
}

/// An event that could not be taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ParkedShape {
    /// The event's position in the log.
    pub position: u64,
    /// Why, in the reader's words.
    pub why: String,
    /// Whether it is to be delivered again.
    pub again: bool,
}

/// What a reader gets next.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// Parked ones that are due again first, then those after the checkpoint. Acknowledge or park
    /// each.
    pub events: Vec<EventShape>,
    /// The log was looked through up to here: ask from here when there were none.
    pub next: u64,
}

/// An event that was taken, with everything before it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// The event's position in the log.
    pub position: u64,
}

/// An event that cannot be taken.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAside {
    /// The event's position in the log.
    pub position: u64,
    /// Why, for whoever mends it; longer reasons than 1000 bytes are cut.
    pub why: String,
}

/// Parked events that are to be delivered again.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Again {
    /// Which; all of them, if nothing is said.
    pub position: Option<u64>,
}

impl SubscriptionShape {
    /// The shape of an open subscription, where the log is at `head`.
    pub fn of<A>(name: &str, tracked: &Tracked<A>, open: &Open, head: u64) -> Self {
        let Filter { project, kinds } = &open.filter;
        let parked = open.parked.iter();
        let parked = parked.map(|(at, aside)| ParkedShape {
            position: at.0,
            why: aside.why.clone(),
            again: aside.again,
        });

        Self {
            name: name.to_owned(),
            project: project.as_ref().map(ToString::to_string),
            types: kinds.clone(),
            checkpoint: open.checkpoint.0,
            behind: head.saturating_sub(open.checkpoint.0),
            read_by: None,
            parked: parked.collect(),
            version: tracked.version.0,
        }
    }
}
