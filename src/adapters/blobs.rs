//! Blobs as files named by their digest, two levels deep. Written beside, synced, renamed: a blob
//! is whole or not there.

use std::io::Write;
use std::path::{Path, PathBuf};

use actors::ports::PortError;
use actors::ports::blobs::{BLOB_MAX, Blobs};
use async_trait::async_trait;
use events::id::Digest;

/// A folder of blobs.
#[derive(Debug, Clone)]
pub struct BlobFolder(PathBuf);

impl BlobFolder {
    /// Blobs below this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Whether there is a blob of this digest.
    pub fn has(&self, digest: Digest) -> bool {
        self.path(digest).exists()
    }

    fn path(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.0.join(&name[..2]).join(name)
    }
}

fn store(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs_err::create_dir_all(folder)?;
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(path).map_err(|e| e.error)?;
    fs_err::File::open(folder)?.sync_all()
}

#[async_trait]
impl Blobs for BlobFolder {
    async fn put(&self, bytes: Vec<u8>) -> Result<Digest, PortError> {
        if bytes.len() > BLOB_MAX {
            return Err(PortError::Permanent(format!(
                "{} bytes are too large for a blob, {BLOB_MAX} are allowed",
                bytes.len()
            )));
        }

        let digest = Digest::of(&bytes);
        let path = self.path(digest);

        let stored = tokio::task::spawn_blocking(move || {
            if path.exists() {
                Ok(())
            } else {
                store(&path, &bytes)
            }
        })
        .await;
        match stored {
            Ok(Ok(())) => Ok(digest),
            Ok(Err(e)) => Err(PortError::Transient(format!("storing blob {digest}: {e}"))),
            Err(e) => Err(PortError::Transient(format!("storing blob {digest}: {e}"))),
        }
    }

    async fn get(&self, digest: Digest) -> Result<Vec<u8>, PortError> {
        let bytes = fs_err::tokio::read(self.path(digest)).await;
        let bytes = bytes
            .map_err(|e| PortError::Permanent(format!("blob {digest} cannot be read: {e}")))?;
        if Digest::of(&bytes) == digest {
            Ok(bytes)
        } else {
            Err(PortError::Permanent(format!(
                "blob {digest} was altered: restore it from a backup"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_blob_is_what_its_name_says_or_an_error() {
        let folder = tempfile::tempdir().expect("folder");
        let blobs = BlobFolder::new(folder.path().to_owned());
        let digest = blobs.put(b"spec".to_vec()).await.expect("stored");
        assert_eq!(blobs.put(b"spec".to_vec()).await, Ok(digest));
        assert_eq!(blobs.get(digest).await, Ok(b"spec".to_vec()));
        fs_err::write(blobs.path(digest), b"other").expect("altered");
        assert!(
            matches!(blobs.get(digest).await, Err(PortError::Permanent(why)) if why.contains("altered"))
        );

        assert!(matches!(
            blobs.get(Digest::of(b"none")).await,
            Err(PortError::Permanent(_))
        ));
    }
}
