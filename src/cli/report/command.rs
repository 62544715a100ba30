//! The verb as a command line.

use events::id::ProjectName;
use events::report::Scope;

use super::page::{Links, Page};
use super::{html, markdown, plain};
use crate::adapters::clock;
use crate::cli::{DataArgs, OutputArgs};
use crate::replay::Recorded;
use crate::terminal;

/// The arguments of `report`.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct ReportArgs {
    /// How long before the end (8h, 90m, 2d), a time such as 2026-11-26T04:49:00Z, or a position
    #[arg(
        long,
        value_name = "LONG|TIME|POSITION",
        default_value = "8h",
        allow_hyphen_values = true
    )]
    since: String,
    /// The end: how long ago, a time, or a position; now without it
    #[arg(long, value_name = "LONG|TIME|POSITION", allow_hyphen_values = true)]
    until: Option<String>,
    /// One project; all of them and the server without it
    #[arg(long)]
    project: Option<ProjectName>,
    /// The form that it is printed in
    #[arg(long, value_enum, default_value = "text", conflicts_with = "json")]
    format: Format,
    /// The address of the web interface, for the links of positions (Markdown and HTML)
    #[arg(long, value_name = "URL")]
    base_url: Option<Links>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Plain text
    Text,
    /// Markdown
    Markdown,
    /// One page that needs nothing else and runs no scripts
    Html,
}

pub(in crate::cli) async fn run(args: ReportArgs) -> anyhow::Result<()> {
    let stored = args.data.folder()?.place().read().await?;
    let recorded = Recorded::of(stored.into_log(), Default::default());
    let scope = match args.project {
        Some(project) => Scope::Project(project),
        None => Scope::All,
    };

    let until = args.until.as_deref();
    let asked = recorded.span(&args.since, until, clock::now()).await?;
    let report = recorded.report(scope, asked).await?;
    if args.output.json {
        return Ok(terminal::json(&report)?);
    }

    let page = Page::of(&report, args.base_url.as_ref());
    let text = match args.format {
        Format::Text => plain::text(&page),
        Format::Markdown => markdown::text(&page),
        Format::Html => html::text(&page)?,
    };
    Ok(terminal::text(&text)?)
}
