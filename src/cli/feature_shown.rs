//! `supercargo feature show`: where a feature stands, what stands behind it, who worked on it.

use events::id::{FeatureId, ProjectName};

use super::DataArgs;
use super::claim;
use super::client::ask;
use crate::api::FeatureShape;
use crate::terminal::{self, say};

/// The id of the issue that it was, for whoever knows it by that.
pub(super) fn imported_as(feature: &FeatureShape) -> String {
    match &feature.issue {
        Some(issue) => format!("  ({issue})"),
        None => String::new(),
    }
}

/// Prints one feature.
pub(super) async fn show(
    project: &ProjectName,
    id: &FeatureId,
    data: &DataArgs,
    json: bool,
) -> anyhow::Result<()> {
    let path = format!("/api/v1/projects/{project}/features/{id}");
    let feature: FeatureShape = ask(data, "GET", &path, &()).await?;
    if json {
        return Ok(terminal::json(&feature)?);
    }

    let issue = imported_as(&feature);
    say!("{}  {}{issue}", feature.id, feature.status)?;
    say!("{}", feature.content.title)?;
    say_who_works(project, data, &feature)?;
    say_what_is_known(&feature)?;
    say_content(&feature)?;
    say_sessions(project, &feature)
}

fn say_who_works(
    project: &ProjectName,
    data: &DataArgs,
    feature: &FeatureShape,
) -> anyhow::Result<()> {
    if let Some(holder) = &feature.holder {
        say!("held by {holder}, claim {}", feature.epoch)?;
    }

    if let Some(branch) = &feature.branch {
        let server = claim::server(data)?;
        say!("push to {branch} of {server}/git/{project}.git")?;
    }

    if !feature.blockers.is_empty() {
        say!("waits for {}", feature.blockers.join(", "))?;
    }

    Ok(())
}

/// Says what its work was verified with, and what came of it since.
fn say_what_is_known(feature: &FeatureShape) -> anyhow::Result<()> {
    match feature.proof.as_deref() {
        Some("unverified") => say!("merged UNVERIFIED: there was no verification command")?,
        Some("verified again") => {
            say!("verified: red the first time, green the second time on the same tree")?;
        }
        Some(proof) => say!("{proof}")?,
        None => {}
    }

    if !feature.checks.is_empty() {
        let checks = feature.checks.join(", ");
        say!("changes what the verification runs or obeys: {checks}")?;
    }

    if let Some(undo) = &feature.undo {
        say!("{undo}")?;
    }

    for why in &feature.stale {
        say!("to be looked at again: {why}")?;
    }

    if !feature.collisions.is_empty() {
        let collisions = feature.collisions.join(", ");
        say!("does not merge with the trunk: {collisions}")?;
    }

    Ok(())
}

/// Says what it asks for, and what was said about it.
fn say_content(feature: &FeatureShape) -> anyhow::Result<()> {
    if !feature.content.description.is_empty() {
        say!("")?;
        terminal::text(&feature.content.description)?;
    }
    for (step, n) in feature.content.steps.iter().zip(1..) {
        say!("{n}. {step}")?;
    }
    for note in &feature.notes {
        terminal::text(&format!("- {note}"))?;
    }
    Ok(())
}

/// Says who worked on it, and where to read what they printed.
fn say_sessions(project: &ProjectName, feature: &FeatureShape) -> anyhow::Result<()> {
    for one in &feature.sessions {
        let outcome = one.outcome.as_deref().unwrap_or("at work");
        let id = &one.id;
        let role = &one.role;
        let slot = one.n;
        say!(
            "session {id} ({role}): {outcome}; `container logs {project} {slot} --session {id}` \
             has what it printed"
        )?;
    }
    Ok(())
}
