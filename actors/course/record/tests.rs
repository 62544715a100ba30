//! Given what was recorded of a project, when it is read, then it is known who did what, how long
//! it took, and what came of it.

mod works;

use events::backlog::Born;
use events::container::{Exit, event as c};
use events::feature::{Content, event as f};
use events::id::{Generation, SlotNo};
use events::outcome::Outcome;

use super::*;
use crate::scene::{Scene, feature, job, session, sha};

fn name() -> ProjectName {
    "z".parse().expect("a name")
}

/// What is read of these events, from the beginning on.
fn read(events: &[Envelope]) -> Record {
    let mut reading = Record::read(name(), Projections::default(), Timestamp(0));
    for event in events {
        reading.take(event.clone()).expect("it is known");
    }
    reading.end().expect("it is known")
}

fn policy(name: &str) -> Principal {
    Principal::Policy(name.into())
}

#[test]
fn who_brought_an_event_about_is_told_by_principal_and_stream() {
    let mut scene = Scene::new();
    let registered = events::project::event::Registered {
        git_url: "/up".into(),
        kind: events::project::ProjectKind::Existing,
    };
    scene.project(registered);
    let of_session = || Principal::Session(session(1));
    let node = |name: &str| Principal::Node(name.into());
    let ann = || Principal::Operator("ann".into());

    for (by, stream, expected) in [
        (ann(), "project-z", Source::Given),
        (ann(), "feature-z/a", Source::Given),
        (of_session(), "project-z", Source::Session(session(1))),
        (of_session(), "trunk-z", Source::Session(session(1))),
        (node("engine"), "container-z/1", Source::Engine),
        (node("here"), "container-z/1", Source::Given),
        (policy("effects"), "trunk-z", Source::Effect),
        (policy("effects"), "feature-z/a", Source::Effect),
        (policy("effects"), "project-z", Source::Effect),
        (policy("dispatch"), "feature-z/a", Source::Effect),
        (policy("dispatch"), "project-z", Source::Policy),
        (policy("dispatch"), "trunk-z", Source::Policy),
        (policy("watch"), "trunk-z", Source::Given),
        (policy("retain"), "container-z/1", Source::Given),
        (policy("fleet"), "container-z/1", Source::Policy),
        (policy("engine"), "project-z", Source::Policy),
        // Whatever happens elsewhere.
        (ann(), "project-y", Source::Foreign),
        (of_session(), "feature-y/a", Source::Foreign),
        (policy("effects"), "trunk-y", Source::Foreign),
        (node("engine"), "container-y/1", Source::Foreign),
        (node("here"), "node-n", Source::Foreign),
    ] {
        let mut envelope = scene.log[0].clone();
        envelope.stream = stream.parse().expect("a stream");
        envelope.cause.principal = by;
        let by = &envelope.cause.principal;
        assert_eq!(Source::of(&envelope, &name()), expected, "{by} {stream}");
    }
}

fn said(text: &str) -> f::Commented {
    let (by, text) = ("ann".to_owned(), text.to_owned());
    f::Commented { by, text }
}

/// `a` and `b`, with three comments.
fn discussed(ids: [&str; 3]) -> Scene {
    let mut scene = Scene::running(0);
    scene.feature("a", 2).feature("b", 2);
    for id in ids {
        scene.of(id, said(id));
    }
    scene
}

#[test]
fn events_of_one_command_on_one_stream_are_one_act() {
    for (ids, commands, expected) in [
        (["a", "a", "a"], [1, 1, 1], vec![3]),
        (["a", "a", "a"], [1, 1, 2], vec![2, 1]),
        (["a", "a", "a"], [1, 2, 2], vec![1, 2]),
        (["a", "a", "a"], [1, 2, 1], vec![1, 1, 1]),
        (["a", "a", "b"], [1, 1, 1], vec![2, 1]),
        (["a", "b", "a"], [1, 1, 1], vec![1, 1, 1]),
        (["a", "b", "b"], [1, 1, 2], vec![1, 1, 1]),
    ] {
        let mut events = discussed(ids).log;
        let before = events.len() - 3;
        for (event, command) in events.iter_mut().skip(before).zip(commands) {
            event.command = CommandId([200 + command; 16]);
        }
        let record = read(&events);
        let sizes: Vec<_> = record.acts[before..]
            .iter()
            .map(|act| act.events.len())
            .collect();
        assert_eq!(sizes, expected, "{ids:?} {commands:?}");
        assert!(record.events().eq(&events), "in their order");
        assert_eq!(
            record.end.position.0,
            u64::try_from(events.len()).expect("few")
        );

        for act in &record.acts {
            let first = &act.events[0];
            assert_eq!((act.position, act.at), (first.position, first.at));
            assert_eq!((&act.stream, act.id), (&first.stream, first.command));
        }
    }
}

