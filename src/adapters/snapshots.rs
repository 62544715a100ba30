//! The snapshot of the projections as one file of the data folder, named by the rules that made it.
//! Written beside and renamed; not synced, because a file that is not whole is noticed and costs a
//! longer start.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use actors::ports::PortError;
use actors::ports::snapshots::Snapshots;
use async_trait::async_trait;
use events::view::snapshot::FINGERPRINT;
use tokio::sync::Mutex;

/// A folder with one snapshot in it. Clones take turns: what was begun first ends first, even when
/// nobody waits for it any more.
#[derive(Debug, Clone)]
pub struct SnapshotFolder(PathBuf, Arc<Mutex<()>>);

impl SnapshotFolder {
    /// Keeps the snapshot below this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self(folder, Arc::default())
    }

    /// The file that these rules keep.
    pub fn file(&self) -> PathBuf {
        self.0.join(format!("books-{FINGERPRINT}"))
    }

    fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        fs_err::create_dir_all(&self.0)?;
        let file = self.file();
        let mut beside = tempfile::NamedTempFile::new_in(&self.0)?;
        beside.write_all(bytes)?;
        beside.persist(&file).map_err(|e| e.error)?;
        self.remove_but(Some(&file))
    }

    /// Removes everything but one file: what earlier builds kept is of no use to this one.
    fn remove_but(&self, kept: Option<&PathBuf>) -> std::io::Result<()> {
        if !self.0.exists() {
            return Ok(());
        }
        for entry in fs_err::read_dir(&self.0)? {
            let path = entry?.path();
            if Some(&path) != kept {
                fs_err::remove_file(path)?;
            }
        }
        Ok(())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(Self) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, PortError> {
        let (folder, shown) = (self.clone(), self.0.display().to_string());
        let turn = self.1.clone().lock_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let result = work(folder);
            drop(turn);
            result
        });
        let done = done.await;
        let failed = |e: &dyn std::fmt::Display| {
            PortError::Transient(format!("{what} the snapshot in {shown}: {e}"))
        };

        done.map_err(|e| failed(&e))?.map_err(|e| failed(&e))
    }
}

#[async_trait]
impl Snapshots for SnapshotFolder {
    async fn load(&self) -> Result<Option<Vec<u8>>, PortError> {
        let read = |folder: Self| match fs_err::read(folder.file()) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        self.blocking("reading", read).await
    }

    async fn store(&self, bytes: Vec<u8>) -> Result<(), PortError> {
        self.blocking("writing", move |folder| folder.write(&bytes))
            .await
    }

    async fn discard(&self) -> Result<(), PortError> {
        self.blocking("discarding", |folder| folder.remove_but(None))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_snapshot_is_kept_and_those_of_other_rules_go() {
        let folder = tempfile::tempdir().expect("folder");
        let snapshots = SnapshotFolder::new(folder.path().join("snapshots"));
        assert_eq!(snapshots.load().await, Ok(None));
        snapshots.discard().await.expect("nothing to do");
        snapshots.store(b"one".to_vec()).await.expect("stored");
        fs_err::write(folder.path().join("snapshots/books-other"), b"older").expect("other rules");
        assert_eq!(snapshots.load().await, Ok(Some(b"one".to_vec())));
        snapshots.store(b"two".to_vec()).await.expect("stored");
        assert_eq!(snapshots.load().await, Ok(Some(b"two".to_vec())));

        let names = fs_err::read_dir(folder.path().join("snapshots"))
            .expect("folder")
            .count();
        assert_eq!(names, 1);
        snapshots.discard().await.expect("gone");
        assert_eq!(snapshots.load().await, Ok(None));
    }
}
