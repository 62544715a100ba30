//! Given a log in memory, when commands are sent and events taken, then it is as with a host.

use std::sync::Arc;

use events::backlog::{Born, Remark};
use events::cause::Principal;
use events::feature::{self, Content};
use events::project::{self, event as p};
use events::settings::Settings;
use events::{backlog, container, merge_queue, node};

use super::*;
use crate::scene::{Scene, feature as feature_id};

/// When the logs of these tests go on.
const NOW: Timestamp = Timestamp(500_000_000);

fn scene() -> Scene {
    let mut scene = Scene::running(2);
    scene.feature("a", 2);
    scene
}

fn after(scene: &Scene, change: Change) -> Ledger {
    let project = scene.view().name.clone();
    Ledger::after(project, (scene.projections.clone(), NOW), change)
}

fn ledger() -> Ledger {
    after(&scene(), Change::default())
}

fn letter(stream: &str, command: AnyCommand, id: u8) -> Letter {
    let id = CommandId([id; 16]);
    Letter {
        stream: stream.parse().expect("a stream"),
        command,
        id,
        cause: Cause::first(Principal::Operator("ann".into()), id),
        preconditions: vec![],
    }
}

fn comment(text: &str) -> AnyCommand {
    let (by, text) = ("ann".to_owned(), text.to_owned());
    AnyCommand::Feature(feature::Command::Comment { by, text })
}

fn target(count: u16) -> AnyCommand {
    AnyCommand::Project(project::Command::SetTarget { count })
}

/// A feature that is made together with two remarks.
fn creation() -> AnyCommand {
    let said = |text: &str| Remark {
        by: "ann".into(),
        text: text.into(),
    };
    AnyCommand::Feature(feature::Command::Create {
        content: Content::titled("New"),
        batch: Digest::of(b"new"),
        blockers: vec![],
        born: Born::Open,
        comments: vec![said("one"), said("two")],
    })
}

fn kinds(answer: &Answer) -> Vec<String> {
    match answer {
        Answer::Recorded(events) => events.iter().map(|event| event.kind.to_string()).collect(),
        Answer::Nothing => vec![],
        Answer::Refused(code) => vec![format!("refused: {code}")],
    }
}

#[test]
fn a_command_comes_to_what_the_rules_of_its_stream_say() {
    let node = AnyCommand::Node(node::Command::Stop { epoch: 1 });
    let unhalt = || AnyCommand::MergeQueue(merge_queue::Command::Unhalt);
    let dismiss = || AnyCommand::Container(container::Command::Dismiss);
    let withdrawal = || {
        let id = feature_id("b");
        AnyCommand::Backlog(backlog::Command::Withdraw { id })
    };
    let mut scene = scene();
    scene.admitted("b");

    for (stream, command, expected) in [
        ("project-z", target(1), "project.target_set"),
        ("project-z", target(2), ""),
        ("project-z", target(99), "refused: invalid"),
        ("project-y", target(1), "refused: unknown_project"),
        ("feature-z/a", comment("x"), "feature.commented"),
        ("feature-z/q", comment("x"), "refused: unknown_feature"),
        ("feature-y/a", comment("x"), "refused: unknown_feature"),
        ("container-z/1", dismiss(), "container.dismissed"),
        ("container-z/9", dismiss(), "refused: unknown_container"),
        ("backlog-z", withdrawal(), "backlog.withdrawn"),
        ("trunk-z", unhalt(), ""),
        ("trunk-y", unhalt(), "refused: not_open"),
        // A command for another kind of stream.
        ("feature-z/a", target(1), "refused: no_such_command"),
        ("project-z", comment("x"), "refused: no_such_command"),
        ("trunk-z", dismiss(), "refused: no_such_command"),
        ("container-z/1", unhalt(), "refused: no_such_command"),
        ("project-z", withdrawal(), "refused: no_such_command"),
        ("node-n", node, "refused: no_such_command"),
    ] {
        let mut ledger = after(&scene, Change::default());
        let before = ledger.projections.clone();
        let answer = ledger.send(&letter(stream, command, 1));
        let found = kinds(&answer).join(", ");
        assert_eq!(found, expected, "{stream}");

        let recorded = !expected.is_empty() && !expected.starts_with("refused");
        assert_eq!(ledger.projections != before, recorded, "{stream}");
        let took = i64::from(recorded);
        assert_eq!(
            ledger.now.0 - NOW.0,
            took,
            "{stream}: nothing takes no time"
        );
    }
}

