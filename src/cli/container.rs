//! `supercargo container …`.

use std::io::Write;

use anyhow::anyhow;
use clap::Subcommand;
use events::id::ProjectName;

use super::client::ask;
use super::{DataArgs, OutputArgs};
use crate::app::DataFolder;
use crate::http::shapes::{BerthShape, Written};
use crate::wire::call_text;

/// Verbs on the berths of a project and their containers.
#[derive(Debug, Subcommand)]
pub(super) enum ContainerCommand {
    /// The berths of a project
    List {
        /// The project
        project: ProjectName,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// One berth
    Show {
        #[command(flatten)]
        berth: BerthArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// What a session printed; the one at hand unless another is named. Needs a running server
    Logs {
        #[command(flatten)]
        berth: BerthArgs,
        /// Another session
        #[arg(long)]
        session: Option<String>,
    },
    /// Take it out of service: its work is secured, nothing new is begun
    Stop(BerthArgs),
    /// Put it back into service, or end its session and go on with the next job
    Restart(BerthArgs),
}

/// A berth of a project.
#[derive(Debug, clap::Args)]
pub(super) struct BerthArgs {
    /// The project
    project: ProjectName,
    /// Number of the berth
    n: u16,
    #[command(flatten)]
    data: DataArgs,
}

impl BerthArgs {
    fn path(&self) -> String {
        format!("/api/v1/projects/{}/containers/{}", self.project, self.n)
    }

    async fn shape(&self) -> anyhow::Result<BerthShape> {
        ask(&self.data, "GET", &self.path(), &()).await
    }

    async fn tell(&self, verb: &str) -> anyhow::Result<()> {
        let written: Written = ask(&self.data, "POST", &format!("{}/{verb}", self.path()), &()).await?;
        println!("{verb}: recorded at position {}", written.position);
        Ok(())
    }
}

pub(super) async fn run(command: ContainerCommand) -> anyhow::Result<()> {
    match command {
        ContainerCommand::List { project, data, output } => {
            let berths: Vec<BerthShape> = ask(&data, "GET", &format!("/api/v1/projects/{project}/containers"), &()).await?;
            if output.json {
                println!("{}", serde_json::to_string_pretty(&berths)?);
                return Ok(());
            }
            for berth in &berths {
                let work = [berth.role.as_deref(), berth.feature.as_deref(), berth.note.as_deref()];
                let work: Vec<&str> = work.into_iter().flatten().collect();
                println!("{:>3}  {:<12} {}", berth.n, berth.status, work.join("  "));
            }
            if berths.is_empty() {
                println!("no berth; `supercargo project set {project} --target N` makes some while the project runs");
            }
            Ok(())
        }
        ContainerCommand::Show { berth, output } => {
            let shape = berth.shape().await?;
            if output.json {
                println!("{}", serde_json::to_string_pretty(&shape)?);
                return Ok(());
            }
            println!("berth {}  {}", shape.n, shape.status);
            let rows = [
                ("container", shape.container),
                ("session", shape.session),
                ("role", shape.role),
                ("feature", shape.feature),
                ("note", shape.note),
            ];
            for (name, value) in rows.into_iter().filter_map(|(name, value)| Some((name, value?))) {
                println!("{name:<10}  {value}");
            }
            Ok(())
        }
        ContainerCommand::Logs { berth, session } => {
            let session = match session {
                Some(session) => session,
                None => berth
                    .shape()
                    .await?
                    .session
                    .ok_or_else(|| anyhow!("no session is at work in this berth; name one with --session"))?,
            };
            let socket = DataFolder::make(&berth.data.data)?.operator_socket();
            let printed = call_text(&socket, &format!("/api/v1/sessions/{session}/transcript")).await?;
            std::io::stdout().write_all(&printed)?;
            Ok(())
        }
        ContainerCommand::Stop(berth) => berth.tell("stop").await,
        ContainerCommand::Restart(berth) => berth.tell("restart").await,
    }
}
