//! Backup of a data folder while its server runs, and restoring it.
//!
//! The log is copied first and everything that its events name after it: blobs are never changed and are on the disk before the event
//! that names them, gates and transcripts only grow. So the rest may be newer than the log, and never older. Keys, tokens and credentials
//! are left out unless they are asked for.

use std::path::Path;

use anyhow::{Context, bail};
use events::codec::EventCodec;
use events::id::Digest;
use events::log::EventLog;
use events::node::{self, Sealed};
use events::stream::Position;
use serde::{Deserialize, Serialize};

use super::SqliteLog;
use super::seal::Anchor;
use super::verify::{BATCH, Verified, Walk, verify};
use crate::app::{BUILD, DataFolder, InstanceLock, Ownership};

/// Name of the list of what a backup is.
const MANIFEST: &str = "manifest.json";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The log's own id.
    pub log: String,
    /// Its newest position.
    pub head: u64,
    /// The digest there.
    pub digest: Digest,
    /// The build that made it.
    pub build: String,
    /// Whether keys, tokens and credentials are in it.
    pub secrets: bool,
}

/// The newest seal of a log.
pub async fn newest_seal(log: &dyn EventLog) -> anyhow::Result<Option<Sealed>> {
    let (mut after, mut newest) = (Position(0), None);
    loop {
        let batch = log.read_all(after, BATCH).await?;
        let Some(last) = batch.last() else {
            return Ok(newest);
        };
        after = last.position;
        for envelope in batch.iter().filter(|e| e.kind == "node.sealed") {
            if let node::Event::Sealed(seal) =
                node::Event::decode(&envelope.kind, envelope.schema, &envelope.payload)?
            {
                newest = Some(seal);
            }
        }
    }
}

/// Makes a backup in a folder that does not exist or is empty.
pub async fn backup(data: &DataFolder, to: &Path, secrets: bool) -> anyhow::Result<Manifest> {
    if to
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some())
    {
        bail!(
            "{} is not empty; choose a folder of its own for each backup",
            to.display()
        );
    }
    std::fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    let parts = DataFolder::make(to)?;
    data.place()
        .read()
        .await?
        .copy_to(&parts.log())
        .await
        .context("copying the log")?;
    let log = SqliteLog::open_reader(&parts.log()).await?;
    if let Some(seal) = newest_seal(&log).await? {
        Anchor {
            log: log.id(),
            seal,
        }
        .write(&parts.anchor())?;
    }
    copy_tree(&data.blobs(), &parts.blobs())?;
    copy_tree(&data.transcripts(), &parts.transcripts())?;
    copy_gates(&data.gates(), &parts.gates()).await?;
    if secrets {
        copy_tree(&data.secrets(), &parts.secrets())?;
        for (from, to) in [
            (data.seal_key(), parts.seal_key()),
            (data.token(), parts.token()),
        ] {
            if from.exists() {
                std::fs::copy(&from, &to).with_context(|| format!("copying {}", from.display()))?;
            }
        }
    }
    let head = log.head().await?;
    let manifest = Manifest {
        log: log.id(),
        head: head.position.0,
        digest: head.digest,
        build: BUILD.to_owned(),
        secrets,
    };
    // Written last: a folder without it is no backup.
    std::fs::write(to.join(MANIFEST), serde_json::to_vec_pretty(&manifest)?)?;
    Ok(manifest)
}

/// Copies a folder; nothing when there is none.
fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    let Ok(entries) = from.read_dir() else {
        return Ok(());
    };
    std::fs::create_dir_all(to)?;
    std::fs::set_permissions(to, std::fs::metadata(from)?.permissions())?;
    for entry in entries {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let copied = if entry.file_type()?.is_dir() {
            copy_tree(&from, &to)
        } else {
            Ok(std::fs::copy(&from, &to).map(|_| ())?)
        };
        copied.with_context(|| format!("copying {}", from.display()))?;
    }
    Ok(())
}

