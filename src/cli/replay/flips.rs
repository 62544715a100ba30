//! `replay bisect`: the position at which an expression flips.

use events::stream::Position;
use serde_json::json;

use crate::api::{EventShape, shown};
use crate::replay::{Expression, Recorded, Subject};
use crate::terminal::{self, say};

pub(super) async fn show(
    recorded: &Recorded,
    expression: &str,
    between: (Position, Position),
    subject: &Subject,
    as_json: bool,
) -> anyhow::Result<()> {
    let understood = Expression::parse(expression)?;
    let flip = recorded.bisect(&understood, subject, between).await?;
    let (from, to) = between;
    let Some(flip) = flip else {
        if as_json {
            return Ok(terminal::json(&json!(null))?);
        }
        let answer = recorded.ask(&understood, subject, to).await?;
        let is = if answer.holds() { "true" } else { "not true" };
        return Ok(say!(
            "it is {is} at {from} and at {to} alike: nothing to find in between"
        )?);
    };

    let event = EventShape::from(&recorded.event(flip.position).await?);
    if as_json {
        let found = json!({ "position": flip.position.0, "holds": flip.holds, "event": event });
        return Ok(terminal::json(&found)?);
    }
    let becomes = if flip.holds {
        "becomes true"
    } else {
        "stops being true"
    };
    say!("it {becomes} at position {}", flip.position)?;
    Ok(say!("{}", shown::line(&event))?)
}
