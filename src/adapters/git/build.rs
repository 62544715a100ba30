//! Candidates without a work tree: a merge in memory, or the first commit of an empty upstream.

use std::collections::BTreeSet;

use actors::ports::PortError;
use actors::ports::repo::{Built, MergeWish, Work};
use actors::refs;
use events::id::{Epoch, FeatureId, Sha};
use events::protect;
use events::trunk::event::FILES_MAX;
use events::trunk::{Candidate, Changes, Collision};
use git2::{Commit, Index, ObjectType, Oid, Repository, Tree};

use super::gate::{candidate_ref, read_ref};
use super::{author, detect, oid, scaffold, sha, trouble};

/// Larger files are not looked at for a verification command.
const READ_MAX: usize = 1024 * 1024;
/// Largest file that work may bring. A pushed pack has a bound, and what is in it may be a thousand times as large.
const BLOB_MAX: usize = 256 * 1024 * 1024;

/// Builds what is wished, with the wish's date: built again it has the same sha.
pub(super) fn build(repository: &Repository, wish: &MergeWish) -> Result<Built, PortError> {
    let merged = match (&wish.base, &wish.work) {
        (None, Work::Scaffold) => Ok((scaffold::tree(repository, None)?, vec![])),
        (Some(base), Work::Scaffold) => {
            let base = oid(base)?;
            let old = repository
                .find_commit(base)
                .and_then(|commit| commit.tree())
                .map_err(trouble)?;
            let tree = scaffold::tree(repository, Some(&old))?;
            if tree == old.id() {
                return Ok(Built::Nothing);
            }
            Ok((tree, vec![base]))
        }
        (Some(base), Work::Merge(work)) => {
            let (base, work) = (oid(base)?, oid(work)?);
            merge(repository, base, work)?.map(|tree| (tree, vec![base, work]))
        }
        (Some(base), Work::Revert(commit)) => {
            let base = oid(base)?;
            revert(repository, base, oid(commit)?)?.map(|tree| (tree, vec![base]))
        }
        (None, _) => {
            return Err(PortError::Permanent(
                "upstream is empty: it takes the scaffold first".to_owned(),
            ));
        }
    };
    let (tree, parents) = match merged {
        Ok(built) => built,
        Err(paths) => return Ok(Built::Conflict { paths }),
    };
    let commit = commit(repository, wish, tree, &parents)?;
    repository
        .reference(&candidate_ref(wish.entry), commit, true, "candidate")
        .map_err(trouble)?;
    let changes = changes(repository, wish, parents.first().copied(), tree)?;
    Ok(Built::Candidate(
        Candidate {
            base: wish.base.clone(),
            sha: sha(commit)?,
            tree: sha(tree)?,
        },
        changes,
    ))
}

/// Those of these claims whose pushed work does not merge with upstream as it is.
pub(super) fn collisions(
    repository: &Repository,
    base: &Sha,
    works: &[(FeatureId, Epoch)],
) -> Result<Vec<Collision>, PortError> {
    let base = oid(base)?;
    let mut found = Vec::new();
    for (feature, epoch) in works {
        let Some(work) = read_ref(repository, &refs::work(feature, *epoch))? else {
            continue;
        };
        let work = oid(&work)?;
        // Whoever hands that in is told; it is not looked into before.
        if too_large(repository, repository.merge_base(base, work).ok(), work)?.is_some() {
            continue;
        }
        if let Err(mut paths) = merge(repository, base, work)? {
            paths.truncate(FILES_MAX);
            found.push(Collision {
                feature: feature.clone(),
                epoch: *epoch,
                paths,
            });
        }
    }
    Ok(found)
}

/// What the new tree changes.
fn changes(
    repository: &Repository,
    wish: &MergeWish,
    base: Option<Oid>,
    tree: Oid,
) -> Result<Changes, PortError> {
    let new = repository.find_tree(tree).map_err(trouble)?;
    let paths = between(repository, base, &new)?;
    // Files of ours are in the first commit because we put them there.
    let protected = match wish.work {
        Work::Scaffold => vec![],
        _ => protect::protected(&wish.protected, paths.iter().map(String::as_str)),
    };
    let more = u32::try_from(paths.len().saturating_sub(FILES_MAX)).unwrap_or(u32::MAX);
    let files = paths.into_iter().take(FILES_MAX).collect();
    Ok(Changes {
        files,
        more,
        protected,
        detected: detect::detect(|name| read(repository, &new, name)),
    })
}

/// The paths that differ between two commits; without the first one, none: there is nothing that they could be news to.
pub(super) fn changed(
    repository: &Repository,
    from: Option<Oid>,
    to: Oid,
) -> Result<BTreeSet<String>, PortError> {
    let Some(from) = from else {
        return Ok(BTreeSet::new());
    };
    let new = repository
        .find_commit(to)
        .and_then(|commit| commit.tree())
        .map_err(trouble)?;
    between(repository, Some(from), &new)
}

