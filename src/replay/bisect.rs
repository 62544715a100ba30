//! Where an expression becomes true, or stops being so; and where a log first breaks an invariant.

use std::collections::BTreeSet;
use std::sync::Arc;

use actors::rejection::Rejection;
use events::audit::{Audit, Breach, Replay};
use events::stream::Position;

use super::document::Subject;
use super::expression::{Answer, Expression, Scene};
use super::recorded::Recorded;
use super::walk::{Sought, Way};
use crate::api::{EventShape, FlipShape};

/// The place at which an expression comes to another answer than right before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flip {
    /// The position of the event that did it.
    pub position: Position,
    /// Whether it holds from there on.
    pub holds: bool,
}

/// The invariants that a log breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaches {
    /// The first breach of what was asked about.
    pub first: Option<Breach>,
    /// The ids of all that are broken.
    pub all: BTreeSet<&'static str>,
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

    /// Where an expression flips between two positions. Where it comes to different answers at
    /// them, by halves, so that of several places it finds one; where it comes to the same, the
    /// first place, by asking at every event. None where it never flips.
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
            return self.walked(expression, subject, (from, to)).await;
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

    /// The first flip between two positions at which an expression comes to the same: it becomes
    /// otherwise in between, and comes back.
    async fn walked(
        &self,
        expression: &Expression,
        subject: &Subject,
        (from, to): (Position, Position),
    ) -> Result<Option<Flip>, Rejection> {
        let holds = !self.ask(expression, subject, from).await?.holds();
        let sought = match holds {
            true => Expression::parse(expression.text())?,
            false => expression.negated()?,
        };

        let way = (from, Way::On);
        let found = self
            .walk(&Sought::Holds(vec![Arc::new(sought)]), subject, way)
            .await?;
        Ok(found
            .map(|found| found.position)
            .filter(|position| *position <= to)
            .map(|position| Flip { position, holds }))
    }

    /// The first place up to a position at which the log breaks an invariant of the audit: a
    /// certain one, or any. What lies beside the log is not looked at.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn breach(
        &self,
        id: Option<&str>,
        (from, to): (Position, Position),
    ) -> Result<Breaches, Rejection> {
        let log = self.log().id();
        let (mut audit, mut replay) = (Audit::new(&log), Replay::new(&log));
        let mut after = Position(0);
        while after < to {
            for envelope in &self.after(after, to).await? {
                after = envelope.position;
                audit.take(envelope);
                replay.take(envelope);
            }
        }

        let mut breaches = replay.finish();
        breaches.extend(audit.finish());
        breaches.retain(|breach| breach.position > from.0);
        breaches.sort_by_key(|breach| breach.position);
        let others = breaches.iter().map(|breach| breach.id).collect();
        let is_wanted = |breach: &Breach| id.is_none_or(|id| id == breach.id);
        let first = breaches.into_iter().find(is_wanted);
        Ok(Breaches { first, all: others })
    }
}
