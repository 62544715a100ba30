//! Containers in Docker, one per session, hardened by `contract.rs`. Only containers with our
//! instance's label are ever listed, stopped or removed. Every request has a deadline, and no
//! answer is a state of the engine, never a fact about a container.

mod connection;
mod contract;
mod engine;
pub mod image;
mod look;
mod memory;
pub mod probe;
mod told;
mod trial;
mod used;

pub use connection::{connect, refuse_rootless};
pub use engine::DockerEngine;
use engine::{ACT_WITHIN, ASK_WITHIN, Found, SIGNAL_BASE, SIGNAL_MAX, status, unreachable, within};
