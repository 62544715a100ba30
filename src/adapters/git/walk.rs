//! What differs between two trees, within bounds: a tree of a few kilobytes may stand for more
//! paths than any memory holds, because trees that are equal are stored once.

use std::collections::BTreeMap;

use git2::{ObjectType, Oid, Repository, Tree, TreeEntry, TreeWalkMode, TreeWalkResult};

use super::trouble;
use actors::ports::PortError;

/// Most entries of trees that are looked at for one comparison.
const ENTRIES_MAX: usize = 1_000_000;
/// Most bytes of the paths that differ.
const PATHS_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Longest path, in bytes: Linux opens none that is longer.
const PATH_MAX: usize = 4_095;

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// Where it is; bytes that are no UTF-8 are replaced.
    pub(super) path: String,
    /// What it is in the new tree; none where it is gone.
    pub(super) new: Option<Oid>,
    /// Its kind in the new tree, as git writes it down.
    pub(super) mode: i32,
}

/// What was found, and whether the comparison came to its end.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// In no order that anybody may rely on.
    pub(super) files: Vec<Difference>,
    /// Why there is more that was not looked at.
    pub(super) exceeds: Option<String>,
}

/// Two trees at one place; either may be missing.
struct Pair {
    prefix: Vec<u8>,
    old: Option<Oid>,
    new: Option<Oid>,
}

/// The sides of an entry: in the old tree, and in the new.
type Sides = (Option<Side>, Option<Side>);

/// A side of an entry.
#[derive(Clone, Copy, PartialEq)]
struct Side {
    id: Oid,
    mode: i32,
    is_tree: bool,
}

/// Compares two trees, file by file. Subtrees that are equal are not entered.
pub(super) fn differences(
    repository: &Repository,
    old: Option<&Tree<'_>>,
    new: &Tree<'_>,
) -> Result<Differences, PortError> {
    let mut found = Differences::default();
    let (mut entries, mut bytes) = (0, 0);
    let mut pairs = vec![Pair {
        prefix: vec![],
        old: old.map(Tree::id),
        new: Some(new.id()),
    }];

    while let Some(pair) = pairs.pop() {
        for (name, (old, new)) in both(repository, &pair)? {
            entries += 1;
            let path = [pair.prefix.as_slice(), &name].concat();
            if old != new {
                bytes += path.len();
            }
            found.exceeds = exceeds(entries, bytes, &path);
            if found.exceeds.is_some() {
                return Ok(found);
            }
            if old == new {
                continue;
            }

            let tree = |side: Option<Side>| side.filter(|side| side.is_tree).map(|side| side.id);
            if tree(old).is_some() || tree(new).is_some() {
                pairs.push(Pair {
                    prefix: [path.as_slice(), b"/"].concat(),
                    old: tree(old),
                    new: tree(new),
                });
            }
            let path = String::from_utf8_lossy(&path).into_owned();
            match (old, new) {
                (_, Some(file)) if !file.is_tree => found.files.push(Difference {
                    path,
                    new: Some(file.id),
                    mode: file.mode,
                }),
                (Some(gone), _) if !gone.is_tree => found.files.push(Difference {
                    path,
                    new: None,
                    mode: 0,
                }),
                _ => {}
            }
        }
    }

    Ok(found)
}

/// Visits every entry of a tree, with the folder that it is in, within the same bounds.
///
/// # Errors
/// There is more than is looked at.
pub(super) fn entries(
    tree: &Tree<'_>,
    mut visit: impl FnMut(&str, &TreeEntry<'_>),
) -> Result<(), PortError> {
    let mut seen = 0;
    let mut passed = None;
    let walked = tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
        seen += 1;
        passed = exceeds(seen, 0, folder.as_bytes());
        if passed.is_some() {
            return TreeWalkResult::Abort;
        }
        visit(folder, entry);
        TreeWalkResult::Ok
    });

    match passed {
        Some(why) => Err(PortError::Permanent(format!(
            "the tree is too large: {why}"
        ))),
        None => walked.map_err(trouble),
    }
}

/// Which bound is passed, if one is.
fn exceeds(entries: usize, bytes: usize, path: &[u8]) -> Option<String> {
    if path.len() > PATH_MAX {
        let begins = String::from_utf8_lossy(&path[..80]).into_owned();
        return Some(format!(
            "a path has more than {PATH_MAX} bytes, which no system can check out: {begins}…"
        ));
    }
    if entries > ENTRIES_MAX || bytes > PATHS_BYTES_MAX {
        return Some(format!(
            "it changes more files than are looked at: {ENTRIES_MAX} entries, or {} MiB of paths",
            PATHS_BYTES_MAX >> 20
        ));
    }
    None
}

