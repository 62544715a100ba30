//! Walks along the log to the next event of a kind, forward or back: one of a type, of a stream or
//! of what is looked at, or one at which an expression newly holds. On its way a walk folds each
//! event once. It gives way after every answer of an expression, and ends when it is dropped.

use std::sync::Arc;

use actors::rebuild::fold_next;
use actors::rejection::Rejection;
use events::envelope::Envelope;
use events::stream::{Position, StreamId, Version};
use events::view::Projections;

use super::document::Subject;
use super::expression::{Expression, Scene};
use super::recorded::{Recorded, unread};

/// Events of the first chunk of a walk back; most walks are short.
const CHUNK_MIN: u64 = 64;
/// Events of the largest one: about as far apart as instants are kept, which each chunk begins at.
const CHUNK_MAX: u64 = 2_000;

/// The direction of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To what came later.
    On,
    /// To what came before.
    Back,
}

/// The kind of event that a walk ends at.
#[derive(Debug, Clone)]
pub enum Sought {
    /// One at which one of these expressions holds, and did not right before. One that asks about
    /// the event is asked anew at each.
    Holds(Vec<Arc<Expression>>),
    /// One of this type, or of all types that begin so when it ends with a dot.
    Type(String),
    /// One of this stream.
    Stream(StreamId),
    /// One of what is looked at.
    Subject,
}

/// The end of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The position of the event.
    pub position: Position,
    /// The expression that holds there, by its place among those that were sought; 0 otherwise.
    pub which: usize,
}

/// Positions after the first through the second.
type Stretch = (Position, Position);

/// Expressions that are asked along a way, and what they came to last.
struct Asked<'a> {
    expressions: &'a [Arc<Expression>],
    subject: &'a Subject,
    held: Vec<bool>,
}

impl Asked<'_> {
    /// Asks all of them, and answers the first that newly holds.
    fn newly(
        &mut self,
        projections: &Projections,
        event: Option<&Envelope>,
    ) -> Result<Option<usize>, Rejection> {
        let scene = Scene {
            projections,
            event,
            subject: self.subject,
        };
        let before = std::mem::take(&mut self.held);
        let mut newly = None;

        for (n, expression) in self.expressions.iter().enumerate() {
            let holds = expression.ask(scene)?.holds();
            let held = before.get(n).copied().unwrap_or(false) && !expression.is_of_events();
            if holds && !held && newly.is_none() {
                newly = Some(n);
            }
            self.held.push(holds);
        }
        Ok(newly)
    }
}

impl Sought {
    /// Whether an event is of this kind, where the event alone says so.
    fn is(&self, envelope: &Envelope, subject: &Subject) -> bool {
        match self {
            Self::Type(name) if name.ends_with('.') => envelope.kind.starts_with(name.as_str()),
            Self::Type(name) => *envelope.kind == **name,
            Self::Stream(stream) => envelope.stream == *stream,
            Self::Subject => subject.is_of(envelope),
            Self::Holds(_) => false,
        }
    }
}

impl Recorded {
    /// The nearest event of a kind after a position, or before it; none where there is none.
    ///
    /// # Errors
    /// The log cannot be read, an event cannot be folded, or an expression cannot be answered at
    /// all.
    pub async fn walk(
        &self,
        sought: &Sought,
        subject: &Subject,
        (from, way): (Position, Way),
    ) -> Result<Option<Found>, Rejection> {
        if let Sought::Stream(stream) = sought {
            return self.beside(stream, from, way).await;
        }
        if way == Way::On {
            let head = self.head().await?;
            return self.within(sought, subject, ((from, head), way)).await;
        }

        let mut end = from.0.saturating_sub(1);
        let mut length = CHUNK_MIN;
        while end > 0 {
            let start = match length {
                CHUNK_MAX => (end - 1) / CHUNK_MAX * CHUNK_MAX,
                _ => end.saturating_sub(length),
            };
            let stretch = (Position(start), Position(end));
            let found = self.within(sought, subject, (stretch, way)).await?;
            if found.is_some() {
                return Ok(found);
            }
            end = start;
            length = (length * 4).min(CHUNK_MAX);
        }
        Ok(None)
    }

    /// The first event of a kind within a stretch, or the last one for a walk back.
    async fn within(
        &self,
        sought: &Sought,
        subject: &Subject,
        (stretch, way): (Stretch, Way),
    ) -> Result<Option<Found>, Rejection> {
        if let Sought::Holds(expressions) = sought {
            let asked = Asked {
                expressions,
                subject,
                held: vec![],
            };
            return self.holding(asked, (stretch, way)).await;
        }

        let (mut after, through) = stretch;
        let mut last = None;
        while after < through {
            for event in &self.after(after, through).await? {
                after = event.position;
                if !sought.is(event, subject) {
                    continue;
                }

                let found = Found {
                    position: event.position,
                    which: 0,
                };
                if way == Way::On {
                    return Ok(Some(found));
                }
                last = Some(found);
            }
        }
        Ok(last)
    }

    /// The same of expressions: what they come to at the beginning of the stretch, and then after
    /// each event.
    async fn holding(
        &self,
        mut asked: Asked<'_>,
        ((from, through), way): (Stretch, Way),
    ) -> Result<Option<Found>, Rejection> {
        let mut projections = self.at(from).await?.read(Clone::clone);
        // No event: of one that asks about it, what it came to before is of no matter.
        let _held_already = asked.newly(&projections, None)?;
        let (mut after, mut last) = (from, None);

        while after < through {
            for envelope in &self.after(after, through).await? {
                after = envelope.position;
                fold_next(&mut projections, envelope).map_err(unread)?;
                if !asked.subject.is_moved_by(envelope) {
                    continue;
                }
                if let Some(which) = asked.newly(&projections, Some(envelope))? {
                    let position = envelope.position;
                    last = Some(Found { position, which });
                }
                if way == Way::On && last.is_some() {
                    return Ok(last);
                }
                tokio::task::yield_now().await;
            }
        }
        Ok(last)
    }

    /// The next event of a stream, or the one before: its versions have no gaps.
    async fn beside(
        &self,
        stream: &StreamId,
        from: Position,
        way: Way,
    ) -> Result<Option<Found>, Rejection> {
        let at = match way {
            Way::On => from,
            Way::Back => Position(from.0.saturating_sub(1)),
        };
        let known = self.at(at).await?.read(|then| then.version_of(stream));
        let before = match (way, known.0) {
            (Way::On, version) => version,
            (Way::Back, 0) => return Ok(None),
            (Way::Back, version) => version - 1,
        };

        let read = self.log().read_stream(stream, Version(before), 1).await;
        let read = read.map_err(unread)?;
        Ok(read.first().map(|event| Found {
            position: event.position,
            which: 0,
        }))
    }
}

#[cfg(test)]
mod tests;
