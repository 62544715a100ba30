//! The command line. Exit codes: 0 done, 1 not done (with the reason on standard error), 2 used
//! wrongly.

mod arguments;
mod beads;
mod choices;
mod claim;
mod client;
mod command;
mod container;
mod diff;
mod doctor;
mod evidence;
mod feature;
mod feature_shown;
mod image;
mod lineage;
mod log;
mod project;
mod queue;
mod reader;
mod replay;
mod report;
mod requeue;
mod run;
mod serve;
mod sign_in;
mod standing;
mod subscription;
#[cfg(test)]
mod tests;
mod upstream;
mod usage;

pub use arguments::{DataArgs, OutputArgs};
pub use command::Cli;
pub use run::{bd, run};
