//! The audit: an independent second reducer that checks a log against the invariants, event by
//! event.
//!
//! It shares no code with the aggregates: it reads payloads as plain values and keeps its own plain
//! tables, so that a rule that is wrong in `decide` is not wrong here in the same way. Which
//! invariant is checked on which of our events:
//!
//! | id | holds | checked at |
//! |---|---|---|
//! | L3 | positions and versions are gapless | every event |
//! | L4 | every digest follows from the one before, and time never goes back | every event |
//! | L5 | a replay is deterministic, also through a snapshot | [`Replay`], every 10 000 positions; `node.books_diverged` is one found live |
//! | L11 | a cause lies before its effect | every event |
//! | I1 | a command is carried out once, for as long as answers are remembered | the first event of every command |
//! | I2 | a session is assigned, starts, hands in and ends once, in this order, and in its slot | `container.assigned`, `session_*`, `feature.review_passed`, `review_rejected`, `project.backlog_proposed`, `milestone_settled` |
//! | I4 | a command wrote one stream, from the version it expected: its events are one run | every event |
//! | C1 | a feature has at most one open claim | `feature.claimed` |
//! | C2 | what carries an epoch lies within that claim | `feature.submitted`, `released`, `claim_expired`, `question_asked`, `work_*` |
//! | C3 | every claim ends once; none is left open in a completed project | the same, and the end of the log |
//! | C4 | what is closed as merged was handed in, passed a review and was verified, in one claim | `feature.closed` |
//! | C6 | a claim was allowed: open, unblocked, project running and not edited | `feature.claimed`, `feature.unblocked` |
//! | C7 | claims of slots stay within the target, one each, of slots in service | `feature.claimed` |
//! | C8 | no claim after 3 tries, 5 rejections or 5 conflicts since the last requeue or reopening | `feature.claimed` |
//! | C10 | dependencies are acyclic; what is closed moves only after `reopened`, and nothing is created twice | `backlog.admitted`, `dependency_added`, every `feature.*` |
//! | C11 | after a stop nothing is claimed or started | `feature.claimed`, `container.start_requested` |
//! | K1 | every requested start ends as started or failed | `container.start*`, the end of the log |
//! | K2 | every started container ends as exited or lost, once | `container.exited`, `lost`, the end of the log |
//! | K7 | an exit carries code, memory and signal; *completed* means that something was handed in | `container.exited`, `session_ended` |
//! | G2 | every intended push has its end before the next: advanced, upstream moved, or dequeued | `trunk.publish_intended`, the end of the log |
//! | G3 | upstream's first-parent chain has our merges in the log's order | the gate's branch |
//! | G4 | what was published is what was verified, on the base it was verified on | `trunk.publish_intended`, `advanced`, the branch |
//! | G6 | one merge per closed feature, and its trailer names it | `feature.closed`, the branch |
//! | S-E1 | runs of a server are counted without a hole, and only the current one ends | `node.started`, `node.stopped` |
//! | T-3 | a slot's claim ends within wall limit, lease and half an hour, of time in which a server was up | the end of every claim |
//! | X1 | what is kept of a transcript is what was recorded of it: chunks without hole or overlap, size and digest | `container.transcript_kept`, the files |
//!
//! The audit reads the log once, in order. It keeps a row per feature, slot and open session, and
//! the ids of the commands whose answers are still remembered: up to 250 000 of them.

mod chain;
mod feature;
mod fleet;
mod merge;
mod replay;
mod session;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::envelope::Envelope;
use crate::stream::Position;
use chain::Chain;
pub use replay::Replay;
use tables::{Payload, ProjectTable};

/// Where an event stands, and how long a server was up by then, in microseconds.
#[derive(Debug, Clone, Copy)]
struct Now {
    at: u64,
    up: i64,
}

/// One broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Its id, as in the table above.
    pub id: &'static str,
    /// The first position that does not hold.
    pub position: u64,
    /// The difference from what holds, in words.
    pub reason: String,
}

impl std::fmt::Display for Breach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.id, self.position, self.reason)
    }
}

/// A commit of upstream's first-parent chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landed {
    /// The commit.
    pub sha: String,
    /// Its tree.
    pub tree: String,
    /// The feature its trailer names.
    pub feature: Option<String>,
}

/// What is kept of a transcript: chunks 1 to `chunks` without hole or overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// The number of the chunks.
    pub chunks: u64,
    /// Bytes in all of them.
    pub bytes: u64,
    /// Their digest, hex.
    pub digest: String,
}

