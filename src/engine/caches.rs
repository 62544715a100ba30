//! Package caches that outlive a session: a folder each for project, trust and slot below the data
//! folder, shown to the container that gets it and to no other. What an agent downloaded is never
//! read by a verification, nor by another slot's user.
//!
//! A cache has no quota of its own: one that is found above its bound at a start is emptied, and
//! the runner ends a session that leaves the host too little disk.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use actors::ports::engine::{StartError, StartSpec};
use events::container::Class;
use events::id::ProjectName;

use super::owner::Owner;
use crate::foreign;

/// The caches of one installation.
#[derive(Debug, Clone)]
pub struct Caches {
    folder: PathBuf,
}

impl Caches {
    /// The caches of an installation with this data folder.
    pub fn of(data: &Path) -> Self {
        Self {
            folder: crate::data::caches(data),
        }
    }

    /// The folder of all caches of a project.
    fn of_project(&self, project: &ProjectName) -> PathBuf {
        self.folder.join(project.as_str())
    }

    /// The cache for a container, made and within its bound; none when its limits give it none.
    /// Large trees are walked beside the server's other work.
    pub async fn prepare(&self, spec: &StartSpec) -> Result<Option<PathBuf>, StartError> {
        let (caches, spec) = (self.clone(), spec.clone());
        let prepared = tokio::task::spawn_blocking(move || caches.prepare_now(&spec)).await;
        let prepared = prepared.map_err(std::io::Error::other).flatten();
        prepared.map_err(|e| StartError::failed(Class::Cache, e))
    }

    /// Removes the caches of every project but these.
    pub async fn forget_all_but(&self, projects: &BTreeSet<ProjectName>) {
        let (caches, projects) = (self.clone(), projects.clone());
        let forgotten = tokio::task::spawn_blocking(move || caches.forget_now(&projects)).await;
        if let Err(error) = forgotten.map_err(std::io::Error::other).flatten() {
            tracing::warn!(%error, "package caches are left behind");
        }
    }

    fn prepare_now(&self, spec: &StartSpec) -> std::io::Result<Option<PathBuf>> {
        if spec.limits.cache_mib == 0 {
            return Ok(None);
        }

        let path = self
            .of_project(&spec.name.project)
            .join(spec.trust.name())
            .join(spec.name.n.to_string());

        let size = foreign::size(&path);
        if !size.whole || size.bytes > u64::from(spec.limits.cache_mib) * 1024 * 1024 {
            let cache = path.display();
            tracing::info!(%cache, "a package cache is above its bound, or cannot be measured: it \
                                    is emptied");
            foreign::remove(&path)?;
        }

        fs_err::create_dir_all(&path)?;

        // The way to it may be walked by the user of a process container; what others keep may not
        // be read.
        let ways = path
            .ancestors()
            .skip(1)
            .take_while(|way| way.starts_with(&self.folder));
        for way in ways {
            fs_err::set_permissions(way, std::fs::Permissions::from_mode(0o711))?;
        }

        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o700))?;
        Owner::of(spec.name.n).give(&path)?;

        Ok(Some(path))
    }

    fn forget_now(&self, projects: &BTreeSet<ProjectName>) -> std::io::Result<()> {
        if !self.folder.is_dir() {
            return Ok(());
        }

        for entry in fs_err::read_dir(&self.folder)? {
            let entry = entry?;
            if let Some(name) = entry.file_name().to_str()
                && let Ok(name) = name.parse()
                && projects.contains(&name)
            {
                continue;
            }
            foreign::remove(&entry.path())?;
        }

        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::ports::engine::{ContainerName, Trust};
    use events::id::{Generation, SessionId, SlotNo};
    use events::settings::ContainerLimits;

    fn spec(trust: Trust, n: u16, cache_mib: u32) -> StartSpec {
        let name = ContainerName {
            project: "zoo".parse().expect("name"),
            n: SlotNo(n),
            generation: Generation(1),
        };
        let limits = ContainerLimits {
            cache_mib,
            ..ContainerLimits::default()
        };

        StartSpec {
            name,
            session: SessionId::from_bytes([1; 10]),
            claim: None,
            limits,
            ours: true,
            trust,
        }
    }

    #[test]
    fn a_cache_belongs_to_project_trust_and_slot_and_keeps_its_bound() {
        let folder = tempfile::tempdir().expect("folder");
        let caches = Caches::of(folder.path());
        let prepared = |trust, n, mib| caches.prepare_now(&spec(trust, n, mib)).expect("prepared");
        assert_eq!(prepared(Trust::Agent, 1, 0), None, "none unless asked for");
        let all = [
            (Trust::Agent, 1),
            (Trust::Agent, 2),
            (Trust::Verification, 1),
        ]
        .map(|(trust, n)| prepared(trust, n, 1));
        let paths: BTreeSet<PathBuf> = all.into_iter().flatten().collect();
        assert_eq!(paths.len(), 3);
        let mine = prepared(Trust::Agent, 1, 1).expect("a cache");
        fs_err::create_dir(mine.join("npm")).expect("folder");
        fs_err::write(mine.join("npm/pack"), vec![0; 1024 * 1024]).expect("file");
        assert!(
            prepared(Trust::Agent, 1, 1)
                .expect("a cache")
                .join("npm/pack")
                .exists(),
            "at its bound it stays"
        );
        fs_err::write(mine.join("one"), [0]).expect("file");
        assert!(
            !prepared(Trust::Agent, 1, 1)
                .expect("a cache")
                .join("npm")
                .exists(),
            "above it is emptied"
        );

        let zoo: BTreeSet<ProjectName> = ["zoo".parse().expect("name")].into();
        caches.forget_now(&zoo).expect("forgotten");
        assert!(mine.exists());
        caches.forget_now(&BTreeSet::new()).expect("forgotten");
        assert!(!mine.exists());
        Caches::of(&folder.path().join("never"))
            .forget_now(&zoo)
            .expect("nothing to forget");
    }
}
