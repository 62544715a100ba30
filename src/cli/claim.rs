//! `supercargo feature claim|release|submit`: claims by people.

use clap::Args;
use events::id::{FeatureId, ProjectName};

use super::client::ask;
use super::{DataArgs, OutputArgs};
use crate::api::{ClaimShape, NewClaim, Release, Submission, Written};
use crate::private::{self, Kept};
use crate::terminal::{self, say};

/// A claim to be.
#[derive(Debug, Args)]
pub(super) struct ClaimArgs {
    /// The project
    project: ProjectName,
    /// A certain feature; the best that is ready, if none is named
    id: Option<FeatureId>,
    /// Who works on it; you, if nobody is named
    #[arg(long)]
    holder: Option<String>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// A claim that is held.
#[derive(Debug, Args)]
pub(super) struct HeldArgs {
    /// The project
    project: ProjectName,
    /// The feature
    id: FeatureId,
    /// The number of the claim
    #[arg(long = "claim")]
    epoch: u64,
    /// Whose claim it is; yours, if nobody is named
    #[arg(long)]
    holder: Option<String>,
    #[command(flatten)]
    data: DataArgs,
}

impl HeldArgs {
    fn path(&self, verb: &str) -> String {
        format!(
            "/api/v1/projects/{}/features/{}/{verb}",
            self.project, self.id
        )
    }
}

pub(super) async fn claim(args: ClaimArgs) -> anyhow::Result<()> {
    let base = format!("/api/v1/projects/{}/features", args.project);
    let path = match &args.id {
        Some(id) => format!("{base}/{id}/claim"),
        None => format!("{base}/claim"),
    };
    let claim: Option<ClaimShape> = ask(
        &args.data,
        "POST",
        &path,
        &NewClaim {
            holder: args.holder,
        },
    )
    .await?;
    if args.output.json {
        // Nothing that is ready is null.
        return Ok(terminal::json(&claim)?);
    }
    let Some(claim) = claim else {
        return Ok(say!("nothing is ready")?);
    };
    let data = args.data.folder()?;
    let url = private::read(&data.url(), Kept::Unaltered)?;
    let url = url.unwrap_or_else(|| "http://HOST:PORT".to_owned());
    say!(
        "{}  claim {}, held by {}",
        claim.feature,
        claim.epoch,
        claim.holder
    )?;
    say!(
        "clone     {}{}   (user name {}, password: the token in {})",
        url.trim(),
        claim.gate,
        claim.holder,
        data.token().display()
    )?;
    say!(
        "start at  {}",
        claim
            .base
            .as_deref()
            .unwrap_or("nothing: the repository is empty")
    )?;
    say!("push to   {}", claim.branch)?;
    say!(
        "hand in   supercargo feature submit {} {} --claim {} --sha SHA",
        args.project,
        claim.feature,
        claim.epoch
    )?;
    Ok(())
}

pub(super) async fn release(held: HeldArgs, reason: String) -> anyhow::Result<()> {
    let release = Release {
        epoch: held.epoch,
        reason,
        holder: held.holder.clone(),
    };
    let written: Written = ask(&held.data, "POST", &held.path("release"), &release).await?;
    say!("released: recorded at position {}", written.position)?;
    Ok(())
}

pub(super) async fn submit(held: HeldArgs, sha: String) -> anyhow::Result<()> {
    let submission = Submission {
        epoch: held.epoch,
        sha,
        holder: held.holder.clone(),
    };
    let written: Written = ask(&held.data, "POST", &held.path("submit"), &submission).await?;
    say!("handed in: recorded at position {}", written.position)?;
    Ok(())
}
