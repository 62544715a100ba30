//! Candidates without a work tree: a merge, a merge taken out again, or the first commit of an
//! empty upstream.

use std::collections::BTreeSet;

use actors::ports::PortError;
use actors::ports::repo::{Built, MergeSpec, Work};
use events::claims::refs;
use events::lfs::Refusal;
use events::merge_queue::event::FILES_MAX;
use events::merge_queue::{Candidate, Changes};
use events::protect;
use git2::{Commit, Oid, Repository, Tree};

use super::contents::{self, Read, TooLarge};
use super::gate::read_ref;
use super::merge::Sides;
use super::{author, detect, lfs, oid, scaffold, sha, trouble, walk};

/// Largest file that work may bring. A pushed pack has a bound, and what is in it may be a thousand
/// times as large.
const BLOB_MAX: usize = 256 * 1024 * 1024;

/// How git writes down that an entry is a repository of its own.
const GITLINK: i32 = 0o160_000;

/// What a candidate is made of.
pub(super) enum Plan {
    /// A tree of ours, on these parents.
    Tree(Oid, Vec<Oid>),
    /// A merge, whose commit has these parents.
    Merge(Sides, Vec<Oid>),
    /// Upstream holds all of it already.
    Nothing,
}

/// What has to be done to build what is asked for.
pub(super) fn plan(repository: &Repository, spec: &MergeSpec) -> Result<Plan, PortError> {
    match (&spec.base, &spec.work) {
        (None, Work::Scaffold) => Ok(Plan::Tree(scaffold::tree(repository, None)?, vec![])),
        (Some(base), Work::Scaffold) => {
            let base = oid(base)?;
            let old = tree_of(repository, base)?;
            let tree = scaffold::tree(repository, Some(&old))?;
            Ok(if tree == old.id() {
                Plan::Nothing
            } else {
                Plan::Tree(tree, vec![base])
            })
        }
        (Some(base), Work::Merge(work)) => {
            let (ours, theirs) = (oid(base)?, oid(work)?);
            let fork = repository.merge_base(ours, theirs).ok();
            if let Some(why) = unfit(repository, fork, theirs)? {
                return Err(PortError::Permanent(why));
            }
            let sides = Sides {
                fork: None,
                ours,
                theirs,
            };
            Ok(Plan::Merge(sides, vec![ours, theirs]))
        }
        (Some(base), Work::Revert(commit)) => {
            let (ours, out) = (oid(base)?, oid(commit)?);
            // Of a merge, what it brought to its first parent.
            let before = repository.find_commit(out).and_then(|c| c.parent_id(0));
            let before = before.map_err(|_| {
                PortError::Permanent(format!("{commit} is the first commit: it cannot be undone"))
            })?;
            let sides = Sides {
                fork: Some(out),
                ours,
                theirs: before,
            };
            Ok(Plan::Merge(sides, vec![ours]))
        }
        (None, _) => Err(PortError::Permanent(
            "upstream is empty: it takes the scaffold first".to_owned(),
        )),
    }
}

/// The candidate with this tree, with the request's date: built again it has the same sha.
pub(super) fn finish(
    repository: &Repository,
    spec: &MergeSpec,
    tree: Oid,
    parents: &[Oid],
) -> Result<Built, PortError> {
    if let (Work::Merge(_) | Work::Revert(_), Some(base)) = (&spec.work, parents.first())
        && tree_of(repository, *base)?.id() == tree
    {
        return Ok(Built::Nothing);
    }

    // The trunk's attributes may have changed since the work was handed in.
    if let (Work::Merge(_), base) = (&spec.work, parents.first().copied()) {
        let merged = repository.find_tree(tree).map_err(trouble)?;
        let refused = match lfs::refusal(repository, base, base, &merged)? {
            Some(refused) => Some(refused),
            None => hidden(repository, spec, base, &merged)?,
        };
        if let Some(Refusal { paths, why }) = refused {
            return Ok(Built::Conflict { paths, why });
        }
    }

    let commit = commit(repository, spec, tree, parents)?;
    repository
        .reference(&refs::candidate(spec.entry), commit, true, "candidate")
        .map_err(trouble)?;
    let changes = changes(repository, spec, parents.first().copied(), tree)?;

    Ok(Built::Candidate(
        Candidate {
            base: spec.base.clone(),
            sha: sha(commit)?,
            tree: sha(tree)?,
        },
        changes,
    ))
}

