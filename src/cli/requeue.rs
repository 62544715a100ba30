//! `supercargo feature requeue`: one feature out of quarantine, or all that are in it after what
//! was wrong with all of them was mended.

use events::id::{FeatureId, ProjectName};

use super::DataArgs;
use super::client::ask;
use crate::api::{Requeued, Written};
use crate::terminal::say;

/// One feature, or all that are quarantined.
#[derive(Debug, clap::Args)]
pub(super) struct RequeueArgs {
    /// The name of the project
    project: ProjectName,
    /// Its id
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    id: Option<FeatureId>,
    /// All that are quarantined
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) async fn run(args: &RequeueArgs) -> anyhow::Result<()> {
    let path = format!("/api/v1/projects/{}/features", args.project);
    if let Some(id) = &args.id {
        let path = format!("{path}/{id}/requeue");
        let written: Written = ask(&args.data, "POST", &path, &()).await?;
        return Ok(say!("recorded at position {}", written.position)?);
    }

    let requeued: Requeued = ask(&args.data, "POST", &format!("{path}/requeue"), &()).await?;
    for id in &requeued.ids {
        say!("{id}")?;
    }
    if requeued.ids.is_empty() {
        say!("no feature of {} is quarantined", args.project)?;
    }
    Ok(())
}
