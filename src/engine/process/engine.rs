//! The process engine: where its containers live, which it knows, and what an earlier server left.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use actors::ports::engine::{ContainerName, Unreachable};
use tokio::sync::watch;

use super::container::Container;
use super::earlier;
use super::group::Groups;
use super::record::{Record, Records, parsed};
use super::sandbox::Sandbox;
use crate::engine::caches::Caches;
use crate::engine::owner::Owner;
use crate::foreign;

/// Starts of one container, one after the other.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// The process engine.
pub struct ProcessEngine {
    pub(super) data: PathBuf,
    pub(super) slots: PathBuf,
    pub(super) doors: PathBuf,
    pub(super) caches: Caches,
    pub(super) binary: PathBuf,
    pub(super) sandbox: Sandbox,
    pub(super) allow_unisolated: bool,
    pub(super) records: Records,
    pub(super) groups: Groups,
    pub(super) hints: watch::Sender<u64>,
    pub(super) known: Mutex<BTreeMap<ContainerName, Arc<Container>>>,
    pub(super) turns: Mutex<BTreeMap<ContainerName, Turn>>,
}

impl ProcessEngine {
    /// An engine whose containers live below `data`. `allow_unisolated` lets agents that are not
    /// ours run without a sandbox.
    ///
    /// # Errors
    /// When its folders cannot be made, or what is in them cannot be looked at.
    pub fn new(
        data: &Path,
        binary: PathBuf,
        sandbox: Sandbox,
        allow_unisolated: bool,
    ) -> std::io::Result<Self> {
        let (slots, doors) = (data.join("berths"), data.join("d"));
        for folder in [&slots, &doors] {
            fs_err::create_dir_all(folder)?;
            fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o711))?;
        }

        let engine = Self {
            data: data.to_owned(),
            slots,
            doors,
            caches: Caches::of(data),
            binary,
            sandbox,
            allow_unisolated,
            records: Records::open(data.join("launches"))?,
            groups: Groups::of(data),
            hints: watch::Sender::new(0),
            known: Mutex::default(),
            turns: Mutex::default(),
        };
        engine.take_over()?;

        Ok(engine)
    }

    /// Looks at what an earlier server left: containers with a record are adopted, those of earlier
    /// builds are ended, and what was only just being made is removed.
    fn take_over(&self) -> std::io::Result<()> {
        let recorded: BTreeSet<_> = self.records.names()?.into_iter().collect();
        let records = recorded.iter().filter_map(|name| self.records.read(name));
        let groups = records.filter_map(|record| record.group).collect();
        self.groups.keep_only(&groups);

        for entry in fs_err::read_dir(&self.slots)? {
            let entry = entry?;
            let Some(name) = parsed(&entry.file_name()) else {
                continue;
            };
            if recorded.contains(&name) {
                continue;
            }
            if earlier::began_in(&entry.path()) {
                self.end_earlier(&name, &entry.path());
            } else {
                foreign::remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Ends a container whose only record its agent could write, and takes it as one that ended.
    fn end_earlier(&self, name: &ContainerName, folder: &Path) {
        tracing::warn!(container = %name, "an earlier build began it: it is ended, for nothing it \
                                           wrote of itself is believed");
        if let Err(error) = earlier::end(folder, Owner::of(name.n).uid()) {
            tracing::error!(container = %name, %error, "something of it is left");
        }
        let ended = Arc::new(Container::over(None));
        self.known().insert(name.clone(), ended);
    }

    pub(super) fn known(
        &self,
    ) -> std::sync::MutexGuard<'_, BTreeMap<ContainerName, Arc<Container>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn folder(&self, name: &ContainerName) -> PathBuf {
        self.slots.join(name.to_string())
    }

    pub(super) fn turn(&self, name: &ContainerName) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(name.clone()).or_default().clone()
    }

    /// The container of this name, if it was ever begun; another server on the same folder may have
    /// begun it.
    pub(super) fn find(&self, name: &ContainerName) -> std::io::Result<Option<Arc<Container>>> {
        let mut known = self.known();
        if let Some(container) = known.get(name) {
            return Ok(Some(container.clone()));
        }

        if !self.records.names()?.contains(name) {
            return Ok(None);
        }

        let record = self.records.read(name);
        let main = record.as_ref().map(Record::main).transpose()?.flatten();
        let adopted = match main {
            Some(main) => Container::adopted(record, main, self.hints.clone()),
            None => Container::over(record),
        };
        let adopted = Arc::new(adopted);
        known.insert(name.clone(), adopted.clone());

        Ok(Some(adopted))
    }

    /// Ends everything of a container, and answers when it is gone.
    pub(super) async fn end(
        &self,
        name: &ContainerName,
        container: &Arc<Container>,
    ) -> Result<(), Unreachable> {
        let (container, user) = (container.clone(), Owner::of(name.n).uid());
        let ended = tokio::task::spawn_blocking(move || container.end(user)).await;
        let ended = ended.unwrap_or_else(|e| Err(e.to_string()));
        ended.map_err(|why| Unreachable(format!("ending {name}: {why}")))
    }
}
