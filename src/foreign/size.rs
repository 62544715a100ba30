//! How much lies below a folder that somebody else writes in.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, open, openat, statat};

use super::FOLDER;

/// Folders within folders that are looked at: no tool that we know nests as many, and each takes a
/// descriptor.
const DEPTH_MAX: usize = 100;

/// What lies below a folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes of the files that were looked at.
    pub bytes: u64,
    /// Whether that is all: nothing was nested too deep or could not be looked at.
    pub whole: bool,
}

/// The size of everything below a folder; links are not followed.
pub fn size(folder: &Path) -> Size {
    let mut size = Size {
        bytes: 0,
        whole: true,
    };
    let opened = open(folder, OFlags::RDONLY | FOLDER, Mode::empty());
    let Ok(top) = opened.and_then(Dir::read_from) else {
        return Size {
            whole: !folder.exists(),
            ..size
        };
    };

    let mut ways = vec![top];
    while let Some(way) = ways.last_mut() {
        let Some(entry) = way.next() else {
            ways.pop();
            continue;
        };
        let looked = entry.and_then(|entry| {
            let name = entry.file_name();
            if name == c"." || name == c".." {
                return Ok(None);
            }
            look(way.fd()?, name, &mut size)
        });
        match looked {
            Ok(Some(deeper)) if ways.len() < DEPTH_MAX => ways.push(deeper),
            Ok(None) => {}
            Ok(Some(_)) | Err(_) => size.whole = false,
        }
    }
    size
}

/// Counts a file, or opens a folder.
fn look(at: impl AsFd, name: &std::ffi::CStr, size: &mut Size) -> rustix::io::Result<Option<Dir>> {
    let found = statat(&at, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(found.st_mode) != FileType::Directory {
        let bytes = u64::try_from(found.st_size).unwrap_or_default();
        size.bytes = size.bytes.saturating_add(bytes);
        return Ok(None);
    }
    let folder = openat(&at, name, OFlags::RDONLY | FOLDER, Mode::empty())?;
    Dir::read_from(folder).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nested_too_deep_is_said_to_be_missing() {
        let folder = tempfile::tempdir().expect("folder");
        let deep =
            |levels: usize| -> std::path::PathBuf { std::iter::repeat_n("d", levels).collect() };
        assert_eq!(
            size(folder.path()),
            Size {
                bytes: 0,
                whole: true
            }
        );
        fs_err::create_dir_all(folder.path().join(deep(50))).expect("folders");
        fs_err::write(folder.path().join(deep(50)).join("file"), [0; 7]).expect("file");
        fs_err::os::unix::fs::symlink("/", folder.path().join("link")).expect("link");
        let seen = size(folder.path());
        assert!(seen.whole && (7..100).contains(&seen.bytes), "{seen:?}");

        fs_err::create_dir_all(folder.path().join(deep(DEPTH_MAX + 1))).expect("folders");
        assert!(!size(folder.path()).whole);
        let none = folder.path().join("none");
        assert_eq!(
            size(&none),
            Size {
                bytes: 0,
                whole: true
            }
        );
    }
}
