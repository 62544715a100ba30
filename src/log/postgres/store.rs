//! The one writer of a log in PostgreSQL.
//!
//! A batch is one transaction: the head's row is locked and its epoch compared, known commands are
//! looked up, everything is inserted by arrays, the head is moved. What fails before COMMIT was not
//! recorded, for certain. When the answer to a COMMIT is lost, the next transaction tells: it can
//! lock the head's row only when the lost one is over, and finds the head where it left it.

use std::collections::HashMap;

use anyhow::{Context, bail};
use events::envelope::Envelope;
use events::id::{CommandId, Digest, Timestamp};
use events::log::{Append, Head, Remembered};
use events::stream::{Position, Version};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Executor};
use tokio::runtime::Handle;

use super::{CONNECT_WITHIN, signed};
use crate::instance::Ownership;
use crate::log::ledger::{Draft, Drafted, Ledger};
use crate::log::queue::{Answer, Store, Trouble};
use crate::log::retention::{FORGOTTEN_AT_ONCE, Kept, Retention};
use crate::log::row::{COMMAND_COLUMNS, COMMAND_TABLES, CommandRow};

/// Key of the advisory lock that the owner of a log holds, one log per database.
const OWNER_LOCK: i64 = 0x5350_4c47;
/// A batch is answered by the server within this time, or the connection is given up.
const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

/// A database and the right to write its log.
pub(super) struct PostgresStore {
    options: PgConnectOptions,
    runtime: Handle,
    connection: Option<PgConnection>,
    ledger: Ledger,
    epoch: i64,
    retention: Retention,
    kept: Kept,
    /// What a transaction adds whose COMMIT was not answered.
    unanswered: Option<Drafted>,
    /// What became durable and was not asked for yet.
    recorded: Vec<Envelope>,
}

impl PostgresStore {
    /// Takes the log over: whoever owned it before is fenced from here on. Refused while another
    /// owner is connected, unless that is asked for.
    pub(super) async fn take_over(
        options: PgConnectOptions,
        log_id: &str,
        ownership: Ownership,
        retention: Retention,
    ) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect_with(&options).await?;
        let free = lock(&mut connection).await?;
        if !free && ownership == Ownership::Respect {
            bail!(
                "another server owns it; stop that server first, or end its reign with `serve \
                 --take-over`"
            );
        }

        let epoch = sqlx::query_scalar("UPDATE log_head SET epoch = epoch + 1 RETURNING epoch")
            .fetch_one(&mut connection)
            .await?;
        let ledger = load(&mut connection, log_id).await?;
        let kept = kept(&mut connection).await?;
        let (runtime, connection) = (Handle::current(), Some(connection));

        Ok(Self {
            options,
            runtime,
            connection,
            ledger,
            epoch,
            retention,
            kept,
            unanswered: None,
            recorded: vec![],
        })
    }

    async fn connected(&mut self) -> Result<PgConnection, sqlx::Error> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        let mut connection = PgConnection::connect_with(&self.options).await?;
        // Ours again when the old connection is gone; until then the epoch alone keeps others out.
        lock(&mut connection).await?;
        Ok(connection)
    }

    async fn write(&mut self, batch: &[&Append]) -> Result<Vec<Answer>, Trouble> {
        let not_now = |what: &'static str| {
            move |e: sqlx::Error| Trouble::NotNow(format!("PostgreSQL, {what}: {e}"))
        };
        let connecting = tokio::time::timeout(CONNECT_WITHIN, self.connected()).await;
        let connecting =
            connecting.map_err(|_| Trouble::NotNow("PostgreSQL does not answer".to_owned()))?;
        let mut connection = connecting.map_err(not_now("connecting"))?;
        let mut tx = connection.begin().await.map_err(not_now("beginning"))?;
        let head: Option<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT position, digest FROM log_head WHERE epoch = $1 FOR UPDATE")
                .bind(self.epoch)
                .fetch_optional(&mut *tx)
                .await
                .map_err(not_now("locking the head"))?;
        let Some((position, digest)) = head else {
            return Err(Trouble::Fenced(
                "another server took the log over".to_owned(),
            ));
        };

        self.settle(Position(position.unsigned_abs()), &digest)?;
        let known = known(&mut tx, batch)
            .await
            .map_err(|e| Trouble::NotNow(format!("PostgreSQL, looking up commands: {e:#}")))?;
        let mut draft = Draft::new(&self.ledger);
        let answers = batch
            .iter()
            .map(|append| draft.request(append, known.get(&append.command).cloned()))
            .collect();

        if let Some(drafted) = draft.finish() {
            insert(&mut tx, &drafted)
                .await
                .map_err(not_now("recording"))?;
            let answers = self.kept.answers + drafted.commands.len();
            let now = Kept {
                answers,
                oldest: self.kept.oldest.or(Some(drafted.last_at)),
            };
            self.kept = forget(&mut tx, self.retention, now, drafted.last_at)
                .await
                .map_err(not_now("forgetting answers"))?;
            // Kept before the COMMIT is on its way: from here on only its answer tells.
            self.unanswered = Some(drafted);
            tx.commit()
                .await
                .map_err(|e| Trouble::Unsure(format!("PostgreSQL, committing: {e}")))?;
            if let Some(drafted) = self.unanswered.take() {
                self.recorded.extend(self.ledger.take(drafted));
            }
        } else {
            tx.rollback().await.map_err(not_now("ending"))?;
        }

        self.connection = Some(connection);
        Ok(answers)
    }

    /// Settles what became of a transaction whose COMMIT was not answered, by where the head is.
    fn settle(&mut self, position: Position, digest: &[u8]) -> Result<(), Trouble> {
        let is = |head: &Head| head.position == position && head.digest.0.as_slice() == digest;

        if let Some(drafted) = self.unanswered.take()
            && is(&drafted.head)
        {
            self.recorded.extend(self.ledger.take(drafted));
        }
        if is(&self.ledger.head) {
            return Ok(());
        }

        let known = self.ledger.head.position;

        Err(Trouble::Unknown(format!(
            "the head is at {position} and not at {known}, where we left it: somebody else wrote \
             the log"
        )))
    }
}

