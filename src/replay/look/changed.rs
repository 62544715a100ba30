//! The state of an event's stream after it, and what the event changed.

use events::envelope::Envelope;
use events::stream::StreamId;
use events::view::Projections;
use json_patch::jsonptr::PointerBuf;
use serde_json::Value;

use super::super::blame::edits;
use super::super::document::Subject;
use crate::api::Edit;

/// A stream after an event of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// The stream.
    pub stream: StreamId,
    /// Its folded state after the event; nothing where there is none.
    pub state: Value,
    /// The places of it that the event changed, in the order in which one leads to the next.
    pub edits: Vec<(PointerBuf, Edit)>,
}

impl Changed {
    /// The change that an event made, from the projections before and after it.
    pub(super) fn of(envelope: &Envelope, before: &Projections, after: &Projections) -> Self {
        let looked_at = Subject::Stream(envelope.stream.clone());
        let state = |projections: &Projections| {
            let found = looked_at.document(projections);
            // That the stream went on is said by the event itself.
            let state = found.and_then(|mut found| found.get_mut("state").map(Value::take));
            state.unwrap_or(Value::Null)
        };

        let (before, state) = (state(before), state(after));
        Self {
            stream: envelope.stream.clone(),
            edits: edits(&before, &state),
            state,
        }
    }
}
