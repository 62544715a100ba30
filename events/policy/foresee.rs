//! Work under way is merged with the trunk in memory after each advance, so that a conflict is
//! known before the work is handed in.

use crate::feature::{Known, Stage};
use crate::id::{Epoch, FeatureId, Timestamp};
use crate::merge_queue::MergeQueue;
use crate::policy::{Agenda, Effect};
use crate::view::projections::ProjectView;

pub(super) fn owed(view: &ProjectView, agenda: &mut Agenda) {
    let merge_queue = &view.merge_queue.state;
    let Some(head) = &merge_queue.head else {
        return;
    };
    let probed = merge_queue
        .probed
        .as_ref()
        .is_some_and(|probed| probed.base == *head);
    if !probed && !overtaken(view).is_empty() {
        agenda.act(Effect::Probe { base: head.clone() });
    }
}

/// Claims whose work was begun before the trunk came where it is: only they can collide with what
/// it got since.
pub fn overtaken(view: &ProjectView) -> Vec<(FeatureId, Epoch)> {
    let merge_queue = &view.merge_queue.state;
    let found = view
        .underway()
        .filter(|(_, known, _)| is_overtaken(merge_queue, known));
    found
        .map(|(id, known, _)| (id.clone(), known.epoch))
        .collect()
}

fn is_overtaken(merge_queue: &MergeQueue, known: &Known) -> bool {
    match &known.stage {
        Stage::Claimed { since, .. } => *since < merge_queue.moved,
        Stage::Submitted { submission, .. } | Stage::Approved { submission } => {
            merge_queue.moved > Timestamp(0) && submission.base != merge_queue.head
        }
        Stage::Open { .. }
        | Stage::Merging { .. }
        | Stage::Closed { .. }
        | Stage::Quarantined { .. }
        | Stage::Withdrawn => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::event as f;
    use crate::holder::Holder;
    use crate::merge_queue::event as q;
    use crate::policy::tests::at;
    use crate::scene::{Scene, feature, sha};

    fn claim(scene: &mut Scene, id: &str) {
        let principal = "ann".to_owned();
        let (epoch, holder) = (Epoch(1), Holder::Outside { principal });
        scene.of(id, f::Claimed { epoch, holder });
    }

    fn submit(scene: &mut Scene, id: &str, base: Option<char>) {
        scene.of(
            id,
            f::Submitted {
                epoch: Epoch(1),
                sha: sha('5'),
                base: base.map(sha),
            },
        );
    }

    /// The trunk goes from `from` to `to`.
    fn advance(scene: &mut Scene, from: char, to: char) {
        scene.queue(q::Followed {
            from: Some(sha(from)),
            to: sha(to),
            files: vec![],
            accepted: None,
        });
    }

    fn ids(scene: &Scene) -> Vec<String> {
        let found = overtaken(scene.view()).into_iter();
        found.map(|(id, _)| id.to_string()).collect()
    }

    #[test]
    fn work_is_overtaken_that_was_begun_before_the_trunk_came_where_it_is() {
        let mut scene = Scene::running(1);

        for id in ["early", "handed", "late", "fresh", "open", "over"] {
            scene.feature(id, 2);
        }

        for id in ["early", "handed", "over"] {
            claim(&mut scene, id);
        }

        submit(&mut scene, "handed", Some('0'));
        scene.of(
            "over",
            f::Closed {
                closing: f::Closing::DoneElsewhere,
                by: "me".into(),
            },
        );
        advance(&mut scene, '0', '1');
        for id in ["late", "fresh"] {
            claim(&mut scene, id);
        }

        submit(&mut scene, "fresh", Some('1'));
        assert_eq!(ids(&scene), ["early", "handed"]);
        assert_eq!(
            overtaken(scene.view())[0],
            (feature("early"), Epoch(1)),
            "with its claim"
        );
    }

    #[test]
    fn the_trunk_is_probed_once_wherever_it_comes() {
        let mut scene = Scene::running(1);
        scene.feature("a", 2);
        claim(&mut scene, "a");

        let probes = |scene: &Scene| -> Vec<Effect> {
            let effects = scene.effects(&at(99)).into_iter();
            effects
                .filter(|effect| matches!(effect, Effect::Probe { .. }))
                .collect()
        };
        advance(&mut scene, '0', '1');
        assert_eq!(probes(&scene), [Effect::Probe { base: sha('1') }]);
        scene.queue(q::Probed {
            base: sha('1'),
            collisions: vec![],
        });
        assert_eq!(probes(&scene), []);
        advance(&mut scene, '1', '2');
        assert_eq!(probes(&scene), [Effect::Probe { base: sha('2') }]);
    }
}
