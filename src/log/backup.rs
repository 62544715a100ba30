//! Backup of a data folder while its server runs, and restoring it.
//!
//! The log is copied first and everything that its events name after it: blobs are never changed
//! and are on the disk before the event that names them, gates and transcripts only grow. So the
//! rest may be newer than the log, and never older; the branch of each gate is put back to where
//! the copied log has it. Keys, tokens and credentials are left out unless they are asked for.

use fs_err::File;
use fs_err::os::unix::fs::OpenOptionsExt;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, bail};
use events::codec::EventCodec;
use events::id::{Digest, Sha};
use events::log::EventLog;
use events::node::{self, Sealed};
use events::stream::Position;
use events::view::Projections;
use serde::{Deserialize, Serialize};

use super::SqliteLog;
use super::seal::Anchor;
use super::verify::{BATCH, Verified, Walk, verify};
use crate::adapters::git::Git;
use crate::data::DataFolder;
use crate::instance::{BUILD, InstanceLock, Ownership};
use crate::named;
use crate::private;

/// Name of the list of what a backup is.
const MANIFEST: &str = "manifest.json";
/// Times a folder is listed for files that took the place of others; each time less went away than
/// before.
const ROUNDS_MAX: usize = 100;

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
///
/// It grows beside that folder under another name and is renamed when it is whole: one that failed
/// leaves nothing in the way of the next.
pub async fn backup(data: &DataFolder, to: &Path, secrets: bool) -> anyhow::Result<Manifest> {
    grown(to, ".backup-", async |parts| {
        let manifest = copy_parts(data, parts, secrets).await?;
        // Written last: a folder without it is no backup.
        let text = serde_json::to_vec_pretty(&manifest)?;
        private::write(&parts.path().join(MANIFEST), &text)?;
        Ok(manifest)
    })
    .await
}

/// Makes a folder of parts that does not exist or is empty: it grows beside its place, under
/// another name.
pub(super) async fn grown<T>(
    to: &Path,
    prefix: &str,
    grow: impl AsyncFnOnce(&DataFolder) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    if fs_err::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty; choose a folder of its own", to.display());
    }
    let parent = match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs_err::create_dir_all(parent)?;
    let growing = tempfile::Builder::new().prefix(prefix).tempdir_in(parent);
    let growing = growing.with_context(|| format!("making a folder in {}", parent.display()))?;

    let parts = DataFolder::make(growing.path())?;
    let made = grow(&parts).await?;
    let settled = growing.keep();
    fs_err::rename(&settled, to).with_context(|| {
        format!(
            "it is whole in {}, and cannot be renamed to {}",
            settled.display(),
            to.display()
        )
    })?;
    Ok(made)
}

async fn copy_parts(
    data: &DataFolder,
    parts: &DataFolder,
    secrets: bool,
) -> anyhow::Result<Manifest> {
    let stored = data.place().read().await?;
    let copied = stored.copy_to(&parts.log()).await;
    copied.with_context(|| format!("copying the log to {}", parts.log().display()))?;
    let log = SqliteLog::open_reader(&parts.log()).await?;
    let heads = recorded_heads(&log).await?;
    copy_beside(data, parts, (&log, &heads)).await?;
    if secrets {
        copy_tree(&data.secrets(), &parts.secrets())?;
        for (from, to) in [
            (data.seal_key(), parts.seal_key()),
            (data.token(), parts.token()),
        ] {
            copy_file(&from, &to)?;
        }
    }
    let head = log.head().await?;
    Ok(Manifest {
        log: log.id(),
        head: head.position.0,
        digest: head.digest,
        build: BUILD.to_owned(),
        secrets,
    })
}

/// Copies what lies beside a copied log: its newest seal, blobs, transcripts and gates.
pub(super) async fn copy_beside(
    data: &DataFolder,
    parts: &DataFolder,
    (log, heads): (&SqliteLog, &Heads),
) -> anyhow::Result<()> {
    if let Some(seal) = newest_seal(log).await? {
        let log = log.id();
        Anchor { log, seal }.write(&parts.anchor())?;
    }

    copy_tree(&data.blobs(), &parts.blobs())?;
    copy_tree(&data.transcripts(), &parts.transcripts())?;
    copy_gates(&data.gates(), &parts.gates(), heads).await
}

/// Copies a folder that a server writes to meanwhile; nothing when there is none. What went away
/// between being listed and being copied was renamed or removed, so the folder is listed again
/// until nothing did.
fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    if !from.exists() {
        return Ok(());
    }

    private::folder(to, 0o700)?;
    for _ in 0..ROUNDS_MAX {
        if copy_round(from, to)? {
            return Ok(());
        }
    }

    bail!(
        "copying {}: it was listed {ROUNDS_MAX} times, and files went away each time",
        from.display()
    )
}

/// Copies what is not copied yet; whether everything that was listed was still there.
fn copy_round(from: &Path, to: &Path) -> anyhow::Result<bool> {
    let mut whole = true;

    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if is_being_written(&source) {
            continue;
        }
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                whole = false;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if kind.is_dir() {
            copy_tree(&source, &copy)?;
        } else {
            whole &= copy_file(&source, &copy)?;
        }
    }

    Ok(whole)
}

