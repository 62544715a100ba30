//! A project's backlog: it owns the ids and the edges between features, because no single feature
//! can.
//!
//! A batch is accepted as one fact; creation of its features follows by policy and resumes after a
//! crash. The graph is acyclic at every position: each decision that adds an edge walks it.
//! `docs/states/backlog.md` is the whole table.

pub mod batch;
mod command;
mod decide;
pub mod event;
mod state;
#[cfg(test)]
pub(crate) mod tests;

pub use crate::backlog::batch::{Batch, BatchItem, BatchRefusal, Born, Remark};
pub use crate::backlog::command::{Command, Refusal};
pub use crate::backlog::event::{Edge, Event};
pub use crate::backlog::state::{Backlog, Incoming, Origin};
