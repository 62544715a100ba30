//! All integration tests in one binary: one link, one World.

mod house;
mod log;
