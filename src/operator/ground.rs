//! What boards and the list of projects are made of, so that whoever keeps them knows when they are
//! out of date.

use std::collections::BTreeMap;

use events::id::ProjectName;
use events::stream::Position;
use events::view::Need;

use super::Operator;

/// What a board and a line of the list of projects are made of: while it is the same, so are they.
#[derive(Debug, Clone, PartialEq)]
pub struct Ground {
    /// The newest event of the project.
    position: Position,
    /// What is owed to it and cannot be done.
    faults: Vec<Need>,
}

impl Operator {
    /// What a project's board stands on; none where no project has this name.
    pub fn ground(&self, name: &ProjectName) -> Option<Ground> {
        let position = self.core.projector.read(|projections| {
            let view = projections.projects.get(name)?;
            view.registered().map(|_| view.position)
        });
        position.map(|position| self.on(name, position))
    }

    /// What the boards of all projects stand on.
    pub fn grounds(&self) -> BTreeMap<ProjectName, Ground> {
        let positions: Vec<(ProjectName, Position)> = self.core.projector.read(|projections| {
            let views = projections.projects.values();
            let known = views.filter(|view| view.registered().is_some());
            known
                .map(|view| (view.name.clone(), view.position))
                .collect()
        });

        let mut grounds = BTreeMap::new();
        for (name, position) in positions {
            let ground = self.on(&name, position);
            grounds.insert(name, ground);
        }
        grounds
    }

    fn on(&self, name: &ProjectName, position: Position) -> Ground {
        Ground {
            position,
            faults: self.core.faults.needs_you(name),
        }
    }
}
