//! The edges: connects Supercargo to a machine. Knows products, holds no rules.

pub mod adapters;
pub mod door;
pub mod engine;
pub mod log;
pub mod wire;
