//! What else might have happened right before an event: the deeds that somebody might have wished
//! for the thing that the event is of, and what each would have come to.

use actors::rejection::Rejection;
use events::envelope::Envelope;
use events::id::ProjectName;
use events::stream::StreamId;
use events::view::Projections;
use events::why::{Claimant, Deed, Wish};

use super::super::reasons::observed;
use super::super::recorded::Recorded;
use super::at_hand::AtHand;
use crate::api::WhyNotShape;

/// Entries of the merge queue that are asked about.
const ENTRIES_MAX: usize = 3;

/// A deed, and what it would have come to.
#[derive(Debug, Clone)]
pub struct Alternative {
    /// The deed, as `why-not` has it.
    pub deed: String,
    /// The answer.
    pub answer: WhyNotShape,
}

/// The alternatives to an event, right before it.
pub(super) async fn of(
    event: &Envelope,
    recorded: &Recorded,
    at_hand: &AtHand,
) -> Result<Vec<Alternative>, Rejection> {
    let Some(project) = event.stream.project() else {
        return Ok(vec![]);
    };
    let before = super::viewer::before(event.position);
    let then = at_hand.at(before).await?;
    let known = then.read(|then| then.projects.contains_key(project));
    if !known {
        // The event registers it: there was nothing yet that could be wished for.
        return Ok(vec![]);
    }
    let wishes = then.read(|then| wishes(&event.stream, then));

    let mut found = Vec::with_capacity(wishes.len());
    for (name, deed) in wishes {
        let wish = Wish {
            project: project.clone(),
            deed,
        };
        let observed = |then: &Projections| observed(then, event.at);
        let answer = recorded.why_not_in(&wish, &then, &observed).await?;
        found.push(Alternative { deed: name, answer });
    }
    Ok(found)
}

/// The deeds that may be wished for a stream, each by its name.
fn wishes(stream: &StreamId, then: &Projections) -> Vec<(String, Deed)> {
    match stream {
        StreamId::Feature(_, id) => {
            let claim = Deed::Claim {
                feature: id.clone(),
                by: Claimant::Fleet,
            };
            vec![
                ("claim".to_owned(), claim),
                ("merge".to_owned(), Deed::Merge(id.clone())),
                ("close".to_owned(), Deed::Close(id.clone())),
                ("reopen".to_owned(), Deed::Reopen(id.clone())),
                ("requeue".to_owned(), Deed::Requeue(id.clone())),
            ]
        }
        StreamId::Project(_) | StreamId::Backlog(_) => vec![
            ("start".to_owned(), Deed::Start),
            ("drain".to_owned(), Deed::Drain),
            ("stop".to_owned(), Deed::Stop),
        ],
        StreamId::Container(_, n) => vec![(format!("reinstate {n}"), Deed::Reinstate(*n))],
        StreamId::MergeQueue(project) => {
            let mut wishes = vec![("resume".to_owned(), Deed::Resume)];
            let approve = |n: u64| (format!("approve {n}"), Deed::Approve(n));
            wishes.extend(entries(project, then).into_iter().map(approve));
            wishes
        }
        StreamId::Node(_) | StreamId::Subscription(_) => vec![],
    }
}

/// The numbers of the entries that wait for a person, and of those at the front.
fn entries(project: &ProjectName, then: &Projections) -> Vec<u64> {
    let Some(view) = then.projects.get(project) else {
        return vec![];
    };
    let merges = &view.merge_queue.state;
    let entries = merges.held.iter().chain(&merges.queue);
    let numbers = entries.map(|entry| entry.number);
    numbers.take(ENTRIES_MAX).collect()
}
