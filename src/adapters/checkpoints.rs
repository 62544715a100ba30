//! Checkpoints of a log as files of its data folder, below a folder named by the rules that made
//! them: what other rules made is removed. A file is written beside and renamed; not synced,
//! because one that is not whole is noticed and costs a longer fold.

use std::io::Write;
use std::path::{Path, PathBuf};

use actors::ports::PortError;
use actors::ports::checkpoints::{Checkpoints, Kept};
use async_trait::async_trait;
use events::stream::Position;
use events::view::snapshot::FINGERPRINT;

/// Largest state that a file is unpacked to, in bytes: what says that it is larger is damaged.
const UNPACKED_MAX: usize = 1 << 30;

/// A folder with checkpoints in it.
#[derive(Debug, Clone)]
pub struct CheckpointFolder(PathBuf);

impl CheckpointFolder {
    /// Keeps checkpoints below this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Those of this build's rules.
    fn own(&self) -> PathBuf {
        self.0.join(FINGERPRINT)
    }

    fn newest_before(&self, position: Position) -> std::io::Result<Option<Kept>> {
        let mut newest = None;
        for entry in entries(&self.own())? {
            let at = position_of(&entry).filter(|at| *at <= position);
            newest = newest.max(at);
        }

        let Some(newest) = newest else {
            return Ok(None);
        };
        let packed = fs_err::read(self.file(newest))?;
        let stored = packed.len();
        Ok(unpacked(&packed).map(|bytes| Kept { bytes, stored }))
    }

    fn file(&self, position: Position) -> PathBuf {
        self.own().join(position.to_string())
    }

    fn write(&self, position: Position, bytes: &[u8], within: usize) -> std::io::Result<usize> {
        let packed = lz4_flex::compress_prepend_size(bytes);
        if packed.len() > within {
            return Ok(packed.len());
        }

        let own = self.own();
        if !own.exists() {
            self.remove_others()?;
            fs_err::create_dir_all(&own)?;
        }

        let mut beside = tempfile::NamedTempFile::new_in(&own)?;
        beside.write_all(&packed)?;
        beside.persist(self.file(position)).map_err(|e| e.error)?;
        Ok(packed.len())
    }

    /// Removes what other rules made.
    fn remove_others(&self) -> std::io::Result<()> {
        for other in entries(&self.0)? {
            if other.is_dir() {
                fs_err::remove_dir_all(other)?;
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

        let failed = |e: &dyn std::fmt::Display| {
            PortError::Transient(format!("{what} a checkpoint in {shown}: {e}"))
        };
        let done = tokio::task::spawn_blocking(move || work(folder)).await;
        done.map_err(|e| failed(&e))?.map_err(|e| failed(&e))
    }
}

/// What lies in a folder; nothing where there is none.
fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    match fs_err::read_dir(folder) {
        Ok(found) => found.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(vec![]),
        Err(error) => Err(error),
    }
}

/// The position that a file is named by; none of one that is still being written.
fn position_of(file: &Path) -> Option<Position> {
    let name = file.file_name()?.to_str()?;
    Some(Position(name.parse().ok()?))
}

/// The bytes that were kept; none where the file is not what was written.
fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let (size, _) = lz4_flex::block::uncompressed_size(packed).ok()?;
    if size > UNPACKED_MAX {
        return None;
    }
    lz4_flex::decompress_size_prepended(packed).ok()
}

#[async_trait]
impl Checkpoints for CheckpointFolder {
    async fn before(&self, position: Position) -> Result<Option<Kept>, PortError> {
        self.blocking("reading", move |folder| folder.newest_before(position))
            .await
    }

    async fn keep(
        &self,
        position: Position,
        bytes: Vec<u8>,
        within: usize,
    ) -> Result<usize, PortError> {
        self.blocking("writing", move |folder| {
            folder.write(position, &bytes, within)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newest_that_is_whole_and_not_after_is_found() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("checkpoints");
        let checkpoints = CheckpointFolder::new(path.clone());
        let before = async |position| {
            let found = checkpoints.before(Position(position)).await;
            found.expect("read").map(|kept| kept.bytes)
        };
        assert_eq!(before(9).await, None);

        fs_err::create_dir_all(path.join("other-rules")).expect("made");
        for (position, byte) in [(2, 2), (10, 10)] {
            let kept = checkpoints.keep(Position(position), vec![byte; 5_000], 4_000);
            let size = kept.await.expect("kept");
            assert!(size < 200, "packed: {size}");
        }
        assert!(!path.join("other-rules").exists());

        assert_eq!(before(1).await, None);
        assert_eq!(before(9).await, Some(vec![2; 5_000]));
        assert_eq!(before(10).await, Some(vec![10; 5_000]));

        let noise: Vec<u8> = (0..4_000u32).flat_map(u32::to_le_bytes).collect();
        let size = checkpoints
            .keep(Position(20), noise, 100)
            .await
            .expect("said");
        assert!(size > 100, "it is not kept: {size}");
        assert_eq!(before(99).await, Some(vec![10; 5_000]));

        let file = path.join(FINGERPRINT).join("10");
        for damaged in [
            &b""[..],
            b"\xff\xff\xff\xff",
            b"\x05\0\0\0garbage of a file",
        ] {
            fs_err::write(&file, damaged).expect("damaged");
            assert_eq!(before(99).await, None);
        }
    }
}
