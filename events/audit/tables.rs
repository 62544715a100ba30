//! The audit's own plain tables, and payloads as plain values.

use std::collections::{BTreeMap, BTreeSet};

use rmpv::Value;

/// What is wanted of a project, as the audit reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Wanted {
    #[default]
    Stopped,
    Running,
    Draining,
    Completed,
}

#[derive(Debug)]
pub(super) struct ProjectTable {
    pub(super) wanted: Wanted,
    pub(super) editing: bool,
    /// Slots wanted.
    pub(super) target: u64,
    /// Limits that were in force since the first setting, in microseconds: the longest of each,
    /// because a claim keeps what it began with.
    pub(super) wall: i64,
    pub(super) lease: i64,
    /// The newest session of each slot.
    pub(super) sessions: BTreeMap<String, SessionRow>,
    /// Transcripts as they were recorded: session, chunks, bytes, digest, position.
    pub(super) transcripts: Vec<TranscriptRow>,
    pub(super) features: BTreeMap<String, FeatureRow>,
    /// Feature → those it depends on, by the backlog.
    pub(super) edges: BTreeSet<(String, String)>,
    /// Features that left the backlog.
    pub(super) left: BTreeSet<String>,
    pub(super) slots: BTreeMap<String, SlotRow>,
    pub(super) entries: BTreeMap<u64, EntryRow>,
    /// Published merges of features in the log's order: position, feature, commit.
    pub(super) advanced: Vec<(u64, String, String)>,
    /// Where the branch was when the queue was opened: what lies below was brought by others,
    /// perhaps by an earlier installation. When a person took a rewritten branch as it is, where
    /// it was then.
    pub(super) begun: Option<String>,
    /// When that was: what was published before may be gone from the branch.
    pub(super) accepted: u64,
    /// The queue halted because the branch was rewritten, and nobody has taken it as it is: the log
    /// knows that it lacks something.
    pub(super) rewritten: bool,
}

impl Default for ProjectTable {
    fn default() -> Self {
        Self {
            wanted: Wanted::Stopped,
            editing: false,
            // One, until somebody says otherwise.
            target: 1,
            wall: 2 * 3_600 * 1_000_000,
            lease: 60 * 1_000_000,
            sessions: BTreeMap::new(),
            transcripts: vec![],
            features: BTreeMap::new(),
            edges: BTreeSet::new(),
            left: BTreeSet::new(),
            slots: BTreeMap::new(),
            entries: BTreeMap::new(),
            advanced: vec![],
            begun: None,
            accepted: 0,
            rewritten: false,
        }
    }
}

/// The session of a slot.
#[derive(Debug, Default)]
pub(super) struct SessionRow {
    pub(super) role: String,
    /// Feature and epoch, for those with a claim.
    pub(super) claim: Option<(String, u64)>,
    pub(super) started: bool,
    /// It handed in what it was granted for.
    pub(super) said: bool,
    pub(super) ended: bool,
}

/// What the log says of a kept transcript.
#[derive(Debug)]
pub(super) struct TranscriptRow {
    pub(super) session: String,
    pub(super) chunks: u64,
    pub(super) bytes: u64,
    pub(super) digest: String,
    pub(super) dropped: bool,
    pub(super) at: u64,
}

/// An open claim.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) epoch: u64,
    /// The slot that holds it; none for those outside.
    pub(super) slot: Option<String>,
    /// Up-time at which it has to be over.
    pub(super) bound: Option<i64>,
}

#[derive(Debug, Default)]
pub(super) struct FeatureRow {
    pub(super) exists: bool,
    pub(super) epoch: u64,
    /// The open claim.
    pub(super) open: Option<Open>,
    /// Tries, rejections and conflicts since the last requeue or reopening.
    pub(super) used: [u32; 3],
    /// The claim that was handed in last, and whether its review passed.
    pub(super) submitted: Option<(u64, bool)>,
    pub(super) settled: bool,
    /// Something other than an open feature: submitted, quarantined, asked, …
    pub(super) busy: Option<&'static str>,
    pub(super) blockers: BTreeSet<String>,
    /// Merges it was closed with.
    pub(super) merged: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct SlotRow {
    /// Requested and not yet started or failed.
    pub(super) requested: Option<u64>,
    /// Started and not yet exited or lost.
    pub(super) started: Option<u64>,
    /// In service.
    pub(super) enlisted: bool,
    /// Its newest session.
    pub(super) session: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct EntryRow {
    /// The feature, unless it is a scaffold.
    pub(super) feature: Option<String>,
    /// The claim it was handed in under.
    pub(super) epoch: u64,
    pub(super) base: Option<String>,
    pub(super) sha: String,
    pub(super) tree: String,
    pub(super) verified: bool,
    pub(super) intended: bool,
    pub(super) published: bool,
    /// Its evidence is that nothing verifies.
    pub(super) waived: bool,
}

/// A payload as a plain map.
pub(super) struct Payload(Value);

/// What a map holds under a key.
fn member<'a>(map: &'a Value, key: &str) -> Option<&'a Value> {
    let mut pairs = map.as_map()?.iter();
    let (_, value) = pairs.find(|(name, _)| name.as_str() == Some(key))?;
    Some(value)
}

impl Payload {
    pub(super) fn read(mut bytes: &[u8]) -> Self {
        Self(rmpv::decode::read_value(&mut bytes).unwrap_or(Value::Nil))
    }

    fn at(&self, path: &str) -> &Value {
        let mut value = &self.0;
        for key in path.split('.') {
            value = member(value, key).unwrap_or(&Value::Nil);
        }
        value
    }

    pub(super) fn text(&self, path: &str) -> String {
        self.at(path).as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn maybe(&self, path: &str) -> Option<String> {
        self.at(path).as_str().map(str::to_owned)
    }

    pub(super) fn number(&self, path: &str) -> u64 {
        self.at(path).as_u64().unwrap_or_default()
    }

    pub(super) fn maybe_number(&self, path: &str) -> Option<u64> {
        self.at(path).as_u64()
    }

    /// Whether there is anything but nil.
    pub(super) fn maybe_bytes(&self, path: &str) -> bool {
        !matches!(self.at(path), Value::Nil)
    }

    /// Whether the key is there, be it nil.
    pub(super) fn has(&self, path: &str) -> bool {
        let (parent, key) = match path.rsplit_once('.') {
            Some((parent, key)) => (self.at(parent), key),
            None => (&self.0, path),
        };
        member(parent, key).is_some()
    }

    pub(super) fn signed(&self, path: &str) -> i64 {
        self.at(path).as_i64().unwrap_or_default()
    }

    pub(super) fn texts(&self, path: &str) -> Vec<String> {
        let items = self
            .at(path)
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        items
            .iter()
            .filter_map(|v| v.as_str().map(str::to_owned))
            .collect()
    }

    pub(super) fn items(&self, path: &str) -> Vec<Payload> {
        let items = self
            .at(path)
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        items.iter().map(|v| Payload(v.clone())).collect()
    }
}

#[cfg(test)]
mod tests;
