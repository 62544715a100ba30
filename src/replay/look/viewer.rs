//! A viewer: looks at one position after another of a log.

use std::sync::Arc;

use actors::projector::Projector;
use actors::rejection::Rejection;
use events::envelope::Envelope;
use events::stream::Position;
use events::view::Projections;

use super::super::document::Subject;
use super::super::expression::{Expression, Scene};
use super::super::recorded::Recorded;
use super::alternatives::{self, Alternative};
use super::at_hand::AtHand;
use super::changed::Changed;
use super::pages::{EventLine, Pages};
use super::story::Story;
use super::watched::{Condition, Sides, Watched};
use crate::api::EventShape;

/// Events that are shown before the position, and as many after it: a tall terminal has so many
/// lines.
const AROUND: u64 = 60;

/// What somebody wants to know at each position.
#[derive(Debug, Clone)]
pub struct Interest {
    /// The thing that is looked at.
    pub subject: Subject,
    /// Conditions at which a run stops.
    pub breaks: Vec<Arc<Expression>>,
    /// Expressions whose values are shown.
    pub watches: Vec<Arc<Expression>>,
}

/// Everything that there is to see at a position.
#[derive(Debug, Clone)]
pub struct Look {
    /// The position.
    pub position: Position,
    /// The newest position of the log.
    pub head: Position,
    /// The event there; none before the first one.
    pub event: Option<EventShape>,
    /// The events around it, and itself.
    pub around: Vec<EventLine>,
    /// What led to it, and what came of it.
    pub story: Story,
    /// The state of its stream, and what it changed.
    pub changed: Option<Changed>,
    /// The values of what is watched.
    pub watched: Vec<Watched>,
    /// The conditions at which a run stops.
    pub conditions: Vec<Condition>,
    /// What else might have happened.
    pub alternatives: Vec<Alternative>,
}

/// A viewer of a log. What it looks at is at hand for the next look.
pub struct Viewer {
    recorded: Recorded,
    pages: Pages,
    at_hand: AtHand,
}

/// The position before another one.
pub(super) fn before(position: Position) -> Position {
    Position(position.0.saturating_sub(1))
}

impl Viewer {
    /// A viewer of a log.
    pub fn of(recorded: Recorded) -> Self {
        Self {
            pages: Pages::of(recorded.clone()),
            at_hand: AtHand::of(recorded.clone()),
            recorded,
        }
    }

    /// The log.
    pub fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    /// Everything that there is to see at a position.
    ///
    /// # Errors
    /// The log cannot be read, an event cannot be folded, or it has no such position.
    pub async fn look(&self, position: Position, interest: &Interest) -> Result<Look, Rejection> {
        let head = self.recorded.head().await?;
        let subject = &interest.subject;
        let event = self.pages.event(position).await?;
        let was = self.at_hand.at(before(position)).await?;
        let is = match &event {
            Some(event) => self.at_hand.after(&was, event)?,
            None => self.at_hand.at(position).await?,
        };

        let mut look = Look {
            position,
            head,
            event: event.as_ref().map(EventShape::from),
            around: self.around(position, subject).await?,
            story: Story::default(),
            changed: None,
            watched: vec![],
            conditions: vec![],
            alternatives: vec![],
        };
        if let Some(event) = &event {
            look.story = Story::of(event, subject, &self.pages).await?;
            look.alternatives = alternatives::of(event, &self.recorded, &self.at_hand).await?;
            look.changed = Some(was.read(|was| is.read(|is| Changed::of(event, was, is))));
        }
        self.ask(&mut look, interest, (event.as_ref(), &was, &is))
            .await?;
        Ok(look)
    }

    async fn around(
        &self,
        position: Position,
        subject: &Subject,
    ) -> Result<Vec<EventLine>, Rejection> {
        let first = Position(position.0.saturating_sub(AROUND + 1));
        let last = Position(position.0.saturating_add(AROUND));
        let events = self.pages.between((first, last)).await?;
        let lines = events.iter().map(|event| EventLine::of(event, subject));
        Ok(lines.collect())
    }

    /// Asks the expressions on both sides of the event.
    async fn ask(
        &self,
        look: &mut Look,
        interest: &Interest,
        (event, was, is): (Option<&Envelope>, &Projector, &Projector),
    ) -> Result<(), Rejection> {
        let previous = self.pages.event(before(look.position)).await?;
        let earlier = previous.as_ref();
        let may_move = event.is_some_and(|event| interest.subject.is_moved_by(event));

        was.read(|was| {
            is.read(|is| {
                let subject = &interest.subject;
                let sides = sides(subject, (was, earlier), (is, event));
                let watches = interest.watches.iter();
                look.watched = watches.map(|one| Watched::of(one, sides)).collect();
                let breaks = interest.breaks.iter();
                let conditions = breaks.map(|one| Condition::of(one, sides, may_move));
                look.conditions = conditions.collect();
            });
        });
        Ok(())
    }
}

/// A side of an event: the projections there, and the event that led to them.
type Side<'a> = (&'a Projections, Option<&'a Envelope>);

fn sides<'a>(subject: &'a Subject, before: Side<'a>, after: Side<'a>) -> Sides<'a> {
    let scene = |(projections, event): Side<'a>| Scene {
        projections,
        event,
        subject,
    };
    (scene(before), scene(after))
}
