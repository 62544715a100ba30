//! `supercargo doctor`: whether this machine has what a fleet needs, and what to do where it has
//! not.

mod engines;

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use actors::ports::clock::Clock;
use anyhow::bail;
use serde::Serialize;

use super::{DataArgs, OutputArgs};
use crate::adapters::clock::SystemClock;
use crate::adapters::git::{Git, too_old};
use crate::app::DataFolder;
use crate::door::check_length;
use crate::gateway::providers::Providers;
use crate::log::seal::Anchor;
use crate::named;
use crate::terminal::{self, say};

/// Free space below which a fleet soon stops: transcripts, gates and work folders share the disk.
const DISK_MIN: u64 = 5 * 1024 * 1024 * 1024;
/// Seconds the clock may be behind what was written before.
const CLOCK_BEHIND_MAX: i64 = 60;
/// Free memory below which one container does not fit.
const MEMORY_MIN: u64 = 4 * 1024 * 1024 * 1024;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Good,
    Poor,
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    what: &'static str,
    verdict: Verdict,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
}

fn good(what: &'static str, found: impl Into<String>) -> Check {
    Check {
        what,
        verdict: Verdict::Good,
        found: found.into(),
        advice: None,
    }
}

fn lacking(
    what: &'static str,
    verdict: Verdict,
    found: impl Into<String>,
    advice: &'static str,
) -> Check {
    Check {
        what,
        verdict,
        found: found.into(),
        advice: Some(advice),
    }
}

pub(super) async fn run(data: DataArgs, output: OutputArgs) -> anyhow::Result<()> {
    let mut checks = vec![
        git(),
        folder(&data.data),
        disk(&data.data),
        memory(),
        clock(&data.data),
        engines::sandbox(),
    ];
    checks.extend(log(&data).await);
    checks.extend(models(&data.data));
    checks.extend(engines::engine().await);
    if output.json {
        terminal::json(&checks)?;
    } else {
        for check in &checks {
            let mark = match check.verdict {
                Verdict::Good => "ok",
                Verdict::Poor => "poor",
                Verdict::Bad => "bad",
            };
            say!("{mark:<5} {:<10} {}", check.what, check.found)?;
            if let Some(advice) = check.advice {
                say!("{:<16} → {advice}", "")?;
            }
        }
    }

    let bad = checks
        .iter()
        .filter(|check| check.verdict == Verdict::Bad)
        .count();
    if bad > 0 {
        bail!("{bad} things have to be mended before a fleet can run here")
    } else {
        Ok(())
    }
}

fn git() -> Check {
    let mut command = Git::new().command(None).into_std();
    let version = named::ended(command.arg("version"));

    match version {
        Ok(output) if output.status.success() => {
            let version = String::from_utf8_lossy(&output.stdout);
            match too_old(&version) {
                Some(why) => lacking("git", Verdict::Bad, why, "install a newer git"),
                None => good("git", version.trim()),
            }
        }
        Ok(_) => lacking("git", Verdict::Bad, "it cannot be run", "install git"),
        Err(error) => lacking("git", Verdict::Bad, error.to_string(), "install git"),
    }
}

fn folder(path: &Path) -> Check {
    if !path.exists() {
        let found = format!("{} is not there yet", path.display());
        return lacking("data", Verdict::Poor, found, "`supercargo serve` makes it");
    }

    match opened(path) {
        Ok(data) => good("data", data.path().display().to_string()),
        Err(why) => lacking(
            "data",
            Verdict::Bad,
            format!("{why:#}"),
            "mend that, or choose another folder with --data",
        ),
    }
}

/// A folder that is there, as a server would take it.
fn opened(path: &Path) -> anyhow::Result<DataFolder> {
    let data = DataFolder::open(path)?;
    data.check()?;
    check_length(&data.doors()).map_err(anyhow::Error::msg)?;
    Ok(data)
}

