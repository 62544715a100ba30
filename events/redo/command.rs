//! The command behind events, found among candidates by deciding each.

use crate::aggregate::Aggregate;
use crate::codec::{CodecError, EventCodec};
use crate::envelope::Envelope;
use crate::id::Timestamp;
use crate::policy::AnyCommand;
use crate::stream::StreamId;
use crate::view::{Projections, Tracked};

/// An aggregate whose commands can be found again.
pub trait Redo: Aggregate {
    /// Commands that may have recorded these events on this state, the likeliest first; each has
    /// still to be decided.
    fn candidates(&self, events: &[Self::Event]) -> Vec<Self::Command>;

    /// The command that records exactly these events on this state.
    fn redo(&self, events: &[Self::Event], now: Timestamp) -> Option<Self::Command> {
        let same = |command: &Self::Command| match self.decide(command, now) {
            Ok(decided) => encoded(&decided) == encoded(events),
            Err(_) => false,
        };
        self.candidates(events).into_iter().find(same)
    }
}

fn encoded<E: EventCodec>(events: &[E]) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = events
        .iter()
        .map(|event| (event.kind().name, event.encode()));
    bytes.collect()
}

/// The command behind events of one stream that were recorded together, right after these
/// projections; none of streams that nobody commands in the course of a project, and where these
/// rules know no such command.
///
/// # Errors
/// One of the events cannot be read.
pub fn command_behind(
    projections: &Projections,
    events: &[Envelope],
) -> Result<Option<AnyCommand>, CodecError> {
    let Some(first) = events.first() else {
        return Ok(None);
    };
    let Some(project) = first.stream.project() else {
        return Ok(None);
    };
    let view = projections.projects.get(project);

    match &first.stream {
        StreamId::Project(_) => {
            let known = view.map(|view| &view.project);
            of(known, events, AnyCommand::Project)
        }
        StreamId::Backlog(_) => {
            let known = view.map(|view| &view.backlog);
            of(known, events, AnyCommand::Backlog)
        }
        StreamId::Feature(_, id) => {
            let known = view.and_then(|view| view.features.get(id));
            of(known, events, AnyCommand::Feature)
        }
        StreamId::Container(_, n) => {
            let known = view.and_then(|view| view.slots.get(n));
            of(known, events, AnyCommand::Container)
        }
        StreamId::MergeQueue(_) => {
            let known = view.map(|view| &view.merge_queue);
            of(known, events, AnyCommand::MergeQueue)
        }
        StreamId::Node(_) | StreamId::Subscription(_) => Ok(None),
    }
}

fn of<A: Redo>(
    known: Option<&Tracked<A>>,
    events: &[Envelope],
    any: fn(A::Command) -> AnyCommand,
) -> Result<Option<AnyCommand>, CodecError> {
    let unknown = A::default();
    let state = match known {
        Some(tracked) => &tracked.state,
        None => &unknown,
    };
    let at = match events.first() {
        Some(first) => first.at,
        None => Timestamp(0),
    };

    let mut decoded = Vec::with_capacity(events.len());
    for event in events {
        decoded.push(A::Event::decode(&event.kind, event.schema, &event.payload)?);
    }
    Ok(state.redo(&decoded, at).map(any))
}
