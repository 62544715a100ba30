//! What roles are at work in a project, or are about to be: their sessions show how the things are
//! that they need, as well as a probe would.
//!
//! What is over shows nothing any more, however long its container, its work or its grant takes to
//! go: a slot that hangs in its stop keeps no probe away.

use crate::container::Slot;
use crate::holder::Role;
use crate::view::grants::Grant;
use crate::view::projections::ProjectView;

/// The roles of grants and jobs whose sessions are not over.
pub(super) fn roles(view: &ProjectView) -> Vec<Role> {
    let granted = view.grants().into_iter();
    let granted = granted
        .filter(|grant| !is_over(view, grant))
        .map(|grant| grant.subject.role());
    let jobs = view.enlisted().filter_map(|(_, slot, _)| job(slot));
    granted.chain(jobs).collect()
}

/// Whether the session of a grant ended, and only its grant is left.
pub(super) fn is_over(view: &ProjectView, grant: &Grant) -> bool {
    let Some(slot) = view.slot(grant.slot_session.n) else {
        return false;
    };
    match &slot.last {
        Some((session, _)) => *session == grant.slot_session.session,
        None => false,
    }
}

fn job(slot: &Slot) -> Option<Role> {
    let job = slot.job()?;
    slot.works_for(&job.session).then_some(job.role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::event as c;
    use crate::outcome::Outcome;
    use crate::scene::{Scene, job, session};

    #[test]
    fn a_role_is_at_work_from_its_grant_to_the_end_of_its_session() {
        let mut scene = Scene::running(1);
        assert_eq!(roles(scene.view()), []);
        let session = session(1);
        scene.feature("a", 2).claimed("a", &session);
        assert_eq!(roles(scene.view()), [Role::Coder], "granted");

        // Somebody else's end in the same slot says nothing.
        let other = crate::scene::session(2);
        for (session, at_work) in [(other, [Role::Coder].as_slice()), (session, &[])] {
            let assignment = job(&session, Role::Coder, Some("a"));
            scene.slot(1, c::Assigned { assignment });
            assert!(roles(scene.view()).contains(&Role::Coder), "assigned");
            scene.slot(
                1,
                c::SessionEnded {
                    session,
                    outcome: Outcome::Failed,
                    exit_code: None,
                    evidence: None,
                    detail: String::new(),
                },
            );
            assert_eq!(roles(scene.view()), at_work, "its container is there");
            scene.slot(1, c::Idle {});
            assert_eq!(roles(scene.view()), at_work, "its claim is there");
        }
    }
}
