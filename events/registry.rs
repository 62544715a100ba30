//! Every kind of event that this build knows. A name belongs to one enum: two meanings under one
//! name are refused at the start, before anything is read or written.

use std::collections::BTreeMap;

use crate::codec::{EventCodec, Kind};
use crate::{backlog, container, feature, merge_queue, node, project, subscription};

/// Two enums store under one name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this build stores two kinds of event under the name {0}; it must not be used")]
pub struct Duplicate(pub &'static str);

/// The newest schema of every name, from the kinds that the enums declare.
pub fn collect(enums: &[&[Kind]]) -> Result<BTreeMap<&'static str, u16>, Duplicate> {
    let mut known = BTreeMap::new();
    for kind in enums.iter().copied().flatten() {
        if known.insert(kind.name, kind.schema).is_some() {
            return Err(Duplicate(kind.name));
        }
    }
    Ok(known)
}

/// The registry of this build.
pub fn registry() -> Result<BTreeMap<&'static str, u16>, Duplicate> {
    collect(&[
        project::Event::KINDS,
        backlog::Event::KINDS,
        feature::Event::KINDS,
        container::Event::KINDS,
        merge_queue::Event::KINDS,
        node::Event::KINDS,
        subscription::Event::KINDS,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_declared_once() {
        let known = registry().expect("no name twice");
        assert_eq!(known.get("feature.claimed"), Some(&1));
        let twice = collect(&[
            node::Event::KINDS,
            merge_queue::Event::KINDS,
            node::Event::KINDS,
        ]);
        assert_eq!(twice, Err(Duplicate(node::Event::KINDS[0].name)));
    }
}