/// Copies the gates by git itself, which knows how to read a repository that is being written.
async fn copy_gates(from: &Path, to: &Path) -> anyhow::Result<()> {
    let Ok(entries) = from.read_dir() else {
        return Ok(());
    };
    std::fs::create_dir_all(to)?;
    for entry in entries {
        let entry = entry?;
        if !entry.path().join("HEAD").exists() {
            continue;
        }
        let (gate, copy) = (entry.path(), to.join(entry.file_name()));
        let mut command = tokio::process::Command::new("git");
        command
            .args(["clone", "--quiet", "--mirror", "--no-hardlinks"])
            .arg(&gate)
            .arg(&copy);
        let output = command.output().await.context("starting git")?;
        if !output.status.success() {
            bail!(
                "copying {}: {}",
                gate.display(),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        // What a mirror remembers of its source is of no use here; the gate's own settings are.
        std::fs::copy(gate.join("config"), copy.join("config"))?;
    }
    Ok(())
}

/// What a backup says of itself, when it is whole: the chain and the seals hold up to the head it names, and every blob is what its name
/// says.
pub async fn check(from: &Path) -> anyhow::Result<Manifest> {
    let manifest = std::fs::read(from.join(MANIFEST));
    let manifest = manifest
        .with_context(|| format!("{} is no backup: it has no {MANIFEST}", from.display()))?;
    let manifest: Manifest =
        serde_json::from_slice(&manifest).with_context(|| format!("{MANIFEST} cannot be read"))?;
    let parts = DataFolder::make(from)?;
    let log = SqliteLog::open_reader(&parts.log()).await?;
    if let Some(damage) = log.integrity().await? {
        bail!("the backup's log is damaged: {damage}");
    }
    match verify(&log, &Walk::default()).await? {
        Verified::Sound { head, digest, .. }
            if (head.0, digest, log.id())
                == (manifest.head, manifest.digest, manifest.log.clone()) => {}
        Verified::Sound { head, .. } => bail!(
            "the backup's log ends at position {head}, its {MANIFEST} names {}",
            manifest.head
        ),
        Verified::Broken { at, damage } => {
            bail!("the backup's log is damaged: position {at} is {damage}")
        }
    }
    if let Some(anchor) = Anchor::read(&parts.anchor())? {
        anchor.check(&log).await?;
    }
    check_blobs(&parts.blobs())?;
    Ok(manifest)
}

fn check_blobs(folder: &Path) -> anyhow::Result<()> {
    let Ok(entries) = folder.read_dir() else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            check_blobs(&entry.path())?;
        } else if let Ok(named) = entry.file_name().to_string_lossy().parse::<Digest>()
            && Digest::of(&std::fs::read(entry.path())?) != named
        {
            bail!("the blob {} is damaged", entry.path().display());
        }
    }
    Ok(())
}

/// Makes a data folder of a backup, after checking the backup.
pub async fn restore(from: &Path, data: &DataFolder) -> anyhow::Result<Manifest> {
    let _lock = InstanceLock::take(data, Ownership::Respect)?;
    if data.log().exists() {
        bail!(
            "{} has a log already; restore into an empty data folder",
            data.path().display()
        );
    }
    let manifest = check(from).await?;
    let parts = DataFolder::make(from)?;
    for (from, to) in [
        (parts.blobs(), data.blobs()),
        (parts.transcripts(), data.transcripts()),
        (parts.gates(), data.gates()),
        (parts.secrets(), data.secrets()),
    ] {
        copy_tree(&from, &to)?;
    }
    for (from, to) in [
        (parts.anchor(), data.anchor()),
        (parts.seal_key(), data.seal_key()),
        (parts.token(), data.token()),
        (parts.log(), data.log()),
    ] {
        if from.exists() {
            // The log comes last: a folder without it is empty to the server.
            std::fs::copy(&from, &to).with_context(|| format!("copying {}", from.display()))?;
            std::fs::File::open(&to)?.sync_all()?;
        }
    }
    Ok(manifest)
}