/// Breaches, as they are found.
#[derive(Debug, Default)]
struct Found(Vec<Breach>);

impl Found {
    fn add(&mut self, id: &'static str, position: u64, reason: String) {
        self.0.push(Breach {
            id,
            position,
            reason,
        });
    }

    fn unless(
        &mut self,
        holds: bool,
        id: &'static str,
        position: u64,
        reason: impl FnOnce() -> String,
    ) {
        if !holds {
            self.add(id, position, reason());
        }
    }
}

/// The audit of one log: takes its envelopes in order.
pub struct Audit {
    chain: Chain,
    projects: BTreeMap<String, ProjectTable>,
    found: Found,
}

impl Audit {
    /// An audit of the log with this id, from its beginning.
    pub fn new(log_id: &str) -> Self {
        Self {
            chain: Chain::new(log_id),
            projects: BTreeMap::new(),
            found: Found::default(),
        }
    }

    /// Takes the next envelope.
    pub fn take(&mut self, envelope: &Envelope) {
        let (at, stream, found) = (
            envelope.position.0,
            envelope.stream.to_string(),
            &mut self.found,
        );
        self.chain.take(envelope, &stream, found);
        let payload = Payload::read(&envelope.payload);
        let (Some((noun, verb)), Some((category, key))) =
            (envelope.kind.split_once('.'), stream.split_once('-'))
        else {
            return;
        };
        match category {
            "node" => return self.chain.node(&stream, verb, &payload, at, found),
            "subscription" => return,
            _ => {}
        }

        let (project, within) = key.split_once('/').unwrap_or((key, ""));
        let table = self.projects.entry(project.to_owned()).or_default();
        let now = Now {
            at,
            up: self.chain.up,
        };

        match noun {
            "project" => fleet::project(table, verb, &payload, now, found),
            "backlog" => feature::backlog(table, verb, &payload, now, found),
            "feature" => feature::take(table, within, verb, &payload, now, found),
            "container" => fleet::container(table, within, verb, &payload, now, found),
            "trunk" => merge::take(table, verb, &payload, at, found),
            _ => {}
        }
    }

    /// The projects seen.
    pub fn projects(&self) -> Vec<String> {
        self.projects.keys().cloned().collect()
    }

    /// Compares what the log says was published with upstream's first-parent chain, oldest first.
    /// The chain was looked at when the log had been read up to `seen`, and may lack what was
    /// recorded after that.
    pub fn compare(&mut self, project: &str, landed: &[Landed], seen: Position) {
        if let Some(table) = self.projects.get(project) {
            merge::compare(table, landed, seen, &mut self.found);
        }
    }

    /// What was published without any verification, as a recorded setting accepted: no breach, and
    /// not to be overlooked.
    pub fn waived(&self) -> Vec<String> {
        let entries = self.projects.iter().flat_map(|(name, table)| {
            let rows = table.entries.values();
            let waived = rows.filter(|row| row.waived && row.published);
            waived
                .map(move |row| format!("{name}/{}", row.feature.as_deref().unwrap_or("scaffold")))
        });
        entries.collect()
    }

    /// The sessions whose transcripts have to be there.
    pub fn transcripts(&self) -> Vec<String> {
        let rows = self.projects.values().flat_map(|table| &table.transcripts);
        rows.filter(|row| !row.dropped)
            .map(|row| row.session.clone())
            .collect()
    }

    /// Compares what is kept of a session's transcript with what was recorded of it.
    pub fn compare_transcript(&mut self, session: &str, kept: Option<&Spoken>) {
        let mut rows = self.projects.values().flat_map(|table| &table.transcripts);
        let Some(row) = rows.find(|row| row.session == session) else {
            return;
        };

        let recorded = Spoken {
            chunks: row.chunks,
            bytes: row.bytes,
            digest: row.digest.clone(),
        };

        self.found
            .unless(kept == Some(&recorded), "X1", row.at, || {
                format!("transcript of {session}: {recorded:?} was recorded, {kept:?} is kept")
            });
    }

    /// What has to hold at the end of the log; then all breaches, in the order they were found.
    pub fn finish(mut self) -> Vec<Breach> {
        for table in self.projects.values() {
            fleet::finish(table, self.chain.position, &mut self.found);
        }
        self.found.0
    }
}