/// What a ref holds, when it can be merged at all: whoever hands in what is too large is told then,
/// and not before.
pub(super) fn mergeable(
    repository: &Repository,
    base: Oid,
    name: &str,
) -> Result<Option<Oid>, PortError> {
    let Some(work) = read_ref(repository, name)? else {
        return Ok(None);
    };
    let work = oid(&work)?;
    let fork = repository.merge_base(base, work).ok();
    match unfit(repository, fork, work)? {
        None => Ok(Some(work)),
        Some(_) => Ok(None),
    }
}

pub(super) fn tree_of(repository: &Repository, commit: Oid) -> Result<Tree<'_>, PortError> {
    repository
        .find_commit(commit)
        .and_then(|commit| commit.tree())
        .map_err(trouble)
}

/// What the new tree changes.
fn changes(
    repository: &Repository,
    spec: &MergeSpec,
    base: Option<Oid>,
    tree: Oid,
) -> Result<Changes, PortError> {
    let new = repository.find_tree(tree).map_err(trouble)?;
    let paths = between(repository, base, &new)?;

    // Files of ours are in the first commit because we put them there.
    let mut protected = match spec.work {
        Work::Scaffold => vec![],
        Work::Merge(_) | Work::Revert(_) => {
            protect::protected(&spec.protected, paths.iter().map(String::as_str))
        }
    };
    let detected = suggested(repository, &new)?.unwrap_or_default();
    let command = spec.verify.as_deref().or(detected.as_deref());
    let checks = match spec.work {
        Work::Scaffold => vec![],
        Work::Merge(_) | Work::Revert(_) => checks_of(repository, base, command, &paths)?,
    };

    if spec.hold_checks {
        let more = checks.iter().filter(|path| !protected.contains(path));
        let more: Vec<String> = more.cloned().collect();
        protected.extend(more);
    }

    let more = u32::try_from(paths.len().saturating_sub(FILES_MAX)).unwrap_or(u32::MAX);
    let files = paths.into_iter().take(FILES_MAX).collect();
    let before = match base {
        Some(base) => {
            let old = tree_of(repository, base)?;
            suggested(repository, &old)?.unwrap_or_default()
        }
        None => None,
    };

    Ok(Changes {
        files,
        more,
        protected,
        suggests_anew: spec.verify.is_none() && before != detected,
        detected,
        checks,
    })
}

/// The paths that differ between two commits; without the first one, none: there is nothing that
/// they could be news to.
pub(super) fn changed(
    repository: &Repository,
    from: Option<Oid>,
    to: Oid,
) -> Result<BTreeSet<String>, PortError> {
    let Some(from) = from else {
        return Ok(BTreeSet::new());
    };
    between(repository, Some(from), &tree_of(repository, to)?)
}

fn between(
    repository: &Repository,
    from: Option<Oid>,
    new: &Tree<'_>,
) -> Result<BTreeSet<String>, PortError> {
    let old = from.map(|from| tree_of(repository, from)).transpose()?;
    // What exceeds the bounds was refused when it was handed in; of upstream's own the first
    // paths are enough.
    let found = walk::differences(repository, old.as_ref(), new)?;
    let paths = found.files.into_iter().map(|file| file.path).collect();

    Ok(paths)
}

/// The verification command that a tree suggests. A file that would have to be looked into and is
/// too large is named.
fn suggested(
    repository: &Repository,
    tree: &Tree<'_>,
) -> Result<Result<Option<String>, TooLarge>, PortError> {
    let mut broken = None;
    let found = detect::detect(|name| {
        contents::read(repository, tree, name).unwrap_or_else(|error| {
            broken = Some(error);
            Read::Missing
        })
    });
    match broken {
        Some(error) => Err(error),
        None => Ok(found),
    }
}

/// Why nobody can tell how a changed tree is verified, if that is so: the work made a file too
/// large for that, and nothing else says how.
fn hidden(
    repository: &Repository,
    spec: &MergeSpec,
    base: Option<Oid>,
    tree: &Tree<'_>,
) -> Result<Option<Refusal>, PortError> {
    if spec.verify.is_some() || spec.work == Work::Scaffold {
        return Ok(None);
    }

    let Err(too_large) = suggested(repository, tree)? else {
        return Ok(None);
    };

    let changed = between(repository, base, tree)?;

    if !changed.contains(&too_large.path) {
        return Ok(None);
    }

    Ok(Some(Refusal {
        paths: vec![too_large.path.clone()],
        why: format!(
            "{too_large} to find the verification command: make it smaller, or have a person set \
             the command with `project set --verify`"
        ),
    }))
}

