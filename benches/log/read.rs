//! Reading: replay of a million events, verification of their chain, loading one stream, and the
//! time from a commit to a follower.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actors::feed::Feed;
use actors::follower::Follower;
use events::aggregate::{Aggregate, Moment};
use events::codec::EventCodec;
use events::feature::{self, Feature};
use events::log::EventLog;
use events::stream::{Position, Version};
use rusqlite::{Connection, OpenFlags};
use supercargo::log::SqliteLog;
use supercargo::log::verify::{Verified, Walk, verify};

use crate::record::{self, Better};
use crate::sample;

const EVENTS: u64 = 1_000_000;
const STREAMS: u64 = 10_000;
const PAGE: usize = 4096;
const ROUNDS: usize = 3;

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}

/// Scan, decode and fold of everything; the parts of it alone; and verification.
pub(crate) fn replay(folder: &Path) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let path = folder.join("replay.db");
    runtime.block_on(sample::make(&path, EVENTS, STREAMS))?;
    let (mut whole, mut raw, mut fold, mut verified) = (vec![], vec![], vec![], vec![]);

    for _ in 0..ROUNDS {
        raw.push(raw_scan(&path)?);
        let (scan, folded) = runtime.block_on(replay_once(&path))?;
        whole.push(scan);
        fold.push(folded);
        verified.push(runtime.block_on(verify_once(&path))?);
    }

    let rate = |values: &mut [f64]| EVENTS as f64 / crate::percentile(values, 0.5) / 1e6;
    let (whole, raw, fold, verified) = (
        rate(&mut whole),
        rate(&mut raw),
        rate(&mut fold),
        rate(&mut verified),
    );

    record::figure(
        "replay",
        whole / raw.min(fold),
        "raw rows or decode and fold alone, whichever is slower",
        Better::Higher,
    )?;
    record::figure("verify", verified / raw, "raw rows", Better::Higher)?;
    println!(
        "replay of {EVENTS} events: {whole:.2} M/s; raw rows of SQLite {raw:.2} M/s, decode and \
         fold alone {fold:.2} M/s: {:.2} of the slower",
        whole / raw.min(fold)
    );
    println!("verification: {verified:.2} M events/s");

    Ok(())
}

/// Seconds to step over every row, all columns, nothing made of them.
pub(crate) fn raw_scan(path: &Path) -> anyhow::Result<f64> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let mut statement = connection.prepare("SELECT * FROM events ORDER BY position")?;
    let began = crate::now();
    let mut rows = statement.query([])?;
    let mut bytes = 0;

    while let Some(row) = rows.next()? {
        bytes += row.get_ref(11)?.as_blob()?.len() + row.get_ref(12)?.as_blob()?.len();
    }

    assert!(bytes > 0);
    Ok(began.elapsed().as_secs_f64())
}

/// Seconds of the whole, and of decoding and folding what was read.
async fn replay_once(path: &Path) -> anyhow::Result<(f64, f64)> {
    let log = SqliteLog::open_reader(path).await?;
    let mut states: Vec<Feature> = (0..STREAMS).map(|_| Feature::default()).collect();
    let (began, mut folding) = (crate::now(), Duration::ZERO);
    let mut after = Position(0);

    loop {
        let batch = log.read_all(after, PAGE).await?;
        let Some(last) = batch.last() else { break };
        after = last.position;
        let folds = crate::now();
        for envelope in &batch {
            let event = feature::Event::decode(&envelope.kind, envelope.schema, &envelope.payload)?;
            let moment = Moment {
                position: envelope.position,
                version: envelope.version,
                at: envelope.at,
            };
            let n = usize::try_from((envelope.position.0 - 1) % STREAMS)?;
            states[n].evolve(&event, moment);
        }
        folding += folds.elapsed();
    }

    assert_eq!(after.0, EVENTS);
    Ok((began.elapsed().as_secs_f64(), folding.as_secs_f64()))
}

