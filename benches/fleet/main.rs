//! Figures of the running fleet: memory of the server, time to boot, latency of claims, time to
//! start containers. Prints, asserts nothing: machines are shared and noisy, so each figure stands
//! beside the rate at which this disk makes writes durable, measured in the same run.
//!
//! `cargo bench --bench fleet [-- boot|claims|memory|start|crowd|way_out|merges]`
//!
//! `cargo test --bench fleet` (CI does) sees that it still measures something: little of each run,
//! and only those that need no Docker and no minutes.

#[path = "../ledger/figures.rs"]
mod figures;
#[path = "../ledger/record.rs"]
mod record;

mod boot;
mod claims;
mod disk;
mod memory;
mod merges;
mod start;
mod way_out;

use std::process::ExitCode;
use std::time::Instant;

/// The runs that a test tries.
const TRIED: [&str; 3] = ["boot", "claims", "merges"];

type Run = fn() -> anyhow::Result<()>;

/// The wall clock of the benchmarks.
pub(crate) fn now() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "a benchmark measures the machine's time"
    )]
    Instant::now()
}

/// The value below which this share of the sorted values lies.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = (last as f64 * share).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// Sorted, for [`percentile`].
pub(crate) fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// The fleet takes the running program for its runner, which this one then has to be.
fn called_as_the_runner() -> bool {
    std::env::args()
        .nth(1)
        .is_some_and(|first| ["runner", "script", "agent", "--version"].contains(&first.as_str()))
}

/// Whether figures are wanted: cargo says so to a benchmark, and not to a test.
fn is_measured() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// How many of something a run takes: all of them to measure, few to see that it works.
pub(crate) fn count(measured: usize, tried: usize) -> usize {
    if is_measured() { measured } else { tried }
}

fn main() -> ExitCode {
    if called_as_the_runner() {
        return supercargo::cli::run(<supercargo::cli::Cli as clap::Parser>::parse());
    }

    let mut wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    if wanted.is_empty() && !is_measured() {
        wanted = TRIED.map(str::to_owned).into();
    }

    let runs: [(&str, Run); 7] = [
        ("memory", memory::run),
        ("boot", boot::run),
        ("claims", claims::run),
        ("start", start::run),
        ("crowd", start::crowd),
        ("way_out", way_out::run),
        ("merges", merges::run),
    ];
    for (name, run) in runs {
        if !wanted.is_empty() && !wanted.iter().any(|w| w == name) {
            continue;
        }
        if let Err(error) = run() {
            eprintln!("{name}: {error:#}");
            return ExitCode::FAILURE;
        }
    }

    ExitCode::SUCCESS
}
