//! The audit: an independent second reducer that checks a log against the invariants, event by event.
//!
//! It shares no code with the aggregates: it reads payloads as plain values and keeps its own plain tables, so that a rule that is
//! wrong in `decide` is not wrong here in the same way. Which invariant is checked on which of our events:
//!
//! | id | holds | checked at |
//! |---|---|---|
//! | L3 | positions and versions are gapless | every event |
//! | L4 | every digest follows from the one before | every event |
//! | C1 | a feature has at most one open claim | `feature.claimed` |
//! | C2 | what carries an epoch lies within that claim | `feature.submitted`, `released`, `claim_expired`, `question_asked`, `work_*` |
//! | C3 | every claim ends once; none is left open in a completed project | the same, and the end of the log |
//! | C6 | a claim was allowed: open, unblocked, project running and not edited | `feature.claimed`, `feature.unblocked` |
//! | C11 | after a stop nothing is claimed or started | `feature.claimed`, `container.start_requested` |
//! | K1 | every requested start ends as started or failed | `container.start*`, the end of the log |
//! | K2 | every started container ends as exited or lost, once | `container.exited`, `lost`, the end of the log |
//! | G3 | upstream's first-parent chain has our merges in the log's order | the gate's branch |
//! | G4 | what was published is what was verified, on the base it was verified on | `trunk.publish_intended`, `advanced`, the branch |
//! | G6 | one merge per closed feature, and its trailer names it | `feature.closed`, the branch |

mod feature;
mod fleet;
mod merge;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::envelope::{Envelope, genesis};
use crate::id::Digest;
use tables::{Payload, ProjectTable};

/// One broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Its id, as in the table above.
    pub id: &'static str,
    /// Where it broke.
    pub position: u64,
    /// How.
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

/// Breaches, as they are found.
#[derive(Debug, Default)]
struct Found(Vec<Breach>);

impl Found {
    fn add(&mut self, id: &'static str, position: u64, reason: String) {
        self.0.push(Breach { id, position, reason });
    }

    fn unless(&mut self, holds: bool, id: &'static str, position: u64, reason: impl FnOnce() -> String) {
        if !holds {
            self.add(id, position, reason());
        }
    }
}

/// The audit of one log: takes its envelopes in order.
pub struct Audit {
    position: u64,
    digest: Digest,
    versions: BTreeMap<String, u64>,
    projects: BTreeMap<String, ProjectTable>,
    found: Found,
}

impl Audit {
    /// An audit of the log with this id, from its beginning.
    pub fn new(log_id: &str) -> Self {
        Self {
            position: 0,
            digest: genesis(log_id),
            versions: BTreeMap::new(),
            projects: BTreeMap::new(),
            found: Found::default(),
        }
    }

    /// Takes the next envelope.
    pub fn take(&mut self, envelope: &Envelope) {
        let at = envelope.position.0;
        self.found.unless(at == self.position + 1, "L3", at, || format!("position {} is followed by {at}", self.position));
        let stream = envelope.stream.to_string();
        let version = self.versions.entry(stream.clone()).or_default();
        let due = *version + 1;
        self.found.unless(envelope.version.0 == due, "L3", at, || {
            format!("{stream} has version {} where {due} is due", envelope.version)
        });
        *version = envelope.version.0;
        self.found.unless(envelope.chained(self.digest) == envelope.digest, "L4", at, || "the digest does not follow".to_owned());
        self.position = at;
        self.digest = envelope.digest;
        let Some((_, key)) = stream.split_once('-') else { return };
        let (project, within) = key.split_once('/').unwrap_or((key, ""));
        if stream.starts_with("node-") || stream.starts_with("subscription-") {
            return;
        }
        let table = self.projects.entry(project.to_owned()).or_default();
        let payload = Payload::read(&envelope.payload);
        let kind = envelope.kind.as_str();
        match kind.split_once('.') {
            Some(("project", verb)) => fleet::project(table, verb),
            Some(("backlog", verb)) => feature::backlog(table, verb, &payload),
            Some(("feature", verb)) => feature::take(table, within, verb, &payload, at, &mut self.found),
            Some(("container", verb)) => fleet::container(table, within, verb, &payload, at, &mut self.found),
            Some(("trunk", verb)) => merge::take(table, verb, &payload, at, &mut self.found),
            _ => {}
        }
    }

    /// The projects seen.
    pub fn projects(&self) -> Vec<String> {
        self.projects.keys().cloned().collect()
    }

    /// Compares what the log says was published with upstream's first-parent chain, oldest first.
    pub fn compare(&mut self, project: &str, landed: &[Landed]) {
        if let Some(table) = self.projects.get(project) {
            merge::compare(table, landed, &mut self.found);
        }
    }

    /// What has to hold at the end of the log; then all breaches, in the order they were found.
    pub fn finish(mut self) -> Vec<Breach> {
        for table in self.projects.values() {
            fleet::finish(table, self.position, &mut self.found);
        }
        self.found.0
    }
}
