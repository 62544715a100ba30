//! The books as bytes: a cache that shortens the start and is never the truth. Whatever is odd
//! about one, it is thrown away and the log is folded from the beginning.
//!
//! A snapshot is of one log, one position with its digest, and one set of rules: the fingerprint is
//! a hash over the sources of this crate, so that no build takes over state that other rules
//! folded.

use serde::{Deserialize, Serialize};

use crate::id::Digest;
use crate::stream::Position;
use crate::view::Books;

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

/// Bytes of the books of a log.
pub fn encode(log: &str, books: &Books) -> Vec<u8> {
    let body = crate::codec::to_named(books);
    let header = Header {
        rules: FINGERPRINT.to_owned(),
        log: log.to_owned(),
        body: Digest::of(&body),
    };
    let mut bytes = crate::codec::to_named(&header);
    bytes.extend(body);
    bytes
}

/// The books in the bytes of a snapshot of this log. That their position is in the log with their
/// digest, only the log can say.
pub fn decode(log: &str, bytes: &[u8]) -> Result<Books, Unusable> {
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

/// What these books are, in one value: equal books have equal digests.
pub fn digest(books: &Books) -> Digest {
    Digest::of(&crate::codec::to_named(books))
}

/// Where two folds of one prefix differ first: the position of the oldest stream state that is not
/// the same, by its newest event.
pub fn first_difference(kept: &Books, folded: &Books) -> Option<Position> {
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
        let of = |books: &Books| {
            books
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
                .for_each(|book| differ(book.position, book.position, false));
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
        differ(a.trunk.position, b.trunk.position, a.trunk == b.trunk);
        for id in a.features.keys().chain(b.features.keys()) {
            let of = |book: &crate::view::ProjectBook| {
                book.features.get(id).map_or(Position(0), |t| t.position)
            };
            differ(of(a), of(b), a.features.get(id) == b.features.get(id));
        }
        for n in a.berths.keys().chain(b.berths.keys()) {
            let of = |book: &crate::view::ProjectBook| {
                book.berths.get(n).map_or(Position(0), |t| t.position)
            };
            differ(of(a), of(b), a.berths.get(n) == b.berths.get(n));
        }
        differ(a.position, b.position, a == b);
    }
    differ(kept.position, folded.position, kept == folded);
    places.into_iter().min()
}
