//! Cold start: from a closed file to projections that serve, on a million events in ten thousand
//! streams; without and with a snapshot.

use std::path::Path;
use std::sync::Arc;

use actors::ports::snapshots::Snapshots;
use actors::rebuild::{fold, restored};
use events::log::EventLog;
use events::view::{Projections, snapshot};
use supercargo::adapters::snapshots::SnapshotFolder;
use supercargo::log::SqliteLog;

use crate::record::{self, Better};
use crate::sample;

const EVENTS: u64 = 1_000_000;
const STREAMS: u64 = 10_000;
const ROUNDS: usize = 5;

pub(crate) fn start(folder: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let path = folder.join("cold.db");
    runtime.block_on(sample::make(&path, EVENTS, STREAMS))?;
    let snapshots = SnapshotFolder::new(folder.join("snapshots"));
    let (mut without, mut with) = (vec![], vec![]);
    let mut bytes = 0;

    for _ in 0..ROUNDS {
        runtime.block_on(snapshots.discard())?;
        let (took, log, projections) = runtime.block_on(once(&path, &snapshots))?;
        without.push(took);
        let kept = snapshot::encode(&log, &projections);
        bytes = kept.len();
        drop(projections);
        runtime.block_on(snapshots.store(kept))?;
        with.push(runtime.block_on(once(&path, &snapshots))?.0);
    }

    let raw = crate::read::raw_scan(&path)? * 1e3;

    record::figure(
        "cold.without",
        crate::percentile(&mut without, 0.5) / raw,
        "stepping over the rows alone",
        Better::Lower,
    )?;
    record::figure(
        "cold.snapshot",
        crate::percentile(&mut with, 0.5) / raw,
        "stepping over the rows alone",
        Better::Lower,
    )?;
    println!(
        "cold start, {EVENTS} events in {STREAMS} streams: {:.0} ms without a snapshot, {:.0} ms \
         with one of {:.1} MiB ({ROUNDS} rounds, medians, warm cache)",
        crate::percentile(&mut without, 0.5),
        crate::percentile(&mut with, 0.5),
        bytes as f64 / 1024.0 / 1024.0,
    );

    Ok(())
}

/// Milliseconds from the closed file to the projections, ready to record.
async fn once(
    path: &Path,
    snapshots: &SnapshotFolder,
) -> anyhow::Result<(f64, String, Projections)> {
    let began = crate::now();
    let log = SqliteLog::open(path, "none").await?;
    let id = log.id();
    let log: Arc<dyn EventLog> = Arc::new(log);
    let head = log.head().await?.position;
    let projections = restored(&log, snapshots).await?;
    let projections = fold(&log, projections, head).await?;
    Ok((began.elapsed().as_secs_f64() * 1e3, id, projections))
}
