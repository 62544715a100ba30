//! The edges: connects Supercargo to a machine.

pub mod log;
