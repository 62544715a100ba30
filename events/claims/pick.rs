//! Which feature a claimant gets: a certain one, or the best that is ready and that nobody else is
//! getting at the moment.

use std::collections::BTreeSet;

use super::NotAllowed;
use crate::id::{FeatureId, Timestamp};
use crate::stream::Version;
use crate::view::ProjectView;

/// What there is for a claimant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// A feature to ask for.
    Feature(Picked),
    /// What it could get is being claimed: whether it is left shows in a moment.
    Wait,
    /// Nothing is ready.
    Nothing,
}

/// A feature, and where the view had it: a claim is asked for on condition that neither it nor the
/// project has moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    /// The feature.
    pub feature: FeatureId,
    /// Its version; 0 when there is no such feature, which its rules refuse.
    pub version: Version,
    /// The project's.
    pub project: Version,
}

/// Picks a feature beside those that others are getting. Whether the feature itself can be claimed
/// is asked of its own rules.
pub fn pick(
    view: &ProjectView,
    wanted: Option<&FeatureId>,
    reserved: &BTreeSet<FeatureId>,
    now: Timestamp,
) -> Result<Pick, NotAllowed> {
    let registered = view.registered().ok_or(NotAllowed::NotRunning)?;
    if !registered.is_running() {
        return Err(NotAllowed::NotRunning);
    }

    match (wanted, registered.has_backlog()) {
        (Some(_), false) => Err(NotAllowed::NoBacklog),
        (Some(wanted), true) => certain(view, wanted, reserved),
        (None, false) => Ok(Pick::Nothing),
        (None, true) => Ok(best(view, reserved, now)),
    }
}

fn certain(
    view: &ProjectView,
    wanted: &FeatureId,
    reserved: &BTreeSet<FeatureId>,
) -> Result<Pick, NotAllowed> {
    if reserved.contains(wanted) {
        return Ok(Pick::Wait);
    }

    match view.feature(wanted) {
        Some(known) if !view.is_whole(known.batch) => Err(NotAllowed::NotWhole),
        Some(_) | None => Ok(picked(view, wanted)),
    }
}

fn best(view: &ProjectView, reserved: &BTreeSet<FeatureId>, now: Timestamp) -> Pick {
    let free = view.rested(now).find(|id| !reserved.contains(*id));
    match free {
        Some(id) => picked(view, id),
        None if reserved.is_empty() => Pick::Nothing,
        None => Pick::Wait,
    }
}

fn picked(view: &ProjectView, feature: &FeatureId) -> Pick {
    let tracked = view.features.get(feature);
    Pick::Feature(Picked {
        feature: feature.clone(),
        version: tracked.map(|tracked| tracked.version).unwrap_or_default(),
        project: view.project.version,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::Refusal as _;
    use crate::backlog;
    use crate::feature::event as f;
    use crate::id::Digest;
    use crate::project::event as p;
    use crate::scene::{Scene, feature, session};
    use crate::view::ProjectView;

    /// Three that are ready, `a` first; one half of a batch exists, the other does not yet.
    fn scene() -> Scene {
        let mut scene = Scene::running(1);
        scene.feature("b", 2).feature("c", 3).feature("a", 1);
        let batch = Digest::of(b"halves");
        let admitted = backlog::event::Admitted {
            batch,
            ids: vec![feature("half"), feature("other-half")],
            edges: vec![],
            more: false,
        };
        scene.add::<backlog::Event>("backlog-z", admitted);
        let content = crate::feature::Content {
            priority: 0,
            ..crate::feature::Content::titled("half")
        };
        let blockers = vec![];
        let created = f::Created {
            content,
            batch,
            blockers,
        };
        scene.of("half", created);

        scene
    }

    /// What is picked, in a word.
    fn said(view: &ProjectView, wanted: Option<&str>, reserved: &[&str]) -> String {
        let reserved = reserved.iter().map(|id| feature(id)).collect();
        let wanted = wanted.map(feature);
        match pick(view, wanted.as_ref(), &reserved, Timestamp(1_000_000_000)) {
            Ok(Pick::Feature(picked)) => picked.feature.to_string(),
            Ok(Pick::Wait) => "wait".to_owned(),
            Ok(Pick::Nothing) => "nothing".to_owned(),
            Err(refusal) => refusal.code().to_owned(),
        }
    }

    #[test]
    fn the_best_that_is_free_is_picked_and_a_certain_one_is_waited_for() {
        let scene = scene();

        for (wanted, reserved, expected) in [
            (None, &[][..], "a"),
            (None, &["a"], "b"),
            (None, &["a", "b"], "c"),
            (None, &["a", "b", "c"], "wait"),
            (Some("c"), &[], "c"),
            (Some("c"), &["a"], "c"),
            (Some("c"), &["c"], "wait"),
            (Some("half"), &[], "not_whole"),
            (Some("half"), &["half"], "wait"),
            // Its own rules say that there is no such feature.
            (Some("none"), &[], "none"),
        ] {
            let picked = said(scene.view(), wanted, reserved);
            assert_eq!(picked, expected, "{wanted:?} beside {reserved:?}");
        }
    }

    #[test]
    fn nothing_is_picked_where_nothing_is_ready() {
        let mut scene = Scene::running(1);
        assert_eq!(said(scene.view(), None, &[]), "nothing");
        scene.feature("a", 2).claimed("a", &session(1));
        assert_eq!(said(scene.view(), None, &[]), "nothing");
        // One that is being claimed may come back.
        assert_eq!(said(scene.view(), None, &["a"]), "wait");
    }

    #[test]
    fn what_the_project_does_comes_first() {
        let by = || "me".to_owned();

        for (event, best, certain) in [
            (
                p::Event::from(p::Stopped { by: by() }),
                "not_running",
                "not_running",
            ),
            (
                p::DrainRequested { by: by() }.into(),
                "not_running",
                "not_running",
            ),
            (
                p::EditOpened { by: by() }.into(),
                "not_running",
                "not_running",
            ),
            (
                p::InitializationDue {
                    spec: Digest::of(b"spec"),
                }
                .into(),
                "nothing",
                "no_backlog",
            ),
        ] {
            let mut scene = scene();
            scene.project(event.clone());
            assert_eq!(said(scene.view(), None, &[]), best, "{event:?}");
            assert_eq!(said(scene.view(), Some("a"), &[]), certain, "{event:?}");
        }

        let view = ProjectView::new("z".parse().expect("a name"));
        assert_eq!(said(&view, None, &[]), "not_running", "not registered");
    }

    #[test]
    fn a_pick_names_the_versions_it_was_made_at() {
        let mut scene = scene();

        scene.of(
            "a",
            f::Ranked {
                priority: 1,
                rank: 7,
            },
        );
        let none = BTreeSet::new();
        let picked = pick(scene.view(), None, &none, Timestamp(0)).expect("a pick");
        let expected = Picked {
            feature: feature("a"),
            version: Version(2),
            project: scene.view().project.version,
        };
        assert_eq!(picked, Pick::Feature(expected));
        let none = pick(scene.view(), Some(&feature("none")), &none, Timestamp(0));
        let Ok(Pick::Feature(none)) = none else {
            panic!("{none:?}");
        };

        assert_eq!(none.version, Version(0));
    }
}
