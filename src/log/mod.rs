//! The log on a disk: SQLite, one writer, and the checks that need the whole of it.

mod ledger;
mod queue;
pub mod row;
pub mod sqlite;
pub mod verify;

pub use queue::Health;
pub use sqlite::SqliteLog;
