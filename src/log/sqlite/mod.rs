//! The log on SQLite: WAL, `synchronous=FULL`, one writer thread. sqlx owns the schema and the
//! point reads; the two hot loops, append and scan, use rusqlite on the same linked SQLite.

mod answers;
pub mod file;
mod log;
mod readers;
mod store;

pub use log::{Importer, SqliteLog};
