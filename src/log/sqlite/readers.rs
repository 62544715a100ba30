//! Reading a SQLite log: a few connections of their own, each with the names it has met.
//!
//! Rows hold numbers for stream, kind and principal. Joining the names to every row costs more than
//! the row; a name that was looked up once is known for good, because stored names never change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use events::cause::{Cause, Principal};
use events::envelope::Envelope;
use events::id::{CommandId, Digest, Timestamp};
use events::log::ReadError;
use events::name::Name;
use events::stream::{Position, StreamId, Version};
use rusqlite::{Connection, OptionalExtension, Params, Row};
use tokio::sync::Semaphore;

use super::file;

/// Connections that are ever open at once. Opening one costs as much as a commit (SQLite reads the
/// schema and takes its locks anew), so a crowd of readers waits its turn instead: a read is
/// bounded and short. One that is long, such as a backup, leaves seven.
const OPEN_MAX: usize = 8;
/// Names of one kind that a connection keeps: streams and sessions are made for ever, those of
/// today are looked up again and again.
const NAMES_KEPT: usize = 256;
/// Names of one kind that a connection keeps while it reads on and on, as at a start: most of the
/// log is from many days at once.
const NAMES_MAX: usize = 4096;
/// Events in one answer that tell that it reads on and on.
const MANY: usize = 1024;
/// KiB of pages that a connection keeps. What is read is nearly always new and in order, and the
/// system has its pages anyway; the usual 2 MiB would be kept eight times over.
const CACHE_KIB: i64 = 256;
/// A reader waits this long for a writer that brings the file into order.
const BUSY: std::time::Duration = std::time::Duration::from_secs(5);
/// Columns of an event, in the order [`Reader::envelope`] wants them.
const COLUMNS: &str = "position, stream_id, version, type_id, schema, at, principal_id, \
                       correlation, causation, command, trace, \
                       payload, digest";

/// The readers of one file. Clones share them.
#[derive(Clone)]
pub(super) struct Readers {
    path: PathBuf,
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Reader>>>,
}

/// A connection and the names it has met.
pub(super) struct Reader {
    /// For everything that is not an event.
    pub(super) connection: Connection,
    streams: Known<StreamId>,
    kinds: Known<Name>,
    principals: Known<Principal>,
}

/// The names met last, each at the place that its number gives it. Numbers are given from 1 on
/// without a hole, so those of one time do not drive each other out.
struct Known<T>(Vec<Option<(i64, T)>>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        let mut known = Self(vec![]);
        known.make_room(NAMES_KEPT);
        known
    }
}

impl<T> Known<T> {
    /// Makes room for so many, and begins anew where it is another.
    fn make_room(&mut self, places: usize) {
        if self.0.len() != places {
            self.0 = std::iter::repeat_with(|| None).take(places).collect();
        }
    }
}

fn failed(error: impl std::fmt::Display) -> ReadError {
    ReadError(error.to_string())
}

impl Readers {
    pub(super) fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            turns: Arc::new(Semaphore::new(OPEN_MAX)),
            idle: Arc::default(),
        }
    }

    /// Reads on a thread that may wait for the disk.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let turn = self.turns.clone().acquire_owned().await.map_err(failed)?;
        let readers = self.clone();

        let done = tokio::task::spawn_blocking(move || {
            let kept = readers.lock().pop();
            let mut reader = match kept {
                Some(reader) => reader,
                None => Reader::open(&readers.path)?,
            };
            let found = read(&mut reader);

            // The connection is there for the next reader before the turn is passed on.
            readers.lock().push(reader);
            drop(turn);
            found
        });
        done.await.map_err(failed)?
    }
}

