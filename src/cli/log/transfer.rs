//! `log export|import|backup|restore`: a log on its way out and back.

use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use events::envelope::Envelope;
use events::log::EventLog;
use events::stream::Position;

use super::{open, print};
use crate::app::{DataFolder, InstanceLock, Ownership};
use crate::cli::DataArgs;
use crate::log::archive::{Header, Reader, Record, Writer};
use crate::log::verify::BATCH;
use crate::log::{SqliteLog, backup};

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// JSON Lines: for people and other tools
    Lines,
    /// A segment: for machines
    Segment,
}

/// How to export.
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
            let made = std::fs::File::options().create_new(true).write(true).open(path);
            Box::new(made.with_context(|| format!("making {}", path.display()))?)
        }
        None => Box::new(std::io::stdout()),
    };
    match export_to(&log, args.form, std::io::BufWriter::new(file)).await {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        done => done,
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

async fn export_to(log: &dyn EventLog, form: Form, out: impl Write) -> anyhow::Result<()> {
    let mut writer = match form {
        Form::Lines => Writer::Lines(out),
        Form::Segment => Writer::Segment(out),
    };
    writer.header(&Header::of(&log.id()))?;
    let mut after = Position(0);
    let mut held: Option<Envelope> = None;
    loop {
        let batch = log.read_all(after, BATCH).await?;
        let Some(last) = batch.last().map(|e| e.position) else { break };
        after = last;
        for envelope in batch {
            // Whether an event is the last of its command shows in the one after it.
            if let Some(before) = held.replace(envelope) {
                let ends = held.as_ref().is_none_or(|next| next.command != before.command);
                writer.record(&record(log, before, ends).await?)?;
            }
        }
    }
    if let Some(last) = held {
        writer.record(&record(log, last, true).await?)?;
    }
    writer.finish()
}

async fn record(log: &dyn EventLog, envelope: Envelope, ends: bool) -> anyhow::Result<Record> {
    let answers = if ends { log.remembered(envelope.command).await?.map(|known| known.body) } else { None };
    Ok(Record { envelope, answers })
}

/// Makes a log of an export.
pub(super) async fn import(file: &Path, data: &DataArgs) -> anyhow::Result<()> {
    let folder = DataFolder::make(&data.data)?;
    let _lock = InstanceLock::take(&folder, Ownership::Respect)?;
    let input = std::fs::File::open(file).with_context(|| format!("reading {}", file.display()))?;
    let records = Reader::open(BufReader::new(input)).with_context(|| format!("reading {}", file.display()))?;
    if folder.log().exists() {
        bail!("{} has a log already; import into an empty data folder", folder.path().display());
    }
    // Under another name until it is whole: what was refused half-way leaves nothing that could be taken for a log.
    let beside = folder.path().join("import.db");
    remove_log(&beside)?;
    let made = SqliteLog::import(&beside, records).await;
    let head = match made.and_then(|head| settle(&beside).map(|()| head)) {
        Ok(head) => head,
        Err(error) => {
            remove_log(&beside)?;
            return Err(error).with_context(|| format!("{} was refused, nothing was imported", file.display()));
        }
    };
    std::fs::rename(&beside, folder.log())?;
    print(&format!("imported {head} events into {}", folder.path().display()));
    Ok(())
}

/// Brings everything into the one file.
fn settle(path: &Path) -> anyhow::Result<()> {
    let connection = rusqlite::Connection::open(path)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

fn remove_log(path: &Path) -> anyhow::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let file = PathBuf::from(format!("{}{suffix}", path.display()));
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).context(file.display().to_string()),
            _ => {}
        }
    }
    Ok(())
}

/// Copies the data folder; a server may go on meanwhile.
pub(super) async fn back_up(to: &Path, secrets: bool, data: &DataArgs) -> anyhow::Result<()> {
    let (folder, _) = open(data).await?;
    let made = backup::backup(&folder, to, secrets).await?;
    print(&format!("backed up {} events to {}", made.head, to.display()));
    if !secrets {
        print("keys, tokens and credentials are not in it; --with-secrets puts them there");
    }
    Ok(())
}

/// Makes a data folder of a backup.
pub(super) async fn restore(from: &Path, data: &DataArgs) -> anyhow::Result<()> {
    let folder = DataFolder::make(&data.data)?;
    let restored = backup::restore(from, &folder).await?;
    print(&format!("restored {} events into {}", restored.head, folder.path().display()));
    if !restored.secrets {
        print("the backup has no credentials: give them again with `supercargo project set`, seals get a new key");
    }
    Ok(())
}
