//! The merge queue of a project, serial. Upstream's branch *is* the trunk; the gate's copy
//! is a cache.
//!
//! ```text
//!   Queued ──► Built{candidate} ──► Verifying{session} ──► Verified{evidence} ──► Publishing{from, to} ──► (advanced, off the queue)
//!     ▲            │ conflict: off the queue      │ red: off the queue                 │
//!     └────────────┴─────────────── upstream_moved: build and verify again ────────────┘
//!                                                 │ red: the bare head is verified, and it once more (`health`)
//!                  └ protected paths: held beside the queue until a person approves, then queued again
//! ```
//!
//! Only the front entry moves, or a batch of entries from the front on that are verified and
//! published as one (`batch`). Between verified and publish_intended the feature records
//! `merge_begun`. A failure to publish halts the merge queue, it never closes or rejects a feature.
//! `docs/states/merge_queue.md` is the whole table.

mod batch;
mod bounds;
mod command;
#[cfg(test)]
#[path = "course/tests.rs"]
mod course;
mod decide;
mod entry;
pub mod event;
mod fault;
mod health;
mod state;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
pub(crate) mod ways;

pub use crate::merge_queue::command::{Command, Refusal};
pub use crate::merge_queue::entry::{Entry, Landed, Merged, Proof, Stage, Undone, Verdict};
pub use crate::merge_queue::event::{Candidate, Changes, Collision, EntryKind, Event, Probed};
pub use crate::merge_queue::fault::Fault;
pub use crate::merge_queue::health::{Checking, Flake, Flakes, Health, Red};
pub use crate::merge_queue::state::{Halt, MergeQueue};

/// Upstream may move this often under one entry before the queue waits for the long back-off.
pub const MOVES_MAX: u32 = 10;
