//! `log verify|prove|check|anchor|audit`: whether a log can be trusted.

use std::collections::BTreeSet;
use std::path::Path;

use actors::ports::PortError;
use actors::ports::transcripts::Transcripts;
use anyhow::{Context, bail};
use events::audit::{Audit, Landed, Replay, Spoken};
use events::log::EventLog;
use events::stream::Position;

use super::open;
use crate::adapters::transcripts::TranscriptFolder;
use crate::app::DataFolder;
use crate::cli::{DataArgs, shown};
use crate::log::backup::newest_seal;
use crate::log::seal::Anchor;
use crate::log::seal::proof::{Proof, check, prove, seal_over};
use crate::log::verify::{BATCH, Verified, Walk, verify};
use crate::terminal::{self, say};

/// How to verify.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// Begin at the end of the seal over this position, and trust what it says of everything before
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
    /// Compare with an anchor that was kept elsewhere (`log anchor` prints one); the data folder's
    /// own is compared always
    #[arg(long, value_name = "FILE")]
    against: Option<std::path::PathBuf>,
    /// Public key that has to have signed every seal
    #[arg(long, value_name = "HEX")]
    key: Option<String>,
    #[command(flatten)]
    data: DataArgs,
}

/// Walks the chain, the seals, the file and the anchors.
pub(super) async fn verified(args: VerifyArgs) -> anyhow::Result<()> {
    let (folder, stored) = open(&args.data).await?;
    let log = stored.log();
    let from = match args.from {
        Some(position) => {
            let seal = seal_over(log, Position(position)).await?;
            Some(seal.with_context(|| format!("position {position} is under no seal"))?)
        }
        None => None,
    };
    let began = from.as_ref().map_or(0, |seal| seal.statement.last.0);
    let (head, digest, sealed) = match verify(
        log,
        &Walk {
            from,
            key: args.key,
        },
    )
    .await?
    {
        Verified::Sound {
            head,
            digest,
            sealed,
        } => (head, digest, sealed),
        Verified::Broken { at, damage } => {
            bail!("position {at} is {damage}: nothing from there on can be trusted")
        }
    };
    if let Some(damage) = stored.integrity().await? {
        bail!(
            "the file is damaged: {damage}; every event was read and its chain holds, restore the \
             log from an export or a backup"
        );
    }
    let kept = args.against.iter().map(|path| (path.clone(), true));
    for (path, needed) in kept.chain([(folder.anchor(), false)]) {
        match Anchor::read(&path)? {
            Some(anchor) => anchor
                .check(log)
                .await
                .with_context(|| format!("compared with {}", path.display()))?,
            None if needed => bail!("there is no anchor at {}", path.display()),
            None => {}
        }
    }
    say!(
        "sound: events {} to {head}, sealed up to {sealed}, digest {digest}",
        began + 1
    )?;
    Ok(())
}

/// Prints the newest seal, to be kept elsewhere.
pub(super) async fn anchor(data: &DataArgs) -> anyhow::Result<()> {
    let (_, stored) = open(data).await?;
    let log = stored.log();
    let seal = newest_seal(log)
        .await?
        .context("nothing is sealed yet; a running server seals within a minute")?;
    terminal::json(&Anchor {
        log: log.id(),
        seal,
    })?;
    Ok(())
}

/// Prints a proof.
pub(super) async fn proof(data: &DataArgs, position: u64) -> anyhow::Result<()> {
    let (_, stored) = open(data).await?;
    let log = stored.log();
    terminal::json(&prove(log, Position(position)).await?)?;
    Ok(())
}

/// Checks a proof; needs no data folder.
pub(super) fn check_proof(file: &Path, key: Option<&str>) -> anyhow::Result<()> {
    let bytes = fs_err::read(file)?;
    let proof: Proof = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is no proof", file.display()))?;
    let event = check(&proof, key).with_context(|| format!("{} proves nothing", file.display()))?;
    say!(
        "proved: in the log {}, sealed by {}",
        proof.log,
        proof.seal.key
    )?;
    say!("{}", shown::line(&(&event).into()))?;
    Ok(())
}