async fn verify_once(path: &Path) -> anyhow::Result<f64> {
    let log = SqliteLog::open_reader(path).await?;
    let began = crate::now();
    let found = verify(&log, &Walk::default()).await?;
    assert!(
        matches!(
            found,
            Verified::Sound {
                head: Position(EVENTS),
                ..
            }
        ),
        "{found:?}"
    );

    Ok(began.elapsed().as_secs_f64())
}

/// Reading and folding one stream of a hundred events among a million.
pub(crate) fn one_stream(folder: &Path) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let path = folder.join("stream.db");
    runtime.block_on(sample::make(&path, EVENTS / 4, STREAMS / 4))?;
    let mut took = runtime.block_on(async {
        let log = SqliteLog::open_reader(&path).await?;
        let mut took = Vec::new();
        for n in 0..2_000 {
            let began = crate::now();
            let all = log
                .read_stream(
                    &sample::stream((n * 7_919) % (STREAMS / 4)),
                    Version(0),
                    512,
                )
                .await?;
            let mut state = Feature::default();
            for envelope in &all {
                let event =
                    feature::Event::decode(&envelope.kind, envelope.schema, &envelope.payload)?;
                state.evolve(
                    &event,
                    Moment {
                        position: envelope.position,
                        version: envelope.version,
                        at: envelope.at,
                    },
                );
            }
            assert_eq!(all.len(), 100);
            took.push(began.elapsed().as_secs_f64() * 1e6);
        }
        anyhow::Ok(took)
    })?;
    let durable = 1e6 / crate::disk_rate(folder)?;

    record::figure(
        "stream.p50",
        crate::percentile(&mut took, 0.5) / durable,
        "a durable append",
        Better::Lower,
    )?;
    println!(
        "one stream of 100 events: p50 {:.0} µs, p99 {:.0} µs",
        crate::percentile(&mut took, 0.5),
        crate::percentile(&mut took, 0.99)
    );

    Ok(())
}

/// From the answer of an append to the follower that sees it, while ten thousand events per second
/// are recorded.
pub(crate) fn follow(folder: &Path) -> anyhow::Result<()> {
    const PER_APPEND: u64 = 100;
    const EVERY: Duration = Duration::from_millis(10);
    const COUNT: u64 = 400;
    let runtime = runtime()?;
    let (rate, mut took) = runtime.block_on(async {
        let log = Arc::new(SqliteLog::open(&folder.join("follow.db"), "follow").await?);
        let feed = Feed::new(Position(0));
        let mut follower = Follower::new(log.clone(), &feed, Position(0));
        let (told, mut committed) = tokio::sync::mpsc::unbounded_channel();
        let began = crate::now();
        let writer = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(EVERY);
            for n in 0..COUNT {
                ticks.tick().await;
                let receipt = log
                    .append(sample::append(n % 16, n / 16 * PER_APPEND, PER_APPEND))
                    .await
                    .map_err(anyhow::Error::msg)?;
                told.send((receipt.position, crate::now()))?;
                feed.advance(receipt.position);
            }
            anyhow::Ok(())
        });
        let mut took = Vec::new();
        let mut seen = Position(0);
        while let Some((position, at)) = committed.recv().await {
            while seen < position {
                let batch = follower
                    .next()
                    .await?
                    .ok_or_else(|| anyhow::anyhow!("the feed ended"))?;
                seen = batch.last().map_or(seen, |e| e.position);
            }
            took.push(at.elapsed().as_secs_f64() * 1e3);
        }
        writer.await??;
        anyhow::Ok((
            (COUNT * PER_APPEND) as f64 / began.elapsed().as_secs_f64(),
            took,
        ))
    })?;
    let durable = 1e3 / crate::disk_rate(folder)?;

    record::figure(
        "follow.p99",
        crate::percentile(&mut took, 0.99) / durable,
        "a durable append",
        Better::Lower,
    )?;
    println!(
        "commit to follower at {rate:.0} events/s: p50 {:.2} ms, p99 {:.2} ms",
        crate::percentile(&mut took, 0.5),
        crate::percentile(&mut took, 0.99)
    );

    Ok(())
}
