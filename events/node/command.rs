//! What can be asked of a node, and why it is turned down.

use serde::Serialize;

use crate::id::Timestamp;
use crate::node::event::{Diverged, Sealed};
use crate::own_time::Gap;
use crate::refusal_enum;
use crate::stream::Position;

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
