//! The log on a disk: SQLite, one writer, and the checks that need the whole of it.

pub mod archive;
pub mod audit;
pub mod backup;
pub mod fork;
mod ledger;
pub mod place;
pub mod postgres;
mod queue;
pub mod retention;
pub mod row;
pub mod seal;
pub mod sqlite;
pub mod stats;
mod tail;
pub mod verify;

pub use postgres::PostgresLog;
pub use queue::Health;
pub use sqlite::SqliteLog;
