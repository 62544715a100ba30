//! `… evidence`: what stands behind "done", from the feature, the milestone and the merge, and the
//! texts themselves.

use events::id::{Digest, FeatureId, ProjectName};

use super::client::{ask, ask_text};
use super::{DataArgs, OutputArgs};
use crate::api::EvidenceShape;
use crate::terminal::{self, say};

/// Which evidence, and how much of it.
#[derive(Debug, clap::Args)]
pub(super) struct EvidenceArgs {
    /// Print the text behind this digest of the list
    #[arg(long, value_name = "DIGEST")]
    text: Option<String>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// The evidence for a project.
#[derive(Debug, clap::Args)]
pub(super) struct ProjectEvidence {
    /// The name of the project
    project: ProjectName,
    #[command(flatten)]
    args: EvidenceArgs,
}

/// The evidence for a feature.
#[derive(Debug, clap::Args)]
pub(super) struct FeatureEvidence {
    /// The name of the project
    project: ProjectName,
    /// The feature
    id: FeatureId,
    #[command(flatten)]
    args: EvidenceArgs,
}

/// The evidence for a merge.
#[derive(Debug, clap::Args)]
pub(super) struct EntryEvidence {
    /// The name of the project
    project: ProjectName,
    /// Number of the entry
    entry: u64,
    #[command(flatten)]
    args: EvidenceArgs,
}

pub(super) async fn of_project(asked: &ProjectEvidence) -> anyhow::Result<()> {
    show(&asked.args, &asked.project, "").await
}

pub(super) async fn of_feature(asked: &FeatureEvidence) -> anyhow::Result<()> {
    let query = format!("?feature={}", asked.id);
    show(&asked.args, &asked.project, &query).await
}

pub(super) async fn of_entry(asked: &EntryEvidence) -> anyhow::Result<()> {
    let query = format!("?entry={}", asked.entry);
    show(&asked.args, &asked.project, &query).await
}

async fn show(args: &EvidenceArgs, project: &ProjectName, query: &str) -> anyhow::Result<()> {
    if let Some(digest) = &args.text {
        let digest: Digest = digest.parse().map_err(anyhow::Error::msg)?;
        let text = ask_text(&args.data, &format!("/api/v1/evidence/{digest}")).await?;
        return Ok(terminal::text(&String::from_utf8_lossy(&text))?);
    }

    let path = format!("/api/v1/projects/{project}/evidence{query}");
    let found: Vec<EvidenceShape> = ask(&args.data, "GET", &path, &()).await?;

    if args.output.json {
        return Ok(terminal::json(&found)?);
    }

    for piece in &found {
        say!("{:>7}  {}  {}", piece.position, piece.at, piece.what)?;
        if let Some(session) = &piece.session {
            say!("         session  {session}")?;
        }
        if let Some(digest) = &piece.digest {
            say!("         text     {digest}")?;
        }
        for line in piece.text.iter().flat_map(|text| text.lines()) {
            say!("         | {line}")?;
        }
    }

    if found.is_empty() {
        say!("no evidence yet")?;
    }

    Ok(())
}
