//! What can be asked of a subscription, and why it is turned down.

use serde::Serialize;

use crate::refusal_enum;
use crate::stream::Position;
use crate::subscription::filter::Filter;

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
