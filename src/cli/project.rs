//! `supercargo project …`.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Subcommand;
use events::id::ProjectName;
use events::project::ProjectKind;

use super::choices::{self, AgentArgs, ContainerArgs};
use super::client::{Answered, ask, ask_whom};
use super::evidence::{self, ProjectEvidence};
use super::standing::show;
use super::upstream::{self, UpstreamCommand};
use super::usage::{self, UsageArgs};
use super::{DataArgs, OutputArgs};
use crate::api::{
    Adopted, CredentialShape, NewProject, ProjectChange, ProjectShape, ScaffoldShape, Written,
};
use crate::terminal::{self, say};

/// Verbs on projects.
#[derive(Debug, Subcommand)]
pub(super) enum ProjectCommand {
    /// Add a project
    Add(AddArgs),
    /// All projects
    List {
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// One project
    Show {
        /// Its name
        name: ProjectName,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// What it uses: its containers now, its models so far, and disk
    Usage(UsageArgs),
    /// Take over what ZeroCoder left in its repository: spec and issues
    Adopt(NameArgs),
    /// Have its spec made a backlog although its repository had a life of its own before
    Initialize(NameArgs),
    /// Try at once what is in trouble: its provider, its agent's tool, its setup
    Retry(NameArgs),
    /// Bring our section of its AGENTS.md up to date, through the merge queue
    Scaffold(NameArgs),
    /// Its upstream: look at it, take it as it is, pinned host keys
    #[command(subcommand)]
    Upstream(UpstreamCommand),
    /// Change its settings
    Set(Box<SetArgs>),
    /// Begin to work, if the agents' programs are where they will run
    Start {
        #[command(flatten)]
        name: NameArgs,
        /// Start without looking for the agents' programs
        #[arg(long)]
        no_trial: bool,
    },
    /// Begin nothing new, end what runs, then stop
    Drain(NameArgs),
    /// Delete it when it is stopped: its name is never used again, and its log stays
    Delete {
        #[command(flatten)]
        name: NameArgs,
        /// Without asking for its name
        #[arg(long)]
        yes: bool,
    },
    /// Its specs, backlogs and milestone reports, and how to read them
    Evidence(ProjectEvidence),
    /// Stop now; work in progress is secured first
    Stop(NameArgs),
}

/// A project's name.
#[derive(Debug, clap::Args)]
pub(super) struct NameArgs {
    /// Its name
    name: ProjectName,
    #[command(flatten)]
    data: DataArgs,
}

/// What upstream asks for, by file: never on the command line.
#[derive(Debug, clap::Args)]
pub(super) struct CredentialArgs {
    /// File with a private key for ssh, without a passphrase
    #[arg(long, conflicts_with = "token_file")]
    ssh_key: Option<PathBuf>,
    /// File with a token for https
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// User that the token belongs to; many hosts take any
    #[arg(long, default_value = "x-access-token", requires = "token_file")]
    token_user: String,
}

impl CredentialArgs {
    fn read(&self) -> anyhow::Result<Option<CredentialShape>> {
        if let Some(file) = &self.ssh_key {
            return Ok(Some(CredentialShape::SshKey { key: read(file)? }));
        }
        let Some(file) = &self.token_file else {
            return Ok(None);
        };
        Ok(Some(CredentialShape::Token {
            user: self.token_user.clone(),
            token: read(file)?.trim().to_owned(),
        }))
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct AddArgs {
    /// Its name, for ever: a-z, 0-9 and '-'
    name: ProjectName,
    /// Upstream: a path or a URL
    #[arg(long)]
    git_url: String,
    /// The repository has a life of its own; features are added by hand
    #[arg(long)]
    existing: bool,
    /// What is to be built
    #[arg(long)]
    spec: Option<PathBuf>,
    #[command(flatten)]
    credential: CredentialArgs,
    #[command(flatten)]
    data: DataArgs,
}

/// How long things last.
#[derive(Debug, clap::Args)]
pub(super) struct TimeArgs {
    /// End a session after this many seconds
    #[arg(long, value_name = "SECONDS")]
    session_wall: Option<u64>,
    /// A claim of the fleet expires this many seconds after the last sign of life
    #[arg(long, value_name = "SECONDS")]
    lease: Option<u64>,
    /// A claim of a person, or of an agent of theirs, expires this many seconds after the last sign
    /// of life
    #[arg(long, value_name = "SECONDS")]
    outside_lease: Option<u64>,
    /// Draining becomes stopping after this many seconds
    #[arg(long, value_name = "SECONDS")]
    drain: Option<u64>,
    /// What a coder has not committed is brought to safety every so many seconds
    #[arg(long, value_name = "SECONDS")]
    rescue: Option<u64>,
    /// What claims left is kept so many seconds after the feature was closed or withdrawn
    #[arg(long, value_name = "SECONDS")]
    keep_work: Option<u64>,
}

impl TimeArgs {
    fn apply(&self, change: ProjectChange) -> ProjectChange {
        let ms = |seconds: Option<u64>| seconds.map(|seconds| seconds.saturating_mul(1_000));
        ProjectChange {
            session_wall_ms: ms(self.session_wall),
            lease_ms: ms(self.lease),
            outside_lease_ms: ms(self.outside_lease),
            drain_ms: ms(self.drain),
            rescue_ms: ms(self.rescue),
            keep_work_ms: ms(self.keep_work),
            ..change
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct SetArgs {
    /// Its name
    name: ProjectName,
    /// How many agents work at once
    #[arg(long)]
    target: Option<u16>,
    /// The most that may be set as target
    #[arg(long)]
    target_max: Option<u16>,
    /// Let the repository's issues of Beads follow the backlog on the branch beads-sync, and take
    /// in what others change of them
    #[arg(long)]
    sync_issues: Option<bool>,
    /// What is to be built
    #[arg(long)]
    spec: Option<PathBuf>,
    /// Command that decides whether a merge may be published; empty removes it
    #[arg(long)]
    verify: Option<String>,
    /// Command run in a fresh clone before the agent; empty removes it
    #[arg(long)]
    setup: Option<String>,
    #[command(flatten)]
    agents: AgentArgs,
    #[command(flatten)]
    containers: ContainerArgs,
    /// Verify and publish up to so many merges as one; a red batch is halved until a single merge
    /// is found
    #[arg(long)]
    batch: Option<u16>,
    /// Hold merges that change what the verification runs or obeys (its scripts, Makefile,
    /// package.json, …) until you approve them
    #[arg(long)]
    hold_checks: Option<bool>,
    /// Merge without a verification command; shown as unverified
    #[arg(long)]
    allow_unverified: Option<bool>,
    #[command(flatten)]
    times: TimeArgs,
    #[command(flatten)]
    credential: CredentialArgs,
    #[command(flatten)]
    data: DataArgs,
}

/// A path that is there becomes absolute, because the server may run elsewhere.
fn absolute(git_url: &str) -> String {
    let there = fs_err::canonicalize(git_url).ok();
    there
        .and_then(|path| path.to_str().map(str::to_owned))
        .unwrap_or_else(|| git_url.to_owned())
}

fn read(file: &PathBuf) -> anyhow::Result<String> {
    fs_err::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

pub(super) async fn run(command: ProjectCommand) -> anyhow::Result<()> {
    match command {
        ProjectCommand::Add(args) => add(args).await,
        ProjectCommand::List { data, output } => list(&data, output.json).await,
        ProjectCommand::Show { name, data, output } => show(&name, &data, output.json).await,
        ProjectCommand::Usage(args) => usage::run(&args).await,
        ProjectCommand::Adopt(args) => adopt(&args).await,
        ProjectCommand::Initialize(args) => tell(args, "initialize", "").await,
        ProjectCommand::Retry(args) => tell(args, "retry", "").await,
        ProjectCommand::Scaffold(args) => scaffold(&args).await,
        ProjectCommand::Upstream(command) => upstream::run(command).await,
        ProjectCommand::Set(args) => set(*args).await,
        ProjectCommand::Start { name, no_trial } => {
            tell(name, "start", if no_trial { "?trial=false" } else { "" }).await
        }
        ProjectCommand::Drain(args) => tell(args, "drain", "").await,
        ProjectCommand::Evidence(asked) => evidence::of_project(&asked).await,
        ProjectCommand::Delete { name: args, yes } => delete(&args, yes).await,
        ProjectCommand::Stop(args) => tell(args, "stop", "").await,
    }
}

/// Registers a project.
async fn add(args: AddArgs) -> anyhow::Result<()> {
    let kind = if args.existing {
        ProjectKind::Existing
    } else {
        ProjectKind::New
    };
    let new = NewProject {
        name: args.name.to_string(),
        git_url: absolute(&args.git_url),
        kind,
        spec: args.spec.as_ref().map(read).transpose()?,
        credential: args.credential.read()?,
    };

    let written: Written = ask(&args.data, "POST", "/api/v1/projects", &new).await?;
    say!(
        "{} is registered, recorded at position {}",
        args.name,
        written.position
    )?;
    for note in &written.notes {
        say!("{note}")?;
    }
    Ok(())
}

/// Prints the projects, a line for each.
async fn list(data: &DataArgs, json: bool) -> anyhow::Result<()> {
    let projects: Vec<ProjectShape> = ask(data, "GET", "/api/v1/projects", &()).await?;
    if json {
        return Ok(terminal::json(&projects)?);
    }

    for p in &projects {
        let note = if p.needs_you.is_empty() {
            ""
        } else {
            "  needs you"
        };
        say!(
            "{:<24} {:<10} {:>4}/{:<4} {}{note}",
            p.name,
            p.status,
            p.closed,
            p.total,
            p.git_url
        )?;
    }
    if projects.is_empty() {
        say!("no project yet; `supercargo project add NAME --git-url URL` makes one")?;
    }
    Ok(())
}

/// Has what the scaffold lacks queued.
async fn scaffold(args: &NameArgs) -> anyhow::Result<()> {
    let path = format!("/api/v1/projects/{}/scaffold", args.name);
    let shape: ScaffoldShape = ask(&args.data, "POST", &path, &()).await?;

    let how = if shape.queued {
        "queued: it is merged like everything else"
    } else {
        "it is as it should be"
    };
    Ok(say!("{how}")?)
}

async fn adopt(args: &NameArgs) -> anyhow::Result<()> {
    let adopted: Adopted = ask(
        &args.data,
        "POST",
        &format!("/api/v1/projects/{}/adopt", args.name),
        &(),
    )
    .await?;

    say!(
        "{}",
        if adopted.spec {
            "the spec is taken over"
        } else {
            "no new spec"
        }
    )?;
    if let Some(issues) = &adopted.issues {
        say!(
            "{} issues taken in, {} were there already",
            issues.taken,
            issues.present
        )?;
    }

    for file in &adopted.unused {
        say!("{file} is not read any more")?;
    }

    Ok(())
}

/// Deletes a project for whoever names it twice, or says that they mean it.
async fn delete(args: &NameArgs, yes: bool) -> anyhow::Result<()> {
    if !yes {
        if !std::io::stdin().is_terminal() {
            bail!(
                "{} would be deleted for good, and its name never used again: say --yes",
                args.name
            );
        }
        say!(
            "{} is deleted for good, and its name is never used again.",
            args.name
        )?;
        say!("Type its name to go on:")?;
        let mut typed = String::new();
        std::io::stdin()
            .read_line(&mut typed)
            .context("reading the name")?;
        if typed.trim() != args.name.as_str() {
            bail!("nothing was deleted: that is not its name");
        }
    }

    let path = format!("/api/v1/projects/{}", args.name);
    let written: Written = ask(&args.data, "DELETE", &path, &()).await?;

    Ok(say!("deleted: recorded at position {}", written.position)?)
}

async fn tell(args: NameArgs, verb: &str, how: &str) -> anyhow::Result<()> {
    let path = format!("/api/v1/projects/{}/{verb}{how}", args.name);
    let told: Answered<Written> = ask_whom(&args.data, "POST", &path, &()).await?;
    let carried_out = match told.by_a_server {
        true => "",
        false => "; nothing is done about it before a server runs",
    };
    Ok(say!(
        "{verb}: recorded at position {}{carried_out}",
        told.answer.position
    )?)
}

async fn set(args: SetArgs) -> anyhow::Result<()> {
    let now: ProjectShape = ask(
        &args.data,
        "GET",
        &format!("/api/v1/projects/{}", args.name),
        &(),
    )
    .await?;
    let change = ProjectChange {
        credential: args.credential.read()?,
        target: args.target,
        target_max: args.target_max,
        spec: args.spec.as_ref().map(read).transpose()?,
        setup: args.setup,
        verify: args.verify,
        hold_checks: args.hold_checks,
        allow_unverified: args.allow_unverified,
        batch_max: args.batch,
        sync_issues: args.sync_issues,
        ..ProjectChange::default()
    };
    let change = args.times.apply(change);
    let change = choices::apply(&args.agents, &args.containers, &now.settings, change)?;
    let written: Written = ask(
        &args.data,
        "PATCH",
        &format!("/api/v1/projects/{}", args.name),
        &change,
    )
    .await?;
    say!("set: recorded at position {}", written.position)?;
    for note in &written.notes {
        say!("{note}")?;
    }

    Ok(())
}
