//! Dialects: how each agent CLI is launched, and what its output means. Pure: a launch is a value,
//! a line of output becomes signals.
//!
//! What an agent says about itself decides nothing but its own failure: whether work was done is
//! read off what was handed in.

mod claude;
mod codex;
mod fields;
mod gemini;
mod launch;
mod listener;
mod opencode;
mod signals;

use fields::{cut, json, number, text};
pub use launch::{Launch, NO_KEY, Surroundings, launch, model_environment};
pub use listener::Listener;
pub use signals::{Signal, signals, transcript};
