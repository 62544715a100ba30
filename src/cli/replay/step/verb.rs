//! The verb: its arguments, and what it needs before it begins.

use std::io::IsTerminal;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use events::stream::Position;

use super::super::command::{SubjectArgs, open};
use super::debugger::Debugger;
use super::hands;
use crate::cli::DataArgs;
use crate::replay::{Expression, Interest, Recorded, Subject, View, Viewer};

/// Arguments of the debugger.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct StepArgs {
    /// Begins at a position, or a time such as 2026-11-26T04:49:00Z; the newest position without it
    #[arg(long, value_name = "POSITION|TIME")]
    at: Option<String>,
    /// A condition at which a run stops, such as 'project.closed > 3'; may be given again
    #[arg(long = "break", value_name = "EXPRESSION")]
    breaks: Vec<String>,
    /// An expression whose value is shown, such as project.closed; may be given again
    #[arg(long = "watch", value_name = "EXPRESSION")]
    watches: Vec<String>,
    #[command(flatten)]
    of: SubjectArgs,
    #[command(flatten)]
    data: DataArgs,
}

/// Runs the debugger until it is left.
pub(in crate::cli) async fn run(args: StepArgs) -> anyhow::Result<()> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        bail!(
            "this verb draws on a terminal and reads its keys, and there is none: `replay state` \
             and `replay diff` print"
        );
    }
    let interest = Interest {
        subject: args.of.subject(View::State),
        breaks: parsed(&args.breaks)?,
        watches: parsed(&args.watches)?,
    };

    let recorded = open(&args.data).await?;
    let position = recorded.position_or_newest(args.at.as_deref()).await?;
    let debugger = Debugger::at(position, interest);
    hands::run(debugger, Viewer::of(recorded)).await
}

/// Runs the debugger on a log of somebody else, until it is left.
pub(in crate::cli) async fn walk(
    recorded: Recorded,
    position: Position,
    subject: Subject,
) -> anyhow::Result<()> {
    let interest = Interest {
        subject,
        breaks: vec![],
        watches: vec![],
    };
    hands::run(Debugger::at(position, interest), Viewer::of(recorded)).await
}

fn parsed(texts: &[String]) -> anyhow::Result<Vec<Arc<Expression>>> {
    let mut all = Vec::with_capacity(texts.len());
    for text in texts {
        all.push(Arc::new(Expression::parse(text)?));
    }
    Ok(all)
}
