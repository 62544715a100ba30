//! `supercargo container …`.

use anyhow::anyhow;
use clap::Subcommand;
use events::agent::Dialect;
use events::id::ProjectName;

use super::client::{ask, ask_text};
use super::{DataArgs, OutputArgs};
use crate::api::{Found, SessionShape, SlotShape, Written};
use crate::dialect::{self, Signal};
use crate::terminal::{self, complain, say};

/// Verbs on the slots of a project and their containers.
#[derive(Debug, Subcommand)]
pub(super) enum ContainerCommand {
    /// The slots of a project
    List {
        /// The name of the project
        project: ProjectName,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// One slot
    Show {
        #[command(flatten)]
        slot: SlotArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// What a session printed; the one at hand unless another is named. Needs a running server
    Logs {
        #[command(flatten)]
        slot: SlotArgs,
        /// Another session
        #[arg(long)]
        session: Option<String>,
        /// What an agent CLI's lines mean, instead of the lines
        #[arg(long, conflicts_with = "raw")]
        meaning: bool,
        /// The bytes as they came, for a file or another program: a terminal would obey them
        #[arg(long)]
        raw: bool,
    },
    /// The sessions of a project, the newest first
    Sessions {
        /// The name of the project
        project: ProjectName,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Find a text in what the sessions of a project printed, the newest session first
    Find {
        /// The name of the project
        project: ProjectName,
        /// What to find; case counts
        text: String,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Take it out of service: its work is secured, nothing new is begun
    Stop(SlotArgs),
    /// Put it back into service, or end its session and go on with the next job
    Restart(SlotArgs),
}

/// A slot of a project.
#[derive(Debug, clap::Args)]
pub(super) struct SlotArgs {
    /// The name of the project
    project: ProjectName,
    /// Number of the slot
    n: u16,
    #[command(flatten)]
    data: DataArgs,
}

impl SlotArgs {
    fn path(&self) -> String {
        format!("/api/v1/projects/{}/containers/{}", self.project, self.n)
    }

    async fn shape(&self) -> anyhow::Result<SlotShape> {
        ask(&self.data, "GET", &self.path(), &()).await
    }

    async fn tell(&self, verb: &str) -> anyhow::Result<()> {
        let written: Written =
            ask(&self.data, "POST", &format!("{}/{verb}", self.path()), &()).await?;
        say!("{verb}: recorded at position {}", written.position)?;
        Ok(())
    }
}

pub(super) async fn run(command: ContainerCommand) -> anyhow::Result<()> {
    match command {
        ContainerCommand::List {
            project,
            data,
            output,
        } => list(&project, &data, output.json).await,
        ContainerCommand::Show { slot, output } => show(&slot, output.json).await,
        ContainerCommand::Sessions {
            project,
            data,
            output,
        } => sessions(&project, &data, output.json).await,
        ContainerCommand::Find {
            project,
            text,
            data,
            output,
        } => find(&project, &text, &data, output.json).await,
        ContainerCommand::Logs {
            slot,
            session,
            meaning,
            raw,
        } => logs(&slot, session, meaning, raw).await,
        ContainerCommand::Stop(slot) => slot.tell("stop").await,
        ContainerCommand::Restart(slot) => slot.tell("restart").await,
    }
}

/// Prints the slots of a project, a line for each.
async fn list(project: &ProjectName, data: &DataArgs, json: bool) -> anyhow::Result<()> {
    let path = format!("/api/v1/projects/{project}/containers");
    let slots: Vec<SlotShape> = ask(data, "GET", &path, &()).await?;
    if json {
        return Ok(terminal::json(&slots)?);
    }

    for slot in &slots {
        let work = [&slot.role, &slot.feature, &slot.note];
        let work: Vec<&str> = work.into_iter().flatten().map(String::as_str).collect();
        say!("{:>3}  {:<12} {}", slot.n, slot.status, work.join("  "))?;
    }
    if slots.is_empty() {
        say!(
            "no slot; `supercargo project set {project} --target N` makes some while the project \
             runs"
        )?;
    }
    Ok(())
}

/// Prints what is in a slot.
async fn show(slot: &SlotArgs, json: bool) -> anyhow::Result<()> {
    let shape = slot.shape().await?;
    if json {
        return Ok(terminal::json(&shape)?);
    }

    say!("slot {}  {}", shape.n, shape.status)?;
    let rows = [
        ("container", shape.container),
        ("session", shape.session),
        ("role", shape.role),
        ("feature", shape.feature),
        ("note", shape.note),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            say!("{name:<10}  {value}")?;
        }
    }
    Ok(())
}

async fn sessions(project: &ProjectName, data: &DataArgs, json: bool) -> anyhow::Result<()> {
    let path = format!("/api/v1/projects/{project}/sessions");
    let all: Vec<SessionShape> = ask(data, "GET", &path, &()).await?;

    if json {
        return Ok(terminal::json(&all)?);
    }

    for one in &all {
        let outcome = one.outcome.as_deref().unwrap_or("at work");
        let feature = one.feature.as_deref().unwrap_or("-");
        say!(
            "{}  {:>3}  {:<11} {outcome:<16} {feature:<16} {}",
            one.id,
            one.n,
            one.role,
            one.assigned
        )?;
    }

    if all.is_empty() {
        say!("no session yet")?;
    }

    Ok(())
}

async fn find(
    project: &ProjectName,
    text: &str,
    data: &DataArgs,
    json: bool,
) -> anyhow::Result<()> {
    let text = percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
    let found: Found = ask(
        data,
        "GET",
        &format!("/api/v1/projects/{project}/transcripts?find={text}"),
        &(),
    )
    .await?;

    if json {
        terminal::json(&found)?;
        return Ok(());
    }

    for hit in &found.hits {
        say!("{}  {}", hit.session, hit.line)?;
    }

    if found.hits.is_empty() {
        say!("no session printed that, as far as transcripts are kept; case counts")?;
    }

    if found.more {
        say!("there is more: only the newest lines are shown, look for something longer")?;
    }

    Ok(())
}

async fn logs(
    slot: &SlotArgs,
    session: Option<String>,
    meaning: bool,
    raw: bool,
) -> anyhow::Result<()> {
    let session = match session {
        Some(session) => session,
        None => slot.shape().await?.session.ok_or_else(|| {
            anyhow!("no session is at work in this slot; name one with --session")
        })?,
    };
    let path = format!("/api/v1/sessions/{session}/transcript");
    let printed = ask_text(&slot.data, &path).await?;

    if raw {
        return Ok(terminal::raw(&printed)?);
    }

    if printed.is_empty() {
        complain!("note: session {session} has printed nothing so far");
    }

    if !meaning {
        return Ok(terminal::printed(&printed)?);
    }

    let shown: SessionShape = ask(
        &slot.data,
        "GET",
        &format!("/api/v1/sessions/{session}"),
        &(),
    )
    .await?;

    let dialect = shown.dialect.unwrap_or(Dialect::Command);
    for signal in dialect::transcript(dialect, &String::from_utf8_lossy(&printed)) {
        terminal::text(&meant(&signal))?;
    }

    Ok(())
}

/// A signal on lines of its own.
fn meant(signal: &Signal) -> String {
    let line = match signal {
        Signal::Text(text) => text.clone(),
        Signal::Thinking(text) => format!("(thinks) {text}"),
        Signal::ToolCall { name, input } => format!("→ {name} {input}"),
        Signal::ToolResult { ok: true, text } => format!("← {text}"),
        Signal::ToolResult { ok: false, text } => format!("← failed: {text}"),
        Signal::Usage { input, output } => format!("({input} tokens read, {output} written)"),
        Signal::Limit(text) => format!("(its provider makes it wait: {text})"),
        Signal::Trouble(text) => format!("(trouble: {text})"),
        Signal::Result {
            is_error: true,
            text,
        } => format!("(ends with a failure: {text})"),
        Signal::Result {
            is_error: false,
            text,
        } => format!("(ends) {text}"),
    };

    line.trim_end().to_owned()
}