#[test]
fn the_command_behind_an_act_is_known_and_of_what_is_foreign_none() {
    let mut scene = discussed(["a", "b", "a"]);
    let at = scene.log.len();
    let registered = events::project::event::Registered {
        git_url: "/up".into(),
        kind: events::project::ProjectKind::Existing,
    };
    scene.add::<events::project::Event>("project-y", registered);
    let record = read(&scene.log);

    let commented = &record.acts[at - 1].command;
    let Some(AnyCommand::Feature(feature::Command::Comment { text, .. })) = commented else {
        panic!("{commented:?}");
    };
    assert_eq!(text, "a");
    assert!(record.acts[at].command.is_none());
    assert_eq!(record.acts[at].source, Source::Foreign);
    assert_eq!(record.end.projects.len(), 2, "it is folded all the same");
    assert!(!record.usual.contains_key("project.registered"));
}

#[test]
fn features_are_kept_as_they_were_made() {
    let mut scene = Scene::running(0);
    scene.feature("a", 1);
    let record = read(&scene.log);
    let expected = feature::Command::Create {
        content: Content {
            priority: 1,
            ..Content::titled("a")
        },
        batch: events::id::Digest::of(b"a"),
        blockers: vec![],
        born: Born::Open,
        comments: vec![],
    };
    assert_eq!(record.made.len(), 1);
    assert_eq!(
        format!("{:?}", record.made[&feature("a")]),
        format!("{expected:?}")
    );
}

#[test]
fn the_usual_time_is_the_middle_of_all_since_the_event_before() {
    const SECOND: i64 = 1_000_000;
    for (took, expected) in [
        ([5, 1, 9], 5),
        ([9, 9, 1], 9),
        ([1, 1, 900], 1),
        ([0, 3, 7], 3),
        // A clock that goes back is no time.
        ([4, -2, -3], 0),
    ] {
        let mut events = discussed(["a", "a", "a"]).log;
        let before = events.len() - 3;
        let mut at = events
            .iter()
            .find(|event| *event.kind == *"feature.created");
        let mut at = at.take().expect("it was made").at.0;
        for (event, took) in events.iter_mut().skip(before).zip(took) {
            at += took * SECOND;
            event.at = Timestamp(at);
        }
        let record = read(&events);
        assert_eq!(
            record.usual("feature.commented"),
            expected * SECOND,
            "{took:?}"
        );
        assert_eq!(record.usual("feature.created"), 0, "nothing was before it");
        assert_eq!(record.usual("trunk.advanced"), 0, "it never happened");
    }
}

#[test]
fn only_what_somebody_outside_did_can_be_left_out() {
    let mut scene = Scene::running(0);
    scene.feature("a", 2);
    let mut expected = vec![(0, false), (1, true), (2, true)];
    for (by, can) in [
        (Principal::Operator("ann".into()), true),
        (Principal::Session(session(1)), false),
        (policy("supervise"), false),
        (policy("effects"), false),
        (policy("watch"), true),
        (Principal::Node("engine".into()), false),
        (Principal::Node("here".into()), true),
    ] {
        scene.by(by).of("a", said("x"));
        expected.push((scene.position, can));
    }
    expected.push((scene.position + 1, false));

    // A second event of one command is not where the command begins.
    scene
        .by(Principal::Operator("ann".into()))
        .of("a", said("y"));
    scene.of("a", said("z"));
    let last = scene.log.len() - 1;
    scene.log[last].command = scene.log[last - 1].command;
    expected.pop();
    expected.extend([(scene.position - 1, true), (scene.position, false)]);
    expected.push((scene.position + 1, false));

    let record = read(&scene.log);
    for (position, can) in expected {
        assert_eq!(record.can_leave_out(Position(position)), can, "{position}");
    }
}

/// The session at slot n: sessions that began later have smaller ids.
fn at_slot(n: u16) -> SessionId {
    session(100 - u8::try_from(n).expect("few"))
}