fn between(
    repository: &Repository,
    from: Option<Oid>,
    new: &Tree<'_>,
) -> Result<BTreeSet<String>, PortError> {
    let old = from
        .map(|from| {
            repository
                .find_commit(from)
                .and_then(|commit| commit.tree())
                .map_err(trouble)
        })
        .transpose()?;
    let diff = repository
        .diff_tree_to_tree(old.as_ref(), Some(new), None)
        .map_err(trouble)?;
    let mut paths = BTreeSet::new();
    for delta in diff.deltas() {
        let sides = [delta.old_file().path_bytes(), delta.new_file().path_bytes()];
        paths.extend(
            sides
                .into_iter()
                .flatten()
                .map(|path| String::from_utf8_lossy(path).into_owned()),
        );
    }
    Ok(paths)
}

/// A file of a tree, when it is one and not too large to be looked at.
fn read(repository: &Repository, tree: &Tree<'_>, name: &str) -> Option<Vec<u8>> {
    let entry = tree.get_name(name)?;
    let (size, kind) = repository.odb().ok()?.read_header(entry.id()).ok()?;
    (kind == ObjectType::Blob && size <= READ_MAX).then(|| {
        repository
            .find_blob(entry.id())
            .ok()
            .map(|blob| blob.content().to_vec())
    })?
}

/// The tree without what a commit brought, or the paths that conflict.
fn revert(
    repository: &Repository,
    base: Oid,
    commit: Oid,
) -> Result<Result<Oid, Vec<String>>, PortError> {
    let (ours, out) = (
        repository.find_commit(base).map_err(trouble)?,
        repository.find_commit(commit).map_err(trouble)?,
    );
    // Of a merge, what it brought to its first parent.
    let mainline = u32::from(out.parent_count() > 1);
    let index = repository
        .revert_commit(&out, &ours, mainline, None)
        .map_err(trouble)?;
    written(repository, index)
}

/// A file of a work that is larger than what is merged, if one is: to look whether files were renamed, they are read as a whole.
pub(super) fn too_large(
    repository: &Repository,
    base: Option<Oid>,
    work: Oid,
) -> Result<Option<String>, PortError> {
    let tree = |id: Oid| {
        repository
            .find_commit(id)
            .and_then(|commit| commit.tree())
            .map_err(trouble)
    };
    let (old, new) = (base.map(tree).transpose()?, tree(work)?);
    let odb = repository.odb().map_err(trouble)?;
    let diff = repository
        .diff_tree_to_tree(old.as_ref(), Some(&new), None)
        .map_err(trouble)?;
    for delta in diff.deltas() {
        let file = delta.new_file();
        let size = if file.exists() {
            odb.read_header(file.id()).map_or(0, |(size, _)| size)
        } else {
            0
        };
        if size > BLOB_MAX {
            let path = String::from_utf8_lossy(file.path_bytes().unwrap_or_default()).into_owned();
            return Ok(Some(format!(
                "{path} has {} MiB, at most {} are merged",
                size >> 20,
                BLOB_MAX >> 20
            )));
        }
    }
    Ok(None)
}

/// The merged tree, or the paths that conflict.
fn merge(
    repository: &Repository,
    base: Oid,
    work: Oid,
) -> Result<Result<Oid, Vec<String>>, PortError> {
    let fork = repository.merge_base(base, work).ok();
    if let Some(why) = too_large(repository, fork, work)? {
        return Err(PortError::Permanent(why));
    }
    let (ours, theirs) = (
        repository.find_commit(base).map_err(trouble)?,
        repository.find_commit(work).map_err(trouble)?,
    );
    written(
        repository,
        repository
            .merge_commits(&ours, &theirs, None)
            .map_err(trouble)?,
    )
}

/// A merged index as a tree, or the paths that conflict.
fn written(
    repository: &Repository,
    mut index: Index,
) -> Result<Result<Oid, Vec<String>>, PortError> {
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

fn commit(
    repository: &Repository,
    wish: &MergeWish,
    tree: Oid,
    parents: &[Oid],
) -> Result<Oid, PortError> {
    let author = author(wish.at)?;
    let tree = repository.find_tree(tree).map_err(trouble)?;
    let parents: Result<Vec<Commit<'_>>, _> =
        parents.iter().map(|p| repository.find_commit(*p)).collect();
    let parents = parents.map_err(trouble)?;
    let parents: Vec<&Commit<'_>> = parents.iter().collect();
    repository
        .commit(None, &author, &author, &wish.message, &tree, &parents)
        .map_err(trouble)
}