impl Readers {
    fn lock(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Known<T> {
    /// The name behind a number: known, or looked up with `sql`.
    fn get(
        &mut self,
        connection: &Connection,
        sql: &str,
        id: i64,
        parse: impl FnOnce(String) -> Option<T>,
    ) -> Result<T, ReadError> {
        let at = usize::try_from(id).unwrap_or_default() % self.0.len().max(1);
        if let Some(Some((known, name))) = self.0.get(at)
            && *known == id
        {
            return Ok(name.clone());
        }
        let mut select = connection.prepare_cached(sql).map_err(failed)?;
        let stored = select.query_row([id], |row| row.get(0)).optional();
        let stored: Option<String> = stored.map_err(failed)?;
        let name = stored.and_then(parse);
        let name =
            name.ok_or_else(|| ReadError(format!("the stored name {id} makes no sense ({sql})")))?;

        if let Some(place) = self.0.get_mut(at) {
            *place = Some((id, name.clone()));
        }

        Ok(name)
    }
}

impl Reader {
    fn open(path: &Path) -> Result<Self, ReadError> {
        let connection = file::open_for_reading(path).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        connection
            .pragma_update(None, "cache_size", -CACHE_KIB)
            .map_err(failed)?;
        let (streams, kinds, principals) = (Known::default(), Known::default(), Known::default());

        Ok(Self {
            connection,
            streams,
            kinds,
            principals,
        })
    }

    /// Events that a condition selects, in the order it gives.
    fn events(
        &mut self,
        condition: &str,
        parameters: impl Params,
    ) -> Result<Vec<Envelope>, ReadError> {
        let Self {
            connection,
            streams,
            kinds,
            principals,
        } = self;
        let mut statement = connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM events {condition}"))
            .map_err(failed)?;
        let mut rows = statement.query(parameters).map_err(failed)?;

        // No room is made ahead: most reads find a few events, and what they find is kept by
        // whoever follows.
        let mut found = Vec::new();

        while let Some(row) = rows.next().map_err(failed)? {
            let position: i64 = row.get(0).map_err(failed)?;
            let numbers =
                Numbers::of(row).map_err(|e| ReadError(format!("position {position}: {e}")))?;
            let at = |e: ReadError| ReadError(format!("position {position}: {}", e.0));
            let stream = "SELECT name FROM streams WHERE id = ?";
            let stream = streams
                .get(connection, stream, numbers.stream, |name| name.parse().ok())
                .map_err(at)?;
            let kind = "SELECT name FROM event_types WHERE id = ?";
            let kind = kinds
                .get(connection, kind, numbers.kind, |name| Some(name.into()))
                .map_err(at)?;
            let principal = "SELECT name FROM principals WHERE id = ?";
            let principal = principals
                .get(connection, principal, numbers.principal, |name| {
                    name.parse().ok()
                })
                .map_err(at)?;
            let bad = |what: &str| {
                ReadError(format!(
                    "position {position}: the stored {what} makes no sense"
                ))
            };
            found.push(
                numbers
                    .envelope(stream, kind, principal, row)
                    .ok_or_else(|| bad("event"))?,
            );
        }

        Ok(found)
    }

    /// Makes room for the names of what is read next, by how much was read now.
    fn make_room(&mut self, read: usize) {
        let places = if read < MANY { NAMES_KEPT } else { NAMES_MAX };
        self.streams.make_room(places);
        self.kinds.make_room(places);
        self.principals.make_room(places);
    }

    /// Events of all streams after a position.
    pub(super) fn all(
        &mut self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Envelope>, ReadError> {
        let condition = "WHERE position > ? ORDER BY position LIMIT ?";
        let found = self.events(condition, [signed(after.0), limited(limit)])?;
        self.make_room(found.len());
        Ok(found)
    }

    /// Events of one stream after a version.
    pub(super) fn stream(
        &mut self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, ReadError> {
        let Some(id) = self.number(stream).map_err(failed)? else {
            return Ok(vec![]);
        };
        let condition = "WHERE stream_id = ? AND version > ? ORDER BY version LIMIT ?";

        self.events(condition, [id, signed(after.0), limited(limit)])
    }

    /// The number that rows name a stream by; none when nothing was written to it.
    fn number(&self, stream: &StreamId) -> rusqlite::Result<Option<i64>> {
        let sql = "SELECT id FROM streams WHERE name = ?";
        let mut select = self.connection.prepare_cached(sql)?;
        let number = select.query_row([stream.to_string()], |row| row.get(0));
        number.optional()
    }

    /// The newest position with its digest.
    pub(super) fn newest(&mut self) -> Result<Option<(Position, Digest)>, ReadError> {
        let newest = self.connection.query_row(
            "SELECT position, digest FROM events ORDER BY position DESC LIMIT 1",
            [],
            |row| {
                Ok((
                    Position(row.get::<_, i64>(0)?.unsigned_abs()),
                    Digest(row.get(1)?),
                ))
            },
        );
        newest.optional().map_err(failed)
    }
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The columns of an event that are numbers.
struct Numbers {
    position: i64,
    stream: i64,
    version: i64,
    kind: i64,
    schema: i64,
    at: i64,
    principal: i64,
    causation: Option<i64>,
}

impl Numbers {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            position: row.get(0)?,
            stream: row.get(1)?,
            version: row.get(2)?,
            kind: row.get(3)?,
            schema: row.get(4)?,
            at: row.get(5)?,
            principal: row.get(6)?,
            causation: row.get(8)?,
        })
    }

    fn envelope(
        self,
        stream: StreamId,
        kind: Name,
        principal: Principal,
        row: &Row<'_>,
    ) -> Option<Envelope> {
        let unsigned = |n: i64| u64::try_from(n).ok();
        let causation = match self.causation {
            Some(n) => Some(Position(unsigned(n)?)),
            None => None,
        };

        Some(Envelope {
            position: Position(unsigned(self.position)?),
            stream,
            version: Version(unsigned(self.version)?),
            kind,
            schema: u16::try_from(self.schema).ok()?,
            at: Timestamp(self.at),
            cause: Cause {
                principal,
                correlation: CommandId(row.get(7).ok()?),
                causation,
            },
            command: CommandId(row.get(9).ok()?),
            trace: row.get(10).ok()?,
            payload: row.get(11).ok()?,
            digest: Digest(row.get(12).ok()?),
        })
    }
}
