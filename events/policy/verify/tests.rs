//! Given a merge queue, what is verified next and on which command: the bare head, or the front.

use super::*;
use crate::id::{SlotNo, Timestamp};
use crate::lapses::GONE_MAX;
use crate::merge_queue::Changes;
use crate::merge_queue::event as q;
use crate::outcome::Outcome;
use crate::own_time::OwnTime;
use crate::policy::integrate::tests::ran;
use crate::policy::tests::at;
use crate::policy::{Observed, backoff_ms};
use crate::scene::{Scene, session, sha};

const NONE: [&str; 0] = [];
const ENTRY: &str = "trunk-z StartVerification";
const HEAD: &str = "trunk-z StartHeadVerification";
const OWN: &str = "make test";

fn named(scene: &Scene) -> Vec<String> {
    scene.named("dispatch", &at(10_000))
}

/// An approved feature whose candidate is built.
fn built() -> Scene {
    let mut scene = Scene::running(2);
    scene.feature("a", 2).approved("a", 1).entered(1, "a", 1);
    scene.built(1, '0', 'c');
    scene
}

fn settings(verify: Option<&str>) -> Settings {
    Settings {
        verify: verify.map(str::to_owned),
        ..Settings::default()
    }
}

fn started(scene: &mut Scene, command: &str) {
    let terms = terms(&settings(Some(command)), command);
    scene.queue(q::VerificationStarted {
        entry: 1,
        slot_session: SlotSession {
            n: SlotNo(1),
            session: session(8),
        },
        terms: Some(terms),
    });
}

fn doubted(scene: &mut Scene) {
    started(scene, OWN);
    let evidence = ran(1);
    scene.queue(q::VerificationDoubted { entry: 1, evidence });
}

#[test]
fn what_is_built_is_verified_on_its_terms_while_slot_and_project_are_the_same() {
    let scene = built();
    let tells = scene.tells("dispatch", &at(10_000));
    assert_eq!(tells.len(), 1);
    let told = format!("{:?}", tells[0].command);
    let terms = terms(&settings(Some(OWN)), OWN);
    assert!(told.contains("StartVerification"), "{told}");
    assert!(told.contains(&format!("{terms:?}")), "{told}");

    let streams: [StreamId; 2] =
        ["project-z", "container-z/1"].map(|name| name.parse().expect("stream"));
    let given = streams.map(|stream| (stream.clone(), scene.version(&stream)));
    assert_eq!(tells[0].preconditions, given);
}

#[test]
fn only_what_is_whole_and_needs_nobody_is_verified() {
    let mut queued = Scene::running(2);
    queued.feature("a", 2).approved("a", 1).entered(1, "a", 1);
    assert_eq!(named(&queued), NONE, "nothing is built");

    let mut running = built();
    started(&mut running, OWN);
    assert_eq!(named(&running), NONE, "a verifier is at it");
    let mut red = built();
    red.red_head(Digest::of(b"other terms"));
    assert_eq!(named(&red), [HEAD]);
    started(&mut red, OWN);
    assert_eq!(named(&red), NONE, "it, and not the head beside it");

    let mut verified = built();
    let evidence = ran(0);
    verified.queue(q::Verified { entry: 1, evidence });
    assert_eq!(named(&verified), NONE, "it is verified");

    let mut held = Scene::running(2);
    held.feature("a", 2).approved("a", 1).entered(1, "a", 1);
    let protected = vec!["Makefile".to_owned()];
    let changes = Changes {
        protected,
        ..Changes::default()
    };
    held.built_with(1, '0', 'c', changes);
    assert_eq!(named(&held), NONE, "a person has to see it");

    let mut growing = built();
    growing.settings(Settings {
        batch_max: 2,
        ..settings(Some(OWN))
    });
    assert_eq!(named(&growing), [ENTRY]);
    growing.feature("b", 2).approved("b", 1).entered(2, "b", 1);
    assert_eq!(named(&growing), NONE, "another joins it first");
}

