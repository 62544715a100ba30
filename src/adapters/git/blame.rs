//! The commit that a line goes back to, and the commit of the trunk that brought it: that one is on
//! the trunk's own line of first parents, and the first there that has the other one behind it.

use std::path::Path;

use actors::ports::PortError;
use actors::ports::repo::{Blame, Blamed, LineAt};
use git2::{BlameOptions, Oid, Repository};

use super::contents::{Read, read};
use super::{oid, sha, trouble};

/// Commits of a trunk's own line that are looked through.
const LOOKED_THROUGH: usize = 200_000;

/// Looks for the origin of a line, as a commit has the file.
pub(super) fn blame(repository: &Repository, of: &LineAt) -> Result<Blamed, PortError> {
    let at = oid(&of.at)?;
    let tree = repository.find_commit(at).and_then(|commit| commit.tree());
    let tree = tree.map_err(trouble)?;
    let bytes = match read(repository, &tree, &of.path)? {
        Read::Whole(bytes) => bytes,
        Read::Missing => return Ok(Blamed::NoFile),
        Read::TooLarge(size) => return Ok(Blamed::TooLarge { size }),
    };

    let text = String::from_utf8_lossy(&bytes);
    let Some(line) = of.line.checked_sub(1).and_then(|n| text.lines().nth(n)) else {
        let lines = text.lines().count();
        return Ok(Blamed::NoLine { lines });
    };

    let commit = origin(repository, at, of)?;
    let found = repository.find_commit(commit).map_err(trouble)?;
    let author = found.author();
    let summary = found.summary().ok().flatten();
    Ok(Blamed::Line(Blame {
        brought: brought(repository, at, commit)?.map(sha).transpose()?,
        commit: sha(commit)?,
        author: String::from_utf8_lossy(author.name_bytes()).into_owned(),
        summary: summary.unwrap_or_default().to_owned(),
        text: line.to_owned(),
    }))
}

fn origin(repository: &Repository, at: Oid, of: &LineAt) -> Result<Oid, PortError> {
    let mut options = BlameOptions::new();
    options.newest_commit(at);
    options.min_line(of.line).max_line(of.line);

    let blame = repository.blame_file(Path::new(&of.path), Some(&mut options));
    let blame = blame.map_err(trouble)?;
    match blame.get_line(of.line) {
        Some(hunk) => Ok(hunk.final_commit_id()),
        None => Ok(at),
    }
}

/// The first commit of the trunk's own line that holds another one; none where no commit does.
fn brought(repository: &Repository, head: Oid, commit: Oid) -> Result<Option<Oid>, PortError> {
    let mut walk = repository.revwalk().map_err(trouble)?;
    walk.push(head).map_err(trouble)?;
    walk.simplify_first_parent().map_err(trouble)?;
    let line: Result<Vec<Oid>, _> = walk.take(LOOKED_THROUGH).collect();
    let line = line.map_err(trouble)?;

    let holds = |one: Oid| -> Result<bool, PortError> {
        Ok(one == commit
            || repository
                .graph_descendant_of(one, commit)
                .map_err(trouble)?)
    };
    // The newest is first: what holds it is a beginning of the line.
    let (mut held, mut rest) = (0, line.len());
    while held < rest {
        let middle = held + (rest - held) / 2;
        if holds(line[middle])? {
            held = middle + 1;
        } else {
            rest = middle;
        }
    }
    Ok(held.checked_sub(1).map(|place| line[place]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use git2::{Signature, Time};

    /// A repository in which work on a branch is merged, and something is written beside it.
    struct Made {
        _folder: tempfile::TempDir,
        repository: Repository,
    }

    impl Made {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("folder");
            let repository = Repository::init_bare(folder.path()).expect("repository");
            Self {
                _folder: folder,
                repository,
            }
        }

        /// A commit of one file with these parents.
        fn commit(&self, at: i64, text: &str, parents: &[Oid]) -> Oid {
            let blob = self.repository.blob(text.as_bytes()).expect("blob");
            let mut files = self.repository.treebuilder(None).expect("tree");
            files.insert("a.txt", blob, 0o100_644).expect("file");
            let tree = files.write().expect("tree");
            let tree = self.repository.find_tree(tree).expect("tree");

            let who = Signature::new("Ann", "ann@example.org", &Time::new(at, 0));
            let who = who.expect("a name");
            let parents = parents.iter().map(|one| self.repository.find_commit(*one));
            let parents: Vec<_> = parents.map(|one| one.expect("a commit")).collect();
            let parents: Vec<_> = parents.iter().collect();
            self.repository
                .commit(None, &who, &who, &format!("at {at}"), &tree, &parents)
                .expect("a commit")
        }

        fn blame(&self, at: Oid, path: &str, line: usize) -> Blamed {
            let of = LineAt {
                at: sha(at).expect("a commit"),
                path: path.to_owned(),
                line,
            };
            blame(&self.repository, &of).expect("read")
        }
    }

    #[test]
    fn a_line_goes_back_to_its_commit_and_to_the_merge_that_brought_it() {
        let made = Made::new();
        let first = made.commit(1, "one\ntwo\n", &[]);
        let work = made.commit(2, "one\ntwo\nthree\n", &[first]);
        let more = made.commit(3, "one\ntwo\nthree\nfour\n", &[work]);
        let beside = made.commit(4, "ONE\ntwo\n", &[first]);
        let merge = made.commit(5, "ONE\ntwo\nthree\nfour\n", &[beside, more]);
        let later = made.commit(6, "ONE\ntwo\nthree\nfour\nfive\n", &[merge]);

        let table = [
            (1, beside, beside),
            (2, first, first),
            (3, work, merge),
            (4, more, merge),
            (5, later, later),
        ];
        for (line, commit, brought) in table {
            let Blamed::Line(found) = made.blame(later, "a.txt", line) else {
                panic!("line {line} is not there");
            };
            assert_eq!(found.commit, sha(commit).expect("a commit"), "line {line}");
            assert_eq!(found.brought, sha(brought).ok(), "line {line}");
            assert_eq!(found.author, "Ann");
        }
        let Blamed::Line(before) = made.blame(beside, "a.txt", 1) else {
            panic!("it was there");
        };
        assert_eq!(before.text, "ONE");
    }

    #[test]
    fn what_is_not_there_is_said() {
        let made = Made::new();
        let only = made.commit(1, "one\n", &[]);
        assert_eq!(made.blame(only, "b.txt", 1), Blamed::NoFile);
        assert_eq!(made.blame(only, "a.txt/b", 1), Blamed::NoFile);
        for line in [0, 2, usize::MAX] {
            assert_eq!(made.blame(only, "a.txt", line), Blamed::NoLine { lines: 1 });
        }
    }
}
