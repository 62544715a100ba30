//! Seals: a signed statement about a range of the log. The root of a Merkle tree over the digests
//! of the range makes short proofs that one event is in it possible; the digest of its last event
//! ties the whole chain before it down.
//!
//! The tree is that of RFC 6962, section 2.1, over BLAKE3: leaves and nodes are hashed under
//! different keys, and a range is split at the largest power of two below its length.

use serde::{Deserialize, Serialize};

use crate::id::Digest;
use crate::stream::Position;

/// Most events under one seal.
pub const SEAL_MAX: u64 = 4096;

/// What a seal says of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// First position of the range.
    pub first: Position,
    /// Last position of the range.
    pub last: Position,
    /// Root of the Merkle tree over the digests of the range.
    pub root: Digest,
    /// Digest of the event at `last`.
    pub digest: Digest,
}

impl Statement {
    /// States what `digests` are: those of the events from `first` on. `None` for no events.
    pub fn over(first: Position, digests: &[Digest]) -> Option<Self> {
        let digest = *digests.last()?;
        let last = Position(first.0 + digests.len() as u64 - 1);
        Some(Self {
            first,
            last,
            root: root(digests),
            digest,
        })
    }

    /// The bytes that are signed: they name the log, so that a seal of another log proves nothing.
    pub fn signed_bytes(&self, log_id: &str) -> Vec<u8> {
        let mut bytes = b"supercargo 2026 seal".to_vec();
        bytes.extend((log_id.len() as u64).to_le_bytes());
        bytes.extend(log_id.as_bytes());
        bytes.extend(self.first.0.to_le_bytes());
        bytes.extend(self.last.0.to_le_bytes());
        bytes.extend(self.root.0);
        bytes.extend(self.digest.0);
        bytes
    }
}

fn leaf(digest: Digest) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("supercargo 2026 seal leaf");
    hasher.update(&digest.0);
    Digest(*hasher.finalize().as_bytes())
}

fn node(left: Digest, right: Digest) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("supercargo 2026 seal node");
    hasher.update(&left.0);
    hasher.update(&right.0);
    Digest(*hasher.finalize().as_bytes())
}

fn split(length: usize) -> usize {
    length.next_power_of_two() / 2
}

fn root(digests: &[Digest]) -> Digest {
    match digests {
        [] => Digest::default(),
        [one] => leaf(*one),
        many => {
            let (left, right) = many.split_at(split(many.len()));
            node(root(left), root(right))
        }
    }
}

/// The path from one event of a range to its root: the siblings, from the leaf upwards.
pub fn path(digests: &[Digest], index: usize) -> Vec<Digest> {
    if digests.len() < 2 {
        return vec![];
    }
    let (left, right) = digests.split_at(split(digests.len()));
    let (mut below, sibling) = match index < left.len() {
        true => (path(left, index), root(right)),
        false => (path(right, index - left.len()), root(left)),
    };
    below.push(sibling);
    below
}

/// The root that a digest at `index` of `length` has under this path; `None` when the path does not
/// fit.
pub fn root_by_path(
    digest: Digest,
    index: usize,
    length: usize,
    path: &[Digest],
) -> Option<Digest> {
    if length == 1 && index == 0 {
        return path.is_empty().then(|| leaf(digest));
    }

    if index >= length {
        return None;
    }

    let (sibling, below) = path.split_last()?;
    let left = split(length);

    Some(if index < left {
        node(root_by_path(digest, index, left, below)?, *sibling)
    } else {
        node(
            *sibling,
            root_by_path(digest, index - left, length - left, below)?,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(count: u64) -> Vec<Digest> {
        (0..count).map(|n| Digest::of(&n.to_le_bytes())).collect()
    }

    #[test]
    fn every_event_of_every_length_has_a_path_to_the_root_and_no_other_has() {
        for count in 1..40usize {
            let all = digests(count as u64);
            let sealed = Statement::over(Position(5), &all).expect("events");
            assert_eq!(
                (sealed.last.0, sealed.digest),
                (4 + count as u64, all[count - 1])
            );
            for (index, digest) in all.iter().enumerate() {
                let way = path(&all, index);
                assert_eq!(
                    root_by_path(*digest, index, count, &way),
                    Some(sealed.root),
                    "{index} of {count}"
                );
                assert_ne!(
                    root_by_path(Digest::of(b"another"), index, count, &way),
                    Some(sealed.root)
                );
                if count > 1 {
                    assert_ne!(
                        root_by_path(*digest, (index + 1) % count, count, &way),
                        Some(sealed.root)
                    );
                    assert_eq!(root_by_path(*digest, index, count, &way[1..]), None);
                }
            }
        }

        assert_eq!(Statement::over(Position(1), &[]), None);
        assert_eq!(root_by_path(Digest::default(), 3, 2, &[]), None);
    }

    #[test]
    fn what_is_signed_names_the_log() {
        let statement = Statement::over(Position(1), &digests(3)).expect("events");
        assert_ne!(statement.signed_bytes("one"), statement.signed_bytes("two"));
    }

    /// Seals that were signed are checked against these bytes for ever.
    #[test]
    fn what_is_signed_is_the_log_its_range_and_its_roots() {
        let statement = Statement {
            first: Position(3),
            last: Position(0x0102),
            root: Digest([7; 32]),
            digest: Digest([9; 32]),
        };
        let wanted: Vec<u8> = [
            b"supercargo 2026 seal".as_slice(),
            &[3, 0, 0, 0, 0, 0, 0, 0],
            b"zoo",
            &[3, 0, 0, 0, 0, 0, 0, 0],
            &[2, 1, 0, 0, 0, 0, 0, 0],
            &[7; 32],
            &[9; 32],
        ]
        .concat();
        assert_eq!(statement.signed_bytes("zoo"), wanted);
    }

    #[test]
    fn a_path_holds_for_its_own_length_and_place() {
        let all = digests(2);
        let way = path(&all, 1);
        let root = Statement::over(Position(1), &all).expect("events").root;
        assert_eq!(root_by_path(all[1], 1, 2, &way), Some(root));
        assert_eq!(root_by_path(all[1], 2, 2, &way), None, "beyond the end");
        // Of one event the root is its leaf, and nothing lies beside it.
        let one = Statement::over(Position(1), &all[..1])
            .expect("an event")
            .root;
        assert_eq!(root_by_path(all[0], 0, 1, &[]), Some(one));
        assert_eq!(root_by_path(all[0], 0, 1, &way), None);
        assert_eq!(root_by_path(all[0], 1, 1, &[]), None);
        assert_eq!(path(&all[..1], 0), []);
        assert_eq!(super::root(&[]), Digest::default());
    }
}
