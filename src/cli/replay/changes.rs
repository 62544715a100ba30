//! `replay diff`: what is different at a later instant, and by which event.

use events::stream::Position;
use serde_json::Value;

use crate::api::{Change, Edit};
use crate::replay::{Recorded, Subject};
use crate::terminal::{self, say};

/// Longest value in a line, in characters; `--json` has it whole.
const VALUE_SHOWN: usize = 80;

pub(super) async fn show(
    recorded: &Recorded,
    between: (Position, Position),
    subject: &Subject,
    as_json: bool,
) -> anyhow::Result<()> {
    let changes = recorded.changes(subject, between).await?;
    if as_json {
        return Ok(terminal::json(&changes)?);
    }
    if changes.is_empty() {
        let (from, to) = between;
        return Ok(say!("nothing is different between {from} and {to}")?);
    }

    let mut stream = "";
    for change in changes.iter().filter(|change| is_of_the_state(change)) {
        if change.stream != stream {
            say!("{}", change.stream)?;
            stream = &change.stream;
        }
        say!("  {}", line(change))?;
    }
    Ok(())
}

/// Whether it is more than that the stream went on, which the event beside it says. A stream that
/// was not there is one change.
fn is_of_the_state(change: &Change) -> bool {
    change.path.is_empty() || change.path.starts_with("/state")
}

fn line(change: &Change) -> String {
    let is_whole = change.path.is_empty();
    let part = |whole: &Value| match is_whole {
        true => value(&whole["state"]),
        false => value(whole),
    };
    let what = match &change.edit {
        Edit::Added { is } => format!("+ {}", part(is)),
        Edit::Removed { was } => format!("- {}", part(was)),
        Edit::Changed { was, is } => format!("{} -> {}", part(was), part(is)),
    };

    let place = if is_whole { "/state" } else { &change.path };
    let Change {
        position, event, ..
    } = change;
    format!("{place}: {what}  ({position} {event})")
}

fn value(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= VALUE_SHOWN {
        return text;
    }
    let head: String = text.chars().take(VALUE_SHOWN).collect();
    format!("{head}…")
}
