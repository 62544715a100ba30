//! Making a log in PostgreSQL of another's records: one transaction for all, because a database
//! must not hold half a log.

use std::io::BufRead;

use anyhow::Context;
use events::envelope::genesis;
use events::stream::Position;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::store::insert;
use super::{FORMAT, MIGRATIONS, options, pool};
use crate::log::archive::{Reader, Record};
use crate::log::ledger::{Draft, Ledger};

/// Records in one statement.
const BATCH: usize = 4096;

/// Makes a log at `url` of what was exported from another: the same id, positions, times and
/// digests.
pub(super) async fn import<R: BufRead>(
    url: &str,
    mut records: Reader<R>,
) -> anyhow::Result<Position> {
    let (options, named) = options(url)?;
    let pool = pool(&options)
        .await
        .with_context(|| format!("connecting to PostgreSQL at {named}"))?;

    MIGRATIONS
        .run(&pool)
        .await
        .with_context(|| format!("preparing the tables at {named}"))?;
    let mut connection = PgConnection::connect_with(&options).await?;
    let mut tx = connection.begin().await?;
    let log_id = records.header.log.clone();

    sqlx::query(
        "INSERT INTO log_head (log_id, format, epoch, position, digest, at) VALUES ($1, \
                 $2, 0, 0, $3, 0)",
    )
    .bind(&log_id)
    .bind(FORMAT)
    .bind(genesis(&log_id).0.as_slice())
    .execute(&mut *tx)
    .await
    .with_context(|| format!("{named} has a log already"))?;
    let mut ledger = Ledger::empty(&log_id);
    let mut batch = Vec::with_capacity(BATCH);

    loop {
        let at = ledger.head.position.0 + batch.len() as u64;
        let record = records
            .read()
            .with_context(|| format!("after position {at}"))?;
        let end = record.is_none();
        batch.extend(record);
        if end || batch.len() == BATCH {
            restore(&mut tx, &mut ledger, &batch).await?;
            batch.clear();
        }
        if end {
            tx.commit().await?;
            return Ok(ledger.head.position);
        }
    }
}

async fn restore(
    connection: &mut PgConnection,
    ledger: &mut Ledger,
    records: &[Record],
) -> anyhow::Result<()> {
    let mut draft = Draft::new(ledger);

    for record in records {
        let restored = draft.restore(record);
        restored
            .map_err(|damage| anyhow::anyhow!("position {}: {damage}", record.envelope.position))?;
    }

    if let Some(drafted) = draft.finish() {
        insert(connection, &drafted).await?;
        drop(ledger.take(drafted));
    }

    Ok(())
}
