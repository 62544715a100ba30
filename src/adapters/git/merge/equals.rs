//! Files of the same content that moved on one side while the other edited one of them: which is
//! which. Contents do not say, names may. What they say is done before the merge, in a base and a
//! side of its own where those files have their new names already, so that no engine has to pair
//! them; what they leave open is a guess.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use actors::ports::PortError;
use git2::build::TreeUpdateBuilder;
use git2::{Delta, FileMode, ObjectType, Oid, Repository, Tree};

use super::super::{trouble, walk};

/// Larger files are not compared by their lines.
const COMPARE_MAX: usize = 1024 * 1024;

/// The trees of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trees {
    /// What both sides had.
    pub(super) base: Oid,
    /// The side that is there already.
    pub(super) ours: Oid,
    /// The side that comes in.
    pub(super) theirs: Oid,
}

/// What there is to say about files of the same content.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// Nothing: the trees may be merged as they are.
    Plain,
    /// Their names say which is which: these trees have the new names already.
    Named(Trees),
    /// These paths can be told apart by a guess only.
    Guess(Vec<String>),
}

type FilePath = Vec<u8>;

/// Files that one side took away and brought, without their empty ones, which nobody pairs.
struct Side {
    gone: Vec<(FilePath, Oid)>,
    new: Vec<(FilePath, Oid)>,
}

/// A file that got another name on one side.
struct Move {
    from: FilePath,
    to: FilePath,
}

/// Looks at both sides.
pub(super) fn settle(repository: &Repository, trees: Trees) -> Result<Settled, PortError> {
    let find = |id: Oid| repository.find_tree(id).map_err(trouble);
    let (base, ours, theirs) = (find(trees.base)?, find(trees.ours)?, find(trees.theirs)?);
    let left = Mover::new(repository, &base, &ours, &theirs)?.moves()?;
    let right = Mover::new(repository, &base, &theirs, &ours)?.moves()?;

    let (left, right) = match (left, right) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(paths), _) | (_, Err(paths)) => return Ok(Settled::Guess(said(paths))),
    };
    if left.is_empty() && right.is_empty() {
        return Ok(Settled::Plain);
    }

    let all = || left.iter().chain(&right);

    let mut taken = BTreeSet::new();
    if let Some(twice) = all().find(|moved| !taken.insert(&moved.to)) {
        return Ok(Settled::Guess(said([twice.to.clone()].into())));
    }

    Ok(Settled::Named(Trees {
        base: renamed(repository, &base, all())?,
        ours: renamed(repository, &ours, right.iter())?,
        theirs: renamed(repository, &theirs, left.iter())?,
    }))
}

fn said(paths: BTreeSet<FilePath>) -> Vec<String> {
    let said = paths
        .iter()
        .map(|path| String::from_utf8_lossy(path).into_owned());
    said.collect()
}

/// A tree in which these files have their new names.
fn renamed<'a>(
    repository: &Repository,
    tree: &Tree<'_>,
    moves: impl Iterator<Item = &'a Move>,
) -> Result<Oid, PortError> {
    let mut changed = TreeUpdateBuilder::new();

    for moved in moves {
        let entry = tree.get_path(path(&moved.from)).map_err(trouble)?;
        let mode = match entry.filemode() {
            0o100_755 => FileMode::BlobExecutable,
            0o120_000 => FileMode::Link,
            _ => FileMode::Blob,
        };
        changed.upsert(moved.to.as_slice(), entry.id(), mode);
        changed.remove(moved.from.as_slice());
    }

    changed.create_updated(repository, tree).map_err(trouble)
}

fn path(bytes: &[u8]) -> &Path {
    Path::new(std::ffi::OsStr::from_bytes(bytes))
}

/// One side that moved files, seen against the other, which may have edited them.
struct Mover<'r> {
    repository: &'r Repository,
    base: &'r Tree<'r>,
    editor: &'r Tree<'r>,
    side: Side,
}

impl<'r> Mover<'r> {
    fn new(
        repository: &'r Repository,
        base: &'r Tree<'r>,
        mover: &Tree<'_>,
        editor: &'r Tree<'r>,
    ) -> Result<Self, PortError> {
        let diff = repository
            .diff_tree_to_tree(Some(base), Some(mover), None)
            .map_err(trouble)?;
        let empty = Oid::hash_object(ObjectType::Blob, b"").map_err(trouble)?;
        let (mut gone, mut new) = (Vec::new(), Vec::new());

        for delta in diff.deltas() {
            let (file, files) = match delta.status() {
                Delta::Deleted => (delta.old_file(), &mut gone),
                Delta::Added => (delta.new_file(), &mut new),
                _ => continue,
            };
            let is_file = matches!(file.mode(), FileMode::Blob | FileMode::BlobExecutable);
            if is_file && file.id() != empty {
                files.push((file.path_bytes().unwrap_or_default().to_vec(), file.id()));
            }
        }

        Ok(Self {
            repository,
            base,
            editor,
            side: Side { gone, new },
        })
    }