#[test]
fn what_is_decided_is_not_recorded() {
    let ledger = ledger();
    let before = ledger.projections.clone();
    let decided = ledger.decide(&letter("feature-z/new", creation(), 1));
    let decided = decided.expect("it is allowed");
    let kinds: Vec<_> = decided.events.iter().map(|(kind, _)| kind.name).collect();
    assert_eq!(
        kinds,
        ["feature.created", "feature.commented", "feature.commented"]
    );
    assert!(ledger.projections == before);
}

#[test]
fn an_id_is_taken_once_it_recorded_something() {
    let mut ledger = ledger();
    let send = |ledger: &mut Ledger, command, id| {
        let answer = ledger.send(&letter("feature-z/a", command, id));
        kinds(&answer).join(", ")
    };
    assert_eq!(send(&mut ledger, comment("one"), 1), "feature.commented");
    assert_eq!(send(&mut ledger, comment("one"), 1), "");
    assert_eq!(send(&mut ledger, comment("two"), 1), "", "whatever it says");
    assert_eq!(send(&mut ledger, comment("one"), 2), "feature.commented");

    // What was turned down, or came to nothing, may come to something later.
    let (missing, unwanted) = (letter("feature-z/b", comment("b"), 3), target(2));
    let unwanted = letter("project-z", unwanted, 4);
    assert_eq!(
        kinds(&ledger.send(&missing)),
        ["refused: unknown_feature".to_owned()]
    );
    assert_eq!(ledger.send(&unwanted), Answer::Nothing);
    ledger.send(&letter("feature-z/b", creation(), 5));
    ledger.send(&letter("project-z", target(1), 6));
    assert_eq!(kinds(&ledger.send(&missing)), ["feature.commented"]);
    assert_eq!(kinds(&ledger.send(&unwanted)), ["project.target_set"]);
}

#[test]
fn preconditions_that_moved_turn_a_command_down() {
    let at = |stream: &str, version| {
        let stream: StreamId = stream.parse().expect("a stream");
        (stream, Version(version))
    };
    let (own, slot) = (at("feature-z/a", 1), at("container-z/1", 1));
    let moved = at("container-z/1", 0);
    let nowhere = at("feature-z/q", 0);

    for (preconditions, refused) in [
        (vec![], None),
        (vec![own.clone()], None),
        (vec![own.clone(), slot.clone(), nowhere], None),
        (vec![moved.clone()], Some("stale container-z/1")),
        (vec![own, moved.clone()], Some("stale container-z/1")),
        (vec![moved, slot], Some("stale container-z/1")),
        (vec![at("feature-z/a", 2)], Some("stale feature-z/a")),
        (vec![at("feature-z/q", 1)], Some("stale feature-z/q")),
    ] {
        let mut ledger = ledger();
        let before = ledger.projections.clone();
        let mut conditioned = letter("feature-z/a", comment("x"), 1);
        conditioned.preconditions.clone_from(&preconditions);
        let answer = ledger.send(&conditioned);

        match refused {
            None => assert_eq!(kinds(&answer), ["feature.commented"], "{preconditions:?}"),
            Some(refused) => {
                assert_eq!(answer, Answer::Refused(refused.to_owned()));
                assert!(ledger.projections == before, "{refused}: recorded");
                conditioned.preconditions.clear();
                let again = ledger.send(&conditioned);
                assert_eq!(kinds(&again), ["feature.commented"], "its id is free");
            }
        }
    }
}

#[test]
fn a_command_that_comes_to_nothing_asks_for_no_preconditions() {
    let mut ledger = ledger();
    let mut unwanted = letter("project-z", target(2), 1);
    unwanted.preconditions = vec![("trunk-z".parse().expect("a stream"), Version(77))];
    assert_eq!(ledger.send(&unwanted), Answer::Nothing);
}

#[test]
fn events_of_one_append_follow_each_other() {
    let mut ledger = ledger();
    let first = ledger.projections.position.0 + 1;
    let sent = letter("feature-z/new", creation(), 1);
    let Answer::Recorded(events) = ledger.send(&sent) else {
        panic!("it is allowed");
    };
    assert_eq!(events.len(), 3);
    for (event, n) in events.iter().zip(0..) {
        assert_eq!(event.position, Position(first + n));
        assert_eq!(event.version, Version(1 + n));
        assert_eq!(event.at.0, NOW.0 + i64::try_from(n).expect("small"));
        assert_eq!((&event.stream, event.command), (&sent.stream, sent.id));
        assert_eq!(event.cause, sent.cause);
    }
    assert_eq!(ledger.now, Timestamp(NOW.0 + 3), "the next comes later");

    let next = ledger.send(&letter("feature-z/new", comment("three"), 2));
    let Answer::Recorded(next) = next else {
        panic!("it is allowed");
    };
    assert_eq!(next[0].version, Version(4));
    assert_eq!(next[0].position, Position(first + 3));
    assert_eq!(ledger.projections.version_of(&sent.stream), Version(4));
}