/// Runs the audit and prints every breach.
pub(super) async fn audited(data: &DataArgs) -> anyhow::Result<()> {
    let (folder, stored) = open(data).await?;
    let log = stored.log();
    let Report { breaches, waived } = audit(&folder, log).await?;
    for breach in &breaches {
        say!("{breach}")?;
    }
    if !breaches.is_empty() {
        bail!("{} breaches", breaches.len());
    }
    say!("clean: {} events", log.head().await?.position)?;
    if !waived.is_empty() {
        let shown: Vec<&str> = waived.iter().map(String::as_str).take(SHOWN_MAX).collect();
        say!(
            "UNVERIFIED: {} merges were published without a verification, as the settings accept: \
             {}",
            waived.len(),
            shown.join(", ")
        )?;
    }
    Ok(())
}

/// What an audit came to.
pub(crate) struct Report {
    /// Broken invariants.
    pub(crate) breaches: Vec<events::audit::Breach>,
    /// Merges that were published without any verification.
    pub(crate) waived: Vec<String>,
}

/// Unverified merges that are named.
const SHOWN_MAX: usize = 20;

/// Runs the audit over a whole log, with what upstream's branch holds as the gates saw it last.
///
/// A server may be at work meanwhile. So the log is read, then what lies beside it, then the rest
/// of the log: what lies there is recorded by then, and what was recorded after the first reading
/// need not lie there yet, or may be gone from there.
pub(crate) async fn audit(folder: &DataFolder, log: &dyn EventLog) -> anyhow::Result<Report> {
    let mut reading = Reading {
        audit: Audit::new(&log.id()),
        replay: Replay::new(&log.id()),
        after: Position(0),
    };
    reading.go_on(log).await?;
    let seen = reading.after;
    let mut branches = Vec::new();
    for project in reading.audit.projects() {
        let gate = folder.gates().join(format!("{project}.git"));
        branches.extend(landed(&gate)?.map(|landed| (project, landed)));
    }
    let mut transcripts = Vec::new();
    let store = TranscriptFolder::new(folder.transcripts());
    for session in reading.audit.transcripts() {
        let kept = spoken(&store, &session).await?;
        transcripts.push((session, kept));
    }

    reading.go_on(log).await?;
    let Reading {
        mut audit, replay, ..
    } = reading;
    for (project, landed) in &branches {
        audit.compare(project, landed, seen);
    }
    let expected: BTreeSet<String> = audit.transcripts().into_iter().collect();
    for (session, kept) in transcripts {
        if expected.contains(&session) {
            audit.compare_transcript(&session, kept.as_ref());
        }
    }

    let mut breaches = replay.finish();
    let waived = audit.waived();
    breaches.extend(audit.finish());
    breaches.sort_by_key(|breach| breach.position);
    Ok(Report { breaches, waived })
}

/// A log that is being audited, and how far it was read.
struct Reading {
    audit: Audit,
    replay: Replay,
    after: Position,
}

impl Reading {
    /// Reads on to the end that the log has by then.
    async fn go_on(&mut self, log: &dyn EventLog) -> anyhow::Result<()> {
        loop {
            let batch = log.read_all(self.after, BATCH).await?;
            let Some(last) = batch.last().map(|e| e.position) else {
                return Ok(());
            };
            for envelope in &batch {
                self.audit.take(envelope);
                self.replay.take(envelope);
            }
            self.after = last;
        }
    }
}

/// What is kept of a session's transcript.
async fn spoken(store: &TranscriptFolder, session: &str) -> anyhow::Result<Option<Spoken>> {
    let kept = match store.spoken(&session.parse()?).await {
        Ok(kept) => kept,
        Err(PortError::Permanent(_)) => None,
        Err(error) => return Err(error.into()),
    };

    Ok(kept.map(|kept| Spoken {
        chunks: kept.chunks,
        bytes: kept.bytes,
        digest: kept.digest.to_string(),
    }))
}

/// The first-parent chain of a gate's branch, oldest first, with the features its merges name.
fn landed(gate: &std::path::Path) -> anyhow::Result<Option<Vec<Landed>>> {
    let Ok(repository) = git2::Repository::open_bare(gate) else {
        return Ok(None);
    };
    let Some(mut commit) = repository
        .head()
        .ok()
        .and_then(|head| head.peel_to_commit().ok())
    else {
        return Ok(None);
    };
    let mut chain = Vec::new();
    loop {
        let message = commit.message().unwrap_or_default();
        let feature = message
            .lines()
            .find_map(|line| line.strip_prefix("Supercargo-Feature: "))
            .map(str::to_owned);
        chain.push(Landed {
            sha: commit.id().to_string(),
            tree: commit.tree_id().to_string(),
            feature,
        });
        match commit.parent(0) {
            Ok(parent) => commit = parent,
            Err(_) => break,
        }
    }
    chain.reverse();
    Ok(Some(chain))
}
