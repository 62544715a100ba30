//! `supercargo log …`: reads the log's file; a server may be writing it meanwhile.

mod command;
mod integrity;
mod read;
mod transfer;

use command::open;
pub(in crate::cli) use command::{LogCommand, run};