/// The log of a folder that is there: whether it opens, and holds what was sealed.
async fn log(data: &DataArgs) -> Option<Check> {
    let folder = data.folder().ok()?;
    let looked = async {
        let stored = folder.place().read().await?;
        if let Some(anchor) = Anchor::read(&folder.anchor())? {
            anchor.check(stored.log()).await?;
        }
        anyhow::Ok(stored.log().head().await?)
    };

    Some(match looked.await {
        Ok(head) => good("log", format!("{} events", head.position)),
        Err(why) => lacking(
            "log",
            Verdict::Bad,
            format!("{why:#}"),
            "mend that, or restore it from a backup with `supercargo log restore`",
        ),
    })
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB free", bytes as f64 / 1024.0 / 1024.0 / 1024.0)
}

fn disk(path: &Path) -> Check {
    // Of a folder that is not there yet, the disk is that of the folder it will be made in.
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = whole.ancestors().find(|folder| folder.exists());

    match nix::sys::statvfs::statvfs(there.unwrap_or(path)) {
        Ok(stat) => {
            let free = stat.blocks_available() * stat.fragment_size();
            match free >= DISK_MIN {
                true => good("disk", gib(free)),
                false => lacking(
                    "disk",
                    Verdict::Poor,
                    gib(free),
                    "make room, or choose a --data on a larger disk",
                ),
            }
        }
        Err(error) => lacking(
            "disk",
            Verdict::Bad,
            format!("{}: {error}", path.display()),
            "choose another folder with --data",
        ),
    }
}

fn memory() -> Check {
    let text = fs_err::read_to_string("/proc/meminfo").unwrap_or_default();
    match available(&text) {
        Some(free) if free >= MEMORY_MIN => good("memory", gib(free)),
        Some(free) => lacking(
            "memory",
            Verdict::Poor,
            gib(free),
            "one container may take 4 GiB: lower the target of your projects",
        ),
        None => lacking(
            "memory",
            Verdict::Poor,
            "unknown",
            "/proc/meminfo says nothing",
        ),
    }
}

/// The bytes that are free by the word of the kernel, which counts them in KiB.
fn available(meminfo: &str) -> Option<u64> {
    for line in meminfo.lines() {
        if let Some(free) = line.strip_prefix("MemAvailable:") {
            let kib: u64 = free.trim().trim_end_matches(" kB").parse().ok()?;
            return Some(kib * 1024);
        }
    }

    None
}

/// Leases and pauses count on a clock that goes forward: one that is behind what was written before
/// went back.
fn clock(path: &Path) -> Check {
    let files = fs_err::read_dir(path).into_iter().flatten().flatten();
    let newest = files
        .filter_map(|file| file.metadata().ok().map(|found| found.mtime()))
        .max();

    let now = SystemClock::default().now().0 / 1_000_000;
    match newest.map(|newest| newest - now) {
        Some(ahead) if ahead > CLOCK_BEHIND_MAX => lacking(
            "clock",
            Verdict::Bad,
            format!("it is {ahead} s behind what the data folder has seen"),
            "set the clock, best by a time service",
        ),
        _ => good("clock", jiff::Timestamp::now().to_string()),
    }
}

/// The providers of models, and which of them have a key.
fn models(path: &Path) -> Vec<Check> {
    let providers = match Providers::read(&path.join("providers.json"), false) {
        Ok(providers) => providers,
        Err(error) => {
            return vec![lacking(
                "models",
                Verdict::Bad,
                format!("{error:#}"),
                "mend providers.json in the data folder",
            )];
        }
    };
    let ready: Vec<&str> = providers
        .iter()
        .filter(|(_, provider)| provider.key().is_ok())
        .map(|(name, _)| name)
        .collect();
    if ready.is_empty() {
        let advice = "set ANTHROPIC_API_KEY, OPENAI_API_KEY or another where the server starts, or \
                      name files in providers.json";
        return vec![lacking(
            "models",
            Verdict::Poor,
            "no provider has a key: only scripted agents and plain commands work",
            advice,
        )];
    }

    vec![good("models", format!("keys for {}", ready.join(", ")))]
}

#[cfg(test)]
mod tests {
    use super::available;

    #[test]
    fn free_memory_is_read_in_bytes() {
        let said = "MemTotal:       9 kB\nMemAvailable:    2048 kB\n";
        assert_eq!(available(said), Some(2 * 1024 * 1024));
        assert_eq!(available("MemAvailable: plenty"), None);
        assert_eq!(available("MemTotal:       9 kB"), None);
    }
}
