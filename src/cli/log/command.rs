//! The verbs on the log as a command line.

use std::path::PathBuf;

use clap::Subcommand;

use super::integrity::VerifyArgs;
use super::transfer::ExportArgs;
use super::{integrity, read, transfer};
use crate::cli::{DataArgs, OutputArgs};
use crate::data::DataFolder;
use crate::log::place::Stored;
use crate::log::seal::key::public_key;

/// Verbs on the log.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum LogCommand {
    /// The newest events
    Tail {
        /// The number of events to show
        #[arg(short = 'n', long, default_value_t = 20)]
        lines: u64,
        /// Go on with what comes; needs a running server
        #[arg(short, long)]
        follow: bool,
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// One event, whole
    Show {
        /// Its position
        position: u64,
        #[command(flatten)]
        data: DataArgs,
    },
    /// What is in it, counted
    Stats {
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Walk the chain of digests and the seals; name the first position that does not hold, and how
    Verify(VerifyArgs),
    /// Print the newest seal, to be kept elsewhere
    Anchor {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Print a proof that one event is in the log under a seal
    Prove {
        /// Its position
        position: u64,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Check such a proof, without any log
    Check {
        /// The proof
        proof: PathBuf,
        /// Public key that is trusted
        #[arg(long, value_name = "HEX", value_parser = public_key)]
        key: Option<String>,
    },
    /// Check the invariants with an independent second reducer
    Audit {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Every event, whole: to be read, or imported again
    Export(ExportArgs),
    /// Make a log of an export, in an empty data folder
    Import {
        /// The export, in either form
        file: PathBuf,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Copy the data folder while its server runs
    Backup {
        /// A folder that does not exist
        to: PathBuf,
        /// Keys, tokens and credentials too
        #[arg(long)]
        with_secrets: bool,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Check a backup and make a data folder of it
    Restore {
        /// The backup
        from: PathBuf,
        #[command(flatten)]
        data: DataArgs,
    },
}

pub(super) async fn open(data: &DataArgs) -> anyhow::Result<(DataFolder, Stored)> {
    let folder = data.folder()?;
    let log = folder.place().read().await?;
    Ok((folder, log))
}

pub(in crate::cli) async fn run(command: LogCommand) -> anyhow::Result<()> {
    match command {
        LogCommand::Tail {
            lines,
            follow,
            data,
            output,
        } => read::tail(&data, lines, follow, output.json).await,
        LogCommand::Show { position, data } => read::show(&data, position).await,
        LogCommand::Stats { data, output } => read::count(&data, &output).await,
        LogCommand::Verify(args) => integrity::verified(args).await,
        LogCommand::Anchor { data } => integrity::anchor(&data).await,
        LogCommand::Prove { position, data } => integrity::proof(&data, position).await,
        LogCommand::Check { proof, key } => integrity::check_proof(&proof, key.as_deref()),
        LogCommand::Audit { data } => integrity::audited(&data).await,
        LogCommand::Export(args) => transfer::export(args).await,
        LogCommand::Import { file, data } => transfer::import(&file, &data).await,
        LogCommand::Backup {
            to,
            with_secrets,
            data,
        } => transfer::back_up(&to, with_secrets, &data).await,
        LogCommand::Restore { from, data } => transfer::restore(&from, &data).await,
    }
}
