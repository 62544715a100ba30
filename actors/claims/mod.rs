//! Claims: who gets the next feature, and what a holder outside may do with one.

pub mod outside;
pub mod protocol;
pub mod queue;
