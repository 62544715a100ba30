//! Files of a tree, read with a bound. That a file is too large to be read is no word about what it
//! says: whoever reads decides what that means, and never takes it for a file that is not there.

use std::path::Path;

use actors::ports::PortError;
use actors::ports::repo::{Blamed, Contents, DiffSpec, LineAt, Survey};
use async_trait::async_trait;
use events::id::{ProjectName, Sha};
use git2::{ErrorCode, ObjectType, Repository, Tree};

use super::{Gates, blame, build, diff, oid, side, survey, trouble};

#[async_trait]
impl Contents for Gates {
    async fn survey(&self, project: &ProjectName, branch: &str) -> Result<Survey, PortError> {
        let branch = branch.to_owned();
        self.with(project, move |repository| {
            survey::survey(repository, &branch)
        })
        .await
    }

    async fn checks(
        &self,
        project: &ProjectName,
        base: Option<&Sha>,
        sha: &Sha,
        verify: Option<&str>,
    ) -> Result<Vec<String>, PortError> {
        let (base, work) = (base.map(oid).transpose()?, oid(sha)?);
        let verify = verify.map(str::to_owned);
        self.with(project, move |repository| {
            build::checks(repository, base, work, verify.as_deref())
        })
        .await
    }

    async fn diff(&self, project: &ProjectName, spec: &DiffSpec) -> Result<Vec<u8>, PortError> {
        let spec = spec.clone();
        self.with(project, move |repository| diff::diff(repository, &spec))
            .await
    }

    async fn blame(&self, project: &ProjectName, of: &LineAt) -> Result<Blamed, PortError> {
        let of = of.clone();
        self.with(project, move |repository| blame::blame(repository, &of))
            .await
    }

    async fn read_file(
        &self,
        project: &ProjectName,
        branch: &str,
        path: &str,
    ) -> Result<Option<Vec<u8>>, PortError> {
        let (branch, path) = (branch.to_owned(), path.to_owned());
        self.with(project, move |repository| {
            side::read_file(repository, &branch, &path)
        })
        .await
    }

    async fn list_files(
        &self,
        project: &ProjectName,
        branch: &str,
        folder: &str,
    ) -> Result<Vec<String>, PortError> {
        let (branch, folder) = (branch.to_owned(), folder.to_owned());
        self.with(project, move |repository| {
            side::list_files(repository, &branch, &folder)
        })
        .await
    }
}

/// Larger files are not looked into.
pub(super) const READ_MAX: usize = 1024 * 1024;

/// What was read of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Read {
    /// All of it.
    Whole(Vec<u8>),
    /// It has so many bytes, more than are read.
    TooLarge(usize),
    /// No file has this name.
    Missing,
}

/// A file that is there and was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} has {size} bytes, and at most {READ_MAX} are read")]
pub(super) struct TooLarge {
    /// The file's path.
    pub(super) path: String,
    /// How many bytes it has.
    pub(super) size: usize,
}

impl Read {
    /// Whether there is a file of this name, read or not.
    pub(super) fn is_there(&self) -> bool {
        match self {
            Self::Whole(_) | Self::TooLarge(_) => true,
            Self::Missing => false,
        }
    }

    /// What it holds; none when it is not there.
    pub(super) fn whole(self, path: &str) -> Result<Option<Vec<u8>>, TooLarge> {
        match self {
            Self::Whole(bytes) => Ok(Some(bytes)),
            Self::Missing => Ok(None),
            Self::TooLarge(size) => Err(TooLarge {
                path: path.to_owned(),
                size,
            }),
        }
    }
}

/// Reads a file of a tree, as long as it is not too large.
pub(super) fn read(
    repository: &Repository,
    tree: &Tree<'_>,
    name: &str,
) -> Result<Read, PortError> {
    let entry = match tree.get_path(Path::new(name)) {
        Ok(entry) => entry,
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(Read::Missing),
        Err(error) => return Err(trouble(error)),
    };
    if entry.kind() != Some(ObjectType::Blob) {
        return Ok(Read::Missing);
    }
    let odb = repository.odb().map_err(trouble)?;
    let (size, _) = odb.read_header(entry.id()).map_err(trouble)?;
    if size > READ_MAX {
        return Ok(Read::TooLarge(size));
    }

    let blob = repository.find_blob(entry.id()).map_err(trouble)?;
    Ok(Read::Whole(blob.content().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_there() {
        let folder = tempfile::tempdir().expect("folder");
        let repository = Repository::init_bare(folder.path()).expect("repository");
        let mut files = repository.treebuilder(None).expect("tree");
        let mut add = |name: &str, bytes: &[u8]| {
            let blob = repository.blob(bytes).expect("blob");
            files.insert(name, blob, 0o100_644).expect("file");
        };
        add("small", b"a");
        add("large", &vec![b'a'; READ_MAX + 1]);
        let tree = files.write().expect("tree");
        let tree = repository.find_tree(tree).expect("tree");
        let read = |name: &str| read(&repository, &tree, name).expect("read");

        assert_eq!(read("small"), Read::Whole(b"a".to_vec()));
        assert_eq!(read("large"), Read::TooLarge(READ_MAX + 1));
        assert_eq!(read("none"), Read::Missing);
        assert_eq!(read("small/below"), Read::Missing);
        assert!(read("large").is_there());
        let told = read("large").whole("large").expect_err("too large");
        assert_eq!(
            told.to_string(),
            "large has 1048577 bytes, and at most 1048576 are read"
        );
    }
}
