//! Projections at the last positions that were looked at: a step forward folds one event.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use actors::projector::Projector;
use actors::rebuild::fold_next;
use actors::rejection::Rejection;
use events::envelope::Envelope;
use events::stream::Position;

use super::super::recorded::{Recorded, unread};

/// Instants that are at hand: before the event, after it, and one more for a step back.
const KEPT_MAX: usize = 3;

/// Instants of a log.
pub(super) struct AtHand {
    recorded: Recorded,
    kept: Mutex<VecDeque<(Position, Projector)>>,
}

impl AtHand {
    /// Nothing at hand yet, of this log.
    pub(super) fn of(recorded: Recorded) -> Self {
        Self {
            recorded,
            kept: Mutex::default(),
        }
    }

    /// The projections at a position.
    pub(super) async fn at(&self, position: Position) -> Result<Projector, Rejection> {
        if let Some(known) = self.known(position) {
            return Ok(known);
        }
        let projector = self.recorded.at(position).await?;
        self.keep(position, projector.clone());
        Ok(projector)
    }

    /// The projections right after an event, given those right before it.
    pub(super) fn after(
        &self,
        before: &Projector,
        event: &Envelope,
    ) -> Result<Projector, Rejection> {
        if let Some(known) = self.known(event.position) {
            return Ok(known);
        }
        let mut projections = before.read(Clone::clone);
        fold_next(&mut projections, event).map_err(unread)?;

        let projector = Projector::still(projections);
        self.keep(event.position, projector.clone());
        Ok(projector)
    }

    fn known(&self, position: Position) -> Option<Projector> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(at, _)| *at == position);
        found.map(|(_, projector)| projector.clone())
    }

    fn keep(&self, position: Position, projector: Projector) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((position, projector));
        if kept.len() > KEPT_MAX {
            kept.pop_front();
        }
    }
}
