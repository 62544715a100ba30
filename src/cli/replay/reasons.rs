//! `replay why` and `replay why-not`: sentences, each with the positions of the events that show it.

use events::why::{Question, Wish};

use crate::adapters::clock;
use crate::api::{PartShape, SentenceShape};
use crate::replay::Recorded;
use crate::terminal::{self, say};

/// Why something is as it is.
pub(super) async fn why(
    recorded: &Recorded,
    question: &Question,
    at: Option<&str>,
    as_json: bool,
) -> anyhow::Result<()> {
    let moment = recorded.moment(at, clock::now()).await?;
    let why = recorded.why(question, moment).await?;
    if as_json {
        return Ok(terminal::json(&why)?);
    }

    say!("after position {}, at {}", why.position, why.now)?;
    why.sentences.iter().try_for_each(line)
}

/// What a wish comes to.
pub(super) async fn why_not(
    recorded: &Recorded,
    wish: &Wish,
    at: Option<&str>,
    as_json: bool,
) -> anyhow::Result<()> {
    let moment = recorded.moment(at, clock::now()).await?;
    let answer = recorded.why_not(wish, moment).await?;
    if as_json {
        return Ok(terminal::json(&answer)?);
    }

    say!("after position {}, at {}", answer.position, answer.now)?;
    say!("{}", answer.text)?;
    answer.because.iter().try_for_each(line)
}

/// A sentence in a line, and what a person can do in a second one.
fn line(sentence: &SentenceShape) -> anyhow::Result<()> {
    let mark = match sentence.part {
        PartShape::Stands => ' ',
        PartShape::Waits => '~',
    };
    let positions: Vec<String> = sentence.positions.iter().map(u64::to_string).collect();
    say!("{mark} {}  ({})", sentence.text, positions.join(", "))?;

    if let Some(command) = &sentence.command {
        say!("    supercargo {command}")?;
    }
    Ok(())
}
