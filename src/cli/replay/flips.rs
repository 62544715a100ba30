//! `replay bisect`: the position at which an expression flips.

use events::stream::Position;

use crate::api::shown;
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
    let flip = recorded.flip(&understood, subject, between).await?;
    if as_json {
        return Ok(terminal::json(&flip)?);
    }

    let (from, to) = between;
    let Some(flip) = flip else {
        let answer = recorded.ask(&understood, subject, to).await?;
        let is = if answer.holds() { "true" } else { "not true" };
        return Ok(say!(
            "it is {is} at {from} and at {to} alike: name an instant at which it was otherwise \
             with --from or --to"
        )?);
    };
    let becomes = if flip.holds {
        "becomes true"
    } else {
        "stops being true"
    };
    say!("it {becomes} at position {}", flip.position)?;
    Ok(say!("{}", shown::line(&flip.event))?)
}
