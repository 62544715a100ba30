//! All integration tests in one binary: one link, one World.

mod actors;
mod beads;
mod binary;
mod docker;
mod door;
mod egress;
mod engine;
mod flows;
mod hostile;
mod house;
mod http;
mod log;
mod models;
mod newcomer;
mod packages;
mod race;
mod readers;
mod recovery;
mod rescue;
mod retained;
mod tools;
mod transports;
mod trial;
mod trunk;
mod upstream;
mod world;
