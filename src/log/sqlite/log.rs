//! The log in a file of SQLite: opened, read, imported and closed.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use async_trait::async_trait;
use events::envelope::Envelope;
use events::id::CommandId;
use events::log::{Append, AppendError, EventLog, Head, ReadError, Receipt, Remembered};
use events::stream::{Position, StreamId, Version};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::watch;

use super::answers::Answers;
use super::file::OpenError;
use super::readers::Readers;
use super::store::SqliteStore;
use super::{answers, file};
use crate::log::archive::{Reader, Record};
use crate::log::queue::{Health, Queue, Store};
use crate::log::retention::Retention;

/// Events of an import in one transaction.
const IMPORT_BATCH: usize = 4096;

/// The schema, step by step.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/log/sqlite/migrations");

/// A log that is made of another's records.
pub struct Importer(SqliteStore);

impl Importer {
    /// Takes the next records; the first that is not the next one refuses them all.
    pub fn restore(&mut self, records: &[Record]) -> anyhow::Result<()> {
        self.0.restore(records)
    }

    pub(super) fn head(&self) -> Position {
        self.0.head().position
    }
}

/// An [`EventLog`] in a file.
pub struct SqliteLog {
    pub(super) id: String,
    readers: Readers,
    pub(super) answers: Answers,
    writer: Option<Queue>,
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(std::time::Duration::from_secs(5))
}

impl SqliteLog {
    /// Opens or makes the log at `path`, for writing. `new_id` names a log that is made now.
    pub async fn open(path: &Path, new_id: &str) -> Result<Self, OpenError> {
        Self::open_with(path, new_id, Retention::default()).await
    }

    /// The same, with bounds of one's own for the stored answers.
    pub async fn open_with(
        path: &Path,
        new_id: &str,
        retention: Retention,
    ) -> Result<Self, OpenError> {
        let failed = |e: &dyn std::fmt::Display| OpenError::Open(path.to_owned(), e.to_string());
        let mut log = Self::make(path, new_id).await?;
        let store = SqliteStore::take_over(path, &log.id, log.answers.clone(), retention)
            .map_err(|e| failed(&e))?;
        log.writer = Some(Queue::start(store).map_err(|e| failed(&e))?);
        Ok(log)
    }

