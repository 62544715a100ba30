//! The pure heart of Supercargo: what may happen, and what did.
//!
//! State is a fold of events. Each aggregate (a folder here) is a state and two pure functions:
//! `decide` turns a command into events or a refusal, `evolve` takes a recorded event into the
//! state. Policies look at folded state and say what is owed. Nothing in this crate waits, reads a
//! clock, rolls dice or touches a file: time and fresh ids arrive in the command.
//!
//! To add an event: write its struct in the aggregate's `event.rs`, add it to the enum with a new
//! name and schema 1, fold it in `evolve`, decide it in `rules`, bound it in `bounds.rs`, and add
//! its sample to `golden.rs`; the test there writes its bytes once and holds them for ever.

// For the scene, which the tests of `actors` use as well.
#[cfg(test)]
extern crate self as events;

pub mod agent;
pub mod aggregate;
pub mod audit;
pub mod backlog;
pub mod bounds;
#[cfg(test)]
mod bounds_tests;
pub mod cause;
pub mod checks;
pub mod claims;
pub mod codec;
pub mod container;
pub mod egress;
pub mod envelope;
pub mod evidence;
pub mod feature;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod grid;
pub mod holder;
pub mod id;
pub mod lapses;
pub mod lfs;
pub mod lineage;
pub mod log;
pub mod marks;
pub mod memory;
pub mod merge_queue;
pub mod name;
pub mod node;
pub mod outcome;
pub mod own_time;
pub mod policy;
pub mod probing;
pub mod programs;
pub mod project;
pub mod protect;
pub mod redo;
pub mod registry;
pub mod report;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod scene;
pub mod seal;
pub mod settings;
pub mod steering;
pub mod stream;
pub mod subscription;
pub mod usage;
pub mod verdict;
pub mod view;
#[cfg(test)]
mod ways;
pub mod why;
