//! `replay bundle` and `open`: a log in one file, and that file somewhere else.

use std::io::{BufReader, IsTerminal};
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, bail};
use events::id::ProjectName;

use super::command::{SubjectArgs, recorded};
use super::step;
use crate::app::secrets_of;
use crate::bundle::{Bundle, Header, PartName, Wanted, pack};
use crate::cli::{DataArgs, OutputArgs, serve};
use crate::data::DataFolder;
use crate::replay::{Digests, Recorded, View};
use crate::terminal::{self, say};

/// Parts that are named of those that were left out.
const SHOWN_MAX: usize = 20;

/// Arguments of `replay bundle`.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct BundleArgs {
    /// The file that is made
    file: PathBuf,
    /// The project that it is about: blobs and transcripts of no other are in it, and the
    /// debugger begins with it. The log is whole, whatever is named
    #[arg(long)]
    project: Option<ProjectName>,
    /// The last event that is in it: a position or a time; the newest one without it
    #[arg(long, value_name = "POSITION|TIME")]
    to: Option<String>,
    /// Where a reader begins: a position or a time; at the last event without it
    #[arg(long, value_name = "POSITION|TIME")]
    at: Option<String>,
    /// Most MiB of transcripts; those of the newest sessions are taken first
    #[arg(long, value_name = "MIB", default_value_t = 16)]
    transcripts: u64,
    /// Take events along that hold what looks like a key
    #[arg(long)]
    with_secrets: bool,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Arguments of `replay open`.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct OpenArgs {
    /// The bundle
    bundle: PathBuf,
    /// Unpack it to a new data folder, which every verb that reads takes as --data
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
    /// Show it in the web interface, until this process is ended
    #[arg(long, conflicts_with_all = ["at", "json"])]
    serve: bool,
    /// Where to listen then; loopback only
    #[arg(long, default_value = "127.0.0.1:7070", env = "SUPERCARGO_LISTEN")]
    listen: SocketAddr,
    /// Where the debugger begins: a position or a time; where the bundle says without it
    #[arg(long, value_name = "POSITION|TIME", conflicts_with = "into")]
    at: Option<String>,
    #[command(flatten)]
    of: SubjectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Makes a bundle.
pub(super) async fn bundle(args: BundleArgs) -> anyhow::Result<()> {
    let folder = args.data.folder()?;
    let log = folder.place().read().await?.into_log();
    let recorded = Recorded::of(log.clone(), Default::default());
    let to = recorded.position_or_newest(args.to.as_deref()).await?;
    let at = match args.at {
        Some(when) => recorded.position_of(&when).await?,
        None => to,
    };
    if to.0 == 0 {
        bail!("there is nothing to bundle: the log has no event up to there");
    }
    if at > to {
        bail!("a reader cannot begin at position {at}: the bundle ends at {to}");
    }

    let wanted = Wanted {
        project: args.project,
        to,
        at,
        transcripts: args.transcripts.saturating_mul(1024 * 1024),
        secrets: secrets_of(&folder)?,
        with_secrets: args.with_secrets,
    };
    let header = pack(&folder, log, &wanted, &args.file).await?;
    if args.output.json {
        return Ok(terminal::json(&header)?);
    }
    tell(&header)?;
    Ok(say!("{} was made", args.file.display())?)
}

/// Opens a bundle: in the debugger, as a folder, or only to see whether it is sound.
pub(super) async fn open(args: OpenArgs) -> anyhow::Result<()> {
    let bundle = Bundle::open(&args.bundle)?;
    if let Some(into) = &args.into {
        let data = bundle.unpack(into).await?;
        if args.serve {
            return serve::show(data, args.listen).await;
        }
        if args.output.json {
            return Ok(terminal::json(&bundle.header)?);
        }
        tell(&bundle.header)?;
        return Ok(say!(
            "unpacked, for reading only: --data {}",
            into.display()
        )?);
    }

    let scratch = tempfile::tempdir().context("making a folder for what is unpacked")?;
    let data = bundle.unpack(scratch.path()).await?;
    if args.serve {
        return serve::show(data, args.listen).await;
    }
    let recorded = recorded(&data).await?;
    let is_seen = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if args.output.json || !is_seen {
        return check(&bundle.header, &data, &recorded, args.output.json).await;
    }

    let header = &bundle.header;
    let position = match &args.at {
        Some(when) => recorded.position_of(when).await?,
        None => recorded.position_of(&header.at.to_string()).await?,
    };
    let of = args.of.or_project(header.project.as_ref());
    step::walk(recorded, position, of.subject(View::State)).await
}

/// Tells what a bundle is, and whether this build comes to the states that its maker came to.
async fn check(
    header: &Header,
    data: &DataFolder,
    recorded: &Recorded,
    as_json: bool,
) -> anyhow::Result<()> {
    match as_json {
        true => terminal::json(header)?,
        false => tell(header)?,
    }
    if !header.has(&PartName::States) {
        return Ok(());
    }

    let states = fs_err::File::open(data.states())?;
    let checked = recorded.check(Digests::open(BufReader::new(states))?);
    let checked = checked.await?;
    match checked.differing.first() {
        None if as_json => Ok(()),
        None => Ok(say!("all {} states are the same", checked.states)?),
        Some(first) => bail!(
            "{} streams come to other states than where the bundle was made, the first of them \
             {} at position {}",
            checked.differing.len(),
            first.stream,
            first.event.position
        ),
    }
}

/// Tells what a bundle is.
fn tell(header: &Header) -> anyhow::Result<()> {
    let (log, head) = (&header.log, header.head);
    say!(
        "the log {log} up to position {head}, bundled {} by {}",
        header.made,
        header.build
    )?;
    match &header.sealed_by {
        Some(key) => say!("sealed up to position {} by the key {key}", header.sealed)?,
        None => say!("nothing in it is under a seal")?,
    }

    let is = |kind: fn(&PartName) -> bool| {
        let parts = header.parts.iter().filter(|part| kind(&part.part));
        parts.count()
    };
    let blobs = is(|part| matches!(part, PartName::Blob(_)));
    let transcripts = is(|part| matches!(part, PartName::Transcript(_)));
    say!("with {blobs} blobs and {transcripts} transcripts")?;
    for left in header.left_out.iter().take(SHOWN_MAX) {
        say!("without the {}: {}", left.part, left.why)?;
    }
    match header.left_out.len().saturating_sub(SHOWN_MAX) {
        0 => Ok(()),
        more => Ok(say!("and without {more} more, which --json lists")?),
    }
}
