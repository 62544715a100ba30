//! The edges: connects Supercargo to a machine. Knows products, holds no rules.

pub mod adapters;
pub mod agent;
pub mod app;
pub mod beads;
pub mod cli;
pub mod dialect;
pub mod door;
pub(crate) mod egress;
pub mod engine;
pub mod gate;
pub mod gateway;
pub mod http;
pub mod log;
pub mod runner;
pub mod script;
pub mod telemetry;
pub mod trial;
pub mod wire;
