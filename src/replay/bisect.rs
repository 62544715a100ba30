//! Where an expression becomes true, or stops being so.

use actors::rejection::Rejection;
use events::stream::Position;

use super::document::Subject;
use super::expression::{Answer, Expression, Scene};
use super::recorded::Recorded;
use crate::api::{EventShape, FlipShape};

/// The place at which an expression comes to another answer than right before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flip {
    /// The position of the event that did it.
    pub position: Position,
    /// Whether it holds from there on.
    pub holds: bool,
}

impl Recorded {
    /// What an expression comes to after the event at a position.
    ///
    /// # Errors
    /// The log cannot be read, or the expression cannot be answered at all.
    pub async fn ask(
        &self,
        expression: &Expression,
        subject: &Subject,
        position: Position,
    ) -> Result<Answer, Rejection> {
        let event = match position {
            Position(0) => None,
            _ => Some(self.event(position).await?),
        };
        let then = self.at(position).await?;
        then.read(|projections| {
            expression.ask(Scene {
                projections,
                event: event.as_ref(),
                subject,
            })
        })
    }

    /// The same, with the event that did it.
    ///
    /// # Errors
    /// As of `bisect`.
    pub async fn flip(
        &self,
        expression: &Expression,
        subject: &Subject,
        between: (Position, Position),
    ) -> Result<Option<FlipShape>, Rejection> {
        let Some(flip) = self.bisect(expression, subject, between).await? else {
            return Ok(None);
        };
        let event = self.event(flip.position).await?;
        Ok(Some(FlipShape {
            position: flip.position.0,
            holds: flip.holds,
            event: EventShape::from(&event),
        }))
    }

    /// Where an expression flips between two positions at which it comes to different answers: by
    /// halves, so that of several places it finds one. None where both answers are the same.
    ///
    /// # Errors
    /// The log cannot be read, or the expression can be answered at neither end.
    pub async fn bisect(
        &self,
        expression: &Expression,
        subject: &Subject,
        (from, to): (Position, Position),
    ) -> Result<Option<Flip>, Rejection> {
        let first = self.ask(expression, subject, from).await?;
        let last = self.ask(expression, subject, to).await?;
        if let (Answer::Not(_), Answer::Not(why)) = (&first, &last) {
            return Err(Rejection::invalid(format!(
                "the expression cannot be answered at {from}, nor at {to}: {why}; `replay state` \
                 shows what there is"
            )));
        }
        if first.holds() == last.holds() {
            return Ok(None);
        }

        let (mut before, mut after) = (from.0, to.0);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            let answer = self.ask(expression, subject, Position(middle)).await?;
            if answer.holds() == first.holds() {
                before = middle;
            } else {
                after = middle;
            }
        }
        Ok(Some(Flip {
            position: Position(after),
            holds: last.holds(),
        }))
    }
}
