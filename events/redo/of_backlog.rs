//! Commands behind the events of a backlog.

use super::Redo;
use crate::backlog::event::{Admitted, Event};
use crate::backlog::{Backlog, Command};

impl Redo for Backlog {
    fn candidates(&self, events: &[Event]) -> Vec<Command> {
        let Some(first) = events.first() else {
            return vec![];
        };

        vec![match first {
            Event::Admitted(admitted) => admission(admitted, events),
            Event::DependencyAdded(added) => Command::AddDependency {
                edge: added.edge.clone(),
            },
            Event::DependencyRemoved(removed) => Command::RemoveDependency {
                edge: removed.edge.clone(),
            },
            Event::Withdrawn(withdrawn) => Command::Withdraw {
                id: withdrawn.id.clone(),
            },
        }]
    }
}

/// A batch, from its parts.
fn admission(first: &Admitted, events: &[Event]) -> Command {
    let (mut ids, mut edges) = (vec![], vec![]);
    for event in events {
        if let Event::Admitted(part) = event {
            ids.extend_from_slice(&part.ids);
            edges.extend_from_slice(&part.edges);
        }
    }

    Command::Admit {
        batch: first.batch,
        ids,
        edges,
    }
}