/// The next event of a log, as it was recorded at a time.
fn recorded(ledger: &Ledger, stream: &str, event: &project::Event, at: Timestamp) -> Envelope {
    let stream: StreamId = stream.parse().expect("a stream");
    let id = CommandId([9; 16]);
    Envelope {
        position: Position(ledger.projections.position.0 + 1),
        version: Version(ledger.projections.version_of(&stream).0 + 1),
        stream,
        kind: event.kind().name.into(),
        schema: event.kind().schema,
        at,
        cause: Cause::first(Principal::Operator("bob".into()), id),
        command: id,
        trace: None,
        payload: event.encode(),
        digest: Digest::default(),
    }
}

fn registered() -> project::Event {
    let git_url = "/other".to_owned();
    let kind = project::ProjectKind::Existing;
    p::Registered { git_url, kind }.into()
}

#[test]
fn an_event_is_taken_at_its_time_and_time_never_goes_back() {
    for (at, now) in [(NOW.0 - 5, NOW.0), (NOW.0, NOW.0), (NOW.0 + 5, NOW.0 + 5)] {
        let mut ledger = ledger();
        let event = recorded(&ledger, "project-y", &registered(), Timestamp(at));
        ledger.take(&event).expect("it folds");
        assert_eq!(ledger.now, Timestamp(now));
        assert_eq!(ledger.projections.position, event.position);
        assert_eq!(ledger.projections.projects.len(), 2, "another project");
    }

    let mut ledger = ledger();
    let mut event = recorded(&ledger, "project-y", &registered(), NOW);
    event.kind = "project.not_known".into();
    assert!(ledger.take(&event).is_err());
}

/// Five slots, and batches of nine.
fn otherwise() -> Change {
    let otherwise = |settings: &Settings| Settings {
        batch_max: 9,
        ..settings.clone()
    };
    Change {
        slots: Some(5),
        settings: Some(Arc::new(otherwise)),
        ..Change::default()
    }
}

/// Slots and batches of a project.
fn set_up(ledger: &Ledger, name: &str) -> (u16, u16) {
    let view = ledger
        .projections
        .projects
        .get(&name.parse().expect("a name"));
    let registered = view.and_then(|view| view.registered()).expect("registered");
    (registered.target, registered.settings.batch_max)
}

#[test]
fn what_is_otherwise_stays_so_whatever_is_recorded() {
    let settings = Box::new(Settings {
        batch_max: 3,
        verify: Some("make check".into()),
        ..Settings::default()
    });
    let changed: project::Event = p::SettingsChanged { settings }.into();
    let set: project::Event = p::TargetSet { count: 1 }.into();

    let mut ledger = after(&scene(), otherwise());
    assert_eq!(set_up(&ledger, "z"), (5, 9), "from the beginning on");
    for event in [changed, set] {
        let event = recorded(&ledger, "project-z", &event, NOW);
        ledger.take(&event).expect("it folds");
        assert_eq!(set_up(&ledger, "z"), (5, 9), "{}", event.kind);
    }
    let view = ledger.projections.projects.values().next().expect("one");
    let verify = &view.registered().expect("registered").settings.verify;
    assert_eq!(verify.as_deref(), Some("make check"), "the rest is taken");

    let answer = ledger.send(&letter("project-z", target(4), 1));
    assert_eq!(kinds(&answer), ["project.target_set"]);
    assert_eq!(set_up(&ledger, "z"), (5, 9), "sent");
}

#[test]
fn nothing_is_otherwise_in_another_project() {
    let usual = Settings::default().batch_max;
    let mut first = after(&scene(), otherwise());
    let event = recorded(&first, "project-y", &registered(), NOW);
    first.take(&event).expect("it folds");
    assert_eq!(set_up(&first, "y"), (1, usual), "it was taken");

    let begins = (first.projections.clone(), NOW);
    let mut second = Ledger::after("z".parse().expect("a name"), begins, otherwise());
    assert_eq!(set_up(&second, "y"), (1, usual), "it was there before");
    let set = p::TargetSet { count: 2 }.into();
    let event = recorded(&second, "project-y", &set, NOW);
    second.take(&event).expect("it folds");
    assert_eq!(set_up(&second, "y"), (2, usual), "as it was recorded");
    assert_eq!(set_up(&second, "z"), (5, 9));
}
