//! The verbs of replay as a command line, and what they have in common: a log, and what of it is
//! looked at.

use std::path::PathBuf;
use std::sync::Arc;

use actors::instants::Instants;
use clap::Subcommand;
use events::id::ProjectName;
use events::stream::StreamId;

use super::bundles::{self, BundleArgs, OpenArgs};
use super::reasons::{self, WhyArgs, WishArgs};
use super::{beside, changes, flips, fork, state, step, what_if};
use crate::adapters::checkpoints::CheckpointFolder;
use crate::cli::{DataArgs, OutputArgs};
use crate::data::DataFolder;
use crate::replay::{Recorded, Subject, View};

/// Verbs of replay.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ReplayCommand {
    /// What was so after a position, or at a time
    State {
        /// A position, or a time such as 2026-11-26T04:49:00Z; the newest position without it
        #[arg(long, value_name = "POSITION|TIME")]
        at: Option<String>,
        /// The view of the project
        #[arg(long, value_enum, default_value = "state", requires = "project")]
        view: View,
        #[command(flatten)]
        of: SubjectArgs,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// What is different at a later instant, each change with the event that made it
    Diff {
        /// The earlier instant: a position or a time
        from: String,
        /// The later one; the newest position without it
        to: Option<String>,
        #[command(flatten)]
        of: SubjectArgs,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// The first position at which another log differs, and how
    Compare {
        /// The data folder or backup with the other log
        other: PathBuf,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// A digest of every state that the log goes through, for `check` with another build
    Digests {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Whether this build folds the log to the states that another build folded it to
    Check {
        /// What `replay digests` of that build printed
        digests: PathBuf,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Write the log up to an instant, with all that it takes to look at it elsewhere, to one file
    Bundle(BundleArgs),
    /// Look at such a file: in the debugger, as a folder, or whether it is sound
    Open(OpenArgs),
    /// Go along the log in the terminal, forward and back, with breaks and watched values
    Step(step::StepArgs),
    /// Another course of a project, with something otherwise, beside the recorded one
    WhatIf(what_if::WhatIfArgs),
    /// Make a data folder as it was at an instant, in which everything may go another way
    Fork(fork::ForkArgs),
    /// Why something is as it is, and what it waits for
    Why(WhyArgs),
    /// What would come of a wish: the events, the refusal, or what is missing
    WhyNot(WishArgs),
    /// The position at which an expression becomes true, or stops being so
    Bisect {
        /// An expression in the Common Expression Language over event, state, project, board,
        /// features, slots, queue, needs and sessions, such as 'project.closed > 3'
        #[arg(long = "until", value_name = "EXPRESSION", allow_hyphen_values = true)]
        #[arg(required_unless_present = "audit")]
        expression: Option<String>,
        /// The first event that breaks an invariant of the audit: one by its id, such as L3, or any
        #[arg(long, value_name = "ID", num_args = 0..=1, conflicts_with = "expression")]
        #[arg(default_missing_value = "any")]
        audit: Option<String>,
        /// From this position or time on; from before the first event without it
        #[arg(long)]
        from: Option<String>,
        /// Up to this one; the newest position without it
        #[arg(long)]
        to: Option<String>,
        #[command(flatten)]
        of: SubjectArgs,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
}

/// What of a log is looked at.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct SubjectArgs {
    /// One stream, such as feature-zoo/feat-cp7ce
    #[arg(long, conflicts_with = "project")]
    stream: Option<StreamId>,
    /// One project
    #[arg(long)]
    project: Option<ProjectName>,
}

impl SubjectArgs {
    /// The subject; every project where none is named.
    pub(super) fn subject(&self, view: View) -> Subject {
        match (&self.stream, &self.project) {
            (Some(stream), _) => Subject::Stream(stream.clone()),
            (None, Some(project)) => Subject::Project(project.clone(), view),
            (None, None) => Subject::Projects,
        }
    }
}

impl SubjectArgs {
    /// The same; a project where nothing is named.
    pub(super) fn or_project(self, project: Option<&ProjectName>) -> Self {
        match self {
            Self {
                stream: None,
                project: None,
            } => Self {
                stream: None,
                project: project.cloned(),
            },
            named => named,
        }
    }
}

/// The log of a data folder, opened for reading.
pub(super) async fn open(data: &DataArgs) -> anyhow::Result<Recorded> {
    recorded(&data.folder()?).await
}

/// The log of a folder.
pub(super) async fn recorded(folder: &DataFolder) -> anyhow::Result<Recorded> {
    let stored = folder.place().read().await?;
    let checkpoints = CheckpointFolder::new(folder.checkpoints());
    let instants = Instants::with(Arc::new(checkpoints));
    Ok(Recorded::of(stored.into_log(), instants))
}

pub(in crate::cli) async fn run(command: ReplayCommand) -> anyhow::Result<()> {
    match command {
        ReplayCommand::State {
            at,
            view,
            of,
            data,
            output,
        } => {
            state::show(
                &open(&data).await?,
                at.as_deref(),
                &of.subject(view),
                output.json,
            )
            .await
        }
        ReplayCommand::Diff {
            from,
            to,
            of,
            data,
            output,
        } => {
            let recorded = open(&data).await?;
            let between = recorded.between((Some(&from), to.as_deref())).await?;
            changes::show(&recorded, between, &of.subject(View::State), output.json).await
        }
        ReplayCommand::Compare {
            other,
            data,
            output,
        } => beside::compare(&open(&data).await?, &other, output.json).await,
        ReplayCommand::Digests { data } => beside::digests(&open(&data).await?).await,
        ReplayCommand::Check {
            digests,
            data,
            output,
        } => beside::check(&open(&data).await?, &digests, output.json).await,
        ReplayCommand::Bundle(args) => bundles::bundle(args).await,
        ReplayCommand::Open(args) => bundles::open(args).await,
        ReplayCommand::Step(args) => step::run(args).await,
        ReplayCommand::WhatIf(args) => what_if::run(args).await,
        ReplayCommand::Fork(args) => fork::run(args).await,
        ReplayCommand::Why(args) => reasons::why(args).await,
        ReplayCommand::WhyNot(args) => reasons::why_not(args).await,
        ReplayCommand::Bisect {
            expression,
            audit,
            from,
            to,
            of,
            data,
            output,
        } => {
            let recorded = open(&data).await?;
            let between = recorded.between((from.as_deref(), to.as_deref())).await?;
            let sought = flips::Sought::of(expression, audit);
            let subject = of.subject(View::State);
            flips::show(&recorded, &sought, (between, &subject), output.json).await
        }
    }
}
