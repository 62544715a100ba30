//! `supercargo report`: what happened while nobody looked, told from the log alone: of a server
//! that runs, of a data folder without one, of a backup.

mod command;
mod html;
mod markdown;
mod page;
mod plain;
#[cfg(test)]
mod tests;

pub(in crate::cli) use command::{ReportArgs, run};
