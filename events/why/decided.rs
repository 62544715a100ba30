//! What the rules answer to a command on the folded state, as the host of its stream would ask
//! them.

use crate::aggregate::{Aggregate, Refusal};
use crate::container::Container;
use crate::feature::Feature;
use crate::id::Timestamp;
use crate::log::NewEvent;
use crate::policy::AnyCommand;
use crate::stream::StreamId;
use crate::view::ProjectView;
use crate::why::wish::{Foreseen, Refused};

/// Asks the rules of the stream that a command is for.
pub(super) fn decided(
    view: &ProjectView,
    stream: &StreamId,
    command: &AnyCommand,
    now: Timestamp,
) -> Result<Foreseen, Refused> {
    let events = match (command, stream) {
        (AnyCommand::Project(command), _) => ruled(&view.project.state, command, now),
        (AnyCommand::Backlog(command), _) => ruled(&view.backlog.state, command, now),
        (AnyCommand::MergeQueue(command), _) => ruled(&view.merge_queue.state, command, now),
        (AnyCommand::Feature(command), StreamId::Feature(_, id)) => match view.features.get(id) {
            Some(feature) => ruled(&feature.state, command, now),
            None => ruled(&Feature::default(), command, now),
        },
        (AnyCommand::Container(command), StreamId::Container(_, n)) => match view.slots.get(n) {
            Some(slot) => ruled(&slot.state, command, now),
            None => ruled(&Container::default(), command, now),
        },
        // Nothing of a project.
        (
            AnyCommand::Feature(_)
            | AnyCommand::Container(_)
            | AnyCommand::Node(_)
            | AnyCommand::Subscription(_),
            _,
        ) => Ok(vec![]),
    };

    Ok(Foreseen {
        stream: stream.clone(),
        command: command.name(),
        events: events?,
    })
}

fn ruled<A: Aggregate>(
    state: &A,
    command: &A::Command,
    now: Timestamp,
) -> Result<Vec<NewEvent>, Refused> {
    match state.decide(command, now) {
        Ok(events) => Ok(events.iter().map(NewEvent::of).collect()),
        Err(refusal) => Err(refused(&refusal)),
    }
}

/// A refusal in its own words.
pub(super) fn refused(refusal: &impl Refusal) -> Refused {
    Refused {
        code: refusal.code(),
        text: refusal.to_string(),
    }
}
