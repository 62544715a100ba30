//! The audit of a log as it lies on a machine: over all events, and over what lies beside them.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use actors::ports::PortError;
use actors::ports::transcripts::Transcripts;
use anyhow::Context;
use events::audit::{Audit, Landed, Replay, Spoken};
use events::log::EventLog;
use events::stream::Position;

use super::verify::BATCH;
use crate::adapters::transcripts::TranscriptFolder;
use crate::data::DataFolder;

/// What an audit came to.
pub(crate) struct Report {
    /// Broken invariants.
    pub(crate) breaches: Vec<events::audit::Breach>,
    /// Merges that were published without any verification.
    pub(crate) waived: Vec<String>,
}

/// Runs the audit over a whole log, with what upstream's branch holds as the gates saw it last.
///
/// A server may be at work meanwhile. So the log is read, then what lies beside it, then the rest
/// of the log: what lies there is recorded by then, and what was recorded after the first reading
/// need not lie there yet, or may be gone from there.
pub(crate) async fn audit(folder: &DataFolder, log: &dyn EventLog) -> anyhow::Result<Report> {
    audit_telling(folder, log, &|_| ()).await
}

/// The same; it is told now and then up to where the log was read.
pub(crate) async fn audit_telling(
    folder: &DataFolder,
    log: &dyn EventLog,
    told: &(dyn Fn(Position) + Sync),
) -> anyhow::Result<Report> {
    let mut reading = Reading {
        audit: Audit::new(&log.id()),
        replay: Replay::new(&log.id()),
        after: Position(0),
        told,
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
    let mut expected: BTreeSet<String> = audit.transcripts().into_iter().collect();
    for session in left_out(folder)? {
        expected.remove(&session);
    }
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
struct Reading<'a> {
    audit: Audit,
    replay: Replay,
    after: Position,
    told: &'a (dyn Fn(Position) + Sync),
}

impl Reading<'_> {
    /// Reads on to the end that the log has by then.
    async fn go_on(&mut self, log: &dyn EventLog) -> anyhow::Result<()> {
        loop {
            let batch = log.read_all(self.after, BATCH).await.with_context(|| {
                format!(
                    "after position {}; `supercargo log verify` says which event it is",
                    self.after
                )
            })?;
            let Some(last) = batch.last().map(|e| e.position) else {
                return Ok(());
            };
            for envelope in &batch {
                self.audit.take(envelope);
                self.replay.take(envelope);
            }
            self.after = last;
            (self.told)(last);
        }
    }
}

/// What is read here of the header of a bundle.
#[derive(serde::Deserialize)]
struct Unpacked {
    left_out: Vec<LeftOut>,
}

#[derive(serde::Deserialize)]
struct LeftOut {
    part: String,
}

/// Sessions whose transcripts are not in the bundle that a folder was unpacked from, as its maker
/// says: what was left out was not lost.
fn left_out(folder: &DataFolder) -> anyhow::Result<Vec<String>> {
    let path = folder.bundle();
    let text = match fs_err::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
        text => text?,
    };
    let unpacked = serde_json::from_slice(&text);
    let unpacked: Unpacked = unpacked.with_context(|| path.display().to_string())?;

    let parts = unpacked.left_out.iter();
    let sessions = parts.filter_map(|left| left.part.strip_prefix("transcript "));
    Ok(sessions.map(str::to_owned).collect())
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
