//! `replay step`: a debugger in the terminal, which goes along the log forward and back. What it
//! knows and what a key does are values (`debugger`), what it shows is a function of them
//! (`draw`); `hands` has the terminal and asks the log.

mod debugger;
mod draw;
mod fit;
mod hands;
mod input;
mod keys;
mod pane;
mod panes;
mod timeline;
mod tree;
mod verb;

pub(super) use verb::{StepArgs, run, walk};

#[cfg(test)]
mod tests;
