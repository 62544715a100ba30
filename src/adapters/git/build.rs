//! Candidates without a work tree: a merge in memory, or the first commit of an empty upstream.

use actors::ports::PortError;
use actors::ports::repo::{Built, MergeWish};
use events::trunk::Candidate;
use git2::{Commit, FileMode, Oid, Repository, Signature, Time};

use super::gate::candidate_ref;
use super::{oid, sha, trouble};

/// Files of the scaffold.
const SCAFFOLD: &[(&str, &str)] = &[("AGENTS.md", include_str!("../../../templates/project/AGENTS.md"))];

/// Builds what is wished, with the wish's date: built again it has the same sha.
pub(super) fn build(repository: &Repository, wish: &MergeWish) -> Result<Built, PortError> {
    let (tree, parents) = match (&wish.base, &wish.sha) {
        (None, None) => (scaffold(repository)?, vec![]),
        (Some(base), Some(work)) => match merge(repository, oid(base)?, oid(work)?)? {
            Ok(tree) => (tree, vec![oid(base)?, oid(work)?]),
            Err(paths) => return Ok(Built::Conflict { paths }),
        },
        (None, Some(_)) => return Err(PortError::Permanent("upstream is empty: it takes the scaffold first".to_owned())),
        (Some(_), None) => return Err(PortError::Permanent("upstream is not empty: it takes no scaffold".to_owned())),
    };
    let commit = commit(repository, wish, tree, &parents)?;
    repository.reference(&candidate_ref(wish.entry), commit, true, "candidate").map_err(trouble)?;
    Ok(Built::Candidate(Candidate { base: wish.base.clone(), sha: sha(commit)?, tree: sha(tree)? }))
}

fn scaffold(repository: &Repository) -> Result<Oid, PortError> {
    let mut root = repository.treebuilder(None).map_err(trouble)?;
    for (name, text) in SCAFFOLD {
        let blob = repository.blob(text.as_bytes()).map_err(trouble)?;
        root.insert(*name, blob, FileMode::Blob.into()).map_err(trouble)?;
    }
    root.write().map_err(trouble)
}

/// The merged tree, or the paths that conflict.
fn merge(repository: &Repository, base: Oid, work: Oid) -> Result<Result<Oid, Vec<String>>, PortError> {
    let (ours, theirs) = (repository.find_commit(base).map_err(trouble)?, repository.find_commit(work).map_err(trouble)?);
    let mut index = repository.merge_commits(&ours, &theirs, None).map_err(trouble)?;
    if !index.has_conflicts() {
        return index.write_tree_to(repository).map(Ok).map_err(trouble);
    }
    let mut paths = Vec::new();
    for conflict in index.conflicts().map_err(trouble)? {
        let conflict = conflict.map_err(trouble)?;
        let side = conflict.our.or(conflict.their).or(conflict.ancestor);
        paths.extend(side.map(|entry| String::from_utf8_lossy(&entry.path).into_owned()));
    }
    paths.sort();
    paths.dedup();
    Ok(Err(paths))
}

fn commit(repository: &Repository, wish: &MergeWish, tree: Oid, parents: &[Oid]) -> Result<Oid, PortError> {
    let when = Time::new(wish.at.0 / 1_000_000, 0);
    let author = Signature::new("Supercargo", "supercargo@localhost", &when).map_err(trouble)?;
    let tree = repository.find_tree(tree).map_err(trouble)?;
    let parents: Result<Vec<Commit<'_>>, _> = parents.iter().map(|p| repository.find_commit(*p)).collect();
    let parents = parents.map_err(trouble)?;
    let parents: Vec<&Commit<'_>> = parents.iter().collect();
    repository.commit(None, &author, &author, &wish.message, &tree, &parents).map_err(trouble)
}
