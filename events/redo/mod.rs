//! Redo: the command behind events that were recorded together. A log keeps what was decided and
//! not what was asked for; from the state right before and the events, the command can be found
//! again, so that it can be decided once more: by the rules of this build, or in another course of
//! things.
//!
//! What is found is proved by deciding it: a command that would not record these very events on
//! this state is none. Two commands that record the same on a state are the same to it.

mod command;
mod of_backlog;
mod of_container;
mod of_feature;
mod of_merge_queue;
mod of_project;
#[cfg(test)]
mod tests;

pub use command::{Redo, command_behind};
