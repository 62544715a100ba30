//! Durable appends: of one client and of many at once, each waiting for its answer; and batches of
//! 512 events.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use events::log::EventLog;
use supercargo::log::SqliteLog;

use crate::record::{self, Better};
use crate::{bare, sample};

/// How long each number of clients appends.
const RUN: Duration = Duration::from_secs(4);
/// Events of a batch: two appends of the most that one may carry.
const PER_APPEND: u64 = 256;
const BATCH: u64 = 512;
const ROUNDS: u64 = 5;
const BATCHES: u64 = 60;

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}

/// Appends of one event by 1, 16, 256 and 2 048 clients.
pub(crate) fn clients(folder: &Path) -> anyhow::Result<()> {
    let runtime = runtime()?;

    for clients in [1, 16, 256, 2_048] {
        let path = folder.join(format!("clients-{clients}.db"));
        // What the processor allows: bare inserts of the same rows, as many in a transaction as
        // there are clients.
        let bare = folder.join(format!("clients-{clients}-bare.db"));
        runtime.block_on(async { drop(SqliteLog::open(&bare, "bare").await) });
        let bound = if clients == 1 {
            f64::INFINITY
        } else {
            bare::inserts(&bare, 100_000, clients.min(1_024), clients)?
        };
        let f = crate::disk_rate(folder)?;
        let (rate, mut took) = runtime.block_on(run(&path, clients))?;
        let limit = (f * clients as f64).min(bound);
        record::figure(
            &format!("append.{clients}"),
            rate / limit,
            "the disk's own rate or bare inserts, whichever is less",
            Better::Higher,
        )?;
        println!(
            "append, {clients:>4} clients: {rate:>7.0}/s, p50 {:.2} ms, p99 {:.2} ms; {:.2} of \
             min(f × clients, bare inserts) = min({:.0}, {bound:.0})",
            crate::percentile(&mut took, 0.5),
            crate::percentile(&mut took, 0.99),
            rate / limit,
            f * clients as f64,
        );
    }

    Ok(())
}

async fn run(path: &Path, clients: u64) -> anyhow::Result<(f64, Vec<f64>)> {
    let log = Arc::new(SqliteLog::open(path, "clients").await?);
    let began = crate::now();
    let tasks = (0..clients).map(|client| {
        let log = log.clone();
        tokio::spawn(async move {
            let mut took = Vec::new();
            for version in 0.. {
                let sent = crate::now();
                log.append(sample::append(client, version, 1))
                    .await
                    .map_err(anyhow::Error::msg)?;
                took.push(sent.elapsed().as_secs_f64() * 1e3);
                if began.elapsed() > RUN {
                    break;
                }
            }
            anyhow::Ok(took)
        })
    });
    let mut took = Vec::new();

    for task in tasks.collect::<Vec<_>>() {
        took.extend(task.await??);
    }

    Ok((took.len() as f64 / began.elapsed().as_secs_f64(), took))
}

/// Batches of 512 events against bare inserts into the same tables, in turns.
pub(crate) fn batches(folder: &Path) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let (mut ours, mut bares) = (Vec::new(), Vec::new());

    for round in 0..ROUNDS {
        let path = folder.join(format!("batch-{round}.db"));
        ours.push(runtime.block_on(batch_run(&path))?);
        let path = folder.join(format!("bare-{round}.db"));
        runtime.block_on(async { drop(SqliteLog::open(&path, "bare").await) });
        bares.push(bare::inserts(&path, BATCH * BATCHES, BATCH, 2)?);
    }

    let (ours, bare) = (
        crate::percentile(&mut ours, 0.5),
        crate::percentile(&mut bares, 0.5),
    );
    record::figure("batch.512", ours / bare, "bare inserts", Better::Higher)?;
    println!(
        "batches of {BATCH}: {ours:.0} events/s, bare inserts {bare:.0}/s: {:.2} ({ROUNDS} rounds, \
         medians)",
        ours / bare
    );

    Ok(())
}

async fn batch_run(path: &Path) -> anyhow::Result<f64> {
    let log = SqliteLog::open(path, "batches").await?;
    // Encoded before the clock runs, as callers do on threads of their own.
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

    Ok((BATCH * BATCHES) as f64 / began.elapsed().as_secs_f64())
}
