//! Files of the data folder that are nobody else's: made for the server's user alone, whatever its
//! umask is, and taken only when they still are. A file of another owner, one that others may read
//! or write, a link and a pipe are refused by name, with what to do.

use fs_err::os::unix::fs::OpenOptionsExt;
use std::fs::Metadata;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use fs_err::{File, OpenOptions};
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, umask};

/// Mode of a file of ours.
const FILE: u32 = 0o600;
/// Largest file that is read whole: tokens, keys, ids.
const READ_MAX: u64 = 64 * 1024;

/// What others may not do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Read or write it: keys, tokens, and every part of the log.
    Secret,
    /// Write it: ids, addresses, lists of providers.
    Unaltered,
}

impl Kept {
    fn forbidden(self) -> u32 {
        match self {
            Self::Secret => 0o077,
            Self::Unaltered => 0o022,
        }
    }

    fn deed(self) -> &'static str {
        match self {
            Self::Secret => "read or written",
            Self::Unaltered => "written",
        }
    }
}

/// Makes everything that this process and what it starts make private, unless it says otherwise.
pub fn close_to_others() {
    umask(Mode::from_bits_truncate(0o077));
}

/// Opens things up again, as agents expect it in their own trees.
pub fn open_to_others() {
    umask(Mode::from_bits_truncate(0o022));
}

/// Refuses a file that is not ours, or not ours alone.
pub fn check(path: &Path, found: &Metadata, kept: Kept) -> anyhow::Result<()> {
    if !found.is_file() {
        bail!(
            "{} is not a regular file: remove it, nothing of ours is a link, a folder or a pipe \
             there",
            path.display()
        );
    }

    check_owner(path, found)?;

    let mode = found.permissions().mode() & 0o777;
    if mode & kept.forbidden() != 0 {
        bail!(
            "{} may be {} by others (mode {mode:o}): look at who did, then `chmod 600 {}`",
            path.display(),
            kept.deed(),
            path.display()
        );
    }

    Ok(())
}

/// Takes from others the right to read a file of ours; what they could write stays as it is, and so
/// does what is not ours: [`check`] refuses that.
pub fn close(path: &Path) -> anyhow::Result<()> {
    let found = match fs_err::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.with_context(|| format!("looking at {}", path.display()))?,
    };

    let mode = found.permissions().mode() & 0o777;
    let is_ours = found.is_file() && found.uid() == nix::unistd::geteuid().as_raw();
    if is_ours && mode & Kept::Unaltered.forbidden() == 0 && mode & Kept::Secret.forbidden() != 0 {
        tracing::warn!(file = %path.display(), "others could read it: that is taken from them");
        fs_err::set_permissions(path, std::fs::Permissions::from_mode(FILE))
            .with_context(|| format!("setting the mode of {}", path.display()))?;
    }
    Ok(())
}

/// Refuses what belongs to another user.
pub fn check_owner(path: &Path, found: &Metadata) -> anyhow::Result<()> {
    let ours = nix::unistd::geteuid().as_raw();
    if found.uid() != ours {
        bail!(
            "{} belongs to user {}, and this process runs as user {ours}: run it as that user, or \
             `chown -R {ours}` what is yours",
            path.display(),
            found.uid()
        );
    }
    Ok(())
}

/// Refuses the file at this path when it is not ours alone; nothing there is fine.
pub fn check_path(path: &Path, kept: Kept) -> anyhow::Result<()> {
    match fs_err::symlink_metadata(path) {
        Ok(found) => check(path, &found, kept),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("looking at {}", path.display())),
    }
}

/// Opens a file of ours without following a link or waiting for a pipe; none where there is
/// nothing.
pub fn open(path: &Path, kept: Kept) -> anyhow::Result<Option<(File, Metadata)>> {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            // A link, or a file of somebody else: said as such where that is known.
            check_path(path, kept)?;
            return Err(error).with_context(|| format!("reading {}", path.display()));
        }
    };
    let found = file
        .metadata()
        .with_context(|| format!("looking at {}", path.display()))?;
    check(path, &found, kept)?;

    Ok(Some((file, found)))
}

