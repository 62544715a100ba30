//! The verbs of lineage as a command line.

use std::str::FromStr;

use anyhow::bail;
use clap::Subcommand;
use events::id::{ProjectName, SessionId};
use events::lineage::Filter;

use super::told;
use crate::adapters::git::{Gates, Secrets};
use crate::cli::{DataArgs, OutputArgs};
use crate::replay::{LineOf, Recorded};
use crate::terminal::{self, say};

/// Verbs of lineage.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum LineageCommand {
    /// Where a line of a file on the trunk comes from
    Line {
        /// The name of the project
        project: ProjectName,
        /// The file and the number of the line, such as src/main.rs:12
        line: PathLine,
        #[command(flatten)]
        asked: AskedArgs,
    },
    /// What a session touched, and what became of it
    Session {
        /// Its id
        id: SessionId,
        #[command(flatten)]
        of: OfArgs,
    },
    /// What sessions of an agent touched
    Agent {
        /// claude, codex, opencode, gemini, script or command; or a command line
        name: String,
        #[command(flatten)]
        of: OfArgs,
    },
    /// What sessions touched that were to use a model, or were metered with it
    Model {
        /// The name of the model, as it was chosen or as its provider names it
        name: String,
        #[command(flatten)]
        of: OfArgs,
    },
}

/// The log that is asked, and when.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct AskedArgs {
    /// A position, or a time such as 2026-11-26T04:49:00Z; the newest position without it
    #[arg(long, value_name = "POSITION|TIME")]
    at: Option<String>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// The same, of one project or of all.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct OfArgs {
    /// One project; all of them without it
    #[arg(long)]
    project: Option<ProjectName>,
    #[command(flatten)]
    asked: AskedArgs,
}

/// A file, and the number of a line of it.
#[derive(Debug, Clone)]
pub(in crate::cli) struct PathLine {
    path: String,
    line: usize,
}

impl FromStr for PathLine {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once(':').filter(|(path, _)| !path.is_empty());
        let Some((path, line)) = parts else {
            return Err("name a file and a line, such as src/main.rs:12".to_owned());
        };
        let line: usize = line.parse().map_err(|why| format!("line {line}: {why}"))?;
        let path = path.trim_start_matches("./").to_owned();
        Ok(Self { path, line })
    }
}

/// The log of a data folder, opened for reading.
async fn open(data: &DataArgs) -> anyhow::Result<Recorded> {
    let stored = data.folder()?.place().read().await?;
    Ok(Recorded::of(stored.into_log(), Default::default()))
}

pub(in crate::cli) async fn run(command: LineageCommand) -> anyhow::Result<()> {
    match command {
        LineageCommand::Line {
            project,
            line,
            asked,
        } => {
            let PathLine { path, line } = line;
            let of = LineOf {
                project,
                path,
                line,
            };
            of_line(&of, &asked).await
        }
        LineageCommand::Session { id, of } => touched(&Filter::Session(id), &of).await,

        LineageCommand::Agent { name, of } => touched(&Filter::Agent(name), &of).await,
        LineageCommand::Model { name, of } => touched(&Filter::Model(name), &of).await,
    }
}

async fn of_line(of: &LineOf, asked: &AskedArgs) -> anyhow::Result<()> {
    let folder = asked.data.folder()?;
    if folder.bundle().exists() {
        bail!(
            "{} was unpacked from a bundle, which has no repository to look a line up in; \
             `lineage session` goes the other way",
            folder.path().display()
        );
    }
    let gates = Gates::new(folder.gates(), Secrets::new(folder.secrets()));
    let recorded = open(&asked.data).await?;

    let position = recorded.position_or_newest(asked.at.as_deref()).await?;
    let found = recorded.line(&gates, of, position).await?;
    if asked.output.json {
        return Ok(terminal::json(&found)?);
    }
    say_all(&told::line(&found))
}

async fn touched(filter: &Filter, of: &OfArgs) -> anyhow::Result<()> {
    let recorded = open(&of.asked.data).await?;
    let position = recorded.position_or_newest(of.asked.at.as_deref()).await?;

    let found = recorded
        .sessions(of.project.as_ref(), filter, position)
        .await?;
    if of.asked.output.json {
        return Ok(terminal::json(&found)?);
    }
    say_all(&told::sessions(&found))
}

fn say_all(lines: &[String]) -> anyhow::Result<()> {
    for line in lines {
        say!("{line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_and_a_line() {
        for (text, expected) in [
            ("src/a.rs:12", Some(("src/a.rs", 12))),
            ("./src/a.rs:12", Some(("src/a.rs", 12))),
            ("a:b:3", Some(("a:b", 3))),
            ("a.rs:0", Some(("a.rs", 0))),
            ("a.rs", None),
            (":3", None),
            ("a.rs:", None),
            ("a.rs:x", None),
            ("a.rs:-1", None),
            ("a.rs:99999999999999999999", None),
        ] {
            let read = text.parse::<PathLine>().ok();
            let read = read.as_ref().map(|one| (one.path.as_str(), one.line));
            assert_eq!(read, expected, "{text}");
        }
    }
}
