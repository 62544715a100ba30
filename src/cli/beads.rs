//! `supercargo beads …`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use events::id::ProjectName;

use super::DataArgs;
use super::client::ask;
use crate::app::DataFolder;
use crate::http::shapes::{BeadsFile, BeadsPublished, BeadsTaken};
use crate::wire::call_text;

/// Issues of Beads, taken in and written out.
#[derive(Debug, Subcommand)]
pub(super) enum BeadsCommand {
    /// Take in the issues of a file that are not there yet; without a file, those of the repository (.beads/issues.jsonl)
    Import {
        /// The project
        project: ProjectName,
        /// The file, - for standard input
        file: Option<PathBuf>,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Print every feature as a line of issues.jsonl
    Export {
        /// The project
        project: ProjectName,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Publish them upstream on the branch beads-sync
    Publish {
        /// The project
        project: ProjectName,
        #[command(flatten)]
        data: DataArgs,
    },
}

pub(super) async fn run(command: BeadsCommand) -> anyhow::Result<()> {
    match command {
        BeadsCommand::Import { project, file, data } => {
            let read = |file: PathBuf| {
                let text = if file.as_os_str() == "-" {
                    std::io::read_to_string(std::io::stdin())
                } else {
                    std::fs::read_to_string(&file)
                };
                text.with_context(|| format!("reading {}", file.display()))
            };
            let text = file.map(read).transpose()?;
            let taken: BeadsTaken = ask(&data, "POST", &format!("/api/v1/projects/{project}/beads"), &BeadsFile { text }).await?;
            println!("{} taken in, {} were there already", taken.taken, taken.present);
            for left in &taken.left_out {
                println!("{} does not wait for {}: that is not in the file, or it would close a circle", left.issue, left.on);
            }
            Ok(())
        }
        BeadsCommand::Export { project, data } => {
            let socket = DataFolder::make(&data.data)?.operator_socket();
            let text = call_text(&socket, &format!("/api/v1/projects/{project}/beads")).await?;
            print!("{}", String::from_utf8_lossy(&text));
            Ok(())
        }
        BeadsCommand::Publish { project, data } => {
            let published: BeadsPublished = ask(&data, "POST", &format!("/api/v1/projects/{project}/beads/publish"), &()).await?;
            let what = if published.changed { "published" } else { "nothing changed" };
            println!("{what}: {} is at {}", published.branch, published.sha);
            Ok(())
        }
    }
}
