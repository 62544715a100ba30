//! What a session says that its work came to, read off what it recorded.

use crate::feature::event::Event as Feature;
use crate::outcome::Outcome;
use crate::project::event::Event as Project;

/// What an event of a feature says about the session that recorded it.
pub(super) fn of_feature(event: &Feature) -> Option<Outcome> {
    match event {
        Feature::Submitted(_) | Feature::ReviewPassed(_) | Feature::ReviewRejected(_) => {
            Some(Outcome::Completed)
        }
        Feature::Released(_) => Some(Outcome::GivenBack),
        Feature::QuestionAsked(_) => Some(Outcome::Asked),
        _ => None,
    }
}

/// What an event of a project says about the session that recorded it.
pub(super) fn of_project(event: &Project) -> Option<Outcome> {
    match event {
        Project::BacklogProposed(_) | Project::Initialized(_) | Project::MilestoneSettled(_) => {
            Some(Outcome::Completed)
        }
        _ => None,
    }
}
