//! The ids under which outcomes of effects are recorded: derived, so that an effect that is repeated
//! records once.

use events::id::CommandId;
use events::merge_queue;
use events::stream::{StreamId, Version};

use crate::ports::repo::MergeSpec;

/// The id under which an outcome is recorded. `key` holds what makes it another outcome: for what
/// may be owed again later, the version of the stream; for what is done once, as taking a batch in,
/// only the thing itself.
pub(crate) fn act_id(stream: &StreamId, key: &[&str]) -> CommandId {
    let name = stream.to_string();
    let parts: Vec<&str> = ["effect", name.as_str()]
        .into_iter()
        .chain(key.iter().copied())
        .collect();
    CommandId::derived(&parts)
}

/// What tells the building of a candidate from every other: the trunk as it was. Counts of failures
/// and moves do not, they fall again.
pub(crate) fn build_key(spec: &MergeSpec, version: Version) -> [String; 3] {
    let (entry, version) = (spec.entry.to_string(), version.to_string());
    ["build".to_owned(), entry, version]
}

/// What tells a publication from every other.
pub(crate) fn publish_key(version: Version, candidate: &merge_queue::Candidate) -> [String; 3] {
    let (version, sha) = (version.to_string(), candidate.sha.to_string());
    ["publish".to_owned(), version, sha]
}
