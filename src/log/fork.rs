//! A fork of a data folder: what it was at an instant, as a folder of its own, in which everything
//! may go another way from there.
//!
//! It holds the log up to that instant with its chain and its id, all blobs and transcripts, and
//! the gates with their branch where the log had it and without the work of later claims. Keys,
//! tokens and credentials are not in it: a server that is started on it makes its own.

use std::path::Path;

use anyhow::{Context, bail};
use events::aggregate::Aggregate;
use events::cause::{Cause, Principal};
use events::claims::refs::claim_of;
use events::id::{CommandId, Digest, ProjectName, Sha};
use events::log::{Append, EventLog, NewEvent};
use events::project::{self, Project, Registered};
use events::stream::{Position, StreamId};
use events::view::{ProjectView, Projections};

use super::backup::{copy_beside, grown, heads_in};
use super::place::{Records, settle};
use super::{SqliteLog, archive::Record};
use crate::data::DataFolder;
use crate::instance::Ownership;
use crate::private;

/// Name of the folder with the upstreams of a fork that lives.
const UPSTREAMS: &str = "upstreams";

/// What becomes of the upstreams of a fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upstreams {
    /// They are named as they were, so that no server may work on the fork: it is to be looked at.
    Named,
    /// Each is replaced by a copy that holds what upstream held at the instant, so that a fleet may
    /// go on from there.
    Copied,
}

/// What a fork holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forked {
    /// The newest position that it has of the original: that of the instant, or a little later
    /// where one command recorded more.
    pub head: Position,
    /// The projects whose upstreams were replaced by copies.
    pub copied: Vec<ProjectName>,
}

/// Makes a fork in a folder that does not exist or is empty. A server may go on with the original.
///
/// # Errors
/// The folder is not empty, or cannot be written; the log cannot be read, or a gate be copied.
/// Nothing is left then.
pub async fn fork(
    data: &DataFolder,
    to: &Path,
    (at, upstreams): (Position, Upstreams),
) -> anyhow::Result<Forked> {
    // Copies are named by where the fork will be, not by where it grows.
    let settled = std::path::absolute(to)?;
    grown(to, ".fork-", async |parts| {
        let projections = copy_parts(data, parts, at).await?;
        let head = projections.position;
        let copied = match upstreams {
            Upstreams::Named => {
                private::write(&parts.fork(), b"its upstreams are those of the original\n")?;
                vec![]
            }
            Upstreams::Copied => copy_upstreams(parts, &settled, &projections).await?,
        };
        Ok(Forked { head, copied })
    })
    .await
}

async fn copy_parts(
    data: &DataFolder,
    parts: &DataFolder,
    at: Position,
) -> anyhow::Result<Projections> {
    let stored = data.place().read().await?;
    let copied = copy_log(stored.log(), &parts.log(), at).await;
    let projections = copied.context("copying the log")?;
    let log = SqliteLog::open_reader(&parts.log()).await?;
    copy_beside(data, parts, (&log, &heads_in(&projections))).await?;
    for view in projections.projects.values() {
        let gate = parts.gates().join(format!("{}.git", view.name));
        if gate.exists() {
            forget_later_work(&gate, view)
                .with_context(|| format!("the copy {}", gate.display()))?;
        }
    }

    Ok(projections)
}

