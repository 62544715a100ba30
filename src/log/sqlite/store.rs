//! The one writer of a SQLite log.
//!
//! Every transaction checks that this process still owns the log. After an error the file is asked
//! what it holds: when that is what the ledger says, nothing of the batch was recorded and writing
//! may go on; when it is not, or the disk failed to sync, the outcome is unknown and this process
//! is done.

use std::path::{Path, PathBuf};

use events::envelope::Envelope;
use events::id::{Digest, Timestamp};
use events::log::{Append, Head};
use events::stream::{Position, StreamId, Version};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};

use super::answers::{self, Answers};
use crate::log::archive::Record;
use crate::log::ledger::{Draft, Drafted, Ledger, Names};
use crate::log::queue::{Answer, Store, Trouble};
use crate::log::retention::{Kept, Retention};

/// How long another connection may hold the log before a batch is turned away.
const BUSY: std::time::Duration = std::time::Duration::from_secs(5);
/// Pages the writer keeps, in KiB. More is not faster (`cargo bench --bench log`), and stays
/// resident.
const CACHE_KIB: i64 = 1024;
/// Pages in the WAL before they are brought into the file, 16 MiB: that happens inside of some
/// commit, which waits for it.
const CHECKPOINT_PAGES: i64 = 4096;
/// Extended result code of a failed sync of a file.
const IOERR_FSYNC: i32 = rusqlite::ffi::SQLITE_IOERR_FSYNC;
/// Extended result code of a failed sync of a folder.
const IOERR_DIR_FSYNC: i32 = rusqlite::ffi::SQLITE_IOERR_DIR_FSYNC;

/// A SQLite file and the right to write it.
pub(super) struct SqliteStore {
    path: PathBuf,
    connection: Connection,
    ledger: Ledger,
    epoch: i64,
    answers: Answers,
    retention: Retention,
    /// What is kept of answers; not known before the first batch or the warming up.
    kept: Option<Kept>,
    /// What became durable and was not asked for yet.
    recorded: Vec<Envelope>,
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // The writer's thread alone uses it.
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

impl SqliteStore {
    /// Takes the log over: whoever owned it before is fenced from here on.
    pub(super) fn take_over(
        path: &Path,
        log_id: &str,
        answers: Answers,
        retention: Retention,
    ) -> rusqlite::Result<Self> {
        let mut connection = connect(path)?;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let epoch = tx.query_row(
            "UPDATE log_owner SET epoch = epoch + 1 RETURNING epoch",
            [],
            |row| row.get(0),
        )?;
        tx.commit()?;
        let ledger = load(&connection, log_id)?;

        Ok(Self {
            path: path.to_owned(),
            connection,
            ledger,
            epoch,
            answers,
            retention,
            kept: None,
            recorded: vec![],
        })
    }

    /// Records events that were recorded elsewhere, as they are; the first that is not the next one
    /// refuses the batch.
    pub(super) fn restore(&mut self, records: &[Record]) -> anyhow::Result<()> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut draft = Draft::new(&self.ledger);

        for record in records {
            let restored = draft.restore(record);
            restored.map_err(|damage| {
                anyhow::anyhow!("position {}: {damage}", record.envelope.position)
            })?;
        }

        if let Some(drafted) = draft.finish() {
            insert(&tx, &drafted)?;
            let kept = known(&tx, &self.answers, self.kept)?;
            let kept = Kept {
                answers: kept.answers + drafted.commands.len(),
                ..kept
            };
            let (forgotten, kept) = answers::forget(&tx, self.retention, kept, drafted.last_at)?;
            tx.commit()?;
            self.answers.take(&drafted.commands, &forgotten);
            self.kept = Some(kept);
            drop(self.ledger.take(drafted));
        }

        Ok(())
    }

    fn write(&mut self, batch: &[&Append]) -> rusqlite::Result<Result<Vec<Answer>, Trouble>> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let owner: i64 = tx
            .prepare_cached("SELECT epoch FROM log_owner")?
            .query_row([], |row| row.get(0))?;
        if owner != self.epoch {
            return Ok(Err(Trouble::Fenced(format!(
                "another server took the log over (owner {owner}, ours was {})",
                self.epoch
            ))));
        }

        let mut draft = Draft::new(&self.ledger);
        let mut answers = Vec::with_capacity(batch.len());
        let kept = known(&tx, &self.answers, self.kept)?;

        for append in batch {
            let known = self.answers.find(&tx, &append.command)?;
            answers.push(draft.request(append, known));
        }

        if let Some(drafted) = draft.finish() {
            insert(&tx, &drafted)?;
            let kept = Kept {
                answers: kept.answers + drafted.commands.len(),
                ..kept
            };
            let (forgotten, kept) = answers::forget(&tx, self.retention, kept, drafted.last_at)?;
            tx.commit()?;
            self.answers.take(&drafted.commands, &forgotten);
            self.kept = Some(Kept {
                oldest: kept.oldest.or(Some(drafted.last_at)),
                ..kept
            });
            self.recorded.extend(self.ledger.take(drafted));
        }

