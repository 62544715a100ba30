//! Figures of the log: durable appends, batches, replay, verification, loading one stream, commit
//! to follower, cold start, states at an instant. Prints, asserts nothing: machines are shared and
//! noisy, so the disk's own rate of `fdatasync` is measured before and after every run and printed
//! beside the figures, and every figure is a ratio to what the same run found possible.
//!
//! `cargo bench --bench log [-- append|batch|replay|stream|follow|cold|instants|postgres]`

#[path = "../ledger/figures.rs"]
mod figures;
#[path = "../ledger/record.rs"]
mod record;

mod append;
mod bare;
mod cold;
mod instants;
mod peer;
mod postgres;
mod read;
mod sample;
/// The server of the tests: Debian's package, loopback, ends with the run.
#[path = "../../tests/it/log/server.rs"]
mod server;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

type Run = fn(&Path) -> anyhow::Result<()>;

/// The wall clock of the benchmarks.
pub(crate) fn now() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "a benchmark measures the machine's time"
    )]
    Instant::now()
}

/// The value below which this share of the values lies.
pub(crate) fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values
        .get((last as f64 * share).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

/// How many 4 KiB appends per second this disk makes durable, one after the other.
pub(crate) fn disk_rate(folder: &Path) -> anyhow::Result<f64> {
    const COUNT: u32 = 1_000;
    let path = folder.join("probe");
    let mut file = fs_err::File::create(&path)?;
    let began = now();
    for _ in 0..COUNT {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
    }
    let rate = f64::from(COUNT) / began.elapsed().as_secs_f64();
    fs_err::remove_file(path)?;
    Ok(rate)
}

/// One line of figures for `benches/peers/run`: `peer` on SQLite, `peer-postgres PEERS` on
/// PostgreSQL.
fn beside_others(wanted: &[String]) -> Option<anyhow::Result<()>> {
    let folder = || tempfile::tempdir().map_err(anyhow::Error::from);
    match wanted {
        [peer] if peer == "peer" => Some(folder().and_then(|folder| peer::sqlite(folder.path()))),
        [peer, peers] if peer == "peer-postgres" => {
            Some(folder().and_then(|folder| peer::postgres(peers, folder.path())))
        }
        _ => None,
    }
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    if let Some(done) = beside_others(&wanted) {
        return done.map_or_else(
            |error| {
                eprintln!("{error:#}");
                ExitCode::FAILURE
            },
            |()| ExitCode::SUCCESS,
        );
    }

    let runs: [(&str, Run); 8] = [
        ("append", append::clients),
        ("batch", append::batches),
        ("replay", read::replay),
        ("stream", read::one_stream),
        ("follow", read::follow),
        ("cold", cold::start),
        ("instants", instants::run),
        ("postgres", postgres::batches),
    ];
    for (name, run) in runs {
        if !wanted.is_empty() && !wanted.iter().any(|w| w == name) {
            continue;
        }
        let done = tempfile::tempdir().map_err(Into::into).and_then(|folder| {
            let before = disk_rate(folder.path())?;
            run(folder.path())?;
            println!(
                "  disk: {before:.0} fdatasync/s before, {:.0} after",
                disk_rate(folder.path())?
            );
            anyhow::Ok(())
        });
        if let Err(error) = done {
            eprintln!("{name}: {error:#}");
            return ExitCode::FAILURE;
        }
    }

    ExitCode::SUCCESS
}
