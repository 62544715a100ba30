//! `supercargo doctor`: whether this machine has what a fleet needs, and what to do where it has not.

use std::path::Path;

use anyhow::bail;
use serde::Serialize;

use super::{DataArgs, OutputArgs};
use crate::adapters::git::Git;
use crate::app::DataFolder;
use crate::door::check_length;
use crate::engine::docker::{self, image};
use crate::engine::process::Sandbox;

/// Free space below which a fleet soon stops: transcripts, gates and work folders share the disk.
const DISK_MIN: u64 = 5 * 1024 * 1024 * 1024;
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
    Check { what, verdict: Verdict::Good, found: found.into(), advice: None }
}

fn lacking(what: &'static str, verdict: Verdict, found: impl Into<String>, advice: &'static str) -> Check {
    Check { what, verdict, found: found.into(), advice: Some(advice) }
}

pub(super) async fn run(data: DataArgs, output: OutputArgs) -> anyhow::Result<()> {
    let mut checks = vec![git(), folder(&data.data), disk(&data.data), memory(), sandbox()];
    checks.extend(engine().await);
    if output.json {
        println!("{}", serde_json::to_string_pretty(&checks)?);
    } else {
        for check in &checks {
            let mark = match check.verdict {
                Verdict::Good => "ok",
                Verdict::Poor => "poor",
                Verdict::Bad => "bad",
            };
            println!("{mark:<5} {:<10} {}", check.what, check.found);
            if let Some(advice) = check.advice {
                println!("{:<16} → {advice}", "");
            }
        }
    }
    let bad = checks.iter().filter(|check| check.verdict == Verdict::Bad).count();
    if bad > 0 { bail!("{bad} things have to be mended before a fleet can run here") } else { Ok(()) }
}

fn git() -> Check {
    let version = Git::new().command(None).into_std().arg("version").output();
    match version {
        Ok(output) if output.status.success() => good("git", String::from_utf8_lossy(&output.stdout).trim()),
        _ => lacking("git", Verdict::Bad, "it cannot be run", "install git"),
    }
}

fn folder(path: &Path) -> Check {
    let made = DataFolder::make(path).map_err(|e| format!("{e:#}"));
    match made.and_then(|data| check_length(&data.path().join("d")).map(|()| data)) {
        Ok(data) => good("data", data.path().display().to_string()),
        Err(why) => lacking("data", Verdict::Bad, why, "choose another folder with --data"),
    }
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB free", bytes as f64 / 1024.0 / 1024.0 / 1024.0)
}

fn disk(path: &Path) -> Check {
    match nix::sys::statvfs::statvfs(path) {
        Ok(stat) => {
            let free = stat.blocks_available() * stat.fragment_size();
            match free >= DISK_MIN {
                true => good("disk", gib(free)),
                false => lacking("disk", Verdict::Poor, gib(free), "make room, or choose a --data on a larger disk"),
            }
        }
        Err(error) => lacking("disk", Verdict::Bad, error.to_string(), "choose another folder with --data"),
    }
}

fn memory() -> Check {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib: Option<u64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    match kib.map(|kib| kib * 1024) {
        Some(free) if free >= MEMORY_MIN => good("memory", gib(free)),
        Some(free) => {
            lacking("memory", Verdict::Poor, gib(free), "one container may take 4 GiB: lower the target of your projects")
        }
        None => lacking("memory", Verdict::Poor, "unknown", "/proc/meminfo says nothing"),
    }
}

fn sandbox() -> Check {
    match Sandbox::probe() {
        Sandbox::Bubblewrap => good("sandbox", "bubblewrap works, for containers that are processes"),
        Sandbox::Plain => lacking("sandbox", Verdict::Poor, "bubblewrap does not work here", "install bubblewrap, or use Docker"),
    }
}

async fn engine() -> Vec<Check> {
    let docker = match docker::connect().await {
        Ok(docker) => docker,
        Err(error) => {
            return vec![lacking(
                "docker",
                Verdict::Poor,
                error.to_string(),
                "start Docker, or run fleets with --engine process",
            )];
        }
    };
    let version = docker.version().await.ok().and_then(|v| Some(format!("{}, API {}", v.version?, v.api_version?)));
    let mut checks = vec![good("docker", version.unwrap_or_else(|| "it answers".to_owned()))];
    checks.push(match image::has(&docker, image::IMAGE).await {
        Ok(true) => good("image", image::IMAGE),
        Ok(false) => lacking("image", Verdict::Poor, format!("{} is not there", image::IMAGE), "supercargo image build"),
        Err(error) => lacking("image", Verdict::Poor, format!("{error:#}"), "supercargo image build"),
    });
    checks
}