        Ok(Ok(answers))
    }

    /// Writes a page as it is.
    fn rewrite(&mut self) -> rusqlite::Result<()> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute("UPDATE log_meta SET format = format", [])?;
        tx.commit()
    }

    /// What an error means, by what the file holds now.
    fn judge(&mut self, error: &rusqlite::Error) -> Trouble {
        let why = format!("writing the log {} failed: {error}", self.path.display());
        let code = error.sqlite_error().map(|e| (e.code, e.extended_code));
        if matches!(code, Some((_, IOERR_FSYNC | IOERR_DIR_FSYNC))) {
            return Trouble::Unknown(why);
        }

        if matches!(
            code,
            Some((ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _))
        ) {
            return Trouble::NotNow(why);
        }

        let found =
            connect(&self.path).and_then(|connection| Ok((newest(&connection)?, connection)));
        match found {
            Ok((found, connection))
                if found.is_none_or(|(p, d, _)| {
                    (p, d) == (self.ledger.head.position, self.ledger.head.digest)
                }) =>
            {
                self.connection = connection;
                Trouble::NotNow(why)
            }
            Ok(_) => Trouble::Unknown(format!("{why}; the file does not hold what was known")),
            Err(again) => Trouble::Unknown(format!("{why}; then reading it failed: {again}")),
        }
    }
}

impl Store for SqliteStore {
    fn commit(&mut self, batch: &[&Append]) -> Result<Vec<Answer>, Trouble> {
        match self.write(batch) {
            Ok(outcome) => outcome,
            Err(error) => Err(self.judge(&error)),
        }
    }

    fn try_writing(&mut self) -> Result<(), Trouble> {
        self.rewrite().map_err(|error| self.judge(&error))
    }

    fn head(&self) -> Head {
        self.ledger.head
    }

    fn recorded(&mut self) -> Vec<Envelope> {
        std::mem::take(&mut self.recorded)
    }

    fn settle(&mut self) {
        // Everything is durable without it; the next start and whoever copies the file are spared
        // the WAL.
        if let Err(error) = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        {
            tracing::debug!(%error, "the WAL is left to the next start");
        }
    }

    fn warm_up(&mut self) {
        match known(&self.connection, &self.answers, self.kept) {
            Ok(kept) => self.kept = Some(kept),
            Err(error) => {
                tracing::warn!(%error, "the stored answers are not read yet; the first append does \
                                        it")
            }
        }
    }
}

/// What is kept of answers, read once.
fn known(connection: &Connection, answers: &Answers, kept: Option<Kept>) -> rusqlite::Result<Kept> {
    match kept {
        Some(kept) => Ok(kept),
        None => {
            answers.refresh(connection)?;
            answers.kept(connection)
        }
    }
}

type Newest = Option<(Position, Digest, Timestamp)>;

fn newest(connection: &Connection) -> rusqlite::Result<Newest> {
    connection
        .query_row(
            "SELECT position, digest, at FROM events ORDER BY position DESC LIMIT 1",
            [],
            |row| {
                Ok((
                    Position(row.get::<_, i64>(0)?.unsigned_abs()),
                    Digest(row.get(1)?),
                    Timestamp(row.get(2)?),
                ))
            },
        )
        .optional()
}

fn load(connection: &Connection, log_id: &str) -> rusqlite::Result<Ledger> {
    let mut ledger = Ledger::empty(log_id);

    if let Some((position, digest, at)) = newest(connection)? {
        ledger.know_head(position, digest, at);
    }

    let mut statement = connection.prepare(
        "SELECT s.id, s.name, coalesce((SELECT max(version) FROM events e WHERE e.stream_id = \
         s.id), 0) FROM streams s",
    )?;

    let rows = statement.query_map([], |row| {
        Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
    })?;
    for row in rows {
        let (id, name, version) = row?;
        ledger.know_stream(&stream(&name)?, id, Version(version.unsigned_abs()));
    }

    names(
        connection,
        "SELECT name, id FROM event_types",
        &mut ledger.kinds,
    )?;
    names(
        connection,
        "SELECT name, id FROM principals",
        &mut ledger.principals,
    )?;

    Ok(ledger)
}

fn stream(name: &str) -> rusqlite::Result<StreamId> {
    name.parse()
        .map_err(|e: events::id::BadId| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

fn names(connection: &Connection, sql: &str, into: &mut Names) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    for row in statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (name, id): (String, _) = row?;
        into.know(&name, id);
    }
    Ok(())
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn insert(tx: &Transaction<'_>, drafted: &Drafted) -> rusqlite::Result<()> {
    let tables = [
        (
            "INSERT INTO streams (name, id) VALUES (?, ?)",
            &drafted.new_streams,
        ),
        (
            "INSERT INTO event_types (name, id) VALUES (?, ?)",
            &drafted.new_kinds,
        ),
        (
            "INSERT INTO principals (name, id) VALUES (?, ?)",
            &drafted.new_principals,
        ),
    ];
    for (sql, rows) in tables {
        for row in rows {
            tx.prepare_cached(sql)?.execute(params![row.0, row.1])?;
        }
    }

    let mut insert =
        tx.prepare_cached("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;

    for event in &drafted.events {
        let envelope = &event.envelope;
        insert.execute(params![
            signed(envelope.position.0),
            event.stream,
            signed(envelope.version.0),
            event.kind,
            envelope.schema,
            envelope.at.0,
            event.principal,
            envelope.cause.correlation.0.as_slice(),
            envelope.cause.causation.map(|p| signed(p.0)),
            envelope.command.0.as_slice(),
            envelope.trace,
            envelope.payload,
            envelope.digest.0.as_slice(),
        ])?;
    }

    let mut insert = tx.prepare_cached("INSERT INTO answers VALUES (?, ?, ?, ?)")?;

    for command in &drafted.commands {
        let position = signed(command.receipt.position.0);
        insert.execute(params![
            position,
            command.id.0.as_slice(),
            command.body.0.as_slice(),
            command.sum()
        ])?;
    }

    Ok(())
}
