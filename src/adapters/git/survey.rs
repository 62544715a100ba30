//! What a repository brings that decides how sessions work with it: lock files suggest the setup
//! command, attributes name what Git LFS keeps, submodules are folders that stay empty.

use actors::ports::PortError;
use actors::ports::repo::Survey;
use git2::{ObjectType, Repository};

use super::contents::{self, TooLarge};
use super::{build, detect, gate, oid, walk};

/// Where git looks for attributes, in every folder.
const ATTRIBUTES: &str = ".gitattributes";
/// Patterns and submodules that are named; the rest are more of the same.
const NAMED_MAX: usize = 20;

/// Looks at the gate's copy of a branch; nothing where upstream is empty.
pub(super) fn survey(repository: &Repository, branch: &str) -> Result<Survey, PortError> {
    let Some(head) = gate::read_ref(repository, &format!("refs/heads/{branch}"))? else {
        return Ok(Survey::default());
    };
    let tree = build::tree_of(repository, oid(&head)?)?;
    let locks = detect::locks(|name| tree.get_name(name).is_some());
    let setup: Vec<&str> = locks.iter().map(|(_, setup)| *setup).collect();

    Ok(Survey {
        setup: (!setup.is_empty()).then(|| setup.join(" && ")),
        locks: locks.iter().map(|(lock, _)| (*lock).to_owned()).collect(),
        lfs: lfs(repository, &tree)?,
        submodules: submodules(&tree)?,
    })
}

/// Folders whose content is a commit of another repository.
fn submodules(tree: &git2::Tree<'_>) -> Result<Vec<String>, PortError> {
    let mut found = vec![];
    walk::entries(tree, |folder, entry| {
        if entry.kind() == Some(ObjectType::Commit) && found.len() < NAMED_MAX {
            let name = String::from_utf8_lossy(entry.name_bytes());
            found.push(format!("{folder}{name}"));
        }
    })?;
    Ok(found)
}

/// Patterns that attributes hand to the filter of Git LFS, with their folders.
fn lfs(repository: &Repository, tree: &git2::Tree<'_>) -> Result<Vec<String>, PortError> {
    let mut files = vec![];
    walk::entries(tree, |folder, entry| {
        let is_file = entry.kind() == Some(ObjectType::Blob);
        if is_file && entry.name_bytes() == ATTRIBUTES.as_bytes() {
            files.push(folder.to_owned());
        }
    })?;

    let mut found = vec![];
    for folder in files {
        let more = patterns(repository, tree, &folder)?;
        found.extend(more.map_err(|too_large| {
            let why = format!(
                "{too_large}: nobody can tell what Git LFS keeps. Make it smaller in the upstream"
            );
            PortError::Permanent(why)
        })?);
    }
    found.truncate(NAMED_MAX);
    Ok(found)
}

/// What the attributes in one folder hand to the filter of Git LFS. The folder is the prefix of its
/// paths; the root's is empty.
pub(super) fn patterns(
    repository: &Repository,
    tree: &git2::Tree<'_>,
    folder: &str,
) -> Result<Result<Vec<String>, TooLarge>, PortError> {
    let path = format!("{folder}{ATTRIBUTES}");
    let bytes = match contents::read(repository, tree, &path)?.whole(&path) {
        Ok(bytes) => bytes.unwrap_or_default(),
        Err(too_large) => return Ok(Err(too_large)),
    };
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().filter_map(pattern_of_lfs);
    let patterns = lines.map(|pattern| format!("{folder}{pattern}"));

    Ok(Ok(patterns.collect()))
}

/// The pattern of a line of attributes that Git LFS keeps.
fn pattern_of_lfs(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let pattern = words.next().filter(|pattern| !pattern.starts_with('#'))?;
    words.any(|word| word == "filter=lfs").then_some(pattern)
}
