//! Removing a tree that somebody else made, whatever its depth, modes and names: three descriptors,
//! no recursion, no path longer than one name. A folder below is emptied by moving its folders up
//! beside it first.

use std::ffi::{CStr, CString};
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, chmodat, fchmod, openat, renameat, unlinkat};
use rustix::io::Errno;

use super::FOLDER;
use crate::named::about;

/// Names that are held at once.
const NAMES_MAX: usize = 1024;

/// Removes what is at this path in a folder of ours, a tree or a file; nothing there is fine. A
/// link is removed and not followed.
///
/// # Errors
/// What the system said, with the path.
pub fn remove(path: &Path) -> std::io::Result<()> {
    match fs_err::symlink_metadata(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
        Ok(found) if !found.is_dir() => fs_err::remove_file(path),
        Ok(_) => empty(path).and_then(|()| fs_err::remove_dir(path)),
    }
}

/// Removes everything below this folder, and not the folder itself.
///
/// # Errors
/// What the system said, with the path.
pub fn empty(folder: &Path) -> std::io::Result<()> {
    emptied(folder).map_err(about(format_args!("emptying {}", folder.display())))
}

fn emptied(folder: &Path) -> std::io::Result<()> {
    let top = opened(CWD, folder.as_os_str())?;
    let mut lifted = 0_u64;

    loop {
        let names = some_names(&top)?;
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            if !unlinked(&top, &name)? {
                remove_folder(&top, &name, &mut lifted)?;
            }
        }
    }
}

/// Removes a folder of `top` whose own folders become folders of `top`.
fn remove_folder(top: &OwnedFd, name: &CStr, lifted: &mut u64) -> std::io::Result<()> {
    let folder = opened(top, name)?;
    loop {
        let names = some_names(&folder)?;
        if names.is_empty() {
            return Ok(unlinkat(top, name, AtFlags::REMOVEDIR)?);
        }
        for child in names {
            if !unlinked(&folder, &child)? {
                lift(&folder, &child, top, lifted)?;
            }
        }
    }
}

fn lift(from: &OwnedFd, name: &CStr, top: &OwnedFd, lifted: &mut u64) -> std::io::Result<()> {
    loop {
        let free = format!(".lifted-{lifted}");
        match renameat(from, name, top, &free) {
            Ok(()) => return Ok(()),
            // The name is taken: by what was lifted in an earlier try, or by somebody who guessed
            // it.
            Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => *lifted += 1,
            // Who moves a folder has to be able to write in it, for its way up changes.
            Err(Errno::ACCESS) if chmodat(from, name, Mode::RWXU, AtFlags::empty()).is_ok() => {
                return Ok(renameat(from, name, top, format!(".lifted-{lifted}"))?);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Opens a folder, made writable for us where it was not.
fn opened<P: rustix::path::Arg + Copy>(at: impl AsFd, name: P) -> std::io::Result<OwnedFd> {
    let open = || openat(&at, name, OFlags::RDONLY | FOLDER, Mode::empty());
    let folder = match open() {
        Err(Errno::ACCESS) => {
            chmodat(&at, name, Mode::RWXU, AtFlags::empty())?;
            open()?
        }
        other => other?,
    };
    fchmod(&folder, Mode::RWXU)?;
    Ok(folder)
}

/// Removes a name that is no folder; false when it is one.
fn unlinked(at: &OwnedFd, name: &CStr) -> std::io::Result<bool> {
    match unlinkat(at, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(true),
        Err(Errno::ISDIR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn some_names(folder: &OwnedFd) -> std::io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            names.push(name.to_owned());
        }
        if names.len() == NAMES_MAX {
            break;
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::mkdirat;
    use std::os::unix::fs::PermissionsExt;

    /// A chain of folders this deep has a path of more than 4096 bytes, and more links than a
    /// process may open files.
    const DEEP: usize = 2_500;

    fn chain(top: &Path) {
        let mut at = opened(CWD, top.as_os_str()).expect("opened");
        for _ in 0..DEEP {
            mkdirat(&at, "deep", Mode::RWXU).expect("made");
            at = opened(&at, "deep").expect("opened");
        }
    }

    #[test]
    fn a_tree_goes_whatever_its_depth_modes_and_names() {
        let folder = tempfile::tempdir().expect("folder");
        let tree = folder.path().join("tree");
        fs_err::create_dir(&tree).expect("folder");
        chain(&tree);
        fs_err::write(tree.join(".lifted-0"), b"").expect("file");
        fs_err::create_dir_all(tree.join(".lifted-1/full")).expect("folder");
        fs_err::create_dir_all(tree.join("shut/below/more")).expect("folder");
        fs_err::write(tree.join("new\nline"), b"").expect("file");
        fs_err::os::unix::fs::symlink("/", tree.join("root")).expect("link");
        for shut in ["shut/below", "shut"] {
            let none = std::fs::Permissions::from_mode(0o0);
            fs_err::set_permissions(tree.join(shut), none).expect("shut");
        }

        remove(&tree).expect("removed");
        assert!(!tree.exists());
        remove(&tree).expect("nothing there is fine");
    }

    #[test]
    fn a_link_is_removed_and_not_followed() {
        let folder = tempfile::tempdir().expect("folder");
        let kept = folder.path().join("kept");
        fs_err::create_dir(&kept).expect("folder");
        fs_err::write(kept.join("file"), b"").expect("file");
        let link = folder.path().join("link");
        fs_err::os::unix::fs::symlink(&kept, &link).expect("link");

        assert!(empty(&link).is_err());
        remove(&link).expect("removed");
        assert!(kept.join("file").exists() && !link.exists());
    }
}
