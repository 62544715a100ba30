//! `supercargo subscription …`: readers outside of us whose place in the log is kept; and a reader
//! that hands each event to a command.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use events::id::ProjectName;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::client::ask;
use super::{DataArgs, OutputArgs};
use crate::http::shapes::{
    Again, Delivery, EventShape, NewSubscription, SetAside, SubscriptionShape, Taken, Written,
};
use crate::terminal::{self, complain, say};

/// Events asked for at once: each is acknowledged by itself, so that a restart repeats one at most.
const AT_ONCE: usize = 20;
/// Pause before a command is run again for the same event; doubled each time.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(60);

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
    name: ProjectName,
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
            let project = project.map(|project| project.to_string());
            let new = NewSubscription {
                name: name.name.to_string(),
                project,
                types,
                after,
            };
            let written: Written = ask(&name.data, "POST", "/api/v1/subscriptions", &new).await?;
            say!(
                "{} is kept, recorded at position {}",
                name.name,
                written.position
            )?;
        }
        SubscriptionCommand::List { data, output } => list(&data, output.json).await?,
        SubscriptionCommand::Show { name, output } => show(&name, output.json).await?,
        SubscriptionCommand::Run {
            name,
            tries,
            once,
            command,
        } => hand_over(&name, tries.max(1), once, &command).await?,
        SubscriptionCommand::Replay { name, position } => {
            let written: Written = ask(
                &name.data,
                "POST",
                &name.path("/replay"),
                &Again { position },
            )
            .await?;
            say!(
                "to be delivered again: recorded at position {}",
                written.position
            )?;
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
        let wants = if one.types.is_empty() {
            "everything".to_owned()
        } else {
            one.types.join(" ")
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

/// Hands events over until there is none, or for ever.
async fn hand_over(
    name: &NameArgs,
    tries: u32,
    once: bool,
    command: &[String],
) -> anyhow::Result<()> {
    let mut from = 0;
    loop {
        let path = name.path(&format!("/next?from={from}&limit={AT_ONCE}&wait={}", !once));
        let delivery: Delivery = ask(&name.data, "GET", &path, &()).await?;
        for event in &delivery.events {
            match try_to_take(command, event, tries).await? {
                Ok(()) => {
                    let taken = Taken {
                        position: event.position,
                    };
                    let _: Written =
                        ask(&name.data, "POST", &name.path("/acknowledge"), &taken).await?;
                }
                Err(why) => {
                    complain!("supercargo: position {} is parked: {why}", event.position);
                    let aside = SetAside {
                        position: event.position,
                        why,
                    };
                    let _: Written = ask(&name.data, "POST", &name.path("/park"), &aside).await?;
                }
            }
        }
        let looked_on = delivery.next > from;
        from = delivery.next;
        if once && delivery.events.is_empty() && !looked_on {
            return Ok(());
        }
    }
}

/// Runs the command for an event until it takes it; the reason when it never did.
async fn try_to_take(
    command: &[String],
    event: &EventShape,
    tries: u32,
) -> anyhow::Result<Result<(), String>> {
    let mut pause = PAUSE;
    let mut attempt = 1;
    loop {
        let why = match take(command, event).await? {
            Ok(()) => return Ok(Ok(())),
            Err(why) => why,
        };
        if attempt >= tries {
            return Ok(Err(format!("{why} ({attempt} tries)")));
        }
        attempt += 1;
        tokio::time::sleep(pause).await;
        pause = PAUSE_MAX.min(pause * 2);
    }
}

async fn take(command: &[String], event: &EventShape) -> anyhow::Result<Result<(), String>> {
    let Some((program, arguments)) = command.split_first() else {
        bail!("there is no command to hand events to")
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("starting {program}"))?;
    let text = serde_json::to_vec(event)?;
    if let Some(mut stdin) = child.stdin.take()
        && let Err(error) = stdin.write_all(&text).await
    {
        // A command may take an event without reading it; its exit code tells.
        tracing::debug!(%error, "the command did not read the event");
    }
    let output = child.wait_with_output().await?;
    if output.status.success() {
        return Ok(Ok(()));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or("it said nothing");
    Ok(Err(format!("{}: {last}", output.status)))
}