/// Gives each project that was copied into its gate an upstream of its own, and records that it is
/// there.
async fn copy_upstreams(
    parts: &DataFolder,
    settled: &Path,
    projections: &Projections,
) -> anyhow::Result<Vec<ProjectName>> {
    let ownership = Ownership::Respect;
    let (log, _) = parts.place().open("", ownership).await?;
    let mut copied = vec![];

    for view in projections.projects.values() {
        let gate = parts.gates().join(format!("{}.git", view.name));
        let (Some(registered), true) = (view.registered(), gate.exists()) else {
            continue;
        };
        let name = format!("{}.git", view.name);
        let copy = parts.path().join(UPSTREAMS).join(&name);
        let queue = &view.merge_queue.state;
        let trunk = queue.branch.as_deref().zip(queue.head.as_ref());
        copy_upstream(&gate, &copy, trunk)?;

        let git_url = settled.join(UPSTREAMS).join(&name);
        let command = project::Command::Relocate {
            git_url: git_url.to_string_lossy().into_owned(),
            by: "fork".to_owned(),
        };
        let appended = log.append(relocation(view, registered, &command)?).await;
        appended.with_context(|| format!("recording the upstream of {}", view.name))?;
        copied.push(view.name.clone());
    }

    log.close().await;
    Ok(copied)
}

/// A bare repository with one branch at a commit, of the objects that a gate has.
fn copy_upstream(gate: &Path, copy: &Path, trunk: Option<(&str, &Sha)>) -> anyhow::Result<()> {
    fs_err::create_dir_all(copy)?;
    let made = git2::Repository::init_bare(copy)?;
    let Some((branch, head)) = trunk else {
        return Ok(());
    };

    made.set_head(&format!("refs/heads/{branch}"))?;
    let mut remote = made.remote_anonymous(&gate.to_string_lossy())?;
    let wanted = format!("+refs/heads/{branch}:refs/heads/{branch}");
    remote.fetch(&[&wanted], None, None)?;
    let mut reference = made.find_reference(&format!("refs/heads/{branch}"))?;
    reference.set_target(head.as_str().parse()?, "as the log had it")?;
    Ok(())
}

/// The record that a project's upstream is elsewhere.
fn relocation(
    view: &ProjectView,
    registered: &Registered,
    command: &project::Command,
) -> anyhow::Result<Append> {
    let project = Project::Registered(Box::new(registered.clone()));
    let at = view.project.changed;
    let events = project.decide(command, at)?;

    let version = view.project.version.to_string();
    let id = CommandId::derived(&["fork", view.name.as_str(), &version]);
    Ok(Append {
        stream: StreamId::Project(view.name.clone()),
        expected: view.project.version,
        also_expect: vec![],
        events: events.iter().map(NewEvent::of).collect(),
        command: id,
        body: Digest::of(&events::codec::to_named(command)),
        cause: Cause::first(Principal::Node("fork".into()), id),
        trace: None,
        at,
    })
}

/// Copies events up to a position, and on to the end of what one command recorded.
async fn copy_log(log: &dyn EventLog, to: &Path, at: Position) -> anyhow::Result<Projections> {
    let mut projections = Projections::default();
    let mut copy = SqliteLog::importer(to, &log.id()).await?;
    let mut walk = Records::of(log);

    while projections.position < at {
        let Some(batch) = walk.next().await? else {
            bail!("it ends at position {}", projections.position);
        };
        let wanted = through(&batch, at);
        for record in wanted {
            projections.apply(&record.envelope)?;
        }
        copy.restore(wanted)?;
    }

    drop(copy);
    settle(to)?;
    Ok(projections)
}

/// The records of a batch up to the end of the command that recorded a position.
fn through(batch: &[Record], at: Position) -> &[Record] {
    let is_end = |record: &Record| record.envelope.position >= at && record.answers.is_some();
    match batch.iter().position(is_end) {
        Some(last) => &batch[..=last],
        None => batch,
    }
}

/// Removes the refs of claims that the log does not know yet.
fn forget_later_work(gate: &Path, view: &ProjectView) -> anyhow::Result<()> {
    let repository = git2::Repository::open_bare(gate)?;
    for reference in repository.references()? {
        let mut reference = reference?;
        let Some(claim) = reference.name().ok().and_then(claim_of) else {
            continue;
        };
        let known = view.feature(&claim.feature);
        if known.is_none_or(|known| claim.epoch > known.epoch) {
            reference.delete()?;
        }
    }
    Ok(())
}
