//! All integration tests in one binary: one link, one World.

mod actors;
mod door;
mod flows;
mod house;
mod log;
mod newcomer;
mod recovery;
mod trial;
mod world;
