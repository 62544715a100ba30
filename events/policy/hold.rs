//! Why nothing of a role is begun: what `dispatch` asks before it grants a slot, each with a name.

use crate::holder::Role;
use crate::id::Timestamp;
use crate::policy::gate::{Gate, Leave};
use crate::policy::{Agenda, Observed, dispatch};
use crate::project::Thing;
use crate::view::projections::ProjectView;

/// A premise of a grant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// The project is not running, or its backlog is being edited.
    NotRunning,
    /// Upstream has no commit that work could stand on, as far as is known.
    NoHead,
    /// The spec is no backlog yet.
    NoBacklog,
    /// The trunk is red by itself.
    RedTrunk,
    /// Things that the role needs are in trouble.
    Trouble {
        /// Those.
        things: Vec<Thing>,
        /// When one session may try them.
        next: Timestamp,
    },
    /// No slot may be granted anything.
    NoSlot,
}

/// Every premise that keeps work of a role from being begun now, in the order in which `dispatch`
/// asks; none where a free slot would be granted such work if there is some.
pub fn holds(view: &ProjectView, observed: &Observed, role: Role) -> Vec<Hold> {
    let Some(registered) = view.registered() else {
        return vec![Hold::NotRunning];
    };
    let mut holds = Vec::new();
    holds.extend(dispatch::shut(view, registered));

    if role == Role::Coder {
        holds.extend(dispatch::no_code(view, registered));
    }

    let gate = Gate::new(view, registered, observed);
    if let Some(troubled) = gate.troubled(role)
        && gate.leave(role, &mut Agenda::default()) == Leave::Nothing
    {
        let (things, next) = (troubled.things, troubled.next);
        holds.push(Hold::Trouble { things, next });
    }

    if dispatch::free_slots(view, registered, observed).is_empty() {
        holds.push(Hold::NoSlot);
    }
    holds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::event as c;
    use crate::id::{Digest, Timestamp};
    use crate::policy::{Effect, Owed, owed};
    use crate::project::event as p;
    use crate::scene::{Scene, session};

    /// Every pause is over.
    fn late() -> Observed {
        let now = Timestamp(1_000_000_000_000);
        Observed {
            now,
            own: crate::own_time::OwnTime::new(now, &[], &[]),
            ..Observed::default()
        }
    }

    fn one() -> Scene {
        let mut scene = Scene::running(1);
        scene.feature("a", 2);
        scene
    }

    /// Whether a slot is owed a claim.
    fn claims(scene: &Scene) -> bool {
        let agenda = owed(scene.view(), &late());
        let mut owed = agenda.owed.iter();
        owed.any(|(owed, _)| matches!(owed, Owed::Do(Effect::ClaimFor { .. })))
    }

    /// What happens, and what it holds coders back with.
    type Case = (fn(&mut Scene), Vec<Hold>);

    fn table() -> Vec<Case> {
        vec![
            (|_| {}, vec![]),
            (
                |scene| {
                    scene.project(p::Stopped { by: "me".into() });
                },
                vec![Hold::NotRunning],
            ),
            (
                |scene| {
                    scene.project(p::EditOpened { by: "me".into() });
                },
                vec![Hold::NotRunning],
            ),
            (
                |scene| {
                    let spec = Digest::of(b"spec");
                    scene.project(p::InitializationDue { spec });
                },
                vec![Hold::NoBacklog],
            ),
            (
                |scene| {
                    scene.slot(1, c::Withheld { by: "me".into() });
                },
                vec![Hold::NoSlot],
            ),
            (
                |scene| {
                    scene.project(p::TargetSet { count: 0 });
                },
                vec![Hold::NoSlot],
            ),
            (
                |scene| {
                    scene.feature("b", 2).claimed("b", &session(1));
                },
                vec![Hold::NoSlot],
            ),
        ]
    }

    #[test]
    fn a_claim_is_owed_where_nothing_holds_it_back_and_nowhere_else() {
        for (happens, expected) in table() {
            let mut scene = one();
            happens(&mut scene);
            let held = holds(scene.view(), &late(), Role::Coder);
            assert_eq!(held, expected);
            assert_eq!(claims(&scene), held.is_empty(), "{held:?}");
        }
    }

    /// What is in trouble holds back until one session may try it, and names when that is.
    #[test]
    fn trouble_holds_back_until_its_probe() {
        let mut scene = one();
        let (thing, session) = (Thing::Engine, session(9));
        scene.project(p::TroubleReported {
            thing: thing.clone(),
            detail: "no image".into(),
            retry_at: None,
            session,
            feature: None,
            probe: false,
        });
        let early = Observed {
            now: scene.now(),
            ..late()
        };
        let held = holds(scene.view(), &early, Role::Coder);
        let next = scene.now().plus_ms(60_000);
        let things = vec![thing];
        assert_eq!(held, [Hold::Trouble { things, next }]);
        assert_eq!(holds(scene.view(), &late(), Role::Coder), []);
    }

    #[test]
    fn nothing_is_begun_for_a_project_that_is_not_there() {
        let view = ProjectView::new("z".parse().expect("a name"));
        assert_eq!(holds(&view, &late(), Role::Coder), [Hold::NotRunning]);
    }

    #[test]
    fn before_upstream_is_known_nothing_stands_on_it() {
        let mut scene = Scene::new();
        let kind = crate::project::ProjectKind::Existing;
        let git_url = "/up".to_owned();
        scene.project(p::Registered { git_url, kind });
        scene.project(p::Started { by: "me".into() });
        let held = holds(scene.view(), &late(), Role::Coder);
        assert_eq!(held, [Hold::NoHead, Hold::NoSlot]);
    }
}
