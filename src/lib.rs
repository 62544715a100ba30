//! The edges: connects Supercargo to a machine. Knows products, holds no rules.

pub mod adapters;
pub mod agent;
pub mod app;
pub mod cli;
pub mod door;
pub mod engine;
pub mod gate;
pub mod http;
pub mod log;
pub mod runner;
pub mod script;
pub mod telemetry;
pub mod trial;
pub mod wire;