    /// Contents that moved here and were edited there.
    fn touched(&self) -> BTreeMap<Oid, Vec<&FilePath>> {
        let mut touched: BTreeMap<Oid, Vec<&FilePath>> = BTreeMap::new();
        for (gone, content) in &self.side.gone {
            if let Ok(there) = self.editor.get_path(path(gone))
                && there.id() != *content
            {
                touched.entry(*content).or_default().push(gone);
            }
        }
        touched
    }

    /// The moves that names tell among files of the same content, or the paths that they do not
    /// tell apart.
    fn moves(&self) -> Result<Result<Vec<Move>, BTreeSet<FilePath>>, PortError> {
        let touched = self.touched();
        if touched.is_empty() || self.side.new.is_empty() {
            return Ok(Ok(vec![]));
        }

        let holders = self.holders(&touched)?;
        let (mut moves, mut open) = (Vec::new(), BTreeSet::new());

        for (content, edited) in &touched {
            let group = self.group(*content, holders.get(content).cloned().unwrap_or_default());
            if group.is_plain() {
                continue;
            }
            let paired = group.paired(|new| self.is_like(*content, new));
            let told = |path: &&FilePath| paired.contains_key(*path);
            if !edited.iter().all(told) {
                open.extend(group.gone.iter().chain(&group.same).cloned());
            }
            moves.extend(paired.into_iter().map(|(from, to)| Move { from, to }));
        }

        // Where the editor has no such file any more, or has one of the new name, git says so
        // itself.
        moves.retain(|moved| self.editor.get_path(path(&moved.from)).is_ok());
        let is_there = |moved: &Move| self.editor.get_path(path(&moved.to)).is_ok();

        open.extend(
            moves
                .iter()
                .filter(|moved| is_there(moved))
                .map(|moved| moved.to.clone()),
        );
        Ok(if open.is_empty() {
            Ok(moves)
        } else {
            Err(open)
        })
    }

    /// Every path of the base that holds one of these contents.
    fn holders(
        &self,
        contents: &BTreeMap<Oid, Vec<&FilePath>>,
    ) -> Result<BTreeMap<Oid, BTreeSet<FilePath>>, PortError> {
        let mut holders: BTreeMap<Oid, BTreeSet<FilePath>> = BTreeMap::new();
        walk::entries(self.base, |folder, entry| {
            if contents.contains_key(&entry.id()) {
                let path = [folder.as_bytes(), entry.name_bytes()].concat();
                holders.entry(entry.id()).or_default().insert(path);
            }
        })?;
        Ok(holders)
    }

    fn group(&self, content: Oid, all: BTreeSet<FilePath>) -> Group {
        let with = |files: &[(FilePath, Oid)]| -> BTreeSet<FilePath> {
            let held = files.iter().filter(|(_, id)| *id == content);
            held.map(|(path, _)| path.clone()).collect()
        };
        let others = self.side.new.iter().filter(|(_, id)| *id != content);
        Group {
            gone: with(&self.side.gone),
            same: with(&self.side.new),
            others: others.cloned().collect(),
            all,
        }
    }

    /// Whether at least half of the lines of the larger one are in both.
    fn is_like(&self, content: Oid, other: Oid) -> bool {
        let read = |id: Oid| {
            let blob = self.repository.find_blob(id).ok()?;
            (blob.size() <= COMPARE_MAX).then(|| blob.content().to_vec())
        };
        let (Some(one), Some(two)) = (read(content), read(other)) else {
            return false;
        };

        let mut lines: BTreeMap<&[u8], usize> = BTreeMap::new();
        let (mut count, mut others, mut common) = (0_usize, 0_usize, 0_usize);

        for line in one.split(|byte| *byte == b'\n') {
            *lines.entry(line).or_default() += 1;
            count += 1;
        }

        for line in two.split(|byte| *byte == b'\n') {
            others += 1;
            if let Some(left) = lines.get_mut(line).filter(|left| **left > 0) {
                *left -= 1;
                common += 1;
            }
        }

        common * 2 >= count.max(others)
    }
}

/// The files of one content.
struct Group {
    /// Those that the mover took away.
    gone: BTreeSet<FilePath>,
    /// Those that it brought.
    same: BTreeSet<FilePath>,
    /// What else it brought.
    others: Vec<(FilePath, Oid)>,
    /// All that there were, those that stayed as well.
    all: BTreeSet<FilePath>,
}

impl Group {
    /// Whether there is nothing to be mistaken about: one file, at most one new place.
    fn is_plain(&self) -> bool {
        let alone = self.all.len() == 1 && self.same.len() <= 1;
        alone || (self.gone.len() == 1 && self.same.is_empty())
    }