/// A session at slot n, to its end where it has one.
fn works(scene: &mut Scene, n: u16, (role, id): (Role, Option<&str>), end: Option<Outcome>) {
    let (session, generation) = (at_slot(n), Generation(1));
    let assignment = job(&session, role, id);
    scene.slot(n, c::Assigned { assignment });
    scene.slot(n, c::StartRequested { generation });
    let engine_id = "e".to_owned();
    scene.slot(
        n,
        c::Started {
            generation,
            engine_id,
        },
    );
    let begun = session.clone();
    scene.slot(n, c::SessionStarted { session: begun });
    let Some(outcome) = end else { return };
    scene.slot(
        n,
        c::SessionEnded {
            session,
            outcome,
            exit_code: None,
            evidence: None,
            detail: String::new(),
        },
    );
    let exit = Exit::with_code(Some(0));
    scene.slot(n, c::Exited { generation, exit });
}

/// Sessions of all kinds, each at its own slot.
fn worked() -> Record {
    let mut scene = Scene::running(9);
    let (a, b) = ((Role::Coder, Some("a")), (Role::Coder, Some("b")));
    let review = (Role::Reviewer, Some("a"));
    for (n, work, end) in [
        (1, a, Some(Outcome::Completed)),
        (2, a, Some(Outcome::Interrupted)),
        (3, a, Some(Outcome::Stuck)),
        (4, b, Some(Outcome::Completed)),
        (5, a, Some(Outcome::Stopped)),
        (6, a, None),
        (7, review, Some(Outcome::Stopped)),
        (8, (Role::Initializer, None), None),
        (9, (Role::Coder, Some("d")), Some(Outcome::Stuck)),
    ] {
        works(&mut scene, n, work, end);
    }
    read(&scene.log)
}

#[test]
fn the_donor_is_the_nth_and_then_the_last_that_did_its_work() {
    let record = worked();
    for (role, id, used, expected) in [
        (Role::Coder, Some("a"), 0, Some(1)),
        (Role::Coder, Some("a"), 1, Some(2)),
        (Role::Coder, Some("a"), 2, Some(3)),
        (Role::Coder, Some("a"), 3, Some(5)),
        (Role::Coder, Some("a"), 4, Some(1)),
        (Role::Coder, Some("a"), 99, Some(1)),
        // Of this one there is none that did its work.
        (Role::Coder, Some("d"), 0, Some(9)),
        (Role::Coder, Some("d"), 1, Some(9)),
        (Role::Coder, Some("b"), 0, Some(4)),
        (Role::Coder, Some("b"), 1, Some(4)),
        (Role::Coder, Some("c"), 0, None),
        (Role::Coder, None, 0, None),
        (Role::Reviewer, Some("a"), 0, Some(7)),
        (Role::Reviewer, Some("a"), 1, None),
        (Role::Initializer, None, 0, None),
        (Role::Overseer, None, 0, None),
    ] {
        let feature = id.map(feature);
        let key = Key { role, feature };
        let donor = record.donor(&key, used).map(|(session, _)| session);
        assert_eq!(donor, expected.map(at_slot), "{key:?} after {used}");
    }
}

#[test]
fn any_of_a_role_is_one_after_the_other_whatever_it_worked_on() {
    let record = worked();
    for (role, used, expected) in [
        (Role::Coder, 0, Some(1)),
        (Role::Coder, 1, Some(4)),
        (Role::Coder, 2, Some(1)),
        (Role::Coder, 3, Some(4)),
        (Role::Coder, 7, Some(4)),
        (Role::Reviewer, 0, None),
        (Role::Initializer, 0, None),
        (Role::Verifier, 5, None),
    ] {
        let any = record.any_of(role, used).map(|(session, _)| session);
        assert_eq!(any, expected.map(at_slot), "{role:?} after {used}");
    }
}

#[test]
fn a_claim_that_expired_says_who_was_silent_and_since_when_anybody_was_heard() {
    let mut scene = Scene::running(2);
    for (id, epoch, last_seen, up_since) in [("a", 1, 30, 10), ("a", 2, 50, 40), ("b", 1, 60, 40)] {
        if epoch == 1 {
            scene.feature(id, 2);
        }
        let holder = events::holder::Holder::Slot {
            n: SlotNo(1),
            session: session(1),
        };
        let epoch = Epoch(epoch);
        scene.of(id, f::Claimed { epoch, holder });
        scene.of(
            id,
            f::ClaimExpired {
                epoch,
                last_seen,
                up_since,
            },
        );
    }

    let record = read(&scene.log);
    let silent = [("a", 1, 30), ("a", 2, 50), ("b", 1, 60)];
    let silent = silent.map(|(id, n, at)| ((feature(id), Epoch(n)), Timestamp(at)));
    assert_eq!(record.silent, BTreeMap::from(silent));
    assert_eq!(record.begun, BTreeSet::from([Timestamp(10), Timestamp(40)]));
}
