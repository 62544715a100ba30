//! `replay bisect`: the position at which an expression flips, or at which an invariant breaks.

use events::stream::Position;

use crate::api::{BreachShape, shown};
use crate::replay::{Expression, Recorded, Subject};
use crate::terminal::{self, say};

/// The word for every invariant.
const ANY: &str = "any";

/// What is looked for.
pub(super) enum Sought {
    /// Where an expression flips.
    Flip(String),
    /// Where an invariant breaks: a certain one, or any.
    Breach(Option<String>),
}

impl Sought {
    /// What the arguments ask for; one of them is there.
    pub(super) fn of(expression: Option<String>, audit: Option<String>) -> Self {
        match expression {
            Some(expression) => Self::Flip(expression),
            None => Self::Breach(audit.filter(|id| id != ANY)),
        }
    }
}

type Between = (Position, Position);

pub(super) async fn show(
    recorded: &Recorded,
    sought: &Sought,
    (between, subject): (Between, &Subject),
    as_json: bool,
) -> anyhow::Result<()> {
    match sought {
        Sought::Flip(expression) => flip(recorded, expression, (between, subject), as_json).await,
        Sought::Breach(id) => breach(recorded, id.as_deref(), between, as_json).await,
    }
}

async fn flip(
    recorded: &Recorded,
    expression: &str,
    (between, subject): (Between, &Subject),
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
        return Ok(say!("it is {is} from {from} to {to} throughout")?);
    };
    let becomes = if flip.holds {
        "becomes true"
    } else {
        "stops being true"
    };
    say!("it {becomes} at position {}", flip.position)?;
    Ok(say!("{}", shown::line(&flip.event))?)
}

async fn breach(
    recorded: &Recorded,
    id: Option<&str>,
    (from, to): Between,
    as_json: bool,
) -> anyhow::Result<()> {
    let found = recorded.breach(id, (from, to)).await?;
    if as_json {
        return Ok(terminal::json(&found.first.as_ref().map(BreachShape::of))?);
    }

    if let Some(first) = &found.first {
        let position = Position(first.position);
        say!(
            "{} is broken from position {position} on: {}",
            first.id,
            first.reason
        )?;
        return match recorded.event(position).await {
            Ok(event) => Ok(say!("{}", shown::line(&(&event).into()))?),
            // What is missing is what is broken.
            Err(_) => Ok(()),
        };
    }

    let all: Vec<_> = found.all.iter().copied().collect();
    match (id, all.is_empty()) {
        (_, true) => say!("nothing is broken from {from} to {to}")?,
        (Some(id), false) => say!("{id} is not broken; these are: {}", all.join(", "))?,
        (None, false) => {}
    }
    Ok(())
}
