//! Courses of a project: the one that was recorded, and others that it might have taken.
//!
//! A course is made by the same policies, the same plan of the reconciler and the same `decide` as
//! the server's own; what comes from outside (agents, the engine, git, people) is taken from the
//! record: what it did, and how long it took. With nothing changed the recorded course comes out
//! again, event for event (`follow`). With a change the two are one until something else is owed
//! than was; from there the other one goes on in simulated time (`free`), and each of its sessions
//! does what a recorded one did on the same feature in the same role.
//!
//! What nobody can know is not made up: a merge that was clean stays clean on another base, and an
//! agent does what it did whatever it is told. A course answers how the fleet would have gone about
//! the same work.

mod change;
mod deeds;
mod explain;
mod follow;
mod free;
mod git;
mod ledger;
mod outside;
mod played;
mod record;
mod sessions;
#[cfg(test)]
mod tests;

pub use change::{Change, Otherwise};
pub use follow::{Followed, Parting};
pub use free::{Course, Ending};
pub use record::{Record, Source};
