//! `replay state`: a document of an instant.

use anyhow::bail;
use serde_json::json;

use super::command::position;
use crate::api::Instant;
use crate::replay::{Recorded, Subject};
use crate::terminal::{self, say};

pub(super) async fn show(
    recorded: &Recorded,
    when: Option<&str>,
    subject: &Subject,
    as_json: bool,
) -> anyhow::Result<()> {
    let position = position(recorded, when).await?;
    let then = recorded.at(position).await?;
    let Some(document) = then.read(|projections| subject.document(projections)) else {
        bail!("there was no {subject} at position {position}");
    };

    let at = recorded.instant(position).await?;
    if as_json {
        let Instant { position, at } = at;
        let whole = json!({ "position": position, "at": at, "state": document });
        return Ok(terminal::json(&whole)?);
    }
    match &at.at {
        Some(time) => say!("{subject} after position {position}, {time}")?,
        None => say!("{subject} before the first event")?,
    }
    Ok(terminal::json(&document)?)
}
