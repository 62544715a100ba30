//! The edges: connects Supercargo to a machine. Knows products, holds no rules.

#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod adapters;
pub mod agent;
pub mod api;
pub mod app;
pub mod beads;
pub mod bundle;
pub mod cli;
pub mod data;
pub mod dialect;
pub mod door;
pub(crate) mod egress;
pub mod engine;
pub mod foreign;
pub mod gate;
pub mod gateway;
mod heap;
pub mod http;
pub mod instance;
pub mod log;
pub mod named;
pub mod operator;
pub mod private;
pub mod replay;
#[cfg_attr(
    not(test),
    expect(clippy::print_stderr, reason = "it is the transcript of its session")
)]
pub mod runner;
#[cfg_attr(
    not(test),
    expect(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "it is the transcript of its session"
    )
)]
pub mod script;
pub(crate) mod secrets;
pub mod telemetry;
pub(crate) mod terminal;
pub mod token;
pub mod trial;
pub mod wire;
