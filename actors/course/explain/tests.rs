//! Given what policies and effects recorded, when it is looked at what was owed, then what nothing
//! owed is found.

use events::backlog::event as b;
use events::cause::Principal;
use events::container::event as c;
use events::feature::{Content, event as f};
use events::id::{Digest, Timestamp};
use events::project::event as p;
use events::view::Projections;

use super::*;
use crate::scene::{Scene, feature};

fn policy(name: &str) -> Principal {
    Principal::Policy(name.into())
}

/// Positions after which nothing explains what was recorded.
fn unexplained(scene: &Scene) -> Vec<u64> {
    let project = "z".parse().expect("a name");
    let mut reading = Record::read(project, Projections::default(), Timestamp(0));
    for event in &scene.log {
        reading.take(event.clone()).expect("it is known");
    }
    let record = reading.end().expect("it is known");
    let found = record.unexplained().expect("it folds");
    found.into_iter().map(|position| position.0).collect()
}

/// A project with one slot in service, that wants so many.
fn wanted(count: u16) -> Scene {
    let mut scene = Scene::running(1);
    scene.project(p::TargetSet { count });
    scene
}

#[test]
fn what_a_policy_owes_explains_what_it_told() {
    for (name, count, by, n, is_explained) in [
        ("a slot that is wanted", 2, "fleet", 2, true),
        ("a slot beyond", 2, "fleet", 3, false),
        ("the second before the first", 3, "fleet", 3, true),
        ("no slot is wanted", 1, "fleet", 2, false),
        ("another policy", 2, "supervise", 2, false),
        ("an effect", 2, "effects", 2, false),
    ] {
        let mut scene = wanted(count);
        scene.by(policy(by)).slot(n, c::Enlisted {});
        let expected = match is_explained {
            true => vec![],
            false => vec![scene.position],
        };
        assert_eq!(unexplained(&scene), expected, "{name}");
    }
}

#[test]
fn what_is_owed_is_that_very_command() {
    for (count, is_explained) in [(0, true), (1, false), (2, false)] {
        let mut scene = wanted(count);
        scene.by(policy("fleet")).slot(1, c::Dismissed {});
        assert_eq!(
            unexplained(&scene).is_empty(),
            is_explained,
            "{count} slots"
        );
    }
}

#[test]
fn what_a_policy_owes_to_a_stream_explains_nothing_else_that_it_told_it() {
    for (by, is_explained) in [("b", true), ("c", false)] {
        let mut scene = Scene::running(1);
        scene.feature("a", 2).feature("b", 2).feature("c", 2);
        let edge = b::Edge {
            feature: feature("a"),
            on: feature("b"),
        };
        scene.add::<events::backlog::Event>("backlog-z", b::DependencyAdded { edge });
        let by = feature(by);
        scene.by(policy("unblock")).of("a", f::Blocked { by });
        assert_eq!(unexplained(&scene).is_empty(), is_explained);
    }
}

#[test]
fn what_was_owed_a_little_earlier_explains_it_and_long_ago_not() {
    for (between, is_explained) in [(0, true), (1, true), (99, true), (100, false)] {
        let mut scene = Scene::running(1);
        scene.feature("a", 2).project(p::TargetSet { count: 2 });
        // From here on no second slot is wanted.
        scene.project(p::TargetSet { count: 1 });
        for _ in 0..between {
            let (by, text) = ("ann".into(), "x".into());
            scene.of("a", f::Commented { by, text });
        }
        scene.by(policy("fleet")).slot(2, c::Enlisted {});
        let found = unexplained(&scene);
        assert_eq!(found.is_empty(), is_explained, "{between} acts in between");
    }
}

#[test]
fn what_others_did_needs_no_explanation() {
    for by in [
        Principal::Operator("ann".into()),
        Principal::Node("here".into()),
        Principal::Session(crate::scene::session(1)),
        policy("watch"),
    ] {
        let mut scene = wanted(1);
        scene.by(by).slot(7, c::Enlisted {});
        assert_eq!(unexplained(&scene), Vec::<u64>::new());
    }
}

fn created(id: &str) -> f::Created {
    f::Created {
        content: Content::titled(id),
        batch: Digest::of(id.as_bytes()),
        blockers: vec![],
    }
}

#[test]
fn an_effect_that_was_owed_explains_what_it_came_to() {
    let admitted = |id: &str| b::Admitted {
        batch: Digest::of(id.as_bytes()),
        ids: vec![feature(id)],
        edges: vec![],
        more: false,
    };

    for (name, by, id, is_explained) in [
        ("it was admitted", "effects", "a", true),
        ("another one was", "effects", "b", false),
        ("no policy makes it", "supervise", "a", false),
    ] {
        let mut scene = Scene::running(1);
        scene.add::<events::backlog::Event>("backlog-z", admitted("a"));
        scene.by(policy(by)).of(id, created(id));
        assert_eq!(unexplained(&scene).is_empty(), is_explained, "{name}");
    }
}

#[test]
fn what_no_command_records_is_explained_by_nothing() {
    let mut scene = wanted(2);
    scene.by(policy("fleet")).slot(2, c::Enlisted {});
    let enlisted = scene.position;
    scene.slot(2, c::Enlisted {});
    assert_eq!(unexplained(&scene), [enlisted + 1], "it is in service");
}

#[test]
fn each_that_is_not_explained_is_named() {
    let mut scene = wanted(2);
    scene.by(policy("fleet")).slot(5, c::Enlisted {});
    let first = scene.position;
    scene.slot(2, c::Enlisted {}).slot(6, c::Enlisted {});
    assert_eq!(unexplained(&scene), [first, first + 2]);
    assert_eq!(unexplained(&Scene::new()), Vec::<u64>::new());
}
