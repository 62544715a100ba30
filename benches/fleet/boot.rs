//! Time from the start of the process to its ready line, on a log of a hundred thousand events.
//!
//! The log is made of a real one: a demo is run, and its events are recorded again for as many
//! projects as it takes.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, bail};
use events::codec::Kind;
use events::envelope::Envelope;
use events::id::{CommandId, Digest};
use events::log::{Append, EventLog, NewEvent};
use events::stream::{Position, StreamId, Version};
use supercargo::log::SqliteLog;

use crate::record::{self, Better};

fn events_wanted() -> usize {
    crate::count(100_000, 1_000)
}

fn boots_wanted() -> usize {
    crate::count(5, 1)
}

/// Features of the demo whose events are recorded again.
fn features() -> String {
    crate::count(60, 4).to_string()
}

pub(crate) fn run() -> anyhow::Result<()> {
    let demo = tempfile::tempdir()?;
    let ran = Command::new(env!("CARGO_BIN_EXE_supercargo"))
        .env("SUPERCARGO_ENGINE", "process")
        .args([
            "try",
            "--exit-when-done",
            "--agents",
            "8",
            "--features",
            &features(),
            "--data",
        ])
        .arg(demo.path())
        .stdout(Stdio::null())
        .status()?;
    if !ran.success() {
        bail!("the demo did not complete");
    }

    let data = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let (events, projects) = runtime.block_on(multiply(
        &demo.path().join("log.db"),
        &data.path().join("log.db"),
    ))?;
    drop(runtime);
    let mut boots = Vec::new();

    for _ in 0..boots_wanted() {
        boots.push(boot(data.path())?);
    }

    let size = fs_err::metadata(data.path().join("log.db"))?.len();
    let (starts, boots) = (boots.len(), crate::sorted(boots));

    record::figure(
        "boot",
        crate::percentile(&boots, 0.5) / bare_start()?,
        "a start that only says its version",
        Better::Lower,
    )?;
    println!(
        "boot: {events} events of {projects} projects, {:.1} MiB: ready after {:.0} ms (best \
         {:.0}, worst {:.0}, {starts} starts, warm cache)",
        size as f64 / 1024.0 / 1024.0,
        crate::percentile(&boots, 0.5),
        crate::percentile(&boots, 0.0),
        crate::percentile(&boots, 1.0),
    );

    Ok(())
}

/// Milliseconds from spawn to the ready line.
fn boot(data: &Path) -> anyhow::Result<f64> {
    let began = crate::now();
    let mut server = Command::new(env!("CARGO_BIN_EXE_supercargo"))
        .env("SUPERCARGO_ENGINE", "process")
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut ready = String::new();
    BufReader::new(server.stdout.take().context("stdout")?).read_line(&mut ready)?;
    let took = began.elapsed().as_secs_f64() * 1e3;
    let pid = nix::unistd::Pid::from_raw(i32::try_from(server.id())?);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM)?;
    server.wait()?;

    if ready.starts_with("listening on") {
        Ok(took)
    } else {
        bail!("the server did not come up: {ready}")
    }
}

async fn multiply(from: &Path, to: &Path) -> anyhow::Result<(usize, usize)> {
    let from = SqliteLog::open(from, "unused").await?;
    let source: Vec<Envelope> = from.read_all(Position(0), usize::MAX).await?;
    let source: Vec<Envelope> = source
        .into_iter()
        .filter(|e| e.stream.project().is_some())
        .collect();
    let mut names: HashMap<String, &'static str> = HashMap::new();

    for envelope in &source {
        names
            .entry(envelope.kind.to_string())
            .or_insert_with(|| Box::leak(envelope.kind.to_string().into_boxed_str()));
    }

    let (source, names) = (Arc::new(source), Arc::new(names));
    let to = Arc::new(SqliteLog::open(to, "log-benchmark").await?);
    let projects = events_wanted().div_ceil(source.len());

    let copies = (0..projects).map(|n| copy(source.clone(), names.clone(), to.clone(), n));
    for copied in futures::future::join_all(copies).await {
        copied?;
    }

    Ok((source.len() * projects, projects))
}

async fn copy(
    source: Arc<Vec<Envelope>>,
    names: Arc<HashMap<String, &'static str>>,
    to: Arc<SqliteLog>,
    n: usize,
) -> anyhow::Result<()> {
    for envelope in source.iter() {
        let renamed = envelope
            .stream
            .to_string()
            .replacen("-demo", &format!("-demo-{n}"), 1);
        let stream: StreamId = renamed
            .parse()
            .map_err(|e| anyhow::anyhow!("{renamed}: {e}"))?;
        let kind = Kind {
            name: names[&*envelope.kind],
            schema: envelope.schema,
        };
        let mut cause = envelope.cause.clone();
        cause.causation = None;
        let append = Append {
            stream,
            expected: Version(envelope.version.0 - 1),
            also_expect: vec![],
            events: vec![NewEvent {
                kind,
                payload: envelope.payload.clone(),
            }],
            command: CommandId::derived(&["copy", &n.to_string(), &envelope.position.to_string()]),
            body: Digest::default(),
            cause,
            trace: None,
            at: envelope.at,
        };
        to.append(append).await?;
    }

    Ok(())
}

/// Milliseconds of a process that starts, says its version and ends: the median of several.
fn bare_start() -> anyhow::Result<f64> {
    let mut took = Vec::new();

    for _ in 0..boots_wanted() {
        let began = crate::now();
        let said = Command::new(env!("CARGO_BIN_EXE_supercargo"))
            .arg("--version")
            .stdout(Stdio::null())
            .status()?;
        if !said.success() {
            bail!("`supercargo --version` failed");
        }
        took.push(began.elapsed().as_secs_f64() * 1e3);
    }

    Ok(crate::percentile(&crate::sorted(took), 0.5))
}