/// Reads a small file of ours whole; none where there is nothing.
pub fn read(path: &Path, kept: Kept) -> anyhow::Result<Option<String>> {
    let Some((file, _)) = open(path, kept)? else {
        return Ok(None);
    };
    let mut text = String::new();
    file.take(READ_MAX + 1)
        .read_to_string(&mut text)
        .with_context(|| format!("reading {}", path.display()))?;
    if text.len() as u64 > READ_MAX {
        bail!("{} is above {READ_MAX} bytes", path.display());
    }
    Ok(Some(text))
}

/// Writes a file of ours, whole or not at all: beside, synced, renamed.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    replace(path, bytes).with_context(|| format!("writing {}", path.display()))
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Its mode is 0600 from the first byte on.
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// Makes an empty file for us alone where there is none, so that whoever opens it next neither
/// chooses its mode nor that of what it makes beside it.
pub fn prepare(path: &Path) -> std::io::Result<()> {
    let made = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(FILE)
        .open(path);
    match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.map(|_| ()),
    }
}

/// Makes a folder with this mode, whatever the umask is.
pub fn folder(path: &Path, mode: u32) -> anyhow::Result<()> {
    fs_err::create_dir_all(path)?;
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .with_context(|| format!("setting the mode of {}", path.display()))
}

/// The files of a log: itself, what was not brought into it yet, and the index of that.
pub fn parts_of_a_log(log: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| PathBuf::from(format!("{}{suffix}", log.display())))
}

/// Refuses every file below a folder that is not ours alone; folders are closed.
pub fn check_below(path: &Path) -> anyhow::Result<()> {
    let entries = match fs_err::read_dir(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("reading {}", path.display()))?,
    };
    for entry in entries {
        let entry = entry.with_context(|| format!("reading {}", path.display()))?;
        let found = entry
            .metadata()
            .with_context(|| format!("looking at {}", entry.path().display()))?;
        if found.is_dir() {
            check_owner(&entry.path(), &found)?;
            check_below(&entry.path())?;
        } else {
            check(&entry.path(), &found, Kept::Secret)?;
        }
    }

    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        let found = fs_err::metadata(path).expect("a file");
        found.permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_ours_alone_and_what_is_not_is_refused_by_name() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("token");
        assert!(read(&path, Kept::Secret).expect("nothing").is_none());
        write(&path, b"x").expect("written");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(
            read(&path, Kept::Secret).expect("read").as_deref(),
            Some("x")
        );

        let open = |mode| {
            fs_err::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("mode");
        };
        for (mode, kept, taken) in [
            (0o600, Kept::Secret, true),
            (0o400, Kept::Secret, true),
            (0o640, Kept::Secret, false),
            (0o604, Kept::Secret, false),
            (0o644, Kept::Unaltered, true),
            (0o664, Kept::Unaltered, false),
            (0o646, Kept::Unaltered, false),
        ] {
            open(mode);
            let read = read(&path, kept);
            assert_eq!(read.is_ok(), taken, "{mode:o} {kept:?}: {read:?}");
            if let Err(error) = read {
                assert!(error.to_string().contains("chmod 600"), "{error}");
            }
        }
    }

    #[test]
    fn links_pipes_and_folders_are_no_files_of_ours() {
        let folder = tempfile::tempdir().expect("folder");
        let at = |name: &str| folder.path().join(name);
        write(&at("real"), b"x").expect("written");
        fs_err::os::unix::fs::symlink(at("real"), at("link")).expect("link");
        nix::unistd::mkfifo(&at("pipe"), Mode::from_bits_truncate(0o600)).expect("pipe");
        fs_err::create_dir(at("folder")).expect("folder");

        for name in ["link", "pipe", "folder"] {
            let read = read(&at(name), Kept::Secret);
            let error = read.expect_err(name).to_string();
            assert!(error.contains("not a regular file"), "{name}: {error}");
        }
    }
}
