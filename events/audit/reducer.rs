//! The audit of one log, event by event.

use std::collections::BTreeMap;

use super::chain::Chain;
use super::found::{Breach, Found, Now};
use super::outside::{Landed, Spoken};
use super::tables::{Payload, ProjectTable};
use super::{feature, fleet, merge};
use crate::envelope::Envelope;
use crate::stream::Position;

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

    /// What the audit has of a project, for whoever is held against it.
    #[cfg(test)]
    pub(super) fn table(&self, project: &str) -> Option<&ProjectTable> {
        self.projects.get(project)
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
