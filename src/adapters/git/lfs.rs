//! Git LFS in the gate: which files of a change are its business, as the attributes of the changed
//! tree have it, and which objects the trunk names.

use std::collections::BTreeSet;
use std::path::Path;

use actors::ports::PortError;
use events::lfs::{self, Changed, Content, POINTER_MAX, Refusal};
use git2::{AttrCheckFlags, AttrValue, Index, ObjectType, Oid, Repository, Tree};

use super::contents::TooLarge;
use super::{build, survey, trouble, walk};

/// Why a tree cannot be merged as far as LFS goes, if it cannot: what it changes since the fork,
/// with the objects that the trunk names.
pub(super) fn refusal(
    repository: &Repository,
    fork: Option<Oid>,
    merge_queue: Option<Oid>,
    tree: &Tree<'_>,
) -> Result<Option<Refusal>, PortError> {
    let mut changed = changed(repository, fork, tree)?;
    // Nearly all work has nothing to do with LFS: only what is above its files is looked at.
    let mut is_kept = false;
    for folder in folders_above(&changed) {
        match survey::patterns(repository, tree, folder)? {
            Ok(patterns) => is_kept |= !patterns.is_empty(),
            Err(too_large) => return Ok(Some(unreadable(&too_large))),
        }
    }
    if is_kept {
        mark_kept(repository, tree, &mut changed)?;
    }
    let is_its = |file: &Changed| file.kept || matches!(file.content, Content::Pointer(_));
    if !changed.iter().any(is_its) {
        return Ok(None);
    }

    let there = match merge_queue {
        Some(merge_queue) => objects(repository, &build::tree_of(repository, merge_queue)?)?,
        None => BTreeSet::new(),
    };
    Ok(lfs::refusal(&changed, &there))
}

/// Attributes that are too large to be read may hand anything to LFS.
fn unreadable(too_large: &TooLarge) -> Refusal {
    Refusal {
        paths: vec![too_large.path.clone()],
        why: format!(
            "{too_large}: nobody can tell which files Git LFS keeps; make it smaller, or have the \
             trunk's made smaller"
        ),
    }
}

/// The folders whose attributes may speak of these files, as prefixes of paths; the root is empty.
fn folders_above(changed: &[Changed]) -> BTreeSet<&str> {
    let mut folders = BTreeSet::from([""]);
    for file in changed {
        let ends = file.path.match_indices('/').map(|(at, _)| at + 1);
        folders.extend(ends.map(|end| &file.path[..end]));
    }
    folders
}

/// The files that a work changes, as it leaves them.
fn changed(
    repository: &Repository,
    fork: Option<Oid>,
    tree: &Tree<'_>,
) -> Result<Vec<Changed>, PortError> {
    let old = fork
        .map(|fork| build::tree_of(repository, fork))
        .transpose()?;
    let mut changed = vec![];

    // What exceeds the bounds of a comparison was refused before.
    for file in walk::differences(repository, old.as_ref(), tree)?.files {
        let Some(id) = file.new else { continue };
        if let Some(content) = content(repository, id)? {
            changed.push(Changed {
                path: file.path,
                kept: false,
                content,
            });
        }
    }

    Ok(changed)
}

/// What a blob is to LFS; none of what is no blob. Only what is as short as a pointer is read.
fn content(repository: &Repository, id: Oid) -> Result<Option<Content>, PortError> {
    let odb = repository.odb().map_err(trouble)?;
    let Ok((size, ObjectType::Blob)) = odb.read_header(id) else {
        return Ok(None);
    };
    if size > POINTER_MAX {
        return Ok(Some(Content::Plain));
    }
    let blob = repository.find_blob(id).map_err(trouble)?;
    Ok(Some(Content::of(blob.content())))
}

/// Marks what the attributes of a tree hand to LFS: they are read from an index of that tree, which
/// is in memory alone, for a gate has no files.
fn mark_kept(
    repository: &Repository,
    tree: &Tree<'_>,
    changed: &mut [Changed],
) -> Result<(), PortError> {
    let mut index = Index::new().map_err(trouble)?;
    index.read_tree(tree).map_err(trouble)?;
    repository.set_index(&mut index).map_err(trouble)?;
    for file in changed {
        let path = Path::new(&file.path);
        let filter = repository
            .get_attr(path, "filter", AttrCheckFlags::INDEX_ONLY)
            .map_err(trouble)?;
        file.kept = AttrValue::from_string(filter) == AttrValue::String("lfs");
    }

    Ok(())
}

/// The objects of LFS that a tree names.
fn objects(repository: &Repository, tree: &Tree<'_>) -> Result<BTreeSet<String>, PortError> {
    let mut blobs = BTreeSet::new();
    walk::entries(tree, |_, entry| {
        if entry.kind() == Some(ObjectType::Blob) {
            blobs.insert(entry.id());
        }
    })?;

    let mut objects = BTreeSet::new();
    for blob in blobs {
        if let Some(Content::Pointer(digest)) = content(repository, blob)? {
            objects.insert(digest);
        }
    }
    Ok(objects)
}
