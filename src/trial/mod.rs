//! `supercargo try`: a living demo fleet. Fresh temporary data, an empty upstream, scripted agents;
//! no key, no network.

pub mod demo;
mod ending;
mod run;
mod watch;

use run::milestone;
pub use run::{TryArgs, run};
