//! A subscription: a reader outside of us whose place in the log we keep. It takes events in order,
//! acknowledges them, and parks the one that it cannot take, so that the others are not held up;
//! what is parked can be replayed.
//!
//! Delivery is at least once: what was not acknowledged comes again. One reader at a time, by a
//! [`lease`] that is no state of the log: places are, who stands there is not.

mod command;
mod event;
mod filter;
pub mod lease;
mod state;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod ways;

pub use crate::subscription::command::{Command, Refusal};
pub use crate::subscription::event::{
    Acknowledged, Created, Deleted, Event, Parked, Replayed, WHY_MAX,
};
pub use crate::subscription::filter::{Filter, KINDS_MAX};
pub use crate::subscription::state::{Aside, Open, PARKED_MAX, Subscription};
