//! The projections as bytes: a cache that shortens the start and is never the truth. Whatever is
//! odd about one, it is thrown away and the log is folded from the beginning.
//!
//! A snapshot is of one log, one position with its digest, and one set of rules: the fingerprint is
//! a hash over the sources of this crate, so that no build takes over state that other rules
//! folded.

use serde::{Deserialize, Serialize};

use crate::id::Digest;
use crate::stream::Position;
use crate::view::Projections;

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
    let mut places: Vec<Position> = Vec::new();
    let mut differ = |a: Position, b: Position, same: bool| {
        if !same {
            places.push(a.max(b));
        }
    };

    differ(
        kept.node.position,
        folded.node.position,
        kept.node == folded.node,
    );
    for name in kept.subscriptions.keys().chain(folded.subscriptions.keys()) {
        let of = |projections: &Projections| {
            projections
                .subscriptions
                .get(name)
                .map_or(Position(0), |t| t.position)
        };
        differ(
            of(kept),
            of(folded),
            kept.subscriptions.get(name) == folded.subscriptions.get(name),
        );
    }

    let names: std::collections::BTreeSet<_> =
        kept.projects.keys().chain(folded.projects.keys()).collect();
    for name in names {
        let (Some(a), Some(b)) = (kept.projects.get(name), folded.projects.get(name)) else {
            let one = kept
                .projects
                .get(name)
                .or_else(|| folded.projects.get(name));
            one.iter()
                .for_each(|view| differ(view.position, view.position, false));
            continue;
        };
        differ(
            a.project.position,
            b.project.position,
            a.project == b.project,
        );
        differ(
            a.backlog.position,
            b.backlog.position,
            a.backlog == b.backlog,
        );
        differ(
            a.merge_queue.position,
            b.merge_queue.position,
            a.merge_queue == b.merge_queue,
        );
        for id in a.features.keys().chain(b.features.keys()) {
            let of = |view: &crate::view::ProjectView| {
                view.features.get(id).map_or(Position(0), |t| t.position)
            };
            differ(of(a), of(b), a.features.get(id) == b.features.get(id));
        }
        for n in a.slots.keys().chain(b.slots.keys()) {
            let of = |view: &crate::view::ProjectView| {
                view.slots.get(n).map_or(Position(0), |t| t.position)
            };
            differ(of(a), of(b), a.slots.get(n) == b.slots.get(n));
        }
        differ(a.position, b.position, a == b);
    }

    differ(kept.position, folded.position, kept == folded);
    places.into_iter().min()
}
