//! A project: a repository, what is wanted of it, and what is owed to it.
//!
//! Intent is durable and apart from what is observed:
//!
//! ```text
//!            start               drain                 stop (or drained)
//!   Stopped ───────► Running ─────────────► Draining ───────────────────► Stopped
//!                      │  ▲ resume
//!                      ▼  │
//!                   Completed     (final verification settled without findings)
//! ```
//!
//! Initialization, milestones and the final verification are owed facts with their own small lives;
//! one overseer at a time. Editing is a field beside the intent: while it is open nothing is
//! claimed. `docs/states/project.md` is the whole table.

mod bounds;
pub mod command;
mod decide;
pub mod event;
mod oversee;
mod state;
#[cfg(test)]
pub(crate) mod tests;
mod trouble;
pub mod upstream;
#[cfg(test)]
pub(crate) mod ways;

pub use command::{BRANCH_MAX, Command, Refusal};
pub use event::{Event, OversightKind, ProjectKind};
pub use state::{
    Due, Initialization, Intent, Oversight, Progress, Project, Registered, Repository,
};
pub(crate) use trouble::utc;
pub use trouble::{Thing, Trouble};
