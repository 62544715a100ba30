//! Containers as detached processes: one folder and one runner per generation, in a bubblewrap
//! sandbox where a probe shows that it works, else as a plain session with limits, which is said
//! loudly.
//!
//! A start is exclusive by name: the server makes a record in a folder of its own, and only one
//! can. What runs is known by pid, start time and boot id, and held by a descriptor, so a restarted
//! server adopts it and never mistakes another process for it. Nothing that lies in a slot's folder
//! is read or written by the server: its agent can write there.

mod container;
mod earlier;
mod engine;
mod group;
mod kin;
mod launch;
mod port;
pub mod reach;
mod record;
mod sandbox;
mod start;
mod trial;
mod used;

pub use engine::ProcessEngine;
pub use kin::{LAUNCH, end_own_children};
pub use sandbox::Sandbox;
