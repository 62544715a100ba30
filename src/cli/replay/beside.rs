//! `replay compare`, `digests` and `check`: this log beside another one, and this build beside
//! another one.

use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, bail};

use super::command::recorded;
use crate::api::shown;
use crate::data::DataFolder;
use crate::replay::{Digests, Recorded};
use crate::terminal::{self, say};

/// The first position at which another log differs.
pub(super) async fn compare(here: &Recorded, other: &Path, as_json: bool) -> anyhow::Result<()> {
    let there = recorded(&DataFolder::open(other)?).await?;
    let parts = here.parts_from(&there).await?;
    if as_json {
        return Ok(terminal::json(&parts)?);
    }

    let (one, another) = (here.head().await?, there.head().await?);
    let Some(parts) = parts else {
        let shorter = one.min(another);
        say!("the logs are the same up to position {shorter}")?;
        let longer = match one.cmp(&another) {
            std::cmp::Ordering::Equal => return Ok(say!("and both end there")?),
            std::cmp::Ordering::Less => format!("the other goes on to {another}"),
            std::cmp::Ordering::Greater => format!("this one goes on to {one}"),
        };
        return Ok(say!("{longer}")?);
    };

    say!("the logs differ from position {} on", parts.position)?;
    say!("here:  {}", shown::line(&parts.here))?;
    Ok(say!("there: {}", shown::line(&parts.there))?)
}

/// The digests of all states, as this build folds the log.
pub(super) async fn digests(here: &Recorded) -> anyhow::Result<()> {
    let head = here.head().await?;
    here.digests(head, |line| Ok(say!("{line}")?)).await
}

/// Whether this build folds the log to the states of which these are the digests.
pub(super) async fn check(here: &Recorded, file: &Path, as_json: bool) -> anyhow::Result<()> {
    let open = fs_err::File::open(file).context("reading the digests")?;
    let checked = here.check(Digests::open(BufReader::new(open))?).await?;

    if as_json {
        terminal::json(&checked.differing)?;
    } else {
        for one in &checked.differing {
            say!("{} differs from {} on", one.stream, one.event.position)?;
            say!("  {}", shown::line(&one.event))?;
        }
    }

    match checked.differing.len() {
        0 if as_json => Ok(()),
        0 => Ok(say!("all {} states are the same", checked.states)?),
        count => bail!("{count} streams come to other states than the digests say"),
    }
}
