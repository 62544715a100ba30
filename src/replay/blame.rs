//! What changed between two instants, and which event made each change. An event changes the state
//! of its own stream and nothing else, so that one walk over the events between the two finds the
//! last one that touched each place.

use std::collections::BTreeMap;

use actors::rebuild::fold_next;
use actors::rejection::Rejection;
use events::envelope::Envelope;
use events::stream::{Position, StreamId};
use json_patch::PatchOperation;
use json_patch::jsonptr::{Pointer, PointerBuf};
use serde_json::Value;

use super::document::Subject;
use super::recorded::{Recorded, not_there, unread};
use crate::api::{Change, Edit, time};

/// An event that touched places of a state.
struct Touch {
    places: Vec<PointerBuf>,
    position: Position,
    event: String,
    at: String,
}

/// A stream between the two instants.
struct Course {
    before: Value,
    now: Value,
    touches: Vec<Touch>,
}

impl Course {
    /// Takes the state after the next event of the stream.
    fn take(&mut self, envelope: &Envelope, after: Value) {
        let steps = json_patch::diff(&self.now, &after);
        self.touches.push(Touch {
            places: steps.iter().map(|step| step.path().to_owned()).collect(),
            position: envelope.position,
            event: envelope.kind.to_string(),
            at: time(envelope.at),
        });
        self.now = after;
    }

    /// The last event that touched a place, something within it or something around it.
    fn last_touch(&self, place: &Pointer) -> Option<&Touch> {
        let touches = |touch: &&Touch| {
            let mut places = touch.places.iter();
            places.any(|one| one.starts_with(place) || place.starts_with(one))
        };
        self.touches.iter().rev().find(touches)
    }

    fn changes(self, stream: &StreamId) -> Vec<Change> {
        let edits = edits(&self.before, &self.now).into_iter();
        let changes = edits.map(|(place, edit)| self.change(stream, &place, edit));
        changes.flatten().collect()
    }

    fn change(&self, stream: &StreamId, place: &Pointer, edit: Edit) -> Option<Change> {
        let touch = self.last_touch(place)?;
        Some(Change {
            stream: stream.to_string(),
            path: place.to_string(),
            edit,
            position: touch.position.0,
            event: touch.event.clone(),
            at: touch.at.clone(),
        })
    }
}

/// The edits that lead from one state to another, each at a place in the state after those before
/// it.
pub(super) fn edits(before: &Value, after: &Value) -> Vec<(PointerBuf, Edit)> {
    let steps = json_patch::diff(before, after);
    let mut now = before.clone();
    let mut edits = Vec::with_capacity(steps.len());

    for step in steps.iter() {
        let was = step.path().resolve(&now).ok().cloned();
        let edit = edit(step, was);
        edits.extend(edit.map(|edit| (step.path().to_owned(), edit)));
        // Places in a list move with every step, so that each is read after the one before.
        let _applied = json_patch::patch(&mut now, std::slice::from_ref(step));
    }
    edits
}

/// One of them; a difference is told in these three.
fn edit(step: &PatchOperation, was: Option<Value>) -> Option<Edit> {
    match (step, was) {
        (PatchOperation::Add(add), _) => Some(Edit::Added {
            is: add.value.clone(),
        }),
        // A stream that was not there is nothing.
        (PatchOperation::Replace(replace), Some(Value::Null)) if step.path().is_root() => {
            Some(Edit::Added {
                is: replace.value.clone(),
            })
        }
        (PatchOperation::Replace(replace), Some(was)) => Some(Edit::Changed {
            was,
            is: replace.value.clone(),
        }),
        (PatchOperation::Remove(_), Some(was)) => Some(Edit::Removed { was }),
        _ => None,
    }
}

impl Recorded {
    /// What is different in the folded state of a subject at a later instant, stream by stream in
    /// their order, each with the event that made it.
    ///
    /// # Errors
    /// The subject was not there at the later instant; or the log cannot be read, or an event
    /// cannot be folded.
    pub async fn changes(
        &self,
        subject: &Subject,
        (from, to): (Position, Position),
    ) -> Result<Vec<Change>, Rejection> {
        let mut projections = self.at(from).await?.read(Clone::clone);
        let mut courses: BTreeMap<StreamId, Course> = BTreeMap::new();
        let mut after = from;

        while after < to {
            for envelope in &self.after(after, to).await? {
                after = envelope.position;
                if !subject.is_of(envelope) {
                    fold_next(&mut projections, envelope).map_err(unread)?;
                    continue;
                }

                let looked_at = Subject::Stream(envelope.stream.clone());
                let now = || looked_at.document(&projections).unwrap_or(Value::Null);
                let course = courses.entry(envelope.stream.clone());
                let course = course.or_insert_with(|| Course {
                    before: now(),
                    now: now(),
                    touches: vec![],
                });

                fold_next(&mut projections, envelope).map_err(unread)?;
                let state = looked_at.document(&projections);
                course.take(envelope, state.unwrap_or(Value::Null));
            }
        }

        if subject.document(&projections).is_none() {
            return Err(not_there(subject, to));
        }
        let changes = courses.into_iter();
        Ok(changes
            .flat_map(|(stream, course)| course.changes(&stream))
            .collect())
    }
}
