//! What a commit changes, as text for people: made by libgit2 from the gate's objects, so that
//! nothing in them names a program that is run. Bounded in files that are looked into, in bytes of
//! each, and in bytes of the answer.

use actors::ports::PortError;
use actors::ports::repo::{Against, DiffForm, DiffSpec};
use git2::{
    Diff, DiffFindOptions, DiffFormat, DiffLine, DiffOptions, DiffStatsFormat, ErrorCode,
    Repository, Tree,
};

use super::{oid, trouble, walk};

/// Most bytes of a diff: a person reads less, and one file at a time can be asked for.
const DIFF_MAX: usize = 1024 * 1024;
/// Files above this size are named and not compared.
const FILE_MAX: i64 = 1024 * 1024;
/// Most files among which renames are looked for: each is compared with each.
const RENAMES_MAX: usize = 200;
/// Columns of a summary.
const STAT_WIDTH: usize = 100;

/// A text that stops growing.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    /// Files that were begun.
    files: usize,
    is_cut: bool,
}

impl Text {
    /// Takes a line, and says whether there is room for more.
    fn line(&mut self, line: &DiffLine<'_>) -> bool {
        let origin = line.origin();
        let is_content = matches!(origin, '+' | '-' | ' ');
        self.files += usize::from(origin == 'F');
        if self.bytes.len() + line.content().len() > DIFF_MAX {
            self.is_cut = true;
            return false;
        }
        if is_content {
            self.bytes.extend([origin as u8]);
        }
        self.bytes.extend(line.content());
        true
    }
}

/// What a commit changes.
pub(super) fn diff(repository: &Repository, spec: &DiffSpec) -> Result<Vec<u8>, PortError> {
    let commit = match repository.find_commit(oid(&spec.sha)?) {
        Ok(commit) => commit,
        Err(e) if e.code() == ErrorCode::NotFound => {
            return Err(PortError::Permanent(format!(
                "the gate does not hold the commit {} any more",
                spec.sha
            )));
        }
        Err(e) => return Err(trouble(e)),
    };
    let base = base(repository, &commit, &spec.against)?;
    let new = commit.tree().map_err(trouble)?;

    if let Some(why) = walk::differences(repository, base.as_ref(), &new)?.exceeds {
        return Err(PortError::Permanent(format!(
            "the change is not shown: {why}"
        )));
    }

    let mut options = DiffOptions::new();
    options.max_size(FILE_MAX).include_typechange(true);
    if let Some(path) = &spec.path {
        options.pathspec(path).disable_pathspec_match(true);
    }
    let compared = repository.diff_tree_to_tree(base.as_ref(), Some(&new), Some(&mut options));
    let mut compared = compared.map_err(trouble)?;
    let mut similar = DiffFindOptions::new();
    similar.renames(true).rename_limit(RENAMES_MAX);
    compared.find_similar(Some(&mut similar)).map_err(trouble)?;
    match spec.form {
        DiffForm::Patch => patch(&compared),
        DiffForm::Stat => stat(&compared),
    }
}

/// The tree that a commit is compared with; none is the empty one.
fn base<'a>(
    repository: &'a Repository,
    commit: &git2::Commit<'a>,
    against: &Against,
) -> Result<Option<Tree<'a>>, PortError> {
    let base = match against {
        Against::Nothing => return Ok(None),
        Against::FirstParent => match commit.parent_id(0) {
            Ok(parent) => parent,
            Err(_) => return Ok(None),
        },
        Against::Commit(base) => oid(base)?,
        Against::Fork(merge_queue) => match repository.merge_base(oid(merge_queue)?, commit.id()) {
            Ok(base) => base,
            Err(e) if e.code() == ErrorCode::NotFound => return Ok(None),
            Err(e) => return Err(trouble(e)),
        },
    };
    let base = repository.find_commit(base).map_err(trouble)?;

    base.tree().map(Some).map_err(trouble)
}

fn patch(compared: &Diff<'_>) -> Result<Vec<u8>, PortError> {
    let mut text = Text::default();
    let printed = compared.print(DiffFormat::Patch, |_, _, line| text.line(&line));

    if text.is_cut {
        let (shown, all) = (text.files.saturating_sub(1), compared.deltas().len());
        let note = format!(
            "\n# cut here at {DIFF_MAX} bytes: {shown} of {all} files are shown whole; ask for one \
             by its path\n"
        );
        text.bytes.extend(note.into_bytes());
        return Ok(text.bytes);
    }

    printed.map_err(trouble)?;
    Ok(text.bytes)
}

fn stat(compared: &Diff<'_>) -> Result<Vec<u8>, PortError> {
    let stats = compared.stats().map_err(trouble)?;
    let form = DiffStatsFormat::FULL | DiffStatsFormat::INCLUDE_SUMMARY;
    let text = stats.to_buf(form, STAT_WIDTH).map_err(trouble)?;
    let mut bytes = text.to_vec();
    if bytes.len() > DIFF_MAX {
        bytes.truncate(DIFF_MAX);
        let note = format!("\n# cut here at {DIFF_MAX} bytes\n");
        bytes.extend(note.into_bytes());
    }
    Ok(bytes)
}