    /// Makes the log at `path` if there is none, and opens it for reading.
    async fn make(path: &Path, new_id: &str) -> Result<Self, OpenError> {
        let failed = |e: &dyn std::fmt::Display| OpenError::Open(path.to_owned(), e.to_string());
        file::check_library()?;
        file::check(path, newest_migration())?;
        crate::private::prepare(path).map_err(|e| failed(&e))?;

        // One connection makes the schema and is closed before the writer begins: only one
        // connection ever writes.
        let writing = options(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let maker = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(writing)
            .await;
        let maker = maker.map_err(|e| failed(&e))?;
        MIGRATIONS.run(&maker).await.map_err(|e| failed(&e))?;
        sqlx::query(
            "INSERT INTO log_meta SELECT ?, ?, unixepoch() * 1000000 WHERE NOT EXISTS \
                     (SELECT 1 FROM log_meta)",
        )
        .bind(new_id)
        .bind(file::FORMAT)
        .execute(&maker)
        .await
        .map_err(|e| failed(&e))?;
        maker.close().await;

        Self::open_reader(path).await
    }

    /// Makes a log at `path` of what was exported from another: the same id, positions, times and
    /// digests.
    ///
    /// # Errors
    /// There is a log already, or the records are not a whole chain from the beginning; which
    /// position, is said.
    pub async fn import<R: BufRead>(
        path: &Path,
        mut records: Reader<R>,
    ) -> anyhow::Result<Position> {
        if path.exists() {
            bail!(
                "there is a log at {} already; import into an empty data folder",
                path.display()
            );
        }

        let mut store = Self::importer(path, &records.header.log).await?;
        let mut batch = Vec::with_capacity(IMPORT_BATCH);

        loop {
            let record = records.read().with_context(|| {
                format!("after position {}", store.head().0 + batch.len() as u64)
            })?;
            let end = record.is_none();
            batch.extend(record);
            if end || batch.len() == IMPORT_BATCH {
                store.restore(&batch)?;
                batch.clear();
            }
            if end {
                return Ok(store.head());
            }
        }
    }

    /// Makes an empty log at `path` that records as others recorded them go into.
    pub async fn importer(path: &Path, log_id: &str) -> anyhow::Result<Importer> {
        let log = Self::make(path, log_id).await?;
        Ok(Importer(SqliteStore::take_over(
            path,
            &log.id,
            log.answers,
            Retention::default(),
        )?))
    }

    /// Writes a copy of the log as it is now to a file that does not exist; a server may go on
    /// writing meanwhile.
    pub async fn copy_to(&self, path: &Path) -> anyhow::Result<()> {
        let path = path.to_owned();
        crate::private::prepare(&path).with_context(|| format!("making {}", path.display()))?;
        let copied = self.readers.read(move |reader| {
            let copied = reader
                .connection
                .execute("VACUUM INTO ?", [path.display().to_string()]);
            copied.map_err(|e| ReadError(e.to_string()))?;
            fs_err::File::open(&path)
                .and_then(|file| file.sync_all())
                .map_err(|e| ReadError(e.to_string()))
        });
        Ok(copied.await?)
    }

    /// What is wrong with the file beside its events: pages, indexes that do not say what their
    /// tables say, and stored answers that are not what was written.
    pub async fn integrity(&self) -> anyhow::Result<Option<String>> {
        let checked = self.readers.read(|reader| {
            let failed = |e: rusqlite::Error| ReadError(e.to_string());
            let pages: String = reader
                .connection
                .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
                .map_err(failed)?;
            if pages == "ok" {
                answers::damaged(&reader.connection).map_err(failed)
            } else {
                Ok(Some(pages))
            }
        });

        Ok(checked.await?)
    }

    /// Opens the log at `path` for reading only; a server may be writing it.
    pub async fn open_reader(path: &Path) -> Result<Self, OpenError> {
        let failed = |e: &dyn std::fmt::Display| OpenError::Open(path.to_owned(), e.to_string());

        if !file::check(path, newest_migration())? {
            return Err(OpenError::Missing(path.to_owned()));
        }

        let readers = Readers::of(path);
        let id = readers.read(|reader| {
            let id = reader
                .connection
                .query_row("SELECT log_id FROM log_meta", [], |row| row.get(0));
            id.map_err(|e| ReadError(e.to_string()))
        });

        Ok(Self {
            id: id.await.map_err(|e| failed(&e))?,
            readers,
            answers: Answers::default(),
            writer: None,
        })
    }

    /// How writing fares; a log that was opened for reading only is closed for writing.
    pub fn health(&self) -> watch::Receiver<Health> {
        match &self.writer {
            Some(writer) => writer.health(),
            None => {
                watch::channel(Health {
                    degraded: None,
                    closed: Some("opened for reading only".to_owned()),
                })
                .1
            }
        }
    }
}

fn newest_migration() -> i64 {
    MIGRATIONS
        .iter()
        .map(|step| step.version)
        .max()
        .unwrap_or(0)
}

#[async_trait]
impl EventLog for SqliteLog {
    fn id(&self) -> String {
        self.id.clone()
    }

    async fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }

    async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        match &self.writer {
            Some(writer) => writer.append(append).await,
            None => Err(AppendError::Closed("opened for reading only".to_owned())),
        }
    }

    async fn ready(&self) -> Result<(), AppendError> {
        match &self.writer {
            Some(writer) => writer.ready().await,
            None => Err(AppendError::Closed("opened for reading only".to_owned())),
        }
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Envelope>, ReadError> {
        let stream = stream.clone();
        self.readers
            .read(move |reader| reader.stream(&stream, after, limit))
            .await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Envelope>, ReadError> {
        self.readers
            .read(move |reader| reader.all(after, limit))
            .await
    }

    fn recent(&self, after: Position) -> Option<Arc<Vec<Envelope>>> {
        self.writer.as_ref()?.recent(after)
    }

    async fn head(&self) -> Result<Head, ReadError> {
        if let Some(writer) = &self.writer {
            return Ok(writer.head());
        }
        let genesis = Head {
            position: Position(0),
            digest: events::envelope::genesis(&self.id),
        };
        let newest = self.readers.read(|reader| reader.newest()).await?;
        Ok(match newest {
            Some((position, digest)) => Head { position, digest },
            None => genesis,
        })
    }

    async fn remembered(&self, command: CommandId) -> Result<Option<Remembered>, ReadError> {
        // Nobody else writes while this process owns the log: what it does not know was not
        // answered. A hundred claimants of an empty queue ask this at once.
        if self.writer.is_some() && self.answers.is_missing(&command) == Some(true) {
            return Ok(None);
        }

        let answers = self.answers.clone();
        let read = self.readers.read(move |reader| {
            let failed = |e: rusqlite::Error| ReadError(e.to_string());
            // Another process may be writing, or ours has not read them yet.
            answers.refresh(&reader.connection).map_err(failed)?;
            answers.find(&reader.connection, &command).map_err(failed)
        });
        read.await
    }
}
