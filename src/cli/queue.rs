//! `supercargo queue …`.

use clap::Subcommand;
use events::id::ProjectName;

use super::client::ask;
use super::diff::{self, DiffArgs};
use super::evidence::{self, EntryEvidence};
use super::{DataArgs, OutputArgs};
use crate::api::{ConflictShape, EntryShape, MergeQueueShape, Text, Written};
use crate::terminal::{self, say};

/// Verbs on a project's merge queue.
#[derive(Debug, Subcommand)]
pub(super) enum QueueCommand {
    /// What is queued, and what waits for you
    Show {
        /// The name of the project
        project: ProjectName,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Work under way that would not merge with upstream as it is now
    Conflicts {
        /// The name of the project
        project: ProjectName,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Let a halted queue go on, because what it waited for is mended
    Resume {
        /// The name of the project
        project: ProjectName,
        #[command(flatten)]
        data: DataArgs,
    },
    /// What a merge was verified with, and how to read it
    Evidence(EntryEvidence),
    /// What an entry changes; a held one is read before it is approved
    Diff {
        #[command(flatten)]
        entry: EntryArgs,
        #[command(flatten)]
        much: DiffArgs,
    },
    /// Let an entry change the protected paths that it was held for
    Approve(EntryArgs),
    /// Take it out of the queue, wherever it waits, and send it back; the next coder reads why
    Refuse {
        #[command(flatten)]
        entry: EntryArgs,
        /// The reason, which the next coder reads
        why: String,
    },
}

/// An entry of a queue.
#[derive(Debug, clap::Args)]
pub(super) struct EntryArgs {
    /// The name of the project
    project: ProjectName,
    /// Number of the entry
    entry: u64,
    #[command(flatten)]
    data: DataArgs,
}

impl EntryArgs {
    async fn tell<B: serde::Serialize>(&self, verb: &str, body: &B) -> anyhow::Result<()> {
        let path = format!(
            "/api/v1/projects/{}/queue/{}/{verb}",
            self.project, self.entry
        );
        let written: Written = ask(&self.data, "POST", &path, body).await?;
        say!("{verb}: recorded at position {}", written.position)?;
        Ok(())
    }
}

pub(super) async fn run(command: QueueCommand) -> anyhow::Result<()> {
    match command {
        QueueCommand::Resume { project, data } => {
            let path = format!("/api/v1/projects/{project}/queue/resume");
            let written: Written = ask(&data, "POST", &path, &()).await?;
            say!("resumed: recorded at position {}", written.position)?;
            Ok(())
        }
        QueueCommand::Show {
            project,
            data,
            output,
        } => show(&project, &data, output.json).await,
        QueueCommand::Conflicts { project, data } => {
            let found: Vec<ConflictShape> = ask(
                &data,
                "GET",
                &format!("/api/v1/projects/{project}/conflicts"),
                &(),
            )
            .await?;
            for conflict in &found {
                say!("{}  {}", conflict.feature, conflict.paths.join(", "))?;
            }
            if found.is_empty() {
                say!("everything under way merges")?;
            }
            Ok(())
        }
        QueueCommand::Evidence(asked) => evidence::of_entry(&asked).await,
        QueueCommand::Diff { entry, much } => {
            let path = format!("projects/{}/queue/{}/diff", entry.project, entry.entry);
            diff::show(&entry.data, &path, &much).await
        }
        QueueCommand::Approve(entry) => entry.tell("approve", &()).await,
        QueueCommand::Refuse { entry, why } => entry.tell("refuse", &Text { text: why }).await,
    }
}

async fn show(project: &ProjectName, data: &DataArgs, json: bool) -> anyhow::Result<()> {
    let path = format!("/api/v1/projects/{project}/queue");
    let shape: MergeQueueShape = ask(data, "GET", &path, &()).await?;
    if json {
        return Ok(terminal::json(&shape)?);
    }

    say!(
        "{} at {}",
        shape.branch.as_deref().unwrap_or("no branch yet"),
        shape.head.as_deref().unwrap_or("no commit")
    )?;
    if let Some(why) = &shape.trouble {
        say!("trouble: {why}")?;
    }
    if shape.batch > 1 {
        say!(
            "the first {} are verified and published as one",
            shape.batch
        )?;
    }

    for entry in &shape.queue {
        say_queued(project, entry)?;
    }
    for entry in &shape.held {
        say!("{}", line(entry))?;
        say!(
            "     held: it changes {}; `queue diff {project} {}` shows how",
            entry.protected.join(", "),
            entry.entry
        )?;
    }
    for entry in &shape.parked {
        say!("{}", line(entry))?;
        say!("     parked: it waits for the trunk to be green by itself")?;
    }

    health(&shape)?;
    Ok(())
}

/// An entry on its way: the verification that runs, and what of it the entry itself changes.
fn say_queued(project: &ProjectName, entry: &EntryShape) -> anyhow::Result<()> {
    say!("{}", line(entry))?;
    if let Some(running) = &entry.verification {
        say!(
            "     in slot {} since {}: `container logs {project} {}` shows it, `queue refuse \
             {project} {} WHY` ends it",
            running.slot,
            running.since,
            running.slot,
            entry.entry
        )?;
    }

    if !entry.checks.is_empty() {
        say!(
            "     changes what the verification runs or obeys: {}",
            entry.checks.join(", ")
        )?;
    }
    Ok(())
}

/// What is the matter with the trunk's own verification.
fn health(shape: &MergeQueueShape) -> anyhow::Result<()> {
    if let Some(red) = &shape.red {
        let what = if red.unrunnable {
            "its verification cannot be run"
        } else {
            "it is red by itself"
        };
        say!(
            "{what} since {}: exit code {} at {} (session {}); `queue resume` tries it at once",
            red.since,
            red.exit,
            red.head,
            red.session
        )?;
        for line in red.tail.lines() {
            say!("     | {line}")?;
        }
    }

    if !shape.unverified.is_empty() {
        say!("merged UNVERIFIED: {}", shape.unverified.join(", "))?;
    }

    let flaky = &shape.flaky;
    if let (Some(entry), Some(exit), Some(session)) = (flaky.entry, flaky.exit, &flaky.session) {
        say!(
            "the verification was red and then green on the same tree {} times, last for entry \
             {entry}: exit code {exit} (session {session})",
            flaky.count
        )?;
    }

    Ok(())
}

fn line(entry: &EntryShape) -> String {
    let about = [entry.feature.as_deref(), entry.title.as_deref()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("  ");
    let marks = match (entry.reds, entry.proof.as_deref()) {
        (0, None | Some("verified")) => String::new(),
        (0, Some(proof)) => format!("  [{proof}]"),
        (reds, _) => format!("  [red {reds} times, verified once more]"),
    };

    format!(
        "{:>4}  {:<10} {:<8} {about}{marks}",
        entry.entry, entry.stage, entry.kind
    )
}
