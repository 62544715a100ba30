//! Figures of a span: sums over its events, so that those of two spans that meet add up to those of
//! both.

use std::collections::BTreeMap;

use crate::outcome::Outcome;
use crate::usage::Usage;

/// What happened in a span, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Events that were recorded.
    pub events: u64,
    /// Features that were merged.
    pub merged: u64,
    /// Features that were closed otherwise.
    pub closed_otherwise: u64,
    /// Features that were added.
    pub added: u64,
    /// Features that were withdrawn.
    pub withdrawn: u64,
    /// Features that were opened again.
    pub reopened: u64,
    /// Features that were quarantined.
    pub quarantined: u64,
    /// Submissions that reviewers sent back.
    pub review_rejected: u64,
    /// Submissions that the merge queue sent back.
    pub merge_rejected: u64,
    /// Sessions that were given work.
    pub sessions_begun: u64,
    /// Sessions that ended, by how.
    pub sessions_ended: BTreeMap<Outcome, u64>,
    /// Times that somebody else moved upstream.
    pub upstream_moved: u64,
    /// What sessions used of their models.
    pub usage: Usage,
}

impl Figures {
    /// Adds those of another span, or of another project.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.merged += other.merged;
        self.closed_otherwise += other.closed_otherwise;
        self.added += other.added;
        self.withdrawn += other.withdrawn;
        self.reopened += other.reopened;
        self.quarantined += other.quarantined;
        self.review_rejected += other.review_rejected;
        self.merge_rejected += other.merge_rejected;
        self.sessions_begun += other.sessions_begun;
        for (outcome, count) in &other.sessions_ended {
            *self.sessions_ended.entry(*outcome).or_default() += count;
        }
        self.upstream_moved += other.upstream_moved;
        self.usage.add(&other.usage);
    }

    /// Sessions that ended, however.
    pub fn ended(&self) -> u64 {
        self.sessions_ended.values().sum()
    }
}