    /// Who went where, as far as names tell. What stayed is a source as well: a new file of its
    /// name is a copy of it.
    fn paired(&self, is_like: impl Fn(Oid) -> bool) -> BTreeMap<FilePath, FilePath> {
        let mut paired = by_name(&self.all, &self.same);
        paired.retain(|from, _| self.gone.contains(from));

        let open: BTreeSet<FilePath> = without(&self.gone, paired.keys());
        if open.is_empty() {
            return paired;
        }

        let edited = self.others.iter().filter(|(_, id)| is_like(*id));
        let edited: BTreeSet<FilePath> = edited.map(|(path, _)| path.clone()).collect();
        paired.extend(by_name(&open, &edited));

        // One is left, and one place for it.
        let open = without(&self.gone, paired.keys());
        let free = without(&self.same, paired.values());
        let stayed = self.all.len() > self.gone.len();

        if let (false, [from], [to]) = (
            stayed,
            &*open.into_iter().collect::<Vec<_>>(),
            &*free.into_iter().collect::<Vec<_>>(),
        ) {
            paired.insert(from.clone(), to.clone());
        }

        paired
    }
}

fn without<'a>(
    all: &BTreeSet<FilePath>,
    taken: impl Iterator<Item = &'a FilePath>,
) -> BTreeSet<FilePath> {
    let taken: BTreeSet<&FilePath> = taken.collect();
    all.iter()
        .filter(|path| !taken.contains(path))
        .cloned()
        .collect()
}

/// How many parts two paths have in common, from the name on backwards.
fn alike(one: &[u8], two: &[u8]) -> usize {
    let parts = |path: &'_ [u8]| -> Vec<Vec<u8>> {
        path.rsplit(|byte| *byte == b'/')
            .map(<[u8]>::to_vec)
            .collect()
    };
    let (one, two) = (parts(one), parts(two));
    one.iter()
        .zip(&two)
        .take_while(|(one, two)| one == two)
        .count()
}

/// The pairs that are each other's likest, with none as like beside them.
fn by_name(from: &BTreeSet<FilePath>, to: &BTreeSet<FilePath>) -> BTreeMap<FilePath, FilePath> {
    let likest = |path: &FilePath, among: &BTreeSet<FilePath>| -> Option<FilePath> {
        let best = among.iter().map(|other| alike(path, other)).max()?;
        let mut found = among.iter().filter(|other| alike(path, other) == best);
        let (first, second) = (found.next()?, found.next());
        (best > 0 && second.is_none()).then(|| first.clone())
    };
    let mut pairs = BTreeMap::new();

    for source in from {
        let Some(target) = likest(source, to) else {
            continue;
        };
        if likest(&target, from).as_ref() == Some(source) {
            pairs.insert(source.clone(), target);
        }
    }

    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(paths: &[&str]) -> BTreeSet<FilePath> {
        paths.iter().map(|path| path.as_bytes().to_vec()).collect()
    }

    #[test]
    fn names_pair_files_or_do_not() {
        type Row<'a> = (&'a [&'a str], &'a [&'a str], &'a [(&'a str, &'a str)]);

        let table: &[Row<'_>] = &[
            (&["a", "b"], &["c/a", "d/b"], &[("a", "c/a"), ("b", "d/b")]),
            (&["a", "b"], &["c/b", "d/a"], &[("a", "d/a"), ("b", "c/b")]),
            (
                &["x/i", "y/i"],
                &["z/x/i", "z/y/i"],
                &[("x/i", "z/x/i"), ("y/i", "z/y/i")],
            ),
            (&["x/i", "y/i"], &["p/i", "q/i"], &[]),
            (&["a", "b"], &["c", "d"], &[]),
            (&["a"], &["x/a", "y/a"], &[]),
            (&["a", "b"], &["x/a", "c"], &[("a", "x/a")]),
        ];
        for (from, to, wanted) in table {
            let pair =
                |(from, to): &(&str, &str)| (from.as_bytes().to_vec(), to.as_bytes().to_vec());
            let wanted: BTreeMap<FilePath, FilePath> = wanted.iter().map(pair).collect();
            assert_eq!(by_name(&set(from), &set(to)), wanted, "{from:?} {to:?}");
        }
    }

    #[test]
    fn the_last_one_left_goes_to_the_last_place() {
        let group = Group {
            gone: set(&["z.py", "b/m.py"]),
            same: set(&["b/y.py"]),
            others: vec![(b"a/m.py".to_vec(), Oid::ZERO_SHA1)],
            all: set(&["z.py", "b/m.py"]),
        };
        let paired = group.paired(|_| true);
        assert_eq!(paired.get(&b"z.py"[..]), Some(&b"b/y.py".to_vec()));
        let unlike = group.paired(|_| false);
        assert_eq!(unlike.get(&b"z.py"[..]), None, "either may be the one");
    }
}
