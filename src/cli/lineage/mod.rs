//! `supercargo lineage …`: from a line of the trunk back to the work that brought it, and from a
//! session, an agent or a model to all that it touched.

mod command;
mod told;

pub(in crate::cli) use command::{LineageCommand, run};
