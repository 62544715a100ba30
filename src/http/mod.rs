//! The server's HTTP: on a Unix socket in the data folder that only its owner can open, and on a
//! port of loopback behind a token. `operator` is what can be done, `routes` how it is asked for,
//! `access` who may ask.

pub mod access;
mod body;
mod caller;
mod former;
mod head;
pub mod hooks;
pub mod openapi;
pub mod problem;
mod routes;
mod server;
pub mod signin;
mod walks;

pub use routes::LIVE_PROTOCOL;
use server::BODY_MAX;
pub use server::{Port, Served, listen, listen_port, take_port};
