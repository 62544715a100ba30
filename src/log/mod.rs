//! The log on a disk: SQLite, one writer, and the checks that need the whole of it.

pub mod row;
pub mod sqlite;
pub mod verify;
mod writer;

pub use sqlite::SqliteLog;