/// Whether a file has the name of something that is renamed when it is whole.
fn is_being_written(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();

    name.starts_with(".tmp") || name.ends_with(".new")
}

/// Copies a file for us alone, durably, over what was copied of it before; false where there is
/// none.
fn copy_file(from: &Path, to: &Path) -> anyhow::Result<bool> {
    let mut source = match File::open(from) {
        Ok(source) => source,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("copying {}", from.display())),
    };
    let made = File::options()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(to);
    let copied = made.and_then(|mut copy| {
        std::io::copy(&mut source, &mut copy)?;
        copy.sync_all()
    });
    copied.with_context(|| format!("copying {} to {}", from.display(), to.display()))?;

    Ok(true)
}

/// Copies the gates by git itself, which knows how to read a repository that is being written: over
/// its own protocol, because the files of a repository come and go while it is pushed to.
async fn copy_gates(from: &Path, to: &Path, heads: &Heads) -> anyhow::Result<()> {
    if !from.exists() {
        return Ok(());
    }

    private::folder(to, 0o700)?;
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        if !entry.path().join("HEAD").exists() {
            continue;
        }
        let copy = to.join(entry.file_name());
        copy_gate(&entry.path(), &copy).await?;
        let project = Path::new(&entry.file_name()).with_extension("");
        if let Some(head) = heads.get(project.to_string_lossy().as_ref()) {
            put_back(&copy, head).with_context(|| format!("the copy {}", copy.display()))?;
        }
    }

    Ok(())
}

/// Where the log has upstream's branch, by the name of the project.
pub(super) type Heads = BTreeMap<String, Sha>;

async fn recorded_heads(log: &dyn EventLog) -> anyhow::Result<Heads> {
    let (mut projections, mut after) = (Projections::default(), Position(0));
    loop {
        let batch = log.read_all(after, BATCH).await?;
        let Some(last) = batch.last() else {
            break;
        };
        after = last.position;
        for envelope in &batch {
            projections.apply(envelope)?;
        }
    }

    Ok(heads_in(&projections))
}

/// Where projections have upstream's branches.
pub(super) fn heads_in(projections: &Projections) -> Heads {
    let projects = projections.projects.iter();
    let heads = projects.filter_map(|(name, view)| {
        let head = view.merge_queue.state.head.clone()?;
        Some((name.to_string(), head))
    });
    heads.collect()
}

/// Puts the branch of a copied gate back to where the copied log has it: what was published in
/// between belongs to no event of the copy, and upstream has it.
fn put_back(gate: &Path, recorded: &Sha) -> anyhow::Result<()> {
    let repository = git2::Repository::open_bare(gate)?;
    let Ok(mut branch) = repository.head() else {
        return Ok(());
    };
    let recorded = recorded.to_string().parse()?;
    let Some(copied) = branch.target() else {
        return Ok(());
    };

    let is_ahead = copied != recorded && repository.graph_descendant_of(copied, recorded)?;
    if is_ahead {
        branch.set_target(recorded, "as the copied log has it")?;
    }
    Ok(())
}

async fn copy_gate(gate: &Path, copy: &Path) -> anyhow::Result<()> {
    let mut command = Git::new().command(None);

    command
        .args(["clone", "--quiet", "--mirror", "--no-local"])
        .arg(gate)
        .arg(copy);

    let output = named::output(&mut command).await?;
    if !output.status.success() {
        bail!(
            "copying {}: {}",
            gate.display(),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }

    // What a mirror remembers of its source is of no use here; the gate's own settings are.
    copy_file(&gate.join("config"), &copy.join("config"))?;
    Ok(())
}

/// What a backup says of itself, when it is whole: the chain and the seals hold up to the head it
/// names, and every blob is what its name says.
pub async fn check(from: &Path) -> anyhow::Result<Manifest> {
    let manifest = fs_err::read(from.join(MANIFEST));
    let manifest = manifest
        .with_context(|| format!("{} is no backup: it has no {MANIFEST}", from.display()))?;
    let manifest: Manifest =
        serde_json::from_slice(&manifest).with_context(|| format!("{MANIFEST} cannot be read"))?;
    let parts = DataFolder::open(from)?;

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
    let Ok(entries) = fs_err::read_dir(folder) else {
        return Ok(());
    };

    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            check_blobs(&entry.path())?;
        } else if let Ok(named) = entry.file_name().to_string_lossy().parse::<Digest>()
            && Digest::of(&fs_err::read(entry.path())?) != named
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
    let parts = DataFolder::open(from)?;

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
    ] {
        copy_file(&from, &to)?;
    }

    // The log comes last, and whole: a folder without it is empty to the server.
    let beside = data.log().with_extension("restored");
    copy_file(&parts.log(), &beside)?;
    fs_err::rename(&beside, data.log())?;

    Ok(manifest)
}
