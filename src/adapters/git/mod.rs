//! Repositories: a bare gate per project under our own folder. libgit2 where it can, the git CLI
//! for transport.
//!
//! Server-side git never runs in a directory that an agent can write: gates have no work tree and
//! no hooks, and what is pushed to them passes `fsck` first.

mod blame;
mod build;
mod candidates;
mod command;
mod contents;
mod detect;
mod diff;
mod gate;
mod gates;
mod lfs;
mod merge;
mod preconditions;
mod scaffold;
mod secrets;
mod side;
mod survey;
mod upstream;
mod walk;

pub use command::{Ended, Git};
pub use gates::Gates;
use gates::{OUR_EMAIL, author, oid, sha, trouble};
pub use merge::too_old;
pub use secrets::Secrets;
