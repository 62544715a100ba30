//! `supercargo subscription …`: readers outside of us whose place in the log is kept.

use clap::{Args, Subcommand};
use events::id::{ProjectName, SubscriptionName};

use super::client::ask;
use super::reader::{self, Handing};
use super::{DataArgs, OutputArgs};
use crate::api::{Again, NewSubscription, SubscriptionShape, Written};
use crate::terminal::{self, say};

/// Verbs on subscriptions.
#[derive(Debug, Subcommand)]
pub(super) enum SubscriptionCommand {
    /// Give a reader a name and a place
    Create {
        #[command(flatten)]
        name: NameArgs,
        /// Only events of this project
        #[arg(long)]
        project: Option<ProjectName>,
        /// Only events of this name, such as feature.closed; may be given several times
        #[arg(long = "type")]
        types: Vec<String>,
        /// Begin after this position; at the head of the log, if nothing is said
        #[arg(long)]
        after: Option<u64>,
    },
    /// All subscriptions
    List {
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// One subscription with what is parked
    Show {
        #[command(flatten)]
        name: NameArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Hand each event to a command, as JSON on its standard input; exit code 0 takes it
    Run {
        #[command(flatten)]
        name: NameArgs,
        /// Times a command may fail on an event before it is parked and the next one is taken
        #[arg(long, default_value_t = 5)]
        tries: u32,
        /// End when there is no event left instead of waiting for the next
        #[arg(long)]
        once: bool,
        /// The command and its arguments
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// Deliver parked events again
    Replay {
        #[command(flatten)]
        name: NameArgs,
        /// This one; all of them, if none is named
        position: Option<u64>,
    },
    /// End a subscription; its name is not used again
    Delete {
        #[command(flatten)]
        name: NameArgs,
    },
}

#[derive(Debug, Args)]
pub(super) struct NameArgs {
    /// The subscription
    name: SubscriptionName,
    #[command(flatten)]
    data: DataArgs,
}

impl NameArgs {
    fn path(&self, rest: &str) -> String {
        format!("/api/v1/subscriptions/{}{rest}", self.name)
    }
}

pub(super) async fn run(command: SubscriptionCommand) -> anyhow::Result<()> {
    match command {
        SubscriptionCommand::Create {
            name,
            project,
            types,
            after,
        } => {
            let new = NewSubscription {
                name: name.name.to_string(),
                project: project.map(|project| project.to_string()),
                types,
                after,
            };
            let written: Written = ask(&name.data, "POST", "/api/v1/subscriptions", &new).await?;
            let position = written.position;
            say!("{} is kept, recorded at position {position}", name.name)?;
        }
        SubscriptionCommand::List { data, output } => list(&data, output.json).await?,
        SubscriptionCommand::Show { name, output } => show(&name, output.json).await?,
        SubscriptionCommand::Run {
            name,
            tries,
            once,
            command,
        } => {
            let handing = Handing {
                data: &name.data,
                subscription: &name.name,
                tries: tries.max(1),
                once,
                command: &command,
            };
            reader::hand_over(handing).await?;
        }
        SubscriptionCommand::Replay { name, position } => {
            let (path, again) = (name.path("/replay"), Again { position });
            let written: Written = ask(&name.data, "POST", &path, &again).await?;
            let position = written.position;
            say!("to be delivered again: recorded at position {position}")?;
        }
        SubscriptionCommand::Delete { name } => {
            let written: Written = ask(&name.data, "DELETE", &name.path(""), &()).await?;
            say!("deleted: recorded at position {}", written.position)?;
        }
    }

    Ok(())
}

async fn list(data: &DataArgs, json: bool) -> anyhow::Result<()> {
    let all: Vec<SubscriptionShape> = ask(data, "GET", "/api/v1/subscriptions", &()).await?;

    if json {
        terminal::json(&all)?;
        return Ok(());
    }

    for one in &all {
        let what = match one.types.is_empty() {
            true => "everything".to_owned(),
            false => one.types.join(" "),
        };
        let wants = match &one.project {
            Some(project) => format!("{what} of {project}"),
            None => what,
        };
        say!(
            "{:<24} at {:<9} {:>3} parked  {wants}",
            one.name,
            one.checkpoint,
            one.parked.len()
        )?;
    }

    if all.is_empty() {
        say!("no subscription yet; `supercargo subscription create NAME` makes one")?;
    }

    Ok(())
}

async fn show(name: &NameArgs, json: bool) -> anyhow::Result<()> {
    let one: SubscriptionShape = ask(&name.data, "GET", &name.path(""), &()).await?;

    if json {
        terminal::json(&one)?;
        return Ok(());
    }

    say!(
        "{}  at position {}, {} behind the log",
        one.name,
        one.checkpoint,
        one.behind
    )?;
    say!("project     {}", one.project.as_deref().unwrap_or("all"))?;
    say!(
        "types       {}",
        if one.types.is_empty() {
            "all".to_owned()
        } else {
            one.types.join(" ")
        }
    )?;
    say!("read by     {}", one.read_by.as_deref().unwrap_or("nobody"))?;
    for parked in &one.parked {
        let again = if parked.again {
            " (to be delivered again)"
        } else {
            ""
        };
        say!("parked      {}{again}: {}", parked.position, parked.why)?;
    }

    Ok(())
}
