//! Where a log is: in a file of the data folder, or in a PostgreSQL database; and opening it there.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use events::log::EventLog;
use events::stream::Position;
use tokio::sync::watch;

use super::archive::{Reader, Record};
use super::queue::Health;
use super::{PostgresLog, SqliteLog};
use crate::instance::Ownership;
use crate::private;

pub use crate::data::LogPlace;

/// A log that was opened for reading.
pub enum Stored {
    /// In a file.
    File(SqliteLog),
    /// In a database.
    Postgres(PostgresLog),
}

impl LogPlace {
    /// Opens or makes the log, for writing.
    pub async fn open(
        &self,
        new_id: &str,
        ownership: Ownership,
    ) -> anyhow::Result<(Arc<dyn EventLog>, watch::Receiver<Health>)> {
        Ok(match self {
            Self::File(path) => {
                let log = SqliteLog::open(path, new_id).await?;
                let health = log.health();
                (Arc::new(log), health)
            }
            Self::Postgres(url) => {
                let log = PostgresLog::open(url, new_id, ownership).await?;
                let health = log.health();
                (Arc::new(log), health)
            }
        })
    }

    /// Opens the log for reading; a server may be writing it.
    pub async fn read(&self) -> anyhow::Result<Stored> {
        Ok(match self {
            Self::File(path) => Stored::File(SqliteLog::open_reader(path).await?),
            Self::Postgres(url) => Stored::Postgres(PostgresLog::open_reader(url).await?),
        })
    }

    /// Whether there is a log.
    pub async fn has_log(&self) -> bool {
        match self {
            Self::File(path) => path.exists(),
            Self::Postgres(url) => PostgresLog::open_reader(url).await.is_ok(),
        }
    }

    /// Makes a log here of what was exported from another.
    ///
    /// # Errors
    /// There is a log already, or the records are not a whole chain from the beginning. Nothing is
    /// left of it then.
    pub async fn import<R: BufRead>(&self, records: Reader<R>) -> anyhow::Result<Position> {
        if self.has_log().await {
            bail!("there is a log already; import into an empty place");
        }

        match self {
            Self::File(path) => {
                // Under another name until it is whole: what was refused half-way leaves nothing
                // that could be taken for a log.
                let beside = path.with_extension("import");
                remove_log(&beside)?;
                let made = SqliteLog::import(&beside, records).await;
                match made.and_then(|head| settle(&beside).map(|()| head)) {
                    Ok(head) => {
                        fs_err::rename(&beside, path)?;
                        Ok(head)
                    }
                    Err(error) => {
                        remove_log(&beside)?;
                        Err(error)
                    }
                }
            }
            Self::Postgres(url) => PostgresLog::import(url, records).await,
        }
    }
}

impl Stored {
    /// The log.
    pub fn log(&self) -> &dyn EventLog {
        match self {
            Self::File(log) => log,
            Self::Postgres(log) => log,
        }
    }

    /// The log, to be shared.
    pub fn into_log(self) -> Arc<dyn EventLog> {
        match self {
            Self::File(log) => Arc::new(log),
            Self::Postgres(log) => Arc::new(log),
        }
    }

    /// How writing fares: a log that was opened for reading is closed for it.
    pub fn health(&self) -> watch::Receiver<Health> {
        match self {
            Self::File(log) => log.health(),
            Self::Postgres(log) => log.health(),
        }
    }

    /// What the database itself finds wrong with a file. A PostgreSQL server checks its own pages.
    pub async fn integrity(&self) -> anyhow::Result<Option<String>> {
        match self {
            Self::File(log) => log.integrity().await,
            Self::Postgres(_) => Ok(None),
        }
    }

    /// Writes the log as it is now to a new SQLite file; a server may go on writing meanwhile.
    pub async fn copy_to(&self, path: &Path) -> anyhow::Result<()> {
        match self {
            Self::File(log) => log.copy_to(path).await,
            Self::Postgres(log) => {
                let mut copy = SqliteLog::importer(path, &log.id()).await?;
                let mut walk = Records::of(log);
                while let Some(batch) = walk.next().await? {
                    copy.restore(&batch)?;
                }
                drop(copy);
                settle(path)
            }
        }
    }
}

/// The records of a log, in batches.
pub struct Records<'a> {
    log: &'a dyn EventLog,
    after: Position,
    /// The last event of the batch before: whether it is the last of its command shows in the one
    /// after it.
    held: Option<events::envelope::Envelope>,
}

impl<'a> Records<'a> {
    /// From the beginning.
    pub fn of(log: &'a dyn EventLog) -> Self {
        Self {
            log,
            after: Position(0),
            held: None,
        }
    }

    /// The next batch; `None` at the end.
    pub async fn next(&mut self) -> anyhow::Result<Option<Vec<Record>>> {
        let batch = self.log.read_all(self.after, super::verify::BATCH).await?;
        let mut records = Vec::with_capacity(batch.len() + 1);

        match batch.last() {
            Some(last) => self.after = last.position,
            None => {
                let Some(last) = self.held.take() else {
                    return Ok(None);
                };
                records.push(self.record(last, true).await?);
            }
        }

        for envelope in batch {
            if let Some(before) = self.held.replace(envelope) {
                let ends = self
                    .held
                    .as_ref()
                    .is_none_or(|next| next.command != before.command);
                records.push(self.record(before, ends).await?);
            }
        }

        Ok(Some(records))
    }

    async fn record(
        &self,
        envelope: events::envelope::Envelope,
        ends: bool,
    ) -> anyhow::Result<Record> {
        let answers = if ends {
            self.log
                .remembered(envelope.command)
                .await?
                .map(|known| known.body)
        } else {
            None
        };

        Ok(Record { envelope, answers })
    }
}

/// Brings everything into the one file.
pub(super) fn settle(path: &Path) -> anyhow::Result<()> {
    let settled = || {
        let connection = rusqlite::Connection::open(path)?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        connection.close().map_err(|(_, error)| error)
    };
    settled().with_context(|| format!("closing {}", path.display()))
}

fn remove_log(path: &Path) -> anyhow::Result<()> {
    for file in private::parts_of_a_log(path) {
        match fs_err::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).context(file.display().to_string());
            }
            _ => {}
        }
    }
    Ok(())
}

/// The URL of a database that can hold a log.
pub(crate) fn database(url: &str) -> Result<String, String> {
    let known = ["postgres://", "postgresql://"];
    if known.iter().any(|scheme| url.starts_with(scheme)) {
        return Ok(url.to_owned());
    }
    // The rest may hold a password, and is not repeated.
    let scheme = match url.split_once(':') {
        Some((scheme, _)) => scheme,
        None => "no scheme",
    };
    Err(format!(
        "a log is kept in a file of the data folder (without --log) or in PostgreSQL \
         (postgres://…), not in {}",
        crate::terminal::inline(scheme)
    ))
}
