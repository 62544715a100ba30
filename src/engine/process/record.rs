//! Which process a container is, as the server wrote it down: in a folder of its own that no agent
//! can reach, before the runner may begin. Nothing else is believed about it, whatever lies in the
//! slot's folder.

use std::ffi::OsString;
use std::io::{Error, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use actors::ports::engine::ContainerName;
use serde::{Deserialize, Serialize};

use crate::engine::pidfd::Held;
use crate::foreign;
use crate::named::{self, about};

/// How files begin that are not whole yet; no container is named so.
const BEING_WRITTEN: &str = ".";
/// A record is far shorter.
const RECORD_MAX: usize = 16 * 1024;

/// A launch. Its runner begins only after this was written whole: one that cannot be read is of a
/// runner that never began.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Record {
    /// The launch that has the container.
    pub(super) launch: String,
    /// The pid of its main process on this host.
    pub(super) pid: i32,
    /// When that began, in clock ticks since boot.
    pub(super) start_ticks: u64,
    /// The boot in which it began.
    pub(super) boot_id: String,
    /// Whether it is the first process of a namespace, with which everything in it ends.
    pub(super) sandboxed: bool,
    /// The control group that it and everything it starts are in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<PathBuf>,
}

impl Record {
    /// How the engine names it.
    pub(super) fn engine_id(&self) -> String {
        format!("{}@{}", self.pid, self.start_ticks)
    }

    /// Its main process, if that runs.
    pub(super) fn main(&self) -> std::io::Result<Option<Held>> {
        if self.boot_id != boot_id() {
            return Ok(None);
        }
        Held::begun_at(self.pid, self.start_ticks)
    }
}

/// The kernel's boot id.
pub(super) fn boot_id() -> String {
    let said = fs_err::read_to_string("/proc/sys/kernel/random/boot_id");
    said.unwrap_or_default().trim().to_owned()
}

/// The folder of all records.
#[derive(Debug, Clone)]
pub(super) struct Records {
    folder: PathBuf,
}

impl Records {
    /// The records of this folder, made for the server alone.
    ///
    /// # Errors
    /// When it cannot be made, or is somebody else's.
    pub(super) fn open(folder: PathBuf) -> std::io::Result<Self> {
        named::make_folders(&folder, 0o700)?;
        let found = fs_err::symlink_metadata(&folder)?;
        if !found.is_dir() || found.uid() != nix::unistd::geteuid().as_raw() {
            let why = format!(
                "{} has to be a folder of the server's own user: remove it, or give it back",
                folder.display()
            );
            return Err(Error::new(ErrorKind::PermissionDenied, why));
        }

        fs_err::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
        for entry in fs_err::read_dir(&folder)? {
            let entry = entry?;
            if entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(BEING_WRITTEN.as_bytes())
            {
                // A server that was killed left it: nothing was begun with it.
                foreign::remove(&entry.path())?;
            }
        }

        Ok(Self { folder })
    }

    fn path(&self, name: &ContainerName) -> PathBuf {
        self.folder.join(name.to_string())
    }

    /// Every container that has a record.
    pub(super) fn names(&self) -> std::io::Result<Vec<ContainerName>> {
        let entries: Result<Vec<_>, _> = fs_err::read_dir(&self.folder)?.collect();
        let files = entries?.into_iter().map(|entry| entry.file_name());
        Ok(files.filter_map(|file| parsed(&file)).collect())
    }

    /// The record of a container; none when what is there is none.
    pub(super) fn read(&self, name: &ContainerName) -> Option<Record> {
        let bytes = foreign::read(&self.path(name), RECORD_MAX);
        let read = bytes.and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
        read.map_err(|error| tracing::warn!(container = %name, %error, "its record tells nothing"))
            .ok()
    }

    /// Writes the first record of a container.
    ///
    /// # Errors
    /// When it has one, with [`ErrorKind::AlreadyExists`]; and when it cannot be written, and then
    /// none is left.
    pub(super) fn write(&self, name: &ContainerName, record: &Record) -> std::io::Result<()> {
        let path = self.path(name);
        let mut file = tempfile::Builder::new()
            .prefix(BEING_WRITTEN)
            .permissions(std::fs::Permissions::from_mode(0o600))
            .tempfile_in(&self.folder)
            .map_err(about(format_args!("writing in {}", self.folder.display())))?;
        file.write_all(&serde_json::to_vec(record)?)?;
        // It is there whole or not at all: others look through this folder meanwhile.
        file.persist_noclobber(&path)
            .map_err(|refused| refused.error)?;
        Ok(())
    }

    /// Removes the record of a container; none is fine.
    pub(super) fn remove(&self, name: &ContainerName) -> std::io::Result<()> {
        foreign::remove(&self.path(name))
    }
}

/// The container that a file or folder is named after.
pub(super) fn parsed(file: &OsString) -> Option<ContainerName> {
    ContainerName::parse(Path::new(file).to_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::id::{Generation, SlotNo};

    fn name() -> ContainerName {
        ContainerName {
            project: "zoo".parse().expect("name"),
            n: SlotNo(1),
            generation: Generation(1),
        }
    }

    fn record() -> Record {
        let own = i32::try_from(std::process::id()).expect("pid");
        let me = Held::of(own).expect("asked").expect("this test runs");
        Record {
            launch: "l".to_owned(),
            pid: own,
            start_ticks: me.start_ticks(),
            boot_id: boot_id(),
            sandboxed: false,
            group: None,
        }
    }

    #[test]
    fn a_record_is_written_once_and_read_back() {
        let folder = tempfile::tempdir().expect("folder");
        let records = Records::open(folder.path().join("launches")).expect("opened");
        assert_eq!(records.read(&name()), None);
        records.write(&name(), &record()).expect("written");
        assert_eq!(records.read(&name()), Some(record()));
        assert_eq!(records.names().expect("listed"), [name()]);

        let again = records.write(&name(), &record()).map_err(|e| e.kind());
        assert_eq!(again, Err(ErrorKind::AlreadyExists));
        records.remove(&name()).expect("removed");
        records.remove(&name()).expect("none is fine");
        assert_eq!(records.names().expect("listed"), []);
    }

    #[test]
    fn a_pid_of_another_time_or_boot_is_nobody() {
        let is_there = |record: &Record| record.main().expect("asked").is_some();
        assert!(is_there(&record()));
        let later = Record {
            start_ticks: record().start_ticks + 1,
            ..record()
        };
        let elsewhere = Record {
            boot_id: "another boot".to_owned(),
            ..record()
        };
        assert!(!is_there(&later) && !is_there(&elsewhere));
    }

    #[test]
    fn a_folder_of_others_is_not_taken() {
        let folder = tempfile::tempdir().expect("folder");
        let link = folder.path().join("launches");
        fs_err::os::unix::fs::symlink("/etc", &link).expect("link");
        assert!(Records::open(link).is_err());
    }
}
