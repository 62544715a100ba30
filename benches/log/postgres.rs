//! The log on PostgreSQL: batches of 512 events against a bare loop of `INSERT … SELECT unnest`
//! into the same table, in turns.

use std::path::Path;

use events::log::EventLog;
use sqlx::{Connection, Executor, PgConnection};
use supercargo::app::Ownership;
use supercargo::log::PostgresLog;

use crate::record::{self, Better};
use crate::sample;

const PER_APPEND: u64 = 256;
const BATCHES: u64 = 60;
const ROUNDS: usize = 5;

pub(crate) fn batches(_folder: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let (mut ours, mut bare) = (vec![], vec![]);

    for _ in 0..ROUNDS {
        let database = || {
            runtime
                .block_on(crate::server::empty())
                .map_err(anyhow::Error::msg)
        };
        let (one, two) = (database()?, database()?);
        ours.push(runtime.block_on(append(&one))?);
        bare.push(runtime.block_on(insert(&two))?);
    }

    let (ours, bare) = (
        crate::percentile(&mut ours, 0.5),
        crate::percentile(&mut bare, 0.5),
    );

    record::figure(
        "postgres.512",
        ours / bare,
        "a bare loop of unnest",
        Better::Higher,
    )?;
    println!(
        "PostgreSQL, batches of 512: {ours:.0} events/s, bare unnest {bare:.0}/s: {:.2} ({ROUNDS} \
         rounds, medians)",
        ours / bare
    );

    Ok(())
}

async fn append(url: &str) -> anyhow::Result<f64> {
    let log = PostgresLog::open(url, "bench", Ownership::Respect).await?;
    let appends: Vec<_> = (0..BATCHES)
        .map(|n| {
            (
                sample::append(0, n * PER_APPEND, PER_APPEND),
                sample::append(1, n * PER_APPEND, PER_APPEND),
            )
        })
        .collect();
    let began = crate::now();

    for (one, two) in appends {
        let (one, two) = tokio::join!(log.append(one), log.append(two));
        one.and(two).map_err(anyhow::Error::msg)?;
    }

    Ok((2 * PER_APPEND * BATCHES) as f64 / began.elapsed().as_secs_f64())
}

/// The same rows into the same table, one transaction a batch, made before the clock runs.
async fn insert(url: &str) -> anyhow::Result<f64> {
    drop(PostgresLog::open(url, "bare", Ownership::Respect).await?);
    let mut connection = PgConnection::connect(url).await?;
    let payloads: Vec<Vec<Vec<u8>>> = (0..BATCHES)
        .map(|batch| {
            (0..2 * PER_APPEND)
                .map(|n| sample::event(1 + batch * 2 * PER_APPEND + n).payload)
                .collect()
        })
        .collect();
    let began = crate::now();
    let mut position = 0_i64;

    for payloads in payloads {
        let count = payloads.len();
        let positions: Vec<i64> = (position + 1..).take(count).collect();
        position += i64::try_from(count)?;
        let query = sqlx::query(
            "INSERT INTO events SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], \
             $4::bigint[], $5::bigint[], $6::bigint[], \
             $7::bigint[], $8::bytea[], $9::bigint[], $10::bytea[], $11::text[], $12::bytea[], \
             $13::bytea[])",
        )
        .bind(positions.clone())
        .bind(vec![1_i64; count])
        .bind(positions)
        .bind(vec![1_i64; count])
        .bind(vec![1_i64; count])
        .bind(vec![1_i64; count])
        .bind(vec![1_i64; count])
        .bind(vec![vec![1_u8; 16]; count])
        .bind(vec![None::<i64>; count])
        .bind(vec![vec![2_u8; 16]; count])
        .bind(vec![None::<String>; count])
        .bind(payloads)
        .bind(vec![vec![3_u8; 32]; count]);
        let mut tx = connection.begin().await?;
        tx.execute(query).await?;
        tx.commit().await?;
    }

    Ok((2 * PER_APPEND * BATCHES) as f64 / began.elapsed().as_secs_f64())
}
