//! Engines: what runs containers. `process` for machines without Docker, for the demo and for tests.

pub mod owner;
pub mod process;
