//! A node stream: when a server was up, on which build. Server-up intervals are part of the proof
//! that a lease ran out.

mod command;
mod event;
mod state;
#[cfg(test)]
mod tests;

pub use crate::node::command::{Command, Refusal};
pub use crate::node::event::{Diverged, Event, Sealed, Started, StoodStill, Stopped};
pub use crate::node::state::{GAPS_MAX, Node};
