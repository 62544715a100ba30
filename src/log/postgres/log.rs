//! The log in PostgreSQL: opened, read, and taken over.

use std::io::BufRead;
use std::sync::Arc;

use anyhow::{Context, bail};
use async_trait::async_trait;
use events::envelope::Envelope;
use events::id::{CommandId, Digest};
use events::log::{Append, AppendError, EventLog, Head, ReadError, Receipt, Remembered};
use events::stream::{Position, StreamId, Version};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::query::QueryAs;
use sqlx::{FromRow, Postgres};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::import;
use super::store::PostgresStore;
use crate::instance::Ownership;
use crate::log::archive::Reader;
use crate::log::queue::{Health, Queue};
use crate::log::retention::Retention;
use crate::log::row::{COLUMNS, COMMAND_COLUMNS, COMMAND_TABLES, CommandRow, Row, TABLES};

/// Reads that may run at once.
const READERS: u32 = 4;

/// A connection is there within this time, or the server is away.
pub(super) const CONNECT_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);

/// The format of the tables and of the chain that this build reads and writes.
pub(super) const FORMAT: i32 = 1;

/// The schema, step by step.
pub(super) static MIGRATIONS: sqlx::migrate::Migrator =
    sqlx::migrate!("src/log/postgres/migrations");

/// An [`EventLog`] in a database.
pub struct PostgresLog {
    pub(super) id: String,
    pool: PgPool,
    /// Where its connections live. Readers come from runtimes that end earlier, those of hosts, and
    /// would take connections along.
    pub(super) runtime: Handle,
    writer: Option<Queue>,
}

/// The options of a URL, without what it has of a password, for messages.
pub(super) fn options(url: &str) -> anyhow::Result<(PgConnectOptions, String)> {
    let options: PgConnectOptions = url
        .parse()
        .context("--log wants postgres://USER:PASSWORD@HOST:PORT/DATABASE")?;
    let named = format!(
        "{}:{}/{}",
        options.get_host(),
        options.get_port(),
        options.get_database().unwrap_or("(default)")
    );
    Ok((options, named))
}

impl PostgresLog {
    /// Opens or makes the log at `url`, for writing. `new_id` names a log that is made now.
    pub async fn open(url: &str, new_id: &str, ownership: Ownership) -> anyhow::Result<Self> {
        Self::open_with(url, new_id, ownership, Retention::default()).await
    }

    /// The same, with bounds of one's own for the stored answers.
    pub async fn open_with(
        url: &str,
        new_id: &str,
        ownership: Ownership,
        retention: Retention,
    ) -> anyhow::Result<Self> {
        let (options, named) = options(url)?;
        let pool = pool(&options)
            .await
            .with_context(|| format!("connecting to PostgreSQL at {named}"))?;

        MIGRATIONS
            .run(&pool)
            .await
            .with_context(|| format!("preparing the tables at {named}"))?;
        let genesis = events::envelope::genesis(new_id);

        sqlx::query(
            "INSERT INTO log_head (log_id, format, epoch, position, digest, at) VALUES \
                     ($1, $2, 0, 0, $3, 0) ON CONFLICT DO NOTHING",
        )
        .bind(new_id)
        .bind(FORMAT)
        .bind(genesis.0.as_slice())
        .execute(&pool)
        .await?;
        let mut log = Self::of(pool, &named).await?;
        let store = PostgresStore::take_over(options, &log.id, ownership, retention).await;
        log.writer = Some(Queue::start(
            store.with_context(|| format!("taking the log at {named}"))?,
        )?);

        Ok(log)
    }

    /// Opens the log at `url` for reading only.
    pub async fn open_reader(url: &str) -> anyhow::Result<Self> {
        let (options, named) = options(url)?;
        let pool = pool(&options)
            .await
            .with_context(|| format!("connecting to PostgreSQL at {named}"))?;
        Self::of(pool, &named).await
    }

    async fn of(pool: PgPool, named: &str) -> anyhow::Result<Self> {
        let found: Option<(String, i32)> = sqlx::query_as("SELECT log_id, format FROM log_head")
            .fetch_optional(&pool)
            .await
            .with_context(|| {
                format!("there is no log at {named}; `supercargo serve --log URL` makes one")
            })?;
        let (id, format) = found.with_context(|| {
            format!("there is no log at {named}; `supercargo serve --log URL` makes one")
        })?;
        if format > FORMAT {
            bail!(
                "the log at {named} was written by a newer build (format {format}, ours is \
                 {FORMAT}); use that build or a newer one"
            );
        }

        Ok(Self {
            id,
            pool,
            runtime: Handle::current(),
            writer: None,
        })
    }

    /// Makes a log at `url` of what was exported from another.
    pub async fn import<R: BufRead>(url: &str, records: Reader<R>) -> anyhow::Result<Position> {
        import::import(url, records).await
    }

    /// The rows of a query, run where the connections live.
    async fn rows<T>(
        &self,
        query: QueryAs<'static, Postgres, T, PgArguments>,
    ) -> Result<Vec<T>, ReadError>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static,
    {
        let pool = self.pool.clone();
        let fetched = self
            .runtime
            .spawn(async move { query.fetch_all(&pool).await });
        fetched.await.map_err(failed)?.map_err(failed)
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

pub(super) async fn pool(options: &PgConnectOptions) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(CONNECT_WITHIN)
        .connect_with(options.clone())
        .await
}

pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn failed(error: impl std::fmt::Display) -> ReadError {
    ReadError(error.to_string())
}

#[async_trait]
impl EventLog for PostgresLog {
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
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE s.name = $1 AND e.version > $2 ORDER BY \
             e.version LIMIT $3"
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(stream.to_string())
            .bind(signed(after.0));
        let rows: Vec<Row> = self
            .rows(query.bind(i64::try_from(limit).unwrap_or(i64::MAX)))
            .await?;

        rows.into_iter().map(Row::envelope).collect()
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Envelope>, ReadError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE e.position > $1 ORDER BY e.position LIMIT $2"
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(signed(after.0));
        let rows: Vec<Row> = self
            .rows(query.bind(i64::try_from(limit).unwrap_or(i64::MAX)))
            .await?;
        rows.into_iter().map(Row::envelope).collect()
    }

    fn recent(&self, after: Position) -> Option<Arc<Vec<Envelope>>> {
        self.writer.as_ref()?.recent(after)
    }

    async fn head(&self) -> Result<Head, ReadError> {
        if let Some(writer) = &self.writer {
            return Ok(writer.head());
        }

        let heads: Vec<(i64, Vec<u8>)> = self
            .rows(sqlx::query_as("SELECT position, digest FROM log_head"))
            .await?;
        let (position, digest) = heads
            .into_iter()
            .next()
            .ok_or_else(|| failed("the log has no head"))?;
        let digest = <[u8; 32]>::try_from(digest.as_slice()).map(Digest);
        let digest = digest.map_err(|_| {
            ReadError(format!(
                "position {position}: the stored digest makes no sense"
            ))
        })?;

        Ok(Head {
            position: Position(position.unsigned_abs()),
            digest,
        })
    }

    async fn remembered(&self, command: CommandId) -> Result<Option<Remembered>, ReadError> {
        let sql = format!("SELECT {COMMAND_COLUMNS} FROM {COMMAND_TABLES} WHERE c.id = $1");
        let found: Vec<CommandRow> = self
            .rows(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(command.0.to_vec()))
            .await?;
        Ok(found
            .into_iter()
            .next()
            .map(CommandRow::remembered)
            .transpose()?
            .map(|(_, known)| known))
    }
}
