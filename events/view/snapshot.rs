//! The projections as bytes: a cache that shortens the start and is never the truth. Whatever is
//! odd about one, it is thrown away and the log is folded from the beginning.
//!
//! A snapshot is of one log, one position with its digest, and one set of rules: the fingerprint is
//! a hash over the sources of this crate, so that no build takes over state that other rules
//! folded.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::Digest;
use crate::stream::Position;
use crate::view::Projections;
use crate::view::projections::{ProjectView, Tracked};

/// The rules that folded a state: 32 hex digits over the sources of this crate.
pub const FINGERPRINT: &str = env!("REDUCER_FINGERPRINT");

/// Why bytes are not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Other rules made it.
    #[error("it was folded by other rules ({0})")]
    OtherRules(String),
    /// It is of another log.
    #[error("it is of the log {0}")]
    OtherLog(String),
    /// It is not what was written.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
struct Header {
    rules: String,
    log: String,
    body: Digest,
}

/// Bytes of the projections of a log.
pub fn encode(log: &str, projections: &Projections) -> Vec<u8> {
    let body = crate::codec::to_named(projections);
    let header = Header {
        rules: FINGERPRINT.to_owned(),
        log: log.to_owned(),
        body: Digest::of(&body),
    };
    let mut bytes = crate::codec::to_named(&header);
    bytes.extend(body);
    bytes
}

/// The projections in the bytes of a snapshot of this log. That their position is in the log with
/// their digest, only the log can say.
pub fn decode(log: &str, bytes: &[u8]) -> Result<Projections, Unusable> {
    let damaged = |e: rmp_serde::decode::Error| Unusable::Damaged(e.to_string());
    let mut rest = bytes;

    let header =
        Header::deserialize(&mut rmp_serde::Deserializer::new(&mut rest)).map_err(damaged)?;
    if header.rules != FINGERPRINT {
        return Err(Unusable::OtherRules(header.rules));
    }

    if header.log != log {
        return Err(Unusable::OtherLog(header.log));
    }

    if Digest::of(rest) != header.body {
        return Err(Unusable::Damaged(
            "its bytes are not those that were written".to_owned(),
        ));
    }

    rmp_serde::from_slice(rest).map_err(damaged)
}

/// What these projections are, in one value: equal projections have equal digests.
pub fn digest(projections: &Projections) -> Digest {
    Digest::of(&crate::codec::to_named(projections))
}

/// Where two folds of one prefix differ first: the position of the oldest stream state that is not
/// the same, by its newest event.
pub fn first_difference(kept: &Projections, folded: &Projections) -> Option<Position> {
    let mut places = Places::default();

    places.compare(&kept.node, &folded.node);
    places.compare_all(&kept.subscriptions, &folded.subscriptions);
    let names: BTreeSet<_> = kept.projects.keys().chain(folded.projects.keys()).collect();
    for name in names {
        match (kept.projects.get(name), folded.projects.get(name)) {
            (Some(kept), Some(folded)) => places.compare_views(kept, folded),
            (Some(one), None) | (None, Some(one)) => places.0.push(one.position),
            (None, None) => {}
        }
    }
    places.add(kept.position, folded.position, kept == folded);

    places.0.into_iter().min()
}

/// Where two folds differ.
#[derive(Default)]
struct Places(Vec<Position>);

impl Places {
    fn add(&mut self, kept: Position, folded: Position, is_same: bool) {
        if !is_same {
            self.0.push(kept.max(folded));
        }
    }

    fn compare<A: PartialEq>(&mut self, kept: &Tracked<A>, folded: &Tracked<A>) {
        self.add(kept.position, folded.position, kept == folded);
    }

    /// Streams of one kind; one that is missing on a side has no position there.
    fn compare_all<K: Ord, A: PartialEq>(
        &mut self,
        kept: &BTreeMap<K, Tracked<A>>,
        folded: &BTreeMap<K, Tracked<A>>,
    ) {
        for name in kept.keys().chain(folded.keys()) {
            match (kept.get(name), folded.get(name)) {
                (Some(kept), Some(folded)) => self.compare(kept, folded),
                (Some(one), None) | (None, Some(one)) => self.0.push(one.position),
                (None, None) => {}
            }
        }
    }

    fn compare_views(&mut self, kept: &ProjectView, folded: &ProjectView) {
        self.compare(&kept.project, &folded.project);
        self.compare(&kept.backlog, &folded.backlog);
        self.compare(&kept.merge_queue, &folded.merge_queue);
        self.compare_all(&kept.features, &folded.features);
        self.compare_all(&kept.slots, &folded.slots);
        self.add(kept.position, folded.position, kept == folded);
    }
}
