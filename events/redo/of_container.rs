//! Commands behind the events of a slot.

use super::Redo;
use crate::container::event::{self, Event};
use crate::container::{Command, Container};

impl Redo for Container {
    fn candidates(&self, events: &[Event]) -> Vec<Command> {
        // A container that ended without a report ends its session first.
        if let [Event::SessionEnded(_), gone, ..] = events {
            let of_engine = engine(gone);
            if !of_engine.is_empty() {
                return of_engine;
            }
        }

        let Some(first) = events.first() else {
            return vec![];
        };
        match engine(first) {
            none if none.is_empty() => said(first).into_iter().collect(),
            of_engine => of_engine,
        }
    }
}

/// What the engine showed.
fn engine(event: &Event) -> Vec<Command> {
    let command = match event {
        Event::Started(started) => Command::RecordStarted {
            generation: started.generation,
            engine_id: started.engine_id.clone(),
        },
        Event::StartFailed(failed) => Command::RecordStartFailed {
            generation: failed.generation,
            class: failed.class.clone(),
            detail: failed.detail.clone(),
        },
        Event::Exited(exited) => Command::RecordExited {
            generation: exited.generation,
            exit: exited.exit.clone(),
        },
        Event::Lost(lost) => Command::RecordLost {
            generation: lost.generation,
            reason: lost.reason.clone(),
        },
        Event::Removed(removed) => Command::RecordRemoved {
            generation: removed.generation,
        },
        Event::Enlisted(_)
        | Event::Assigned(_)
        | Event::StartRequested(_)
        | Event::SessionStarted(_)
        | Event::SessionEnded(_)
        | Event::Idle(_)
        | Event::Quarantined(_)
        | Event::Withheld(_)
        | Event::InterruptRequested(_)
        | Event::Reinstated(_)
        | Event::Dismissed(_)
        | Event::TranscriptKept(_)
        | Event::TranscriptDropped(_)
        | Event::UsageMetered(_)
        | Event::EgressRecorded(_) => return vec![],
    };

    vec![command]
}

/// What policies, sessions and people asked for.
fn said(event: &Event) -> Option<Command> {
    Some(match event {
        Event::Enlisted(_) => Command::Enlist,
        Event::Assigned(assigned) => Command::Assign {
            assignment: Box::new(assigned.assignment.clone()),
        },
        Event::StartRequested(requested) => Command::RequestStart {
            generation: requested.generation,
        },
        Event::SessionStarted(started) => Command::BeginSession {
            session: started.session.clone(),
        },
        Event::SessionEnded(ended) => end(ended),
        Event::Withheld(withheld) => Command::Withhold {
            by: withheld.by.clone(),
        },
        Event::InterruptRequested(asked) => Command::Interrupt {
            by: asked.by.clone(),
        },

        Event::Reinstated(reinstated) => Command::Reinstate {
            by: reinstated.by.clone(),
        },
        Event::Dismissed(_) => Command::Dismiss,
        Event::TranscriptKept(kept) => Command::KeepTranscript {
            session: kept.session.clone(),
            chunks: kept.chunks,
            bytes: kept.bytes,
            digest: kept.digest,
        },
        Event::TranscriptDropped(dropped) => Command::DropTranscript {
            session: dropped.session.clone(),
        },
        Event::UsageMetered(metered) => Command::MeterUsage {
            session: metered.session.clone(),
            models: metered.models.clone(),
        },
        Event::EgressRecorded(recorded) => Command::RecordEgress {
            session: recorded.session.clone(),
            bytes: recorded.bytes,
            denied: recorded.denied.clone(),
        },
        // These follow from something else.
        Event::Idle(_)
        | Event::Quarantined(_)
        | Event::Started(_)
        | Event::StartFailed(_)
        | Event::Exited(_)
        | Event::Lost(_)
        | Event::Removed(_) => return None,
    })
}

fn end(ended: &event::SessionEnded) -> Command {
    Command::EndSession {
        session: ended.session.clone(),
        outcome: ended.outcome,
        exit_code: ended.exit_code,
        evidence: ended.evidence,
        detail: ended.detail.clone(),
    }
}
