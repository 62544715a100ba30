//! Whether a file is a log of ours, asked before anything is written to it: somebody else's
//! database, a file that was cut short and a log of a newer build are refused by name.

use fs_err::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension};

/// Every SQLite file begins with this.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Length of the header of a SQLite file, in bytes.
const HEADER: usize = 100;
/// Our mark in that header ("SPLG").
const APPLICATION_ID: u32 = 0x5350_4c47;
/// The format of the tables and of the chain that this build reads and writes.
pub(super) const FORMAT: i64 = 1;
/// SQLite before this could corrupt a file whose WAL was reset by two connections at once.
const SQLITE_MIN: i32 = 3_051_003;

/// Why a log could not be opened. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its schema.
    #[error("opening the log {0}: {1}")]
    Open(PathBuf, String),
    /// The linked SQLite is too old.
    #[error(
        "the linked SQLite is version {0}, at least {SQLITE_MIN} is needed: older ones can corrupt \
         the log"
    )]
    Version(i32),
    /// There is no log.
    #[error("there is no log at {0}; `supercargo serve --data DIR` makes one")]
    Missing(PathBuf),
    /// The file is something else.
    #[error("{0} is not a log of supercargo ({1}); it was not touched, choose another --data")]
    Foreign(PathBuf, String),
    /// The file is shorter than it says.
    #[error(
        "{path} was cut short: it has {length} bytes and needs {needed}; restore it from a backup"
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        length: u64,
        /// What its header says, in bytes.
        needed: u64,
    },
    /// A newer build wrote it.
    #[error(
        "{0} was written by a newer build ({1}); use that build or a newer one, it was not touched"
    )]
    Newer(PathBuf, String),
}

/// Refuses a linked SQLite that could corrupt the log.
pub(super) fn check_library() -> Result<(), OpenError> {
    let version = rusqlite::version_number();
    if version < SQLITE_MIN {
        Err(OpenError::Version(version))
    } else {
        Ok(())
    }
}

/// Whether there is a log at this path; an empty file is none yet.
///
/// # Errors
/// What is there is not a log, or not one of this build, or not whole.
pub(super) fn check(path: &Path, newest_migration: i64) -> Result<bool, OpenError> {
    let failed = |e: &dyn std::fmt::Display| OpenError::Open(path.to_owned(), e.to_string());
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(failed(&e)),
    };

    if length(&file).map_err(|e| failed(&e))? == 0 {
        return Ok(false);
    }

    let mut header = [0; HEADER];
    let foreign = |why: &str| OpenError::Foreign(path.to_owned(), why.to_owned());
    file.read_exact(&mut header)
        .map_err(|_| foreign("it is too short"))?;
    if &header[..MAGIC.len()] != MAGIC {
        return Err(foreign("it is no SQLite file"));
    }

    check_length(path, &header, &file)?;
    check_tables(path, number(&header, 68), newest_migration)?;

    Ok(true)
}

fn length(file: &File) -> std::io::Result<u64> {
    Ok(file.metadata()?.len())
}

fn number(header: &[u8; HEADER], at: usize) -> u32 {
    u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
}

/// The header counts pages; the count is valid while two counters agree (SQLite file format,
/// 1.3.7). Beside a WAL nothing can be said: a checkpoint that was interrupted wrote the header
/// before the pages it counts, and the WAL still has them. A server that ends meanwhile writes them
/// before it removes the WAL, so that the length is asked last.
fn check_length(path: &Path, header: &[u8; HEADER], file: &File) -> Result<(), OpenError> {
    if has_wal(path) {
        return Ok(());
    }

    let page = match number(header, 14) & 0xffff {
        1 => 65_536,
        size => u64::from(size),
    };
    let needed = page * u64::from(number(header, 28));

    let valid = number(header, 24) == number(header, 92);
    let length = length(file).map_err(|e| OpenError::Open(path.to_owned(), e.to_string()))?;
    if valid && length < needed {
        Err(OpenError::Truncated {
            path: path.to_owned(),
            length,
            needed,
        })
    } else {
        Ok(())
    }
}

/// Opens a log for reading. Beside a log in use lie files that each reader writes as well; where
/// the folder cannot be written, nobody uses it, and the file stands for itself.
pub(super) fn open_for_reading(path: &Path) -> rusqlite::Result<Connection> {
    // No two threads use a connection at once.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    let looked = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    match looked {
        Err(error) if cannot_write(&error) && !has_wal(path) => {
            let uri = format!("file:{}?immutable=1", escaped(path));
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
        }
        Ok(()) | Err(_) => Ok(connection),
    }
}

fn cannot_write(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::CannotOpen)
    )
}

/// A path within a URI: what has a meaning there is escaped.
fn escaped(path: &Path) -> String {
    let path = path.display().to_string();
    let path = path.replace('%', "%25").replace('?', "%3f");
    path.replace('#', "%23")
}

/// Whether events lie in the file beside a log that are not in it yet.
fn has_wal(path: &Path) -> bool {
    let wal = PathBuf::from(format!("{}-wal", path.display()));
    fs_err::metadata(wal).is_ok_and(|wal| wal.len() > 0)
}

fn check_tables(path: &Path, mark: u32, newest_migration: i64) -> Result<(), OpenError> {
    let failed = |e: rusqlite::Error| OpenError::Open(path.to_owned(), e.to_string());
    let foreign = |why: &str| OpenError::Foreign(path.to_owned(), why.to_owned());

    if mark != APPLICATION_ID && mark != 0 {
        return Err(foreign("it belongs to another application"));
    }

    let connection = open_for_reading(path).map_err(failed)?;

    let tables: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE name IN ('log_meta', 'events', \
                    '_sqlx_migrations')",
            [],
            |r| r.get(0),
        )
        .map_err(failed)?;
    if tables != 3 {
        return Err(foreign("it is a SQLite file without our tables"));
    }

    let newest: i64 = connection
        .query_row(
            "SELECT coalesce(max(version), 0) FROM _sqlx_migrations",
            [],
            |r| r.get(0),
        )
        .map_err(failed)?;
    if newest > newest_migration {
        return Err(OpenError::Newer(
            path.to_owned(),
            format!("its tables are at {newest}, ours end at {newest_migration}"),
        ));
    }

    let format: Option<i64> = connection
        .query_row("SELECT format FROM log_meta", [], |r| r.get(0))
        .optional()
        .map_err(failed)?;
    match format {
        Some(format) if format > FORMAT => Err(OpenError::Newer(
            path.to_owned(),
            format!("its format is {format}, ours is {FORMAT}"),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_opened_for_reading_whatever_its_name_is() {
        let folder = tempfile::tempdir().expect("folder");
        for name in ["plain.db", "a?b.db", "a#b.db", "100%25.db"] {
            let path = folder.path().join(name);
            let made = Connection::open(&path).expect("made");
            made.execute_batch("CREATE TABLE lions (n)")
                .expect("a table");
            drop(made);

            let uri = format!("file:{}?immutable=1", escaped(&path));
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            for opened in [
                open_for_reading(&path),
                Connection::open_with_flags(uri, flags),
            ] {
                let opened = opened.expect(name);
                let count = "SELECT count(*) FROM sqlite_schema";
                let tables: i64 = opened.query_row(count, [], |row| row.get(0)).expect(name);
                assert_eq!(tables, 1, "{name}");
            }
        }
        let nowhere = open_for_reading(&folder.path().join("nowhere/log.db"));
        assert!(nowhere.is_err());
    }
}
