//! `supercargo doctor`: whether this machine has what a fleet needs, and what to do where it has
//! not.

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
use crate::engine::docker::{self, image};
use crate::engine::process::Sandbox;
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
        sandbox(),
    ];
    checks.extend(log(&data).await);
    checks.extend(models(&data.data));
    checks.extend(engine().await);
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

fn sandbox() -> Check {
    match Sandbox::probe() {
        Sandbox::Bubblewrap => good(
            "sandbox",
            "bubblewrap works, for containers that are processes",
        ),
        Sandbox::Plain => lacking(
            "sandbox",
            Verdict::Poor,
            "bubblewrap does not work here",
            "install bubblewrap, or use Docker",
        ),
    }
}

/// What to do about an engine that does not answer: one that is there and hears others is not to be
/// started.
fn remedy_for_docker() -> &'static str {
    let named = std::env::var("DOCKER_HOST").unwrap_or_default();
    let socket = match named.strip_prefix("unix://") {
        Some(path) => path,
        None if named.is_empty() => "/var/run/docker.sock",
        None => return "look at DOCKER_HOST, or run fleets with --engine process",
    };

    match std::os::unix::net::UnixStream::connect(socket) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            "it runs, and its socket is not yours to use: have your user put into its group \
             (`usermod -aG docker USER`, then sign in anew), or run fleets with --engine process"
        }
        _ => "start Docker, or run fleets with --engine process",
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
                remedy_for_docker(),
            )];
        }
    };
    let mut found = "it answers".to_owned();
    if let Ok(engine) = docker.version().await
        && let (Some(version), Some(api)) = (engine.version, engine.api_version)
    {
        found = format!("{version}, API {api}");
    }
    let mut checks = vec![good("docker", found)];
    checks.push(runc(&docker).await);
    checks.push(match image::has(&docker, image::FULL).await {
        Ok(true) => good("agents", image::FULL),
        _ => lacking(
            "agents",
            Verdict::Poor,
            format!(
                "{} is not there: the CLIs of vendors do not run",
                image::FULL
            ),
            "supercargo image build --full",
        ),
    });
    checks.push(match image::has(&docker, image::IMAGE).await {
        Ok(true) => good("image", image::IMAGE),
        Ok(false) => lacking(
            "image",
            Verdict::Poor,
            format!("{} is not there", image::IMAGE),
            "supercargo image build",
        ),
        Err(error) => lacking(
            "image",
            Verdict::Poor,
            format!("{error:#}"),
            "supercargo image build",
        ),
    });

    checks
}

/// What starts the containers, held against its known holes. A distribution may have mended an
/// older number: the advice says what to look for.
async fn runc(docker: &bollard::Docker) -> Check {
    let components = match docker.version().await {
        Ok(engine) => engine.components.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let mut components = components.into_iter();

    let Some(runc) = components.find(|component| component.name == "runc") else {
        return lacking(
            "runc",
            Verdict::Poor,
            "the engine does not name it",
            "look up its version by hand",
        );
    };

    match holes(&runc.version) {
        None => good("runc", runc.version),
        Some(advice) => lacking("runc", Verdict::Poor, runc.version, advice),
    }
}

/// What is known against this version of runc. Source: the advisories of the project; mended in
/// 1.1.12, and in 1.2.8, 1.3.3 and 1.4.0.
fn holes(version: &str) -> Option<&'static str> {
    let number = |part: &str| {
        let digits = part.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<u32>().ok()
    };
    let mut parts = version.split('.').map(number);

    let (major, minor, patch) = (
        parts.next().flatten()?,
        parts.next().flatten()?,
        parts.next().flatten().unwrap_or(0),
    );
    if (major, minor, patch) < (1, 1, 12) {
        return Some(
            "a container may leave it (CVE-2024-21626): unless your distribution mended it, take \
             1.2.8 or newer",
        );
    }

    let is_mended = match (major, minor) {
        (1, 0 | 1) => false,
        (1, 2) => patch >= 8,
        (1, 3) => patch >= 3,
        _ => true,
    };

    if is_mended {
        return None;
    }
    Some(
        "mounts may be redirected (CVE-2025-31133, -52565, -52881): unless your distribution \
         mended it, take 1.2.8, 1.3.3 or newer",
    )
}

#[cfg(test)]
mod tests {
    use super::{available, holes};

    #[test]
    fn free_memory_is_read_in_bytes() {
        let said = "MemTotal:       9 kB\nMemAvailable:    2048 kB\n";
        assert_eq!(available(said), Some(2 * 1024 * 1024));
        assert_eq!(available("MemAvailable: plenty"), None);
        assert_eq!(available("MemTotal:       9 kB"), None);
    }

    #[test]
    fn versions_with_known_holes_are_told_from_those_without() {
        let table = [
            ("1.1.5+ds1", Some("CVE-2024-21626")),
            ("1.1.12", Some("CVE-2025-31133")),
            ("1.2.7", Some("CVE-2025-31133")),
            ("1.2.8", None),
            ("1.3.2", Some("CVE-2025-31133")),
            ("1.3.3", None),
            ("1.4.0-rc.3", None),
            ("2.0.0", None),
            ("unknown", None),
        ];

        for (version, hole) in table {
            match (holes(version), hole) {
                (None, None) => {}
                (Some(said), Some(hole)) => assert!(said.contains(hole), "{version}: {said}"),
                (said, _) => panic!("{version}: {said:?}"),
            }
        }
    }
}
