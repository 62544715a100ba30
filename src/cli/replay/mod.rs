//! `supercargo replay …`: what was so at any instant of a log, answered from the log alone. A
//! server may be writing it meanwhile; none is needed.

mod beside;
mod bundles;
mod changes;
mod command;
mod flips;
mod fork;
mod reasons;
mod state;
mod step;
mod what_if;

pub(in crate::cli) use command::{ReplayCommand, run};
