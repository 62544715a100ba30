//! A container stream is a slot: a numbered slot of a project. A session is one container
//! generation.
//!
//! ```text
//!          assign             request_start              started
//!   Idle ──────────► Assigned ──────────────► Requested ─────────► Running ──┐
//!    ▲                  ▲                        │ start_failed              │ session_ended, exited or lost
//!    │                  └────────────────────────┘ (5 in a row: Quarantined) ▼
//!    └──────────────────────────── removed + idle ──────────────────────── Ended
//! ```
//!
//! Nothing but named caches outlives a session, so "fresh context" is literal. Neither exit code 0
//! nor 137 proves anything: an outcome comes from what was handed in. `docs/states/container.md` is
//! the whole table.

pub mod bounds;
mod class;
mod command;
mod decide;
pub mod event;
mod state;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
pub(crate) mod ways;

pub use crate::container::class::Class;
pub use crate::container::command::{Command, Refusal};
pub use crate::container::event::{Assignment, DeniedTarget, Event, Exit, ModelUsage};
pub use crate::container::state::{Container, Duty, Ended, Slot, SlotState, Unstarted};

/// Failures in a row before a slot is taken out of service.
pub const FAILURES_MAX: u32 = 5;
/// Containers of one session that may end before it begins: then its work goes back, so that what
/// only one task's sessions do is counted there. Fewer than put the slot out of service, and more
/// than show that it is the engine.
pub const ENDED_EARLY_MAX: usize = 4;
