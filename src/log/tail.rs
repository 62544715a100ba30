//! What the writer of this process made durable last, for those who follow close behind: a commit
//! is folded without being read from the disk again.
//!
//! Only what is durable is here, and only a little of it: whoever is further behind reads the log.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use events::envelope::Envelope;
use events::stream::Position;

/// Commits that are kept: a follower that misses more of them reads them faster as one.
const COMMITS_MAX: usize = 64;
/// Events of a commit that is kept: followers take no more at once.
const EVENTS_MAX: usize = 1024;
/// Bytes of all that is kept, beyond what those who follow hold of it anyway.
const BYTES_MAX: usize = 1024 * 1024;

/// The newest commits, oldest first. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Tail(Arc<Mutex<Commits>>);

#[derive(Default)]
struct Commits {
    all: VecDeque<Arc<Vec<Envelope>>>,
    bytes: usize,
}

fn bytes(commit: &[Envelope]) -> usize {
    let payloads: usize = commit.iter().map(|e| e.payload.len()).sum();
    payloads + size_of_val(commit)
}

fn first(commit: &[Envelope]) -> Option<Position> {
    commit.first().map(|envelope| envelope.position)
}

impl Tail {
    fn lock(&self) -> MutexGuard<'_, Commits> {
        // Nothing under the lock can leave it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a durable commit.
    pub(super) fn push(&self, commit: Vec<Envelope>) {
        let size = bytes(&commit);
        if commit.is_empty() || commit.len() > EVENTS_MAX || size > BYTES_MAX {
            return;
        }
        let mut commits = self.lock();
        commits.all.push_back(Arc::new(commit));
        commits.bytes += size;

        while commits.all.len() > COMMITS_MAX || commits.bytes > BYTES_MAX {
            if let Some(old) = commits.all.pop_front() {
                commits.bytes -= bytes(&old);
            }
        }
    }

    /// The commit whose first event comes right after this position.
    pub(super) fn after(&self, position: Position) -> Option<Arc<Vec<Envelope>>> {
        let wanted = Some(Position(position.0 + 1));
        let commits = self.lock();
        let found = commits.all.iter().rev().find(|one| first(one) == wanted);
        found.cloned()
    }
}

#[cfg(test)]
mod tests {
    use events::cause::{Cause, Principal};
    use events::id::{CommandId, Digest, Timestamp};
    use events::stream::Version;

    use super::*;

    fn commit(positions: std::ops::Range<u64>, payload: usize) -> Vec<Envelope> {
        let envelope = |position| Envelope {
            position: Position(position),
            stream: "project-zoo".parse().expect("a stream"),
            version: Version(position),
            kind: "project.started".into(),
            schema: 1,
            at: Timestamp(0),
            cause: Cause::first(Principal::Operator("anna".into()), CommandId([0; 16])),
            command: CommandId([0; 16]),
            trace: None,
            payload: vec![0; payload],
            digest: Digest::default(),
        };

        positions.map(envelope).collect()
    }

    /// Where the commit after each position ends, for those that are kept.
    fn kept(tail: &Tail, positions: std::ops::Range<u64>) -> Vec<(u64, u64)> {
        let end = |position| {
            let commit = tail.after(Position(position))?;
            Some((position, commit.last()?.position.0))
        };
        positions.filter_map(end).collect()
    }

    #[test]
    fn a_commit_is_found_from_right_before_it_and_nowhere_else() {
        let tail = Tail::default();
        tail.push(commit(1..4, 9));
        tail.push(commit(4..5, 9));
        // One of unknown outcome came in between: it is read from the log.
        tail.push(commit(7..9, 9));
        tail.push(vec![]);
        assert_eq!(kept(&tail, 0..12), [(0, 3), (3, 4), (6, 8)]);
    }

    #[test]
    fn what_is_kept_is_bounded_in_every_way() {
        let tail = Tail::default();
        for position in 1..=2 * COMMITS_MAX as u64 {
            tail.push(commit(position..position + 1, 9));
        }
        let after = COMMITS_MAX as u64;
        assert_eq!(kept(&tail, 0..after), []);
        assert_eq!(kept(&tail, after..2 * after).len(), COMMITS_MAX);

        let begin = 1_000;
        tail.push(commit(begin..begin + EVENTS_MAX as u64 + 1, 9));
        tail.push(commit(begin..begin + 1, BYTES_MAX));
        assert_eq!(kept(&tail, begin - 1..begin), []);
        for position in begin..begin + 9 {
            tail.push(commit(position..position + 1, BYTES_MAX / 4));
        }
        let left = kept(&tail, 0..begin + 9);
        assert_eq!(left.len(), 3);
        assert_eq!(left.last(), Some(&(begin + 7, begin + 8)));
    }
}
