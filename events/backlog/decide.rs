//! State and command to events or refusal: ids are used once, edges are known and never close a circle.

use crate::aggregate::{Aggregate, Moment};
use crate::backlog::event::{self, Edge, Event};
use crate::backlog::{Backlog, Command, Origin, Refusal};
use crate::codec::to_named;
use crate::envelope::PAYLOAD_MAX;
use crate::id::{Digest, FeatureId, Timestamp};
use crate::stream::Position;

impl Aggregate for Backlog {
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn rules(&self, command: &Command, _now: Timestamp) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Admit { batch, ids, edges } => self.admit(*batch, ids, edges),
            Command::AddDependency { edge } => {
                self.known(&edge.feature)?;
                self.known(&edge.on)?;
                if self
                    .edges
                    .get(&edge.feature)
                    .is_some_and(|on| on.contains(&edge.on))
                {
                    return Ok(vec![]);
                }
                self.stays_acyclic(edge)?;
                Ok(vec![event::DependencyAdded { edge: edge.clone() }.into()])
            }
            Command::RemoveDependency { edge } => match self.edges.get(&edge.feature) {
                Some(on) if on.contains(&edge.on) => {
                    Ok(vec![event::DependencyRemoved { edge: edge.clone() }.into()])
                }
                _ => Err(Refusal::NoEdge),
            },
            Command::Withdraw { id } => {
                self.known(id)?;
                Ok(vec![event::Withdrawn { id: id.clone() }.into()])
            }
        }
    }

    fn evolve(&mut self, event: &Event, moment: Moment) {
        match event {
            Event::Admitted(e) => {
                let (batch, admitted) = (e.batch, moment.position);
                let origins = e.ids.iter().zip(0..).map(|(id, index)| {
                    (
                        id.clone(),
                        Origin {
                            batch,
                            admitted,
                            index,
                        },
                    )
                });
                self.ids.extend(origins);
                for edge in &e.edges {
                    self.link(edge);
                }
            }
            Event::DependencyAdded(e) => self.link(&e.edge),
            Event::DependencyRemoved(e) => {
                if let Some(on) = self.edges.get_mut(&e.edge.feature) {
                    on.remove(&e.edge.on);
                }
            }
            Event::Withdrawn(e) => {
                self.withdrawn.insert(e.id.clone());
            }
        }
    }
}

impl Backlog {
    fn link(&mut self, edge: &Edge) {
        self.edges
            .entry(edge.feature.clone())
            .or_default()
            .insert(edge.on.clone());
    }

    fn known(&self, id: &FeatureId) -> Result<(), Refusal> {
        if self.withdrawn.contains(id) {
            return Err(Refusal::Withdrawn { id: id.to_string() });
        }
        if self.ids.contains_key(id) {
            Ok(())
        } else {
            Err(Refusal::Unknown { id: id.to_string() })
        }
    }

    fn stays_acyclic(&self, edge: &Edge) -> Result<(), Refusal> {
        match self.path(&edge.on, &edge.feature) {
            None => Ok(()),
            Some(path) => {
                let names: Vec<_> = std::iter::once(&edge.feature)
                    .chain(&path)
                    .map(FeatureId::as_str)
                    .collect();
                Err(Refusal::Cycle {
                    path: names.join(" → "),
                })
            }
        }
    }

    fn admit(
        &self,
        batch: Digest,
        ids: &[FeatureId],
        edges: &[Edge],
    ) -> Result<Vec<Event>, Refusal> {
        if ids.is_empty() {
            return Err(Refusal::Empty);
        }
        let mut after = self.clone();
        for (id, index) in ids.iter().zip(0..) {
            if after
                .ids
                .insert(
                    id.clone(),
                    Origin {
                        batch,
                        admitted: Position(0),
                        index,
                    },
                )
                .is_some()
            {
                return Err(Refusal::Reused { id: id.to_string() });
            }
        }
        for edge in edges {
            after.known(&edge.feature)?;
            after.known(&edge.on)?;
            after.stays_acyclic(edge)?;
            after.link(edge);
        }
        let admitted = event::Admitted {
            batch,
            ids: ids.to_vec(),
            edges: edges.to_vec(),
        };
        let bytes = to_named(&admitted).len();
        if bytes > PAYLOAD_MAX {
            return Err(Refusal::Large { bytes });
        }
        Ok(vec![admitted.into()])
    }
}
