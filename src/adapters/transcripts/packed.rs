//! Transcripts of sessions that are over, compressed: the same frames, in one gzip file. Written
//! beside and renamed, so that one of the two is always whole; where both are there, the frames
//! count. Before, they are sealed by another name: what comes too late finds it.

use fs_err::os::unix::fs::OpenOptionsExt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Where the compressed form of a transcript is.
pub(super) fn path(frames: &Path) -> PathBuf {
    frames.with_extension("chunks.gz")
}

/// Where the frames of a session are to which nothing is added any more, until they are compressed.
pub(super) fn sealed(frames: &Path) -> PathBuf {
    frames.with_extension("chunks.sealed")
}

/// Has nothing added to a transcript from here on. The caller sees to it that nobody adds to it at
/// this moment.
pub(super) fn seal(frames: &Path) -> std::io::Result<()> {
    match fs_err::rename(frames, sealed(frames)) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        renamed => renamed,
    }
}

/// Whether nothing is added to a transcript any more.
pub(super) fn is_sealed(frames: &Path) -> bool {
    sealed(frames).exists() || path(frames).exists()
}

/// The frames of a transcript in whichever form it is kept; none where there is none.
pub(super) fn read(frames: &Path) -> std::io::Result<Option<Vec<u8>>> {
    for plain in [frames.to_owned(), sealed(frames)] {
        match fs_err::read(plain) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            read => return read.map(Some),
        }
    }

    let file = match fs_err::File::open(path(frames)) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes)?;

    Ok(Some(bytes))
}

/// Compresses a sealed transcript. Doing so again changes nothing.
pub(super) fn pack(frames: &Path) -> std::io::Result<()> {
    let bytes = match fs_err::read(sealed(frames)) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        bytes => bytes?,
    };
    let beside = frames.with_extension("chunks.new");
    let packed = fs_err::File::options()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    let mut encoder = GzEncoder::new(packed, Compression::default());
    encoder.write_all(&bytes)?;
    encoder.finish()?.sync_all()?;
    fs_err::rename(&beside, path(frames))?;

    fs_err::remove_file(sealed(frames))
}

/// Removes a transcript in every form.
pub(super) fn remove(frames: &Path) -> std::io::Result<()> {
    for file in [
        frames.to_owned(),
        sealed(frames),
        path(frames),
        frames.with_extension("chunks.new"),
    ] {
        match fs_err::remove_file(file) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    Ok(())
}