impl Store for PostgresStore {
    fn commit(&mut self, batch: &[&Append]) -> Result<Vec<Answer>, Trouble> {
        let runtime = self.runtime.clone();

        runtime.block_on(async {
            let twice = async {
                let reused = self.connection.is_some();
                match self.write(batch).await {
                    // The connection was cut while nothing was under way: a new one will do.
                    Err(Trouble::NotNow(_)) if reused => self.write(batch).await,
                    written => written,
                }
            };
            let written = tokio::time::timeout(ANSWER_WITHIN, twice).await;
            written.unwrap_or_else(|_| {
                let why = format!(
                    "PostgreSQL did not answer within {} s",
                    ANSWER_WITHIN.as_secs()
                );
                // Cut off in the middle: a COMMIT was on its way, or nothing was.
                Err(if self.unanswered.is_some() {
                    Trouble::Unsure(why)
                } else {
                    Trouble::NotNow(why)
                })
            })
        })
    }

    fn head(&self) -> Head {
        self.ledger.head
    }

    fn recorded(&mut self) -> Vec<Envelope> {
        std::mem::take(&mut self.recorded)
    }
}

async fn lock(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(OWNER_LOCK)
        .fetch_one(connection)
        .await
}

async fn load(connection: &mut PgConnection, log_id: &str) -> anyhow::Result<Ledger> {
    let mut ledger = Ledger::empty(log_id);
    let (position, digest, at): (i64, Vec<u8>, i64) =
        sqlx::query_as("SELECT position, digest, at FROM log_head")
            .fetch_one(&mut *connection)
            .await?;
    let digest = Digest(
        digest
            .try_into()
            .map_err(|_| anyhow::anyhow!("the head's digest makes no sense"))?,
    );
    ledger.know_head(Position(position.unsigned_abs()), digest, Timestamp(at));

    let streams: Vec<(i64, String, i64)> = sqlx::query_as(
        "SELECT s.id, s.name, coalesce((SELECT max(version) FROM events e WHERE e.stream_id = \
         s.id), 0) FROM streams s",
    )
    .fetch_all(&mut *connection)
    .await?;
    for (id, name, version) in streams {
        let stream = name.parse();
        let stream = stream.with_context(|| format!("the stream {name}"))?;
        ledger.know_stream(&stream, id, Version(version.unsigned_abs()));
    }

    for (sql, names) in [
        ("SELECT name, id FROM event_types", &mut ledger.kinds),
        ("SELECT name, id FROM principals", &mut ledger.principals),
    ] {
        let rows: Vec<(String, i64)> = sqlx::query_as(sql).fetch_all(&mut *connection).await?;
        for (name, id) in rows {
            names.know(&name, id);
        }
    }

    Ok(ledger)
}

async fn known(
    connection: &mut PgConnection,
    batch: &[&Append],
) -> anyhow::Result<HashMap<CommandId, Remembered>> {
    let ids: Vec<Vec<u8>> = batch
        .iter()
        .map(|append| append.command.0.to_vec())
        .collect();
    let sql = format!("SELECT {COMMAND_COLUMNS} FROM {COMMAND_TABLES} WHERE c.id = ANY($1)");
    let rows: Vec<CommandRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(ids)
        .fetch_all(connection)
        .await?;

    Ok(rows
        .into_iter()
        .map(CommandRow::remembered)
        .collect::<Result<_, _>>()?)
}

async fn kept(connection: &mut PgConnection) -> Result<Kept, sqlx::Error> {
    let answers: i64 = sqlx::query_scalar("SELECT count(*) FROM commands")
        .fetch_one(&mut *connection)
        .await?;
    Ok(Kept {
        answers: usize::try_from(answers).unwrap_or(0),
        oldest: oldest(connection).await?,
    })
}

