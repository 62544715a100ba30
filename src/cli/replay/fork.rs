//! `replay fork`: a data folder as it was at an instant, in which everything may go another way.

use std::path::PathBuf;

use crate::cli::DataArgs;
use crate::log::fork::{Upstreams, fork};
use crate::terminal::say;

/// The arguments of `replay fork`.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct ForkArgs {
    /// The folder to make; it does not exist yet, or is empty
    to: PathBuf,
    /// The instant: a position or a time (the newest)
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
    /// Replace each upstream by a copy, so that a fleet may go on in the fork
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) async fn run(args: ForkArgs) -> anyhow::Result<()> {
    let folder = args.data.folder()?;
    let recorded = super::command::recorded(&folder).await?;
    let at = recorded.position_or_newest(args.at.as_deref()).await?;
    let upstreams = match args.live {
        true => Upstreams::Copied,
        false => Upstreams::Named,
    };

    let forked = fork(&folder, &args.to, (at, upstreams)).await?;
    let (head, to) = (forked.head, args.to.display());
    say!("forked {head} events into {to}")?;
    if !args.live {
        return Ok(say!(
            "it is to be looked at: `serve` shows it and changes nothing, because its upstreams \
             are those of the original"
        )?);
    }

    for project in &forked.copied {
        say!("the upstream of {project} is a copy in {to}/upstreams/{project}.git")?;
    }
    Ok(say!("`supercargo serve --data {to}` goes on from there")?)
}
