//! Replay: a state at a random instant, with checkpoints made and in a process that has just begun;
//! the room that checkpoints take; and where an expression flips, by halves.

use std::path::Path;
use std::sync::Arc;

use actors::instants::Instants;
use events::log::EventLog;
use events::stream::Position;
use supercargo::adapters::checkpoints::CheckpointFolder;
use supercargo::log::SqliteLog;
use supercargo::replay::{Expression, Recorded, Subject};

use crate::record::{self, Better};
use crate::sample;

/// Events of a log, and the streams that they are in.
const LOGS: &[(u64, u64)] = &[(10_000, 100), (1_000_000, 10_000)];
/// Instants that are asked for.
const ASKED: usize = 200;

pub(crate) fn run(folder: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    for (count, streams) in LOGS {
        let here = folder.join(format!("replay-{count}"));
        fs_err::create_dir_all(&here)?;
        let path = here.join("log.db");
        runtime.block_on(sample::make(&path, *count, *streams))?;
        runtime.block_on(of(&here, &path, (*count, *streams)))?;
    }
    Ok(())
}

/// A process that has just begun.
async fn fresh(here: &Path, path: &Path) -> anyhow::Result<Recorded> {
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open_reader(path).await?);
    let checkpoints = CheckpointFolder::new(here.join("checkpoints"));
    Ok(Recorded::of(log, Instants::with(Arc::new(checkpoints))))
}

async fn of(here: &Path, path: &Path, (count, streams): (u64, u64)) -> anyhow::Result<()> {
    let began = crate::now();
    fresh(here, path).await?.at(Position(count)).await?;
    let first = began.elapsed().as_secs_f64() * 1e3;

    let mut chance = fastrand::Rng::with_seed(1);
    let recorded = fresh(here, path).await?;
    let mut took = vec![];
    for _ in 0..ASKED {
        let position = Position(chance.u64(1..=count));
        let began = crate::now();
        let then = recorded.at(position).await?;
        std::hint::black_box(then.read(|then| then.position));
        took.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let (p50, p95) = (
        crate::percentile(&mut took, 0.5),
        crate::percentile(&mut took, 0.95),
    );

    let expression = Expression::parse(&format!("state.version > {}", count / streams / 2))?;
    let began = crate::now();
    let searched = fresh(here, path).await?;
    let subject = Subject::Stream(sample::stream(1));
    let flip = searched
        .bisect(&expression, &subject, (Position(0), Position(count)))
        .await?;
    let halves = began.elapsed().as_secs_f64();

    let kept = size(&here.join("checkpoints"))? as f64 / size(path)? as f64;
    println!(
        "instants, {count} events: first look at the end {first:.0} ms; at a random instant p50 \
         {p50:.1} ms, p95 {p95:.1} ms; bisect {halves:.2} s ({flip:?}); checkpoints {:.1} % of the \
         log",
        kept * 100.0
    );
    record::figure(
        &format!("instants.{count}"),
        p95 / first,
        "a look at the end without checkpoints",
        Better::Lower,
    )
}

/// Bytes of a file, or of all files below a folder.
fn size(path: &Path) -> anyhow::Result<u64> {
    let found = fs_err::metadata(path)?;
    if found.is_file() {
        return Ok(found.len());
    }
    let mut sum = 0;
    for entry in fs_err::read_dir(path)? {
        sum += size(&entry?.path())?;
    }
    Ok(sum)
}
