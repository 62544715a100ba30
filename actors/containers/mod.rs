//! Containers are reconciled: wanted (the projections) against observed (the engine's list) gives
//! steps.

pub mod plan;
pub mod reconciler;
