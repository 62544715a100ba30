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

#[derive(Debug, Default)]
pub(super) struct ProjectTable {
    pub(super) wanted: Wanted,
    pub(super) editing: bool,
    pub(super) features: BTreeMap<String, FeatureRow>,
    /// Feature → those it depends on, by the backlog.
    pub(super) edges: BTreeSet<(String, String)>,
    pub(super) berths: BTreeMap<String, BerthRow>,
    pub(super) entries: BTreeMap<u64, EntryRow>,
    /// Published merges of features in the log's order: position, feature, commit.
    pub(super) advanced: Vec<(u64, String, String)>,
}

#[derive(Debug, Default)]
pub(super) struct FeatureRow {
    pub(super) exists: bool,
    pub(super) epoch: u64,
    /// The open claim.
    pub(super) open: Option<u64>,
    pub(super) settled: bool,
    /// Something other than an open feature: submitted, quarantined, asked, …
    pub(super) busy: Option<&'static str>,
    pub(super) blockers: BTreeSet<String>,
    /// Merges it was closed with.
    pub(super) merged: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct BerthRow {
    /// Requested and not yet started or failed.
    pub(super) requested: Option<u64>,
    /// Started and not yet exited or lost.
    pub(super) started: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct EntryRow {
    /// The feature, unless it is a scaffold.
    pub(super) feature: Option<String>,
    pub(super) base: Option<String>,
    pub(super) sha: String,
    pub(super) tree: String,
    pub(super) verified: bool,
    pub(super) intended: bool,
}

/// A payload as a plain map.
pub(super) struct Payload(Value);

impl Payload {
    pub(super) fn read(mut bytes: &[u8]) -> Self {
        Self(rmpv::decode::read_value(&mut bytes).unwrap_or(Value::Nil))
    }

    fn at(&self, path: &str) -> &Value {
        path.split('.').fold(&self.0, |value, key| {
            let pairs = value.as_map().map(Vec::as_slice).unwrap_or_default();
            pairs.iter().find(|(k, _)| k.as_str() == Some(key)).map_or(&Value::Nil, |(_, v)| v)
        })
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

    pub(super) fn signed(&self, path: &str) -> i64 {
        self.at(path).as_i64().unwrap_or_default()
    }

    pub(super) fn texts(&self, path: &str) -> Vec<String> {
        let items = self.at(path).as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    }

    pub(super) fn items(&self, path: &str) -> Vec<Payload> {
        let items = self.at(path).as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().map(|v| Payload(v.clone())).collect()
    }
}
