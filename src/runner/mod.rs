//! The runner: the main process of a container. Takes one assignment, prepares the tree, launches
//! the agent, streams its output, sends heartbeats, brings the work to safety, reports the end.
//!
//! It survives server restarts: output is spooled and resent, and every request is repeated until
//! it is answered. Without a server for an hour it secures what it can and ends itself.

mod agent;
mod baits;
mod cache;
mod control;
mod ending;
mod fence;
mod limits;
mod output;
mod relay;
mod salvage;
mod session;
mod start;
mod strays;
mod tree;
mod verify;
mod watch;

pub use start::{RunnerArgs, run};