/// Whether the trunk holds every file that this work changes as the work has it: merging it would
/// change nothing.
pub(super) fn adds_nothing(
    repository: &Repository,
    fork: Oid,
    merge_queue: Oid,
    work: Oid,
) -> Result<bool, PortError> {
    let (new, there) = (
        tree_of(repository, work)?,
        tree_of(repository, merge_queue)?,
    );
    let changed = between(repository, Some(fork), &new)?;
    let entry = |tree: &Tree<'_>, path: &str| {
        let found = tree.get_path(std::path::Path::new(path)).ok();
        found.map(|entry| (entry.id(), entry.filemode()))
    };

    Ok(changed
        .iter()
        .all(|path| entry(&new, path) == entry(&there, path)))
}

/// Those of a submission's files that its verification runs or obeys.
pub(super) fn checks(
    repository: &Repository,
    base: Option<Oid>,
    work: Oid,
    verify: Option<&str>,
) -> Result<Vec<String>, PortError> {
    let new = tree_of(repository, work)?;
    let paths = between(repository, base, &new)?;
    let command = match verify {
        Some(command) => Some(command.to_owned()),
        None => suggested(repository, &new)?.unwrap_or_default(),
    };
    checks_of(repository, base, command.as_deref(), &paths)
}

/// Those of these paths that a command runs or obeys, as the tree before the change has it. A file
/// that is too large to be looked through counts itself, and leads to no other.
fn checks_of(
    repository: &Repository,
    base: Option<Oid>,
    command: Option<&str>,
    paths: &BTreeSet<String>,
) -> Result<Vec<String>, PortError> {
    let (Some(base), Some(command)) = (base, command) else {
        // There was nothing that could have been weaker.
        return Ok(vec![]);
    };

    let old = tree_of(repository, base)?;
    let read = |path: &str| match contents::read(repository, &old, path) {
        Ok(Read::Whole(bytes)) => Some(detect::commands(path, &bytes)),
        Ok(Read::TooLarge(_) | Read::Missing) | Err(_) => None,
    };
    let changed = paths.iter().map(String::as_str);

    Ok(events::checks::touched(command, changed, read))
}

/// Why a work is not merged whatever else it holds, if there is a reason: it changes more than is
/// looked at, brings a file that is larger than what is merged (to look whether files were renamed,
/// they are read as a whole), or the name of a repository that nobody brings.
pub(super) fn unfit(
    repository: &Repository,
    base: Option<Oid>,
    work: Oid,
) -> Result<Option<String>, PortError> {
    let new = tree_of(repository, work)?;
    let old = base.map(|base| tree_of(repository, base)).transpose()?;
    let odb = repository.odb().map_err(trouble)?;
    let found = walk::differences(repository, old.as_ref(), &new)?;
    if found.exceeds.is_some() {
        return Ok(found.exceeds);
    }

    let modules = found.files.iter().any(|file| file.path == ".gitmodules")
        || new.get_name(".gitmodules").is_some();
    for file in &found.files {
        let Some(id) = file.new else { continue };
        if file.mode == GITLINK && !modules {
            return Ok(Some(format!(
                "{} is a repository of its own, of which only the name would be merged: remove \
                 its .git folder and add its files, or make it a submodule",
                file.path
            )));
        }
        if file.mode != GITLINK
            && let Ok((size, _)) = odb.read_header(id)
            && size > BLOB_MAX
        {
            return Ok(Some(format!(
                "{} has {} MiB, at most {} are merged: keep large files elsewhere",
                file.path,
                size >> 20,
                BLOB_MAX >> 20
            )));
        }
    }

    Ok(None)
}

fn commit(
    repository: &Repository,
    spec: &MergeSpec,
    tree: Oid,
    parents: &[Oid],
) -> Result<Oid, PortError> {
    let author = author(spec.at)?;
    let tree = repository.find_tree(tree).map_err(trouble)?;
    let parents: Result<Vec<Commit<'_>>, _> =
        parents.iter().map(|p| repository.find_commit(*p)).collect();
    let parents = parents.map_err(trouble)?;
    let parents: Vec<&Commit<'_>> = parents.iter().collect();

    repository
        .commit(None, &author, &author, &spec.message, &tree, &parents)
        .map_err(trouble)
}
