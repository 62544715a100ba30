//! What is otherwise in another course of a project.

use std::collections::BTreeSet;
use std::sync::Arc;

use events::project::Project;
use events::settings::Settings;
use events::stream::Position;
use events::view::ProjectView;

/// Other settings, made of those that were recorded.
pub type Otherwise = Arc<dyn Fn(&Settings) -> Settings + Send + Sync>;

/// What is otherwise. With nothing in it the course is the recorded one.
#[derive(Clone, Default)]
pub struct Change {
    /// How many slots there are, whatever was recorded of that.
    pub slots: Option<u16>,
    /// How settings are otherwise, whatever was recorded of them.
    pub settings: Option<Otherwise>,
    /// Events that are left out, with all that was recorded together with them: what a person did,
    /// or a session.
    pub without: BTreeSet<Position>,
}

impl Change {
    /// Whether nothing is otherwise.
    pub fn is_none(&self) -> bool {
        self.slots.is_none() && self.settings.is_none() && self.without.is_empty()
    }

    /// Makes a project be as it is in this course. No event says so: what was recorded of it is as
    /// if it had always been otherwise.
    pub(super) fn amend(&self, view: &mut ProjectView) {
        let Project::Registered(registered) = &mut view.project.state else {
            return;
        };

        if let Some(otherwise) = &self.settings {
            registered.settings = otherwise(&registered.settings);
        }
        if let Some(slots) = self.slots {
            registered.target = slots;
            registered.settings.target_max = registered.settings.target_max.max(slots);
        }
    }
}

#[cfg(test)]
mod tests;
