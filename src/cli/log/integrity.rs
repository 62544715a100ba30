//! `log verify|prove|check|anchor|audit`: whether a log can be trusted.

use std::path::Path;

use anyhow::{Context, bail};
use events::stream::Position;

use super::open;
use crate::api::shown;
use crate::cli::DataArgs;
use crate::log::audit::{Report, audit};
use crate::log::backup::newest_seal;
use crate::log::seal::Anchor;
use crate::log::seal::key::public_key;
use crate::log::seal::proof::{Proof, check, prove, seal_over};
use crate::log::verify::{Verified, Walk, verify};
use crate::terminal::{self, say};

/// The arguments of `log verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// Begin at the end of the seal over this position, and trust what it says of everything before
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
    /// Compare with an anchor that was kept elsewhere (`log anchor` prints one); the data folder's
    /// own is compared always
    #[arg(long, value_name = "FILE")]
    against: Option<std::path::PathBuf>,
    /// Public key that has to have signed every seal
    #[arg(long, value_name = "HEX", value_parser = public_key)]
    key: Option<String>,
    #[command(flatten)]
    data: DataArgs,
}

/// Walks the chain, the seals, the file and the anchors.
pub(super) async fn verified(args: VerifyArgs) -> anyhow::Result<()> {
    let (folder, stored) = open(&args.data).await?;
    let log = stored.log();
    let from = match args.from {
        Some(position) => {
            let seal = seal_over(log, Position(position)).await?;
            Some(seal.with_context(|| format!("position {position} is under no seal"))?)
        }
        None => None,
    };
    let began = match &from {
        Some(seal) => seal.statement.last.0,
        None => 0,
    };
    let (head, digest, sealed) = match verify(
        log,
        &Walk {
            from,
            key: args.key,
        },
    )
    .await?
    {
        Verified::Sound {
            head,
            digest,
            sealed,
        } => (head, digest, sealed),
        Verified::Broken { at, damage } => {
            bail!(
                "{}: position {at} is {damage}; nothing from there on can be trusted. Put a backup \
                 back with `supercargo log restore`",
                folder.path().display()
            )
        }
    };
    if let Some(damage) = stored.integrity().await? {
        bail!(
            "the file is damaged: {damage}; every event was read and its chain holds, restore the \
             log from an export or a backup"
        );
    }

    let kept = args.against.iter().map(|path| (path.clone(), true));
    for (path, needed) in kept.chain([(folder.anchor(), false)]) {
        match Anchor::read(&path)? {
            Some(anchor) => anchor
                .check(log)
                .await
                .with_context(|| format!("compared with {}", path.display()))?,
            None if needed => bail!("there is no anchor at {}", path.display()),
            None => {}
        }
    }

    say!(
        "sound: events {} to {head}, sealed up to {sealed}, digest {digest}",
        began + 1
    )?;
    Ok(())
}

/// Prints the newest seal, to be kept elsewhere.
pub(super) async fn anchor(data: &DataArgs) -> anyhow::Result<()> {
    let (_, stored) = open(data).await?;
    let log = stored.log();
    let seal = newest_seal(log)
        .await?
        .context("nothing is sealed yet; a running server seals within a minute")?;
    terminal::json(&Anchor {
        log: log.id(),
        seal,
    })?;
    Ok(())
}

/// Prints a proof.
pub(super) async fn proof(data: &DataArgs, position: u64) -> anyhow::Result<()> {
    let (_, stored) = open(data).await?;
    let log = stored.log();
    terminal::json(&prove(log, Position(position)).await?)?;
    Ok(())
}

/// Checks a proof; needs no data folder.
pub(super) fn check_proof(file: &Path, key: Option<&str>) -> anyhow::Result<()> {
    let bytes = fs_err::read(file)?;
    let proof: Proof = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is no proof", file.display()))?;
    let event = check(&proof, key).with_context(|| format!("{} proves nothing", file.display()))?;
    say!(
        "proved: in the log {}, sealed by {}",
        proof.log,
        proof.seal.key
    )?;
    say!("{}", shown::line(&(&event).into()))?;
    Ok(())
}

/// Runs the audit and prints every breach.
pub(super) async fn audited(data: &DataArgs) -> anyhow::Result<()> {
    let (folder, stored) = open(data).await?;
    let log = stored.log();

    let Report { breaches, waived } = audit(&folder, log).await?;
    for breach in &breaches {
        say!("{breach}")?;
    }

    if !breaches.is_empty() {
        bail!("{} breaches", breaches.len());
    }

    say!("clean: {} events", log.head().await?.position)?;
    if !waived.is_empty() {
        let shown: Vec<&str> = waived.iter().map(String::as_str).take(SHOWN_MAX).collect();
        say!(
            "UNVERIFIED: {} merges were published without a verification, as the settings accept: \
             {}",
            waived.len(),
            shown.join(", ")
        )?;
    }

    Ok(())
}

/// Unverified merges that are named.
const SHOWN_MAX: usize = 20;
