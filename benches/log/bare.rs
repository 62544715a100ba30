//! What SQLite alone can do: a loop of prepared inserts into the same tables, same durability, no
//! chain, no ledger, no expectations.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::sample::{event, kind, stream};

/// Numbers of these streams are none that the log gave.
const FIRST_STREAM: i64 = 999_999;

/// Events per second of bare inserts, `batch` in a transaction, in turns to this many streams.
pub(crate) fn inserts(path: &Path, count: u64, batch: u64, streams: u64) -> anyhow::Result<f64> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let head: i64 =
        connection.query_row("SELECT coalesce(max(position), 0) FROM events", [], |row| {
            row.get(0)
        })?;

    for n in 0..streams {
        let (id, name) = (FIRST_STREAM + i64::try_from(n)?, stream(n).to_string());
        connection.execute(
            "INSERT OR IGNORE INTO streams VALUES (?, ?)",
            params![id, format!("{name}bare")],
        )?;
    }

    connection.execute(
        "INSERT OR IGNORE INTO event_types VALUES (1, ?)",
        [kind().name],
    )?;
    connection.execute(
        "INSERT OR IGNORE INTO principals VALUES (1, 'policy:bench')",
        [],
    )?;
    let events: Vec<_> = (1..=count).map(event).collect();
    let began = crate::now();

    for (chunk, first) in events
        .chunks(usize::try_from(batch)?)
        .zip((0..count).step_by(usize::try_from(batch)?))
    {
        let tx = connection.transaction()?;
        for (event, n) in chunk.iter().zip(first..) {
            let (version, stream) = (i64::try_from(n / streams)? + 1, i64::try_from(n % streams)?);
            tx.prepare_cached("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?
                .execute(params![
                    head + i64::try_from(n)? + 1,
                    FIRST_STREAM + stream,
                    version,
                    1,
                    event.kind.schema,
                    1_700_000_000_000_000_i64,
                    1,
                    [1_u8; 16].as_slice(),
                    None::<i64>,
                    [2_u8; 16].as_slice(),
                    None::<String>,
                    event.payload,
                    [3_u8; 32].as_slice(),
                ])?;
        }
        tx.commit()?;
    }
    Ok(count as f64 / began.elapsed().as_secs_f64())
}
