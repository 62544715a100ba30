//! Files beside the trunk: read from the gate's copy of a branch, or published on a branch of their
//! own.

use std::path::Path;

use actors::ports::PortError;
use actors::ports::repo::{Onto, SideFile, SideFiles, SideFound};
use async_trait::async_trait;
use events::id::{ProjectName, Sha};
use git2::{ErrorCode, FileMode, ObjectType, Oid, Repository, Sort, Tree};

use super::build::tree_of;
use super::{Gates, OUR_EMAIL, author, oid, sha, trouble};

/// Largest file that is read.
const READ_MAX: usize = 16 * 1024 * 1024;
/// Commits that are looked through for the last one of ours.
const LOOKED_THROUGH: usize = 10_000;
/// Where a fetch puts a branch of ours before we build on it.
const SEEN: &str = "refs/supercargo/side";

/// A file of a branch; none when the branch or the file is not there, or it is no file.
pub(super) fn read_file(
    repository: &Repository,
    branch: &str,
    path: &str,
) -> Result<Option<Vec<u8>>, PortError> {
    let reference = match repository.find_reference(&format!("refs/heads/{branch}")) {
        Ok(reference) => reference,
        Err(e) if e.code() == ErrorCode::NotFound => return Ok(None),
        Err(e) => return Err(trouble(e)),
    };

    file_of(
        repository,
        &reference.peel_to_tree().map_err(trouble)?,
        path,
    )
}

fn file_of(
    repository: &Repository,
    tree: &Tree<'_>,
    path: &str,
) -> Result<Option<Vec<u8>>, PortError> {
    let Ok(entry) = tree.get_path(Path::new(path)) else {
        return Ok(None);
    };

    let (size, kind) = repository
        .odb()
        .and_then(|odb| odb.read_header(entry.id()))
        .map_err(trouble)?;
    if kind != ObjectType::Blob || entry.filemode() == i32::from(FileMode::Link) {
        return Ok(None);
    }

    if size > READ_MAX {
        return Err(PortError::Permanent(format!(
            "{path} has {size} bytes, at most {READ_MAX} are read"
        )));
    }

    repository
        .find_blob(entry.id())
        .map(|blob| Some(blob.content().to_vec()))
        .map_err(trouble)
}

/// The files directly in a folder of a branch.
pub(super) fn list_files(
    repository: &Repository,
    branch: &str,
    folder: &str,
) -> Result<Vec<String>, PortError> {
    let Ok(reference) = repository.find_reference(&format!("refs/heads/{branch}")) else {
        return Ok(vec![]);
    };

    let tree = reference.peel_to_tree().map_err(trouble)?;
    let found = tree
        .get_path(Path::new(folder))
        .ok()
        .and_then(|entry| repository.find_tree(entry.id()).ok());
    let files = found.iter().flat_map(|tree| {
        tree.iter()
            .filter(|e| e.kind() == Some(ObjectType::Blob))
            .filter_map(name)
            .collect::<Vec<_>>()
    });

    Ok(files.collect())
}

fn name(entry: git2::TreeEntry<'_>) -> Option<String> {
    String::from_utf8(entry.name_bytes().to_vec()).ok()
}

/// The tree with nothing in it.
pub(super) fn empty(repository: &Repository) -> Result<git2::Tree<'_>, PortError> {
    let builder = repository.treebuilder(None).map_err(trouble)?;
    let id = builder.write().map_err(trouble)?;
    repository.find_tree(id).map_err(trouble)
}

/// The commit with this file on top of what the branch holds; none when it holds just that already.
fn commit(
    repository: &Repository,
    before: Option<Oid>,
    file: &SideFile,
) -> Result<Option<Oid>, PortError> {
    let parent = before
        .map(|id| repository.find_commit(id))
        .transpose()
        .map_err(trouble)?;
    let base = parent
        .as_ref()
        .map(git2::Commit::tree)
        .transpose()
        .map_err(trouble)?;
    let blob = repository.blob(&file.bytes).map_err(trouble)?;
    let mut update = git2::build::TreeUpdateBuilder::new();
    update.upsert(file.path.as_str(), blob, FileMode::Blob);
    let base = match base {
        Some(base) => base,
        None => empty(repository)?,
    };

    let tree = update.create_updated(repository, &base).map_err(trouble)?;
    if parent.is_some() && tree == base.id() {
        return Ok(None);
    }

    let tree = repository.find_tree(tree).map_err(trouble)?;
    let author = author(file.at)?;
    let message = format!("Write {}\n", file.path);
    let parents: Vec<_> = parent.iter().collect();

    repository
        .commit(None, &author, &author, &message, &tree, &parents)
        .map(Some)
        .map_err(trouble)
}

/// The file at a commit, and as we wrote it last below it.
fn found(repository: &Repository, head: Oid, path: &str) -> Result<SideFound, PortError> {
    let mut walk = repository.revwalk().map_err(trouble)?;
    walk.set_sorting(Sort::TOPOLOGICAL).map_err(trouble)?;
    walk.push(head).map_err(trouble)?;
    let mut ours = None;

    for id in walk.take(LOOKED_THROUGH) {
        let id = id.map_err(trouble)?;
        if repository
            .find_commit(id)
            .map_err(trouble)?
            .author()
            .email_bytes()
            == OUR_EMAIL.as_bytes()
        {
            ours = file_of(repository, &tree_of(repository, id)?, path)?;
            break;
        }
    }

    Ok(SideFound {
        head: sha(head)?,
        theirs: file_of(repository, &tree_of(repository, head)?, path)?,
        ours,
    })
}

#[async_trait]
impl SideFiles for Gates {
    async fn side_file(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        path: &str,
    ) -> Result<Option<SideFound>, PortError> {
        let _turn = self.turn(project).await;

        if self.upstream_head(project, url, branch).await?.is_none() {
            return Ok(None);
        }

        self.fetch_into(project, url, branch, SEEN).await?;
        let path = path.to_owned();
        let looked = self.with(project, move |repository| {
            found(
                repository,
                repository.refname_to_id(SEEN).map_err(trouble)?,
                &path,
            )
        });

        looked.await.map(Some)
    }

    async fn publish_file(
        &self,
        project: &ProjectName,
        url: &str,
        file: &SideFile,
    ) -> Result<(Sha, bool), PortError> {
        // With the expected old value, so that nobody else's commit is lost.
        let _turn = self.turn(project).await;
        let before = self.upstream_head(project, url, &file.branch).await?;
        if let Onto::Seen(seen) = &file.onto
            && *seen != before
        {
            return Err(PortError::Transient(format!(
                "somebody moved {} while it was looked at: nothing was written",
                file.branch
            )));
        }
        if before.is_some() {
            self.fetch_into(project, url, &file.branch, SEEN).await?;
        }

        let (wanted, old) = (file.clone(), before.clone());

        let made = self.with(project, move |repository| {
            let old = old.as_ref().map(oid).transpose()?;
            let made = commit(repository, old, &wanted)?;
            if let Some(made) = made {
                // Pinned, so that nothing that cleans up takes it before it is published.
                repository
                    .reference(SEEN, made, true, "side")
                    .map_err(trouble)?;
            }
            made.map(sha).transpose()
        });
        match (made.await?, before) {
            (Some(made), before) => {
                self.push_expecting(project, url, &file.branch, &made, before.as_ref())
                    .await?;
                Ok((made, true))
            }
            (None, Some(before)) => Ok((before, false)),
            (None, None) => Err(PortError::Permanent(
                "nothing was made to be published".to_owned(),
            )),
        }
    }
}
