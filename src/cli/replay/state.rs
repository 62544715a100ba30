//! `replay state`: a document of an instant.

use crate::replay::{Recorded, Subject};
use crate::terminal::{self, say};

pub(super) async fn show(
    recorded: &Recorded,
    when: Option<&str>,
    subject: &Subject,
    as_json: bool,
) -> anyhow::Result<()> {
    let position = recorded.position_or_newest(when).await?;
    let found = recorded.state(subject, position).await?;
    if as_json {
        return Ok(terminal::json(&found)?);
    }

    match &found.instant.at {
        Some(time) => say!("{subject} after position {position}, {time}")?,
        None => say!("{subject} before the first event")?,
    }
    Ok(terminal::json(&found.state)?)
}
