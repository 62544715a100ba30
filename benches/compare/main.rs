//! Compares figures of this run with the committed ones: prints each ratio beside its aim and the
//! committed ratio, and fails when one is missing or lost more than a run on a shared machine
//! varies. `just bench --compare` runs everything first.
//!
//! `cargo bench --bench compare -- RUN.jsonl [--bless MACHINE COMMIT]`

#[path = "../ledger/figures.rs"]
mod figures;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use figures::{Better, Figure};
use serde::{Deserialize, Serialize};

/// A ratio may be worse than the committed one by this factor before it is called lost: two runs of
/// one build on a shared machine of two processors differ by up to half of it.
const LOST_BEYOND: f64 = 1.5;

/// A figure as it is committed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Committed {
    value: f64,
    of: String,
    better: Better,
    /// The aim; none where nothing was promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    aim: Option<f64>,
    machine: String,
    commit: String,
}

type Ledger = BTreeMap<String, Committed>;

/// How a figure of this run stands to the committed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Kept,
    Lost,
    New,
    Missing,
}

fn ledger_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/figures.json")
}

fn committed() -> anyhow::Result<Ledger> {
    let path = ledger_path();
    match fs_err::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| path.display().to_string()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Ledger::new()),
        Err(e) => Err(e).with_context(|| path.display().to_string()),
    }
}

/// The figures of a run by name; where a benchmark ran several times, the median.
fn measured(path: &str) -> anyhow::Result<BTreeMap<String, Figure>> {
    let text = fs_err::read_to_string(path).with_context(|| path.to_owned())?;
    let mut runs: BTreeMap<String, Vec<Figure>> = BTreeMap::new();
    for line in text.lines() {
        let figure: Figure = serde_json::from_str(line).with_context(|| line.to_owned())?;
        runs.entry(figure.name.clone()).or_default().push(figure);
    }

    let median = |mut all: Vec<Figure>| {
        all.sort_by(|a, b| a.value.total_cmp(&b.value));
        all.swap_remove(all.len() / 2)
    };
    Ok(runs
        .into_iter()
        .map(|(name, all)| (name, median(all)))
        .collect())
}

/// How many times worse `now` is than `before`: 1 is the same, below 1 is better.
fn worse_by(before: f64, now: f64, better: Better) -> f64 {
    match better {
        Better::Higher => before / now,
        Better::Lower => now / before,
    }
}

fn judge(before: Option<&Committed>, now: Option<&Figure>) -> Verdict {
    match (before, now) {
        (Some(before), Some(now)) => {
            let factor = worse_by(before.value, now.value, now.better);
            if factor.is_finite() && factor <= LOST_BEYOND {
                Verdict::Kept
            } else {
                Verdict::Lost
            }
        }
        (None, _) => Verdict::New,
        (Some(_), None) => Verdict::Missing,
    }
}

fn print_row(name: &str, before: Option<&Committed>, now: Option<&Figure>, verdict: Verdict) {
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{v:.2}"));
    let factor = before
        .zip(now)
        .map(|(before, now)| worse_by(before.value, now.value, now.better));
    let of = now.map_or_else(|| before.map_or("", |b| &b.of), |now| &now.of);

    println!(
        "{name:<24} {:>9} {:>9} {:>7} {:>8}  {:<8} {of}",
        number(now.map(|now| now.value)),
        number(before.map(|before| before.value)),
        number(factor),
        number(before.and_then(|before| before.aim)),
        format!("{verdict:?}").to_lowercase(),
    );
}

fn compare(run: &str) -> anyhow::Result<bool> {
    let (before, now) = (committed()?, measured(run)?);
    println!(
        "{:<24} {:>9} {:>9} {:>7} {:>8}  {:<8} ratio to",
        "figure", "now", "before", "worse", "aim", ""
    );

    let mut sound = true;
    let names: std::collections::BTreeSet<_> = before.keys().chain(now.keys()).collect();
    for name in names {
        let verdict = judge(before.get(name), now.get(name));
        sound &= !matches!(verdict, Verdict::Lost | Verdict::Missing);
        print_row(name, before.get(name), now.get(name), verdict);
    }
    Ok(sound)
}

/// Makes the figures of a run the committed ones; aims stay.
fn bless(run: &str, machine: &str, commit: &str) -> anyhow::Result<()> {
    let mut ledger = committed()?;

    for (name, figure) in measured(run)? {
        let aim = ledger.get(&name).and_then(|before| before.aim);
        let figure = Committed {
            value: figure.value,
            of: figure.of,
            better: figure.better,
            aim,
            machine: machine.to_owned(),
            commit: commit.to_owned(),
        };
        ledger.insert(name, figure);
    }

    let text = serde_json::to_string_pretty(&ledger)? + "\n";
    fs_err::write(ledger_path(), text)?;

    Ok(())
}

fn run() -> anyhow::Result<bool> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [run] => compare(run),
        [run, "--bless", machine, commit] => bless(run, machine, commit).map(|()| true),
        _ => bail!("usage: compare RUN.jsonl [--bless MACHINE COMMIT]"),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!(
                "a figure is missing or lost more than {LOST_BEYOND} ×: find the change before you \
                 commit another"
            );
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
