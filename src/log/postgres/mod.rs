//! The log on PostgreSQL, for installations that have one: the same writer, ledger and chain as on
//! SQLite.
//!
//! One log per database. The owner holds an advisory lock, so that a second server is refused, and
//! an epoch in the head's row, so that one that was cut off and does not know it is fenced inside
//! its next transaction.

mod import;
mod log;
mod store;

pub use log::PostgresLog;
use log::{CONNECT_WITHIN, FORMAT, MIGRATIONS, options, pool, signed};
