//! The story around an event: the events that led to it, one behind the other, and those that came
//! of it.

use std::collections::BTreeMap;

use actors::rejection::Rejection;
use events::envelope::Envelope;
use events::stream::Position;

use super::super::document::Subject;
use super::pages::{EventLine, Pages};

/// Causes that are followed back.
const CAUSES_MAX: usize = 20;
/// Events behind this one among which those that came of it are looked for: the log has no index
/// of them, and most follow within some ten.
const AHEAD: u64 = 1_000;
/// Events that came of one, at most as many are told.
const CONSEQUENCES_MAX: usize = 100;

/// The story around an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    /// The events that led to it, the first cause first.
    pub causes: Vec<EventLine>,
    /// Those that came of it, in the log's order.
    pub consequences: Vec<Consequence>,
    /// The last position that was looked at for them; none where there are more within.
    pub through: Option<Position>,
}

/// An event that came of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consequence {
    /// The event.
    pub event: EventLine,
    /// The number of steps from the one to the other.
    pub depth: usize,
}

impl Story {
    /// The story around an event.
    pub(super) async fn of(
        event: &Envelope,
        subject: &Subject,
        pages: &Pages,
    ) -> Result<Self, Rejection> {
        let mut causes = Vec::new();
        let mut cause = event.cause.causation;
        while let Some(position) = cause {
            // A cause is earlier than what came of it, so that this ends.
            let Some(found) = pages.event(position).await? else {
                break;
            };
            cause = found.cause.causation;
            causes.push(EventLine::of(&found, subject));
            if causes.len() == CAUSES_MAX {
                break;
            }
        }
        causes.reverse();

        let through = Position(event.position.0.saturating_add(AHEAD));
        let ahead = pages.between((event.position, through)).await?;
        let seen = ahead.last().map_or(event.position, |last| last.position);
        let consequences = consequences(event.position, &ahead, subject);
        let is_all = consequences.len() < CONSEQUENCES_MAX;

        Ok(Self {
            causes,
            consequences,
            through: Some(seen).filter(|_| is_all),
        })
    }
}

/// Those of the events ahead that came of the one at a position, directly or through others.
fn consequences(of: Position, ahead: &[Envelope], subject: &Subject) -> Vec<Consequence> {
    let mut depths = BTreeMap::from([(of, 0)]);
    let mut found = Vec::new();

    for envelope in ahead {
        let cause = envelope.cause.causation;
        let Some(depth) = cause.and_then(|cause| depths.get(&cause).copied()) else {
            continue;
        };

        depths.insert(envelope.position, depth + 1);
        found.push(Consequence {
            event: EventLine::of(envelope, subject),
            depth: depth + 1,
        });
        if found.len() == CONSEQUENCES_MAX {
            break;
        }
    }
    found
}
