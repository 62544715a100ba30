//! `… diff`: what a piece of work changes, printed as any foreign text is.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::DataArgs;
use super::client::ask_text;
use crate::terminal;

/// How much of a change is shown.
#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// The files and how much of each, without the lines
    #[arg(long)]
    stat: bool,
    /// One file or folder alone
    #[arg(long)]
    path: Option<String>,
}

pub(super) async fn show(data: &DataArgs, path: &str, much: &DiffArgs) -> anyhow::Result<()> {
    let mut query = format!("/api/v1/{path}?stat={}", much.stat);
    if let Some(path) = &much.path {
        query.push_str("&path=");
        query.extend(utf8_percent_encode(path, NON_ALPHANUMERIC));
    }
    let text = ask_text(data, &query).await?;
    Ok(terminal::text(&String::from_utf8_lossy(&text))?)
}
