//! Files of others: read and written without following a link, without waiting, and to a bound.

use std::io::{Error, ErrorKind, Read, Seek, Write};
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use fs_err::File;
use fs_err::os::unix::fs::OpenOptionsExt;
use rustix::fs::{FileType, Mode, OFlags, fstat, open, openat};

use super::removal::remove;
use crate::named::about;

/// How a file of others is opened: a link is an error, and so is waiting for a writer or becoming
/// somebody's terminal.
const GUARDED: OFlags = OFlags::NOFOLLOW
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// How a folder of others is opened.
pub(super) const FOLDER: OFlags = OFlags::NOFOLLOW
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// The content of the regular file at `path`, in a folder of ours.
///
/// # Errors
/// When it is not there, is not a regular file, or holds more than `max` bytes.
pub fn read(path: &Path, max: usize) -> std::io::Result<Vec<u8>> {
    let file = open(path, OFlags::RDONLY | GUARDED, Mode::empty());
    let read = file.map_err(Error::from);
    let read = read.and_then(|file| read_regular(file, max));
    read.map_err(about(format_args!("reading {}", path.display())))
}

/// The content of the regular file `below` a folder: no part of the way may be a link.
///
/// # Errors
/// As [`read`], and when a part of the way is no folder.
pub fn read_below(folder: &Path, below: &Path, max: usize) -> std::io::Result<Vec<u8>> {
    let named = |e: Error| Error::new(e.kind(), format!("{}: {e}", folder.join(below).display()));
    let mut at = open(folder, OFlags::RDONLY | FOLDER, Mode::empty())?;
    let mut parts = below.components().peekable();

    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else {
            return Err(named(ErrorKind::InvalidInput.into()));
        };
        let how = if parts.peek().is_some() {
            FOLDER
        } else {
            GUARDED
        };
        let opened = openat(&at, name, OFlags::RDONLY | how, Mode::empty());
        at = opened.map_err(|e| named(e.into()))?;
    }
    read_regular(at, max).map_err(named)
}

/// Writes a new file at `path`, readable by its owner; what lay there is removed and never written
/// to. The file is answered at its beginning.
///
/// # Errors
/// What the system said, with the path.
pub fn write(path: &Path, bytes: &[u8]) -> std::io::Result<File> {
    remove(path)?;

    let written = || {
        let mut file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(bytes)?;
        file.rewind()?;
        Ok(file)
    };
    written()
}

fn read_regular(file: OwnedFd, max: usize) -> std::io::Result<Vec<u8>> {
    if FileType::from_raw_mode(fstat(&file)?.st_mode) != FileType::RegularFile {
        return Err(Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }

    let mut bytes = Vec::new();
    let bound = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::from(file)
        .take(bound)
        .read_to_end(&mut bytes)?;
    if bytes.len() > max {
        let why = format!("more than the {max} bytes that are read");
        return Err(Error::new(ErrorKind::FileTooLarge, why));
    }

    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fs_err::os::unix::fs::symlink;

    #[test]
    fn only_a_bounded_regular_file_is_read() {
        let folder = tempfile::tempdir().expect("folder");
        let at = |name: &str| folder.path().join(name);
        fs_err::write(at("plain"), b"1234").expect("file");
        fs_err::create_dir(at("folder")).expect("folder");
        symlink(at("plain"), at("link")).expect("link");
        symlink("/dev/zero", at("zero")).expect("link");
        symlink(at("loop"), at("loop")).expect("link");
        rustix::fs::mkfifoat(rustix::fs::CWD, at("fifo"), Mode::RWXU).expect("fifo");
        let socket = std::os::unix::net::UnixListener::bind(at("socket")).expect("socket");

        assert_eq!(read(&at("plain"), 4).expect("read"), b"1234");
        assert!(read(&at("plain"), 3).is_err(), "beyond its bound");
        for name in ["folder", "link", "zero", "loop", "fifo", "socket", "none"] {
            assert!(read(&at(name), 4).is_err(), "{name}");
            let below = read_below(folder.path(), Path::new(name), 4);
            assert!(below.is_err(), "{name}");
        }
        drop(socket);
    }

    #[test]
    fn what_lies_there_is_not_written_to() {
        let folder = tempfile::tempdir().expect("folder");
        let (kept, link) = (folder.path().join("kept"), folder.path().join("link"));
        fs_err::write(&kept, b"kept").expect("file");
        symlink(&kept, &link).expect("link");
        let mut file = write(&link, b"new").expect("written");
        let mut text = String::new();
        file.read_to_string(&mut text).expect("read");
        assert_eq!(
            (text.as_str(), fs_err::read(&kept).expect("read")),
            ("new", b"kept".to_vec())
        );
    }

    #[test]
    fn no_part_of_the_way_may_be_a_link() {
        let folder = tempfile::tempdir().expect("folder");
        fs_err::create_dir(folder.path().join("real")).expect("folder");
        fs_err::write(folder.path().join("real/file"), b"1").expect("file");
        symlink("real", folder.path().join("link")).expect("link");

        let read = |below: &str| read_below(folder.path(), Path::new(below), 9);
        assert_eq!(read("real/file").expect("read"), b"1");
        assert!(read("link/file").is_err() && read("../file").is_err());
        assert!(read("/etc/hostname").is_err());
    }
}
