//! `supercargo beads …`.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use events::id::ProjectName;

use super::DataArgs;
use super::client::{ask, ask_text};
use crate::api::{BeadsFile, BeadsPublished, BeadsSynced, BeadsTaken};
use crate::beads::{self, decoded};
use crate::terminal::{self, say};
use crate::wire::CallError;

/// Lines that are printed of what features are otherwise than their issues.
const FITTED_SHOWN: usize = 20;

/// Issues of Beads, taken in and written out.
#[derive(Debug, Subcommand)]
pub(super) enum BeadsCommand {
    /// Take in the issues of a file that are not there yet; without a file, those of the repository
    /// (.beads/issues.jsonl)
    Import {
        /// The name of the project
        project: ProjectName,
        /// The file, - for standard input
        file: Option<PathBuf>,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Print every feature as a line of issues.jsonl
    Export {
        /// The name of the project
        project: ProjectName,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Take what others changed on the branch beads-sync, then publish them there; what changed on
    /// both sides stays as it is here
    Sync {
        /// The name of the project
        project: ProjectName,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Publish them upstream on the branch beads-sync
    Publish {
        /// The name of the project
        project: ProjectName,
        #[command(flatten)]
        data: DataArgs,
    },
}

fn print_published(published: &BeadsPublished) -> anyhow::Result<()> {
    let what = if published.changed {
        "published"
    } else {
        "nothing changed"
    };
    Ok(say!(
        "{what}: {} is at {}",
        published.branch,
        published.sha
    )?)
}

/// The text of a file, - for standard input.
fn text_of(file: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes)
    } else {
        fs_err::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.with_context(|| format!("reading {}", file.display()))?;

    let text = decoded(&bytes).map_err(|why| anyhow::anyhow!("{}: {why}", file.display()))?;
    Ok(text.to_owned())
}

fn print_taken(taken: &BeadsTaken) -> anyhow::Result<()> {
    say!(
        "{} taken in, {} were there already",
        taken.taken,
        taken.present
    )?;
    for id in &taken.twice {
        say!("{id} stands more than once in the file: the line that was changed last was taken")?;
    }

    for left in &taken.left_out {
        say!(
            "{} does not wait for {}: that is not in the file, or it would close a circle",
            left.issue,
            left.on
        )?;
    }

    for fitted in taken.fitted.iter().take(FITTED_SHOWN) {
        say!("{}: {}", fitted.issue, fitted.what)?;
    }
    let more = taken.fitted.len().saturating_sub(FITTED_SHOWN);
    if more > 0 {
        say!("and {more} more things that features are otherwise than their issues")?;
    }

    Ok(())
}

/// The file that an error is about, before it: nobody's word on a project or a server is.
fn of_file(error: anyhow::Error, file: Option<&Path>) -> anyhow::Error {
    let is_of_content = match error.downcast_ref::<CallError>() {
        Some(CallError::Refused(problem)) => {
            ["invalid", "too_large"].contains(&problem.code.as_str())
        }
        Some(CallError::Unreachable(_) | CallError::Later(_)) | None => false,
    };

    if is_of_content {
        let file = file.unwrap_or(Path::new(beads::PATH));
        error.context(file.display().to_string())
    } else {
        error
    }
}

pub(super) async fn run(command: BeadsCommand) -> anyhow::Result<()> {
    match command {
        BeadsCommand::Import {
            project,
            file,
            data,
        } => {
            let text = file.as_deref().map(text_of).transpose()?;
            let path = format!("/api/v1/projects/{project}/beads");
            let taken = ask(&data, "POST", &path, &BeadsFile { text }).await;
            let taken: BeadsTaken = taken.map_err(|error| of_file(error, file.as_deref()))?;
            print_taken(&taken)
        }
        BeadsCommand::Export { project, data } => {
            let text = ask_text(&data, &format!("/api/v1/projects/{project}/beads")).await?;
            Ok(terminal::json_lines(&String::from_utf8_lossy(&text))?)
        }
        BeadsCommand::Publish { project, data } => {
            let published: BeadsPublished = ask(
                &data,
                "POST",
                &format!("/api/v1/projects/{project}/beads/publish"),
                &(),
            )
            .await?;
            print_published(&published)
        }
        BeadsCommand::Sync { project, data } => {
            let synced: BeadsSynced = ask(
                &data,
                "POST",
                &format!("/api/v1/projects/{project}/beads/sync"),
                &(),
            )
            .await?;
            say!("{} taken in, {} changed", synced.taken, synced.changed)?;
            for conflict in &synced.conflicts {
                say!("{}: {}", conflict.feature, conflict.what)?;
            }
            print_published(&synced.published)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::sessions::wire::Problem;

    #[test]
    fn an_error_names_the_file_that_it_is_about() {
        let refused = |code: &str| {
            let (code, detail) = (code.to_owned(), "why".to_owned());
            CallError::Refused(Problem { code, detail })
        };
        let given = Some(Path::new("my.jsonl"));
        for (error, file, named) in [
            (refused("invalid"), given, "my.jsonl: why (invalid)"),
            (
                refused("invalid"),
                None,
                ".beads/issues.jsonl: why (invalid)",
            ),
            (refused("too_large"), given, "my.jsonl: why (too_large)"),
            (refused("unknown_project"), given, "why (unknown_project)"),
            (CallError::Later("why".to_owned()), given, "why"),
        ] {
            let error = of_file(anyhow::Error::new(error), file);
            assert_eq!(format!("{error:#}"), named);
        }
    }
}
