//! `supercargo log …`: reads the log's file; a server may be writing it meanwhile.

use std::io::Write;

use anyhow::bail;
use clap::Subcommand;
use events::audit::{Audit, Landed};
use events::log::EventLog;
use events::stream::Position;

use super::client::ask;
use super::{DataArgs, OutputArgs, shown};
use crate::app::DataFolder;
use crate::http::shapes::{EventPage, EventShape};
use crate::log::SqliteLog;
use crate::log::verify::{Verified, verify};

/// Events read at once.
const BATCH: usize = 4096;

/// Verbs on the log.
#[derive(Debug, Subcommand)]
pub(super) enum LogCommand {
    /// The newest events
    Tail {
        /// How many
        #[arg(short = 'n', long, default_value_t = 20)]
        lines: u64,
        /// Go on with what comes; needs a running server
        #[arg(short, long)]
        follow: bool,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// One event, whole
    Show {
        /// Its position
        position: u64,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Every event, as JSON Lines
    Export {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Walk the chain of digests
    Verify {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Check the invariants with an independent second reducer
    Audit {
        #[command(flatten)]
        data: DataArgs,
    },
}

async fn open(data: &DataArgs) -> anyhow::Result<(DataFolder, SqliteLog)> {
    if !data.data.exists() {
        bail!("there is no data folder at {}; `supercargo serve --data DIR` makes one", data.data.display());
    }
    let folder = DataFolder::make(&data.data)?;
    let log = SqliteLog::open_reader(&folder.log()).await?;
    Ok((folder, log))
}

/// Prints a line; false when nobody reads any more.
fn print(line: &str) -> bool {
    writeln!(std::io::stdout(), "{line}").is_ok()
}

pub(super) async fn run(command: LogCommand) -> anyhow::Result<()> {
    match command {
        LogCommand::Tail { lines, follow, data, output } => tail(&data, lines, follow, output.json).await,
        LogCommand::Show { position, data } => {
            let (_, log) = open(&data).await?;
            let found = log.read_all(Position(position.saturating_sub(1)), 1).await?;
            match found.first().filter(|e| e.position.0 == position) {
                Some(envelope) => print(&serde_json::to_string_pretty(&EventShape::from(envelope))?),
                None => bail!("there is no event at position {position}; the newest is at {}", log.head().await?.position),
            };
            Ok(())
        }
        LogCommand::Export { data } => {
            let (_, log) = open(&data).await?;
            let mut after = Position(0);
            loop {
                let batch = log.read_all(after, BATCH).await?;
                let Some(last) = batch.last().map(|e| e.position) else { return Ok(()) };
                for envelope in &batch {
                    if !print(&serde_json::to_string(&EventShape::from(envelope))?) {
                        return Ok(());
                    }
                }
                after = last;
            }
        }
        LogCommand::Verify { data } => {
            let (_, log) = open(&data).await?;
            match verify(&log).await? {
                Verified::Sound { head, digest } => {
                    print(&format!("sound: {head} events, digest {digest}"));
                    Ok(())
                }
                Verified::Broken { at, how } => bail!("position {at} is {how}: nothing from there on can be trusted"),
            }
        }
        LogCommand::Audit { data } => {
            let (folder, log) = open(&data).await?;
            let breaches = audit(&folder, &log).await?;
            for breach in &breaches {
                print(&breach.to_string());
            }
            if !breaches.is_empty() {
                bail!("{} breaches", breaches.len());
            }
            print(&format!("clean: {} events", log.head().await?.position));
            Ok(())
        }
    }
}

async fn tail(data: &DataArgs, lines: u64, follow: bool, json: bool) -> anyhow::Result<()> {
    let (_, log) = open(data).await?;
    let head = log.head().await?.position;
    let first = Position(head.0.saturating_sub(lines));
    let limit = usize::try_from(lines).unwrap_or(usize::MAX);
    let said = |event: &EventShape| if json { serde_json::to_string(event) } else { Ok(shown::line(event)) };
    for envelope in log.read_all(first, limit).await? {
        if !print(&said(&EventShape::from(&envelope))?) {
            return Ok(());
        }
    }
    let mut after = head.0;
    if !follow {
        return Ok(());
    }
    loop {
        let page: EventPage = ask(data, "GET", &format!("/api/v1/events?after={after}&wait=true"), &()).await?;
        for event in &page.events {
            if !print(&said(event)?) {
                return Ok(());
            }
        }
        after = page.next;
    }
}

/// Runs the audit over a whole log, with what upstream's branch holds as the gates saw it last.
pub(crate) async fn audit(folder: &DataFolder, log: &dyn EventLog) -> anyhow::Result<Vec<events::audit::Breach>> {
    let mut audit = Audit::new(&log.id());
    let mut after = Position(0);
    loop {
        let batch = log.read_all(after, BATCH).await?;
        let Some(last) = batch.last().map(|e| e.position) else { break };
        for envelope in &batch {
            audit.take(envelope);
        }
        after = last;
    }
    for project in audit.projects() {
        if let Some(landed) = landed(&folder.gates().join(format!("{project}.git")))? {
            audit.compare(&project, &landed);
        }
    }
    Ok(audit.finish())
}

/// The first-parent chain of a gate's branch, oldest first, with the features its merges name.
fn landed(gate: &std::path::Path) -> anyhow::Result<Option<Vec<Landed>>> {
    let Ok(repository) = git2::Repository::open_bare(gate) else { return Ok(None) };
    let Some(mut commit) = repository.head().ok().and_then(|head| head.peel_to_commit().ok()) else { return Ok(None) };
    let mut chain = Vec::new();
    loop {
        let message = commit.message().unwrap_or_default();
        let feature = message.lines().find_map(|line| line.strip_prefix("Supercargo-Feature: ")).map(str::to_owned);
        chain.push(Landed { sha: commit.id().to_string(), tree: commit.tree_id().to_string(), feature });
        match commit.parent(0) {
            Ok(parent) => commit = parent,
            Err(_) => break,
        }
    }
    chain.reverse();
    Ok(Some(chain))
}