/// The entries of both trees by their names' bytes, each with its sides: names that are no text and
/// are shown alike are entries of their own.
fn both(repository: &Repository, pair: &Pair) -> Result<BTreeMap<Vec<u8>, Sides>, PortError> {
    let mut all: BTreeMap<Vec<u8>, Sides> = BTreeMap::new();
    for (tree, is_new) in [(pair.old, false), (pair.new, true)] {
        let Some(id) = tree else { continue };
        let tree = repository.find_tree(id).map_err(trouble)?;
        for entry in &tree {
            let name = entry.name_bytes().to_vec();
            let side = Side {
                id: entry.id(),
                mode: entry.filemode(),
                is_tree: entry.kind() == Some(ObjectType::Tree),
            };
            let sides = all.entry(name).or_default();
            match is_new {
                true => sides.1 = Some(side),
                false => sides.0 = Some(side),
            }
        }
    }

    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree with these entries, each a file or a tree.
    fn tree(repository: &Repository, entries: &[(&str, Oid, i32)]) -> Oid {
        let mut builder = repository.treebuilder(None).expect("a builder");
        for (name, id, mode) in entries {
            builder.insert(name, *id, *mode).expect("an entry");
        }
        builder.write().expect("a tree")
    }

    fn compare(repository: &Repository, old: Option<Oid>, new: Oid) -> Differences {
        let find = |id| repository.find_tree(id).expect("a tree");
        let old = old.map(find);
        differences(repository, old.as_ref(), &find(new)).expect("compared")
    }

    #[test]
    fn files_that_differ_are_found_and_equal_trees_are_not_entered() {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = Repository::init_bare(folder.path()).expect("a repository");
        let [a, b] = [&b"a"[..], b"b"].map(|text| repository.blob(text).expect("a blob"));
        let inner = tree(&repository, &[("x", a, 0o100644), ("y", a, 0o100644)]);
        let other = tree(&repository, &[("x", b, 0o100644)]);
        let old = [
            ("same", inner, 0o040000),
            ("dir", inner, 0o040000),
            ("f", a, 0o100644),
        ];
        let new = [
            ("same", inner, 0o040000),
            ("dir", other, 0o040000),
            ("g", a, 0o100755),
        ];
        let (old, new) = (tree(&repository, &old), tree(&repository, &new));

        let found = compare(&repository, Some(old), new);
        let mut said: Vec<_> = found
            .files
            .iter()
            .map(|file| (file.path.as_str(), file.new, file.mode))
            .collect();
        said.sort();
        assert_eq!(
            said,
            [
                ("dir/x", Some(b), 0o100644),
                ("dir/y", None, 0),
                ("f", None, 0),
                ("g", Some(a), 0o100755),
            ]
        );
        assert_eq!(found.exceeds, None);
        assert_eq!(compare(&repository, None, new).files.len(), 4);
    }

    /// Names that are no text are shown alike; neither hides the other.
    #[test]
    fn names_that_are_no_text_hide_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = Repository::init_bare(folder.path()).expect("a repository");
        let [a, b] = [&b"a"[..], b"b"].map(|text| repository.blob(text).expect("a blob"));
        let mut builder = repository.treebuilder(None).expect("a builder");
        for (name, id) in [(&b"\xfe"[..], a), (b"\xff", b)] {
            builder.insert(name, id, 0o100644).expect("an entry");
        }
        let found = compare(&repository, None, builder.write().expect("a tree"));
        let ids: Vec<_> = found.files.iter().filter_map(|file| file.new).collect();
        assert_eq!(ids, [a, b]);
    }

    #[test]
    fn a_tree_that_stands_for_more_than_memory_holds_is_left_at_a_bound() {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = Repository::init_bare(folder.path()).expect("a repository");
        let blob = repository.blob(b"bomb").expect("a blob");
        let names: Vec<String> = (0..10).map(|n| format!("f{n}")).collect();
        let mut level = blob;
        for depth in 0..12 {
            let mode = if depth == 0 { 0o100644 } else { 0o040000 };
            let entries: Vec<_> = names.iter().map(|n| (n.as_str(), level, mode)).collect();
            level = tree(&repository, &entries);
        }
        let found = compare(&repository, None, level);
        assert!(found.exceeds.expect("a bound").contains("more files than"));

        let name = "d".repeat(200);
        let mut deep = blob;
        for depth in 0..30 {
            let mode = if depth == 0 { 0o100644 } else { 0o040000 };
            deep = tree(&repository, &[(&name, deep, mode)]);
        }
        let found = compare(&repository, None, deep);
        assert!(
            found
                .exceeds
                .expect("a bound")
                .contains("no system can check out")
        );
    }
}
