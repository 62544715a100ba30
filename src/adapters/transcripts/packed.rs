//! Transcripts of sessions that are over, compressed: the same frames, in one gzip file. Written beside and renamed, so that one of the two
//! is always whole; where both are there, the frames count.

use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Where the compressed form of a transcript is.
pub(super) fn path(frames: &Path) -> PathBuf {
    frames.with_extension("chunks.gz")
}

/// The frames of a transcript in whichever form it is kept; none where there is neither.
pub(super) fn read(frames: &Path) -> std::io::Result<Option<Vec<u8>>> {
    match std::fs::read(frames) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        read => return read.map(Some),
    }
    let file = match std::fs::File::open(path(frames)) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Compresses a transcript. Doing so again changes nothing.
pub(super) fn pack(frames: &Path) -> std::io::Result<()> {
    let bytes = match std::fs::read(frames) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        bytes => bytes?,
    };
    let beside = frames.with_extension("chunks.new");
    let packed = std::fs::File::options()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    let mut encoder = GzEncoder::new(packed, Compression::default());
    encoder.write_all(&bytes)?;
    encoder.finish()?.sync_all()?;
    std::fs::rename(&beside, path(frames))?;
    std::fs::remove_file(frames)
}

/// Removes a transcript in every form.
pub(super) fn remove(frames: &Path) -> std::io::Result<()> {
    for file in [
        frames.to_owned(),
        path(frames),
        frames.with_extension("chunks.new"),
    ] {
        match std::fs::remove_file(file) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    Ok(())
}
