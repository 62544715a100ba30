//! `log export|import|backup|restore`: a log on its way out and back.

use std::io::{BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use events::log::EventLog;

use super::open;
use crate::app::{InstanceLock, Ownership};
use crate::cli::DataArgs;
use crate::log::archive::{Header, Reader, Writer};
use crate::log::backup;
use crate::log::place::Records;
use crate::private;
use crate::terminal::say;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// JSON Lines: for people and other tools
    Lines,
    /// A segment: for machines
    Segment,
}

/// The arguments of `log export`.
#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// The form
    #[arg(long, value_enum, default_value_t = Form::Lines)]
    form: Form,
    /// The file; standard output without one
    #[arg(short, long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
}

/// Writes every event out.
pub(super) async fn export(args: ExportArgs) -> anyhow::Result<()> {
    let (_, log) = open(&args.data).await?;

    let file: Box<dyn Write> = match &args.out {
        Some(path) => {
            let made = fs_err::File::options()
                .create_new(true)
                .write(true)
                .open(path);
            Box::new(made.with_context(|| format!("making {}", path.display()))?)
        }
        None if std::io::stdout().is_terminal() => {
            bail!("an export is for a file or another program: name one with --out, or pipe it")
        }
        None => Box::new(std::io::stdout()),
    };
    match export_to(log.log(), args.form, std::io::BufWriter::new(file)).await {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        done => done,
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

async fn export_to(log: &dyn EventLog, form: Form, out: impl Write) -> anyhow::Result<()> {
    let mut writer = match form {
        Form::Lines => Writer::Lines(out),
        Form::Segment => Writer::Segment(out),
    };
    writer.header(&Header::of(&log.id()))?;
    let mut records = Records::of(log);
    while let Some(batch) = records.next().await? {
        for record in &batch {
            writer.record(record)?;
        }
    }
    writer.finish()
}

/// Makes a log of an export.
pub(super) async fn import(file: &Path, data: &DataArgs) -> anyhow::Result<()> {
    let folder = data.new_folder()?;
    let _lock = InstanceLock::take(&folder, Ownership::Respect)?;
    let input = fs_err::File::open(file)?;
    let records = Reader::open(BufReader::new(input))
        .with_context(|| format!("reading {}", file.display()))?;
    let id = records.header.log.clone();
    let imported = folder.place().import(records).await;
    let head = imported
        .with_context(|| format!("{} was refused, nothing was imported", file.display()))?;
    private::write(&folder.log_id(), format!("{id}\n").as_bytes())?;
    say!("imported {head} events into {}", folder.path().display())?;
    Ok(())
}

/// Copies the data folder; a server may go on meanwhile.
pub(super) async fn back_up(to: &Path, secrets: bool, data: &DataArgs) -> anyhow::Result<()> {
    let (folder, _) = open(data).await?;
    let made = backup::backup(&folder, to, secrets).await?;
    say!("backed up {} events to {}", made.head, to.display())?;
    if !secrets {
        say!("keys, tokens and credentials are not in it; --with-secrets puts them there")?;
    }
    Ok(())
}

/// Makes a data folder of a backup.
pub(super) async fn restore(from: &Path, data: &DataArgs) -> anyhow::Result<()> {
    let folder = data.new_folder()?;
    let restored = backup::restore(from, &folder).await?;

    say!(
        "restored {} events into {}",
        restored.head,
        folder.path().display()
    )?;
    if !restored.secrets {
        say!(
            "the backup has no credentials: give them again with `supercargo project set`; seals \
             get a new key"
        )?;
        say!(
            "the next start makes a new token, and hooks of forges have new secrets with it: \
             `project upstream hook` shows them"
        )?;
    }

    Ok(())
}
