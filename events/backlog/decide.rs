//! State and command to events or refusal: ids are used once, edges are known and never close a
//! circle.

use crate::aggregate::{Aggregate, Moment};
use crate::backlog::event::{self, Edge, Event};
use crate::backlog::{Backlog, Command, Origin, Refusal};
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
                if let Some(on) = self.edges.get(&edge.feature)
                    && on.contains(&edge.on)
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
            Event::Admitted(e) => self.take_part(e, moment),
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
    /// Takes a part of a batch; with the last one the whole of it counts.
    fn take_part(&mut self, part: &event::Admitted, moment: Moment) {
        self.incoming.ids.extend_from_slice(&part.ids);
        self.incoming.edges.extend_from_slice(&part.edges);
        if part.more {
            return;
        }

        let whole = std::mem::take(&mut self.incoming);
        for (id, index) in whole.ids.into_iter().zip(0..) {
            let origin = Origin {
                batch: part.batch,
                admitted: moment.position,
                index,
            };
            self.ids.insert(id, origin);
        }
        for edge in &whole.edges {
            self.link(edge);
        }
    }

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
                let closed: Vec<_> = std::iter::once(edge.feature.clone()).chain(path).collect();
                Err(Refusal::cycle(&closed))
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
            let origin = Origin {
                batch,
                admitted: Position(0),
                index,
            };
            if after.ids.insert(id.clone(), origin).is_some() {
                return Err(Refusal::Reused { id: id.to_string() });
            }
        }

        for edge in edges {
            after.known(&edge.feature)?;
            after.known(&edge.on)?;
            after.link(edge);
        }

        // What was there before has no circle: a new one goes through a new edge.
        if let Some(path) = after.circle(edges.iter().map(|edge| &edge.feature)) {
            return Err(Refusal::cycle(&path));
        }

        Ok(parts(batch, ids, edges))
    }
}

impl Refusal {
    fn cycle(path: &[FeatureId]) -> Self {
        let names: Vec<_> = path.iter().map(FeatureId::as_str).collect();
        Self::Cycle {
            path: names.join(" → "),
        }
    }
}

/// Ids of a part: the longest that there may be take less than half of an event.
const PART_IDS: usize = 400;
/// Edges of a part, for the other half.
const PART_EDGES: usize = 200;

/// The admission of a batch as events, each of which fits its bound.
fn parts(batch: Digest, ids: &[FeatureId], edges: &[Edge]) -> Vec<Event> {
    let count = ids
        .len()
        .div_ceil(PART_IDS)
        .max(edges.len().div_ceil(PART_EDGES));
    let mut ids = ids.chunks(PART_IDS);
    let mut edges = edges.chunks(PART_EDGES);

    let part = |n| {
        event::Admitted {
            batch,
            ids: ids.next().unwrap_or_default().to_vec(),
            edges: edges.next().unwrap_or_default().to_vec(),
            more: n < count,
        }
        .into()
    };
    (1..=count).map(part).collect()
}
