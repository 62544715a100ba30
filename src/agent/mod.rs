//! The verbs an agent has inside its container: `supercargo agent …`. They speak to the door on
//! loopback.

pub mod bd;
mod command;
pub mod verbs;

pub use command::{AgentCommand, run};