async fn oldest(connection: &mut PgConnection) -> Result<Option<Timestamp>, sqlx::Error> {
    let sql =
        "SELECT e.at FROM commands c JOIN events e USING (position) ORDER BY position LIMIT 1";
    Ok(sqlx::query_scalar(sql)
        .fetch_optional(connection)
        .await?
        .map(Timestamp))
}

/// Deletes what need not be kept any more, within the caller's transaction. When that is rolled
/// back, the count is too low by what it would have forgotten; the age decides then.
async fn forget(
    connection: &mut PgConnection,
    retention: Retention,
    kept: Kept,
    now: Timestamp,
) -> Result<Kept, sqlx::Error> {
    if !retention.is_due(kept, now) {
        return Ok(kept);
    }

    let sql = "SELECT position, e.at FROM commands c JOIN events e USING (position) ORDER BY \
               position LIMIT $1";
    let rows: Vec<(i64, i64)> = sqlx::query_as(sql)
        .bind(i64::from(FORGOTTEN_AT_ONCE))
        .fetch_all(&mut *connection)
        .await?;
    let overdue = retention.overdue(kept.answers, rows.iter().map(|(_, at)| Timestamp(*at)), now);
    let Some((last, _)) = overdue.checked_sub(1).and_then(|n| rows.get(n)) else {
        return Ok(kept);
    };

    sqlx::query("DELETE FROM commands WHERE position <= $1")
        .bind(last)
        .execute(&mut *connection)
        .await?;
    Ok(Kept {
        answers: kept.answers.saturating_sub(overdue),
        oldest: oldest(connection).await?,
    })
}

/// Columns of an insert by arrays.
macro_rules! column {
    ($rows:expr, $row:ident => $value:expr) => {
        $rows.iter().map(|$row| $value).collect::<Vec<_>>()
    };
}

/// Inserts everything that a batch adds, and moves the head.
pub(super) async fn insert(
    connection: &mut PgConnection,
    drafted: &Drafted,
) -> Result<(), sqlx::Error> {
    let tables = [
        (
            "INSERT INTO streams (name, id) SELECT * FROM unnest($1::text[], $2::bigint[])",
            &drafted.new_streams,
        ),
        (
            "INSERT INTO event_types (name, id) SELECT * FROM unnest($1::text[], $2::bigint[])",
            &drafted.new_kinds,
        ),
        (
            "INSERT INTO principals (name, id) SELECT * FROM unnest($1::text[], $2::bigint[])",
            &drafted.new_principals,
        ),
    ];
    for (sql, rows) in tables.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        let query = sqlx::query(sql)
            .bind(column!(rows, row => row.0.clone()))
            .bind(column!(rows, row => row.1));
        connection.execute(query).await?;
    }

    let (events, commands) = (&drafted.events, &drafted.commands);

    // One statement: each is a round trip, during which the head's row is locked.
    let query = sqlx::query(
        "WITH recorded AS (
            INSERT INTO events SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], \
            $4::bigint[], $5::bigint[], $6::bigint[],
                $7::bigint[], $8::bytea[], $9::bigint[], $10::bytea[], $11::text[], $12::bytea[], \
                $13::bytea[])
        ), answered AS (
            INSERT INTO commands SELECT * FROM unnest($14::bytea[], $15::bigint[], $16::bigint[], \
            $17::bigint[], $18::bytea[], $19::bigint[])
        ) UPDATE log_head SET position = $20, digest = $21, at = $22",
    )
    .bind(column!(events, e => signed(e.envelope.position.0)))
    .bind(column!(events, e => e.stream))
    .bind(column!(events, e => signed(e.envelope.version.0)))
    .bind(column!(events, e => e.kind))
    .bind(column!(events, e => i64::from(e.envelope.schema)))
    .bind(column!(events, e => e.envelope.at.0))
    .bind(column!(events, e => e.principal))
    .bind(column!(events, e => e.envelope.cause.correlation.0.as_slice()))
    .bind(column!(events, e => e.envelope.cause.causation.map(|p| signed(p.0))))
    .bind(column!(events, e => e.envelope.command.0.as_slice()))
    .bind(column!(events, e => e.envelope.trace.as_deref()))
    .bind(column!(events, e => e.envelope.payload.as_slice()))
    .bind(column!(events, e => e.envelope.digest.0.as_slice()))
    .bind(column!(commands, c => c.id.0.as_slice()))
    .bind(column!(commands, c => c.stream))
    .bind(column!(commands, c => signed(c.receipt.version.0)))
    .bind(column!(commands, c => signed(c.receipt.position.0)))
    .bind(column!(commands, c => c.body.0.as_slice()))
    .bind(column!(commands, c => c.sum()))
    .bind(signed(drafted.head.position.0))
    .bind(drafted.head.digest.0.as_slice())
    .bind(drafted.last_at.0);
    connection.execute(query).await?;

    Ok(())
}
