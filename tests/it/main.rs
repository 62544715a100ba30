//! All integration tests in one binary: one link, one World.

mod flows;
mod house;
mod log;
mod recovery;
mod world;
