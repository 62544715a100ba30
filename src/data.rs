//! Where things are below a data folder, and whether they are as we left them.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use events::id::ProjectName;

use crate::private::{self, Kept};

/// Name of the file that other servers read their settings from, which this one does not.
const NOT_READ: &str = "supercargo.toml";

/// A place for a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogPlace {
    /// A SQLite file.
    File(PathBuf),
    /// A database, by its URL.
    Postgres(String),
}

/// A data folder.
#[derive(Debug, Clone)]
pub struct DataFolder {
    path: PathBuf,
    database: Option<String>,
    providers: Option<PathBuf>,
}

impl DataFolder {
    /// This folder, made when it is not there. Absolute, because containers see it from elsewhere.
    pub fn make(path: &Path) -> anyhow::Result<Self> {
        fs_err::create_dir_all(path)
            .with_context(|| format!("making the data folder {}", path.display()))?;
        let data = Self::at(path)?;
        // Slots run as other users and have to reach their own folders below; nobody may list it.
        private::folder(&data.path, 0o711)?;
        Ok(data)
    }

    /// This folder, where a server had one before.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let is_ours = ["log.db", "log.id", "manifest.json"]
            .iter()
            .any(|name| path.join(name).exists());
        if !is_ours {
            bail!(
                "{} is no data folder of supercargo: name yours with --data or SUPERCARGO_DATA; \
                 `supercargo serve --data {}` makes one there",
                path.display(),
                path.display()
            );
        }
        Self::at(path)
    }

    /// This folder, which somebody made or opened before.
    pub(crate) fn at(path: &Path) -> anyhow::Result<Self> {
        let path = fs_err::canonicalize(path).context("finding the data folder")?;
        Ok(Self {
            path,
            database: None,
            providers: None,
        })
    }

    /// The same folder, with its log in a PostgreSQL database.
    pub fn with_database(self, url: Option<String>) -> Self {
        Self {
            database: url,
            ..self
        }
    }

    /// The same folder, with its providers of models in a file elsewhere.
    pub fn with_providers(self, file: Option<PathBuf>) -> Self {
        Self {
            providers: file,
            ..self
        }
    }

    /// Refuses a folder in which something that only this user may touch is open to others, or
    /// belongs to them. What others could only read beside the log is closed: earlier builds made
    /// those files with the rights that the umask left.
    pub fn check(&self) -> anyhow::Result<()> {
        let found = fs_err::metadata(&self.path)?;
        private::check_owner(&self.path, &found)?;

        for part in private::parts_of_a_log(&self.log()) {
            if part != self.log() {
                private::close(&part)?;
            }
            private::check_path(&part, Kept::Secret)?;
        }
        for secret in [self.token(), self.seal_key()] {
            private::check_path(&secret, Kept::Secret)?;
        }
        private::check_below(&self.secrets())?;

        let ours = [
            self.url(),
            self.log_id(),
            self.anchor(),
            self.lock(),
            self.path.join("providers.json"),
            self.path.join("egress.json"),
        ];
        for file in ours {
            private::check_path(&file, Kept::Unaltered)?;
        }
        Ok(())
    }

    /// What lies here and is not read, with what to do instead.
    pub fn not_read(&self) -> Option<String> {
        let file = self.path.join(NOT_READ);
        file.exists().then(|| {
            format!(
                "{} is not read: give its settings as flags of `serve`, as SUPERCARGO_… in the \
                 environment, or with `project set`",
                file.display()
            )
        })
    }

    /// Where its log is.
    pub fn place(&self) -> LogPlace {
        match &self.database {
            Some(url) => LogPlace::Postgres(url.clone()),
            None => LogPlace::File(self.log()),
        }
    }

    /// The file with its providers of models, and whether it has to be there.
    pub(crate) fn providers(&self) -> (PathBuf, bool) {
        match &self.providers {
            Some(file) => (file.clone(), true),
            None => (self.path.join("providers.json"), false),
        }
    }

    /// Holds the id of the log that this folder belongs to.
    pub(crate) fn log_id(&self) -> PathBuf {
        self.path.join("log.id")
    }

    /// Held by the process that has it.
    pub(crate) fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The log's file.
    pub fn log(&self) -> PathBuf {
        self.path.join("log.db")
    }

    /// Where a running server hears its operator.
    pub fn operator_socket(&self) -> PathBuf {
        self.path.join("operator.sock")
    }

    /// The operator's token.
    pub fn token(&self) -> PathBuf {
        self.path.join("token")
    }

    /// Where a running server is reached over HTTP.
    pub fn url(&self) -> PathBuf {
        self.path.join("url")
    }

    /// The key that signs seals.
    pub fn seal_key(&self) -> PathBuf {
        self.path.join("seal.key")
    }

    /// The newest seal, outside the log.
    pub fn anchor(&self) -> PathBuf {
        self.path.join("anchor.json")
    }

    /// The header of the bundle that this folder was unpacked from, in one that was.
    pub fn bundle(&self) -> PathBuf {
        self.path.join("bundle.json")
    }

    /// The mark of a fork whose projects have the upstreams of the original.
    pub fn fork(&self) -> PathBuf {
        self.path.join("fork")
    }

    /// Whether it is for reading only: it was unpacked from a bundle, or it is a fork that would
    /// work on what belongs to the original.
    pub fn is_read_only(&self) -> bool {
        self.bundle().exists() || self.fork().exists()
    }

    /// The digests of all states that came with a bundle.
    pub fn states(&self) -> PathBuf {
        self.path.join("states")
    }

    /// Contents that events name by their digest.
    pub fn blobs(&self) -> PathBuf {
        self.path.join("blobs")
    }

    /// Transcripts.
    pub fn transcripts(&self) -> PathBuf {
        self.path.join("transcripts")
    }

    /// The projections as they were: a cache, which may be deleted.
    pub fn snapshots(&self) -> PathBuf {
        self.path.join("snapshots")
    }

    /// The projections along the log: a cache as well.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// The gates of the projects.
    pub fn gates(&self) -> PathBuf {
        self.path.join("gates")
    }

    /// What upstreams ask for.
    pub fn secrets(&self) -> PathBuf {
        self.path.join("secrets")
    }

    /// The doors of the sessions.
    pub(crate) fn doors(&self) -> PathBuf {
        self.path.join("d")
    }
}

