//! `supercargo feature claim|release|submit`: claims by people.

use std::collections::BTreeMap;

use clap::Args;
use events::id::{FeatureId, ProjectName};

use super::client::ask;
use super::{DataArgs, OutputArgs};
use crate::api::{ClaimShape, FeatureShape, NewClaim, Release, Submission, Written};
use crate::private::{self, Kept};
use crate::terminal::{self, say};

/// A claim to be.
#[derive(Debug, Args)]
pub(super) struct ClaimArgs {
    /// The name of the project
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
    /// The name of the project
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
        return say_why_none(&args.project, &args.data).await;
    };

    let data = args.data.folder()?;
    let url = server(&args.data)?;

    say!(
        "{}  claim {}, held by {}",
        claim.feature,
        claim.epoch,
        claim.holder
    )?;
    say!(
        "clone     {}{}   (user name {}, password: the token in {})",
        url,
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

/// Where the server of a data folder listens, as it wrote down itself.
pub(super) fn server(data: &DataArgs) -> anyhow::Result<String> {
    let url = private::read(&data.folder()?.url(), Kept::Unaltered)?;
    let url = url.unwrap_or_else(|| "http://HOST:PORT".to_owned());
    Ok(url.trim().to_owned())
}

/// Says what the features are doing of which none is ready.
async fn say_why_none(project: &ProjectName, data: &DataArgs) -> anyhow::Result<()> {
    let path = format!("/api/v1/projects/{project}/features");
    let features: Vec<FeatureShape> = ask(data, "GET", &path, &()).await?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();

    for feature in &features {
        *counts.entry(feature.status.as_str()).or_default() += 1;
    }

    // What is open and not ready rests for a while after a claim that ended.
    let counts: Vec<String> = counts
        .into_iter()
        .map(|(status, count)| match status {
            "open" => format!("{count} resting after a claim that ended"),
            status => format!("{count} {status}"),
        })
        .collect();
    let how = match counts.is_empty() {
        true => "there is no feature".to_owned(),
        false => counts.join(", "),
    };
    say!("nothing is ready: {how}; `supercargo feature list {project}` shows each")?;

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
