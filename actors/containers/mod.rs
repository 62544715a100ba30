//! Containers are reconciled: wanted (the books) against observed (the engine's list) gives steps.

pub mod plan;
pub mod reconciler;
