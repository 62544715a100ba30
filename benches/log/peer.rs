//! Our side of the comparison with others (`benches/peers`): the same events, clients and batches;
//! one line of JSON a run.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use events::log::{Append, EventLog};
use events::stream::Position;
use supercargo::app::Ownership;
use supercargo::log::verify::{Verified, Walk, verify};
use supercargo::log::{PostgresLog, SqliteLog};

use crate::sample;

const RUN: Duration = Duration::from_secs(2);
const CLIENTS: u64 = 64;
/// Half a batch: the most that one append may carry. Two go at once.
const PER_APPEND: u64 = 256;
const BATCHES: u64 = 200;
const PAGE: usize = 4096;

/// On SQLite.
pub(crate) fn sqlite(folder: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let open = |name: &'static str| -> anyhow::Result<Arc<dyn EventLog>> {
        Ok(Arc::new(
            runtime.block_on(SqliteLog::open(&folder.join(name), "peer"))?,
        ))
    };
    let logs = (open("one")?, open("many")?, open("batch")?);
    runtime.block_on(figures("supercargo (SQLite)", logs))
}

/// On PostgreSQL, and then the peer that is given, on the same server.
pub(crate) fn postgres(peers: &str, folder: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let empty = || {
        runtime
            .block_on(crate::server::empty())
            .map_err(anyhow::Error::msg)
    };
    let urls = [empty()?, empty()?, empty()?, empty()?];
    let logs = runtime.block_on(async {
        let mut opened: Vec<Arc<dyn EventLog>> = vec![];
        for url in &urls[..3] {
            opened.push(Arc::new(
                PostgresLog::open(url, "peer", Ownership::Respect).await?,
            ));
        }
        let mut opened = opened.into_iter();
        let mut next = || {
            opened
                .next()
                .ok_or_else(|| anyhow::anyhow!("three were opened"))
        };
        anyhow::Ok((next()?, next()?, next()?))
    })?;
    runtime.block_on(figures("supercargo (PostgreSQL)", logs))?;
    let ran = std::process::Command::new(peers)
        .arg("postgres-es")
        .arg(folder)
        .arg(&urls[3])
        .status()?;
    anyhow::ensure!(ran.success(), "the peer ended with {ran}");

    Ok(())
}

type Logs = (Arc<dyn EventLog>, Arc<dyn EventLog>, Arc<dyn EventLog>);

async fn figures(name: &str, (one, many, batch): Logs) -> anyhow::Result<()> {
    let one = clients(&one, 1).await?;
    let many = clients(&many, CLIENTS).await?;
    let (batched, events) = batches(&batch).await?;
    let began = crate::now();
    let mut after = Position(0);

    loop {
        let page = batch.read_all(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
    }

    anyhow::ensure!(after.0 == events, "read up to {after}");
    let read = events as f64 / began.elapsed().as_secs_f64();
    let began = crate::now();
    let verified = verify(&*batch, &Walk::default()).await?;
    anyhow::ensure!(matches!(verified, Verified::Sound { .. }), "{verified:?}");
    let verify = events as f64 / began.elapsed().as_secs_f64();
    let line = serde_json::json!({ "peer": name, "one": one, "many": many, "batch": batched, "read": read, "verify": verify });
    println!("{line}");

    Ok(())
}

/// Appends per second of so many clients, each waiting for its answer.
async fn clients(log: &Arc<dyn EventLog>, clients: u64) -> anyhow::Result<f64> {
    let began = crate::now();
    let tasks = (0..clients).map(|client| {
        let log = log.clone();
        tokio::spawn(async move {
            let mut count = 0;
            while began.elapsed() < RUN {
                log.append(sample::append(client, count, 1))
                    .await
                    .map_err(anyhow::Error::msg)?;
                count += 1;
            }
            anyhow::Ok(count)
        })
    });
    let mut count = 0;

    for task in tasks.collect::<Vec<_>>() {
        count += task.await??;
    }

    Ok(count as f64 / began.elapsed().as_secs_f64())
}

/// Events per second in batches, and how many there were.
async fn batches(log: &Arc<dyn EventLog>) -> anyhow::Result<(f64, u64)> {
    let both: Vec<(Append, Append)> = (0..BATCHES)
        .map(|n| {
            (
                sample::append(0, n * PER_APPEND, PER_APPEND),
                sample::append(1, n * PER_APPEND, PER_APPEND),
            )
        })
        .collect();
    let events = 2 * PER_APPEND * BATCHES;
    let began = crate::now();

    for (one, two) in both {
        let (one, two) = tokio::join!(log.append(one), log.append(two));
        one.and(two).map_err(anyhow::Error::msg)?;
    }

    Ok((events as f64 / began.elapsed().as_secs_f64(), events))
}