#[test]
fn a_red_candidate_has_the_bare_head_verified_before_it_is_verified_again() {
    let mut scene = built();
    doubted(&mut scene);
    assert_eq!(named(&scene), [HEAD]);
    let head = sha('0');
    let slot_session = SlotSession {
        n: SlotNo(1),
        session: session(8),
    };
    scene.queue(q::HeadVerificationStarted {
        head: head.clone(),
        slot_session,
        terms: terms(&settings(Some(OWN)), OWN),
    });
    assert_eq!(named(&scene), NONE, "one at a time");
    let evidence = ran(0);
    scene.queue(q::HeadVerified { head, evidence });
    assert_eq!(named(&scene), [ENTRY]);
}

/// A red head is looked at after a pause, and at once on other terms.
#[test]
fn a_red_head_is_verified_again_when_it_is_due() {
    let mut scene = Scene::running(2);
    scene.red_head(terms(&settings(Some(OWN)), OWN));
    let look = |scene: &Scene, now| {
        let observed = Observed {
            now,
            own: OwnTime::new(now, &[], &[]),
            ..at(0)
        };
        scene.named("dispatch", &observed)
    };
    let red = scene.view().merge_queue.state.health.red.clone();
    let due = red
        .expect("red")
        .next_probe(&OwnTime::new(scene.now(), &[], &[]));
    assert_eq!(look(&scene, Timestamp(due.0 - 1)), NONE);
    assert_eq!(look(&scene, due), [HEAD]);

    scene.settings(settings(Some("make other")));
    assert_eq!(look(&scene, scene.now()), [HEAD], "on other terms");
    scene.settings(settings(None));
    assert_eq!(look(&scene, due), NONE, "with nothing");
}

#[test]
fn verifiers_that_vanish_are_tried_again_after_a_pause_and_not_for_ever() {
    let (session, outcome) = (session(8), Outcome::Lost);
    let of_entry = q::Event::from(q::VerificationLapsed {
        entry: 1,
        session: session.clone(),
        outcome,
    });
    let of_head = q::HeadVerificationLapsed { session, outcome }.into();
    let mut doubtful = built();
    doubted(&mut doubtful);

    for (mut scene, lapsed, command) in [(built(), of_entry, ENTRY), (doubtful, of_head, HEAD)] {
        let look = |scene: &Scene, now| scene.named("dispatch", &Observed { now, ..at(0) });
        scene.queue(lapsed.clone());
        let rested = scene.now().plus_ms(backoff_ms(1));
        assert_eq!(look(&scene, Timestamp(rested.0 - 1)), NONE);
        assert_eq!(look(&scene, rested), [command]);
        for _ in 1..GONE_MAX {
            scene.queue(lapsed.clone());
        }
        assert_eq!(named(&scene), NONE, "{command}");
    }
}

#[test]
fn the_head_is_verified_with_what_the_project_says_or_the_work_that_waits_suggests() {
    let suggested = |scene: &mut Scene, entry, id: &str, base, to, command: &str| {
        scene.feature(id, 2).approved(id, 1).entered(entry, id, 1);
        let changes = Changes {
            detected: Some(command.to_owned()),
            ..Changes::default()
        };
        scene.built_with(entry, base, to, changes);
    };
    let command = |scene: &Scene| {
        let registered = scene.view().registered().expect("registered");
        of_head(registered, &scene.view().merge_queue.state).map(str::to_owned)
    };

    let mut scene = Scene::running(2);
    suggested(&mut scene, 1, "a", '0', 'c', "npm test");
    assert_eq!(command(&scene).as_deref(), Some(OWN));
    scene.settings(settings(None));
    assert_eq!(command(&scene), None, "nothing is in doubt");
    doubted(&mut scene);
    assert_eq!(command(&scene).as_deref(), Some("npm test"));

    let evidence = ran(1);
    scene.queue(q::Parked { entry: 1, evidence });
    let parked = command(&scene);
    assert_eq!(parked.as_deref(), Some("npm test"), "it waits for the head");
}
