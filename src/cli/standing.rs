//! `supercargo project show`: what a project is set to, how far it is, and what it needs from a
//! person.

use events::id::ProjectName;
use events::settings::Settings;

use super::DataArgs;
use super::client::{Answered, ask_whom};
use crate::api::ProjectShape;
use crate::terminal::{self, say};

/// Prints how a project stands; without a server, as its log says.
pub(super) async fn show(name: &ProjectName, data: &DataArgs, json: bool) -> anyhow::Result<()> {
    let path = format!("/api/v1/projects/{name}");
    let told: Answered<ProjectShape> = ask_whom(data, "GET", &path, &()).await?;
    let project = told.answer;

    if json {
        return Ok(terminal::json(&project)?);
    }

    let standing = match told.by_a_server {
        true => "",
        false => " as soon as a server runs: none does",
    };
    say!("{}  {}{standing}", project.name, project.status)?;
    say!("upstream    {} ({})", project.git_url, project.repository)?;
    say!(
        "queue       {}",
        project.merge_queue.as_deref().unwrap_or("empty")
    )?;
    say!("agents      {}", project.target)?;
    say!("features    {} of {} closed", project.closed, project.total)?;
    if let Some(setup) = &project.settings.setup {
        say!("setup       {setup}")?;
    }

    say!(
        "verify      {}",
        project
            .settings
            .verify
            .as_deref()
            .unwrap_or(without_command(&project.settings))
    )?;
    if project.settings.batch_max > 1 {
        say!(
            "batch       up to {} merges are verified as one",
            project.settings.batch_max
        )?;
    }

    for need in &project.needs {
        say!("needs you   {need}")?;
    }

    Ok(())
}

/// What happens to merges of a project without a verification command of its own.
fn without_command(settings: &Settings) -> &'static str {
    match settings.allow_unverified {
        true => {
            "none of its own; where the tree suggests none either, merges are published UNVERIFIED"
        }
        false => "none of its own; the usual one of the tree's language, or the merge waits",
    }
}
