//! Edges of the backlog → blockers of features, and off again when the other is settled.

use crate::feature;
use crate::policy::{Agenda, Teller};
use crate::view::projections::ProjectView;

pub(super) fn owed(view: &ProjectView, agenda: &mut Agenda) {
    let teller = Teller::of("unblock", view);

    for (id, known, _) in view.dependent().filter(|(_, known, _)| !known.is_settled()) {
        for on in &known.blockers {
            let wanted = view.backlog.state.dependencies(id).any(|d| d == on);
            if view.is_settled(on) || !wanted {
                let purpose = format!("unblock {on}");
                agenda.tell(teller.feature(
                    view,
                    id,
                    &purpose,
                    feature::Command::Unblock { by: on.clone() },
                ));
            }
        }
        for on in view.backlog.state.dependencies(id) {
            if !known.blockers.contains(on) && !view.is_settled(on) {
                agenda.tell(teller.feature(
                    view,
                    id,
                    &format!("block {on}"),
                    feature::Command::Block { by: on.clone() },
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::backlog::{self, event as b};
    use crate::feature::event as f;
    use crate::policy::tests::at;
    use crate::scene::{Scene, feature};

    /// `a` and `b`; in the backlog `a` depends on `b`, or not; at the feature it is blocked by it,
    /// or not.
    fn scene(depends: bool, blocked: bool) -> Scene {
        let mut scene = Scene::running(1);
        scene.feature("a", 2).feature("b", 2);
        if depends {
            let edge = b::Edge {
                feature: feature("a"),
                on: feature("b"),
            };
            let added = b::DependencyAdded { edge };
            scene.add::<backlog::Event>("backlog-z", added);
        }

        if blocked {
            scene.of("a", f::Blocked { by: feature("b") });
        }

        scene
    }

    fn settle(scene: &mut Scene, id: &str) {
        let closing = f::Closing::DoneElsewhere;
        let by = "me".to_owned();
        scene.of(id, f::Closed { closing, by });
    }

    #[test]
    fn blockers_follow_the_backlog_until_what_they_wait_for_is_settled() {
        for (depends, blocked, settled, expected) in [
            (false, false, None, None),
            (true, true, None, None),
            (true, false, None, Some("Block")),
            (false, true, None, Some("Unblock")),
            (true, true, Some("b"), Some("Unblock")),
            (false, true, Some("b"), Some("Unblock")),
            (true, false, Some("b"), None),
            // What is settled waits for nothing, whatever is said of it.
            (true, false, Some("a"), None),
            (false, true, Some("a"), None),
        ] {
            let mut scene = scene(depends, blocked);
            if let Some(id) = settled {
                settle(&mut scene, id);
            }
            let named = scene.named("unblock", &at(1_000));
            let expected: Vec<_> = expected
                .map(|command| format!("feature-z/a {command}"))
                .into_iter()
                .collect();
            assert_eq!(named, expected, "{depends}, {blocked}, {settled:?}");
        }
    }

    #[test]
    fn each_blocker_is_looked_for_by_itself() {
        let mut scene = scene(true, true);
        scene
            .feature("c", 2)
            .of("a", f::Blocked { by: feature("c") });
        let told = scene.told("unblock", &at(1_000));
        let by = feature("c");
        let unblock = crate::feature::Command::Unblock { by };
        assert_eq!(told, [format!("feature-z/a Feature({unblock:?})")]);
    }

    #[test]
    fn what_left_before_it_existed_blocks_nobody() {
        let mut scene = scene(true, true);
        assert_eq!(scene.named("unblock", &at(1_000)), [""; 0]);
        let withdrawn = f::Withdrawn { by: "me".into() };
        scene.of("b", withdrawn);
        let named = scene.named("unblock", &at(1_000));
        assert_eq!(named, ["feature-z/a Unblock"]);
    }
}
