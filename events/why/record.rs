//! What there is to answer from: the projections at an instant, what was observed then, and the
//! events of the streams concerned up to it.

use crate::codec::EventCodec;
use crate::envelope::Envelope;
use crate::policy::Observed;
use crate::stream::{Position, StreamId};
use crate::view::Projections;

/// The log at an instant, as far as a question needs it.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Everything folded up to the instant.
    pub projections: &'a Projections,
    /// The time at the instant, and what else policies take.
    pub observed: &'a Observed,
    /// Events of the streams that `streams` names, in the log's order and none of them later. The
    /// oldest may be left out: a sentence whose event is missing cites its stream's newest one.
    pub events: &'a [Envelope],
}

impl<'a> Record<'a> {
    /// The newest event of a stream that has one of these names.
    pub(super) fn newest(&self, stream: &StreamId, names: &[&str]) -> Option<&'a Envelope> {
        let mut events = self.events.iter().rev();
        events.find(|event| event.stream == *stream && names.contains(&&*event.kind))
    }

    /// The newest event of a stream that has one of these names and fits.
    pub(super) fn newest_that<E: EventCodec>(
        &self,
        stream: &StreamId,
        names: &[&str],
        fits: impl Fn(&E) -> bool,
    ) -> Option<(Position, E)> {
        for event in self.events.iter().rev() {
            if event.stream != *stream || !names.contains(&&*event.kind) {
                continue;
            }

            // What this build cannot read shows nothing.
            let Ok(known) = E::decode(&event.kind, event.schema, &event.payload) else {
                continue;
            };
            if fits(&known) {
                return Some((event.position, known));
            }
        }
        None
    }

    /// Where the newest event of a stream is; where the projections end, when it has none.
    pub(super) fn end_of(&self, stream: &StreamId) -> Position {
        let view = stream
            .project()
            .and_then(|name| self.projections.projects.get(name));
        let own = match (stream, view) {
            (StreamId::Project(_), Some(view)) => Some(view.project.position),
            (StreamId::Backlog(_), Some(view)) => Some(view.backlog.position),
            (StreamId::MergeQueue(_), Some(view)) => Some(view.merge_queue.position),
            (StreamId::Feature(_, id), Some(view)) => {
                view.features.get(id).map(|feature| feature.position)
            }
            (StreamId::Container(_, n), Some(view)) => view.slots.get(n).map(|slot| slot.position),
            (StreamId::Node(_), _) => Some(self.projections.node.position),
            (StreamId::Subscription(_), _) | (_, None) => None,
        };
        let whole = match view {
            Some(view) => view.position,
            None => self.projections.position,
        };

        own.filter(|position| *position > Position(0))
            .unwrap_or(whole)
    }
}
