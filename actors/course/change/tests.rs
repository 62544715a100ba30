//! Given a project and what is otherwise in it, when that is amended, then nothing else is.

use events::project::event as p;

use super::*;
use crate::scene::Scene;

fn slots(count: u16) -> Change {
    Change {
        slots: Some(count),
        ..Change::default()
    }
}

fn batches(most: u16) -> Change {
    let otherwise = move |settings: &Settings| Settings {
        batch_max: most,
        ..settings.clone()
    };
    Change {
        settings: Some(Arc::new(otherwise)),
        ..Change::default()
    }
}

fn without(position: u64) -> Change {
    Change {
        without: BTreeSet::from([Position(position)]),
        ..Change::default()
    }
}

fn both(count: u16, most: u16) -> Change {
    Change {
        slots: Some(count),
        ..batches(most)
    }
}

#[test]
fn nothing_is_otherwise_only_where_nothing_was_said() {
    for (name, change, is_none) in [
        ("nothing", Change::default(), true),
        ("as many slots as none", slots(0), false),
        ("slots", slots(3), false),
        ("settings", batches(2), false),
        ("an event", without(7), false),
        ("slots and settings", both(3, 2), false),
    ] {
        assert_eq!(change.is_none(), is_none, "{name}");
    }
}

#[test]
fn what_is_said_is_amended_and_the_rest_is_left() {
    let target_max = Settings::default().target_max;
    let batch_max = Settings::default().batch_max;

    for (name, change, expected) in [
        ("nothing", Change::default(), (2, target_max, batch_max)),
        ("an event", without(7), (2, target_max, batch_max)),
        ("fewer slots", slots(1), (1, target_max, batch_max)),
        ("no slots", slots(0), (0, target_max, batch_max)),
        ("as many as allowed", slots(10), (10, 10, batch_max)),
        ("more than allowed", slots(11), (11, 11, batch_max)),
        ("settings", batches(7), (2, target_max, 7)),
        ("both", both(40, 7), (40, 40, 7)),
    ] {
        let scene = Scene::running(2);
        let mut view = scene.view().clone();
        change.amend(&mut view);

        let Project::Registered(amended) = &view.project.state else {
            panic!("{name}: it is registered");
        };
        let settings = &amended.settings;
        let found = (amended.target, settings.target_max, settings.batch_max);
        assert_eq!(found, expected, "{name}");
        assert_eq!(settings.verify.as_deref(), Some("make test"), "{name}");
        assert_eq!(view.project.version, scene.view().project.version, "{name}");
    }
}

#[test]
fn slots_are_allowed_whatever_the_other_settings_allow() {
    let otherwise = |settings: &Settings| Settings {
        target_max: 1,
        ..settings.clone()
    };
    let change = Change {
        slots: Some(4),
        settings: Some(Arc::new(otherwise)),
        without: BTreeSet::new(),
    };
    let mut view = Scene::running(2).view().clone();
    change.amend(&mut view);

    let registered = view.registered().expect("registered");
    assert_eq!((registered.target, registered.settings.target_max), (4, 4));
}

#[test]
fn amended_twice_is_as_good_as_once() {
    for change in [slots(12), batches(5), both(3, 4)] {
        let mut view = Scene::running(2).view().clone();
        change.amend(&mut view);
        let once = view.clone();
        change.amend(&mut view);
        assert!(view == once);
    }
}

#[test]
fn a_project_that_is_not_there_is_left_alone() {
    let mut deleted = Scene::running(1);
    deleted.project(p::Deleted { by: "me".into() });
    let unknown = ProjectView::new(deleted.view().name.clone());

    for (name, view) in [("deleted", deleted.view()), ("unknown", &unknown)] {
        assert!(view.registered().is_none(), "{name}");
        let mut amended = view.clone();
        both(3, 7).amend(&mut amended);
        assert!(amended == *view, "{name}");
    }
}