/// The gate of a project, in the data folder at this path.
pub(crate) fn gate_of(data: &Path, project: &ProjectName) -> PathBuf {
    data.join("gates").join(format!("{project}.git"))
}

/// Where the package caches of all projects are, in the data folder at this path.
pub(crate) fn caches(data: &Path) -> PathBuf {
    data.join("caches")
}

/// The package caches of a project, in the data folder at this path.
pub(crate) fn caches_of(data: &Path, project: &ProjectName) -> PathBuf {
    caches(data).join(project.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn whatever_is_open_to_others_is_named_before_anything_is_read() {
        let folder = tempfile::tempdir().expect("folder");
        let data = DataFolder::make(folder.path()).expect("a data folder");
        let files = [
            "log.db",
            "log.db-wal",
            "log.db-shm",
            "token",
            "seal.key",
            "secrets/zoo/token",
            "secrets/_host/ssh_key",
            "url",
            "log.id",
            "anchor.json",
            "lock",
            "providers.json",
            "egress.json",
        ];
        for name in files {
            let path = data.path().join(name);
            fs_err::create_dir_all(path.parent().expect("a folder")).expect("made");
            private::write(&path, b"x").expect("written");
        }
        data.check().expect("all is ours");

        for name in files {
            let path = data.path().join(name);
            let set = |mode| fs_err::set_permissions(&path, std::fs::Permissions::from_mode(mode));
            set(0o666).expect("opened");
            let error = data.check().expect_err(name).to_string();
            assert!(
                error.contains(name) && error.contains("chmod 600"),
                "{error}"
            );
            set(0o600).expect("closed");
        }
    }

    #[test]
    fn what_earlier_builds_left_readable_beside_the_log_is_closed() {
        let folder = tempfile::tempdir().expect("folder");
        let data = DataFolder::make(folder.path()).expect("a data folder");
        let parts = private::parts_of_a_log(&data.log());
        private::write(&parts[0], b"x").expect("written");
        for part in &parts[1..] {
            private::write(part, b"x").expect("written");
            let readable = std::fs::Permissions::from_mode(0o644);
            fs_err::set_permissions(part, readable).expect("opened");
        }

        data.check()
            .expect("it is taken as an earlier build left it");
        for part in &parts {
            let found = fs_err::metadata(part).expect("it is there");
            assert_eq!(
                found.permissions().mode() & 0o777,
                0o600,
                "{}",
                part.display()
            );
        }
    }

    #[test]
    fn only_a_folder_that_had_a_server_is_opened() {
        let folder = tempfile::tempdir().expect("folder");
        let wrong = folder.path().join("elsewhere");
        let error = DataFolder::open(&wrong)
            .expect_err("nothing is there")
            .to_string();
        assert!(error.contains("--data") && !wrong.exists(), "{error}");
        fs_err::create_dir(&wrong).expect("made");
        assert!(DataFolder::open(&wrong).is_err());
        fs_err::write(wrong.join("log.db"), b"").expect("a log");
        assert!(DataFolder::open(&wrong).is_ok());
    }
}
