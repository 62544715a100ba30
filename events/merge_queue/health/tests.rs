//! Given verifications of work and of the bare head, what is known of the trunk: whose fault a red
//! tree is, and what waits for a green head.

use super::*;
use crate::aggregate::Aggregate;
use crate::codec::EventCodec;
use crate::merge_queue::Changes;
use crate::outcome::Outcome;
use crate::policy::integrate::tests::ran;
use crate::scene::{Scene, session, sha};

fn queue(scene: &Scene) -> &MergeQueue {
    &scene.view().merge_queue.state
}

fn terms(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn slot_session() -> SlotSession {
    SlotSession {
        n: crate::id::SlotNo(1),
        session: session(8),
    }
}

/// `a` waits, and is built.
fn scene() -> Scene {
    let mut scene = Scene::running(1);
    scene.feature("a", 2).entered(1, "a", 1).built(1, '0', 'c');
    scene
}

fn verifying(scene: &mut Scene, named: &str) {
    scene.queue(event::VerificationStarted {
        entry: 1,
        slot_session: slot_session(),
        terms: Some(terms(named)),
    });
}

fn doubted(scene: &mut Scene, named: &str) {
    verifying(scene, named);
    let evidence = ran(1);
    scene.queue(event::VerificationDoubted { entry: 1, evidence });
}

/// The bare head was verified on these terms.
fn head(scene: &mut Scene, named: &str, exit: i32) {
    let head = queue(scene).head.clone().expect("a head");
    scene.queue(event::HeadVerificationStarted {
        head: head.clone(),
        slot_session: slot_session(),
        terms: terms(named),
    });
    let evidence = ran(exit);
    match exit {
        0 => scene.queue(event::HeadVerified { head, evidence }),
        _ => scene.queue(event::HeadFailed { head, evidence }),
    };
}

fn followed(scene: &mut Scene, to: char) {
    scene.queue(event::Followed {
        from: None,
        to: sha(to),
        files: vec![],
        accepted: None,
    });
}

/// The names of what is recorded, or the code of the refusal.
fn said(scene: &Scene, command: &Command) -> String {
    use crate::aggregate::Refusal as _;
    match queue(scene).decide(command, Timestamp(0)) {
        Ok(events) => {
            let names: Vec<_> = events.iter().map(|event| event.kind().name).collect();
            names.join(" + ")
        }
        Err(refusal) => refusal.code().to_owned(),
    }
}

fn red_again(scene: &mut Scene, named: &str) -> String {
    verifying(scene, named);
    let command = Command::RecordVerification {
        entry: 1,
        session: Some(session(8)),
        evidence: ran(1),
    };
    said(scene, &command)
}

#[test]
fn a_red_tree_is_the_works_fault_only_beside_a_green_head() {
    let first = red_again(&mut scene(), "t");
    assert_eq!(first, "trunk.verification_doubted", "once is no judgement");

    let mut unlooked = scene();
    doubted(&mut unlooked, "t");
    assert!(queue(&unlooked).is_head_in_doubt());
    let again = red_again(&mut unlooked, "t");
    assert_eq!(again, "trunk.verification_doubted", "nobody saw the head");

    let mut green = scene();
    doubted(&mut green, "t");
    head(&mut green, "t", 0);
    assert!(!queue(&green).is_head_in_doubt());
    let again = red_again(&mut green, "t");
    assert_eq!(again, "trunk.verification_failed");
}

/// Another candidate is another tree: its first red is no judgement again.
#[test]
fn another_candidate_is_judged_anew() {
    let mut scene = scene();
    doubted(&mut scene, "t");
    head(&mut scene, "t", 0);
    assert!(queue(&scene).front().is_some_and(|front| front.cleared));
    scene.built(1, '0', 'd');
    assert!(!queue(&scene).front().is_some_and(|front| front.cleared));
    assert_eq!(red_again(&mut scene, "t"), "trunk.verification_doubted");
}

#[test]
fn a_red_tree_on_a_red_trunk_waits_for_the_trunk() {
    let mut red = scene();
    head(&mut red, "t", 1);
    assert_eq!(red_again(&mut red, "t"), "trunk.parked");

    let mut other_terms = scene();
    head(&mut other_terms, "other", 1);
    let seen = red_again(&mut other_terms, "t");
    assert_eq!(seen, "trunk.verification_doubted");

    let mut other_head = scene();
    head(&mut other_head, "t", 1);
    followed(&mut other_head, '1');
    other_head.built(1, '1', 'd');
    let seen = red_again(&mut other_head, "t");
    assert_eq!(seen, "trunk.verification_doubted");
}

/// A command that upstream does not suggest cannot have been red there.
#[test]
fn work_with_a_command_of_its_own_is_judged_by_itself() {
    let own = Changes {
        suggests_anew: true,
        ..Changes::default()
    };
    let mut scene = Scene::running(1);
    scene.feature("a", 2).entered(1, "a", 1);
    scene.built_with(1, '0', 'c', own);
    assert_eq!(red_again(&mut scene, "t"), "trunk.verification_doubted");
    doubted(&mut scene, "t");
    assert!(!queue(&scene).is_head_in_doubt());
    assert_eq!(red_again(&mut scene, "t"), "trunk.verification_failed");
    let mut red = scene;
    head(&mut red, "t", 1);
    assert_eq!(red_again(&mut red, "t"), "trunk.verification_failed");
}

#[test]
fn an_upstream_without_a_commit_has_no_head_in_doubt() {
    let mut scene = Scene::running(1);
    let branch = "main".to_owned();
    scene.queue(event::Opened { branch, head: None });
    scene.feature("a", 2).entered(1, "a", 1);
    let candidate = crate::merge_queue::Candidate {
        base: None,
        sha: sha('c'),
        tree: sha('e'),
    };
    scene.queue(event::CandidateBuilt {
        entry: 1,
        candidate,
        changes: Changes::default(),
    });
    doubted(&mut scene, "t");
    assert!(!queue(&scene).is_head_in_doubt());
    assert_eq!(red_again(&mut scene, "t"), "trunk.verification_failed");
}

#[test]
fn a_batch_that_is_red_is_halved_whatever_the_head_is() {
    let mut scene = scene();
    scene.feature("b", 2).entered(2, "b", 1).built(2, 'c', 'd');
    scene.queue(event::VerificationStarted {
        entry: 2,
        slot_session: slot_session(),
        terms: Some(terms("t")),
    });
    let command = Command::RecordVerification {
        entry: 2,
        session: Some(session(8)),
        evidence: ran(1),
    };
    assert_eq!(said(&scene, &command), "trunk.verification_failed");
}

#[test]
fn the_head_is_red_from_the_first_sight_to_a_green_one() {
    let mut scene = Scene::running(1);
    head(&mut scene, "t", 1);
    let since = scene.now();
    let red = |scene: &Scene| queue(scene).health.red.clone().expect("it is red");
    assert_eq!((red(&scene).since, red(&scene).probes), (since, 0));
    head(&mut scene, "t", 1);
    let again = red(&scene);
    assert_eq!(
        (again.since, again.at, again.probes),
        (since, scene.now(), 1)
    );
    head(&mut scene, "t", 0);
    assert_eq!(queue(&scene).health.red, None);
    let green = queue(&scene).health.green.clone().expect("it is green");
    assert_eq!((green.commit, green.terms), (sha('0'), Some(terms("t"))));
}

#[test]
fn what_was_seen_of_an_earlier_head_says_nothing_of_this_one() {
    for exit in [0, 1] {
        let mut scene = scene();
        head(&mut scene, "t", 1);
        let before = queue(&scene).health.red.clone();
        let started = event::HeadVerificationStarted {
            head: sha('0'),
            slot_session: slot_session(),
            terms: terms("t"),
        };
        scene.queue(started);
        doubted(&mut scene, "t");
        followed(&mut scene, '1');
        let (head, evidence) = (sha('0'), ran(exit));
        match exit {
            0 => scene.queue(event::HeadVerified { head, evidence }),
            _ => scene.queue(event::HeadFailed { head, evidence }),
        };
        let health = &queue(&scene).health;
        assert_eq!(health.checking, None);
        let red = health.red.as_ref().expect("it was red");
        assert_eq!(Some(red.at), before.map(|red| red.at), "{exit}");
        let cleared = queue(&scene).front().is_some_and(|front| front.cleared);
        assert!(!cleared);
    }
}

fn parked() -> Scene {
    let mut scene = scene();
    doubted(&mut scene, "t");
    head(&mut scene, "t", 1);
    let evidence = ran(1);
    scene.queue(event::Parked { entry: 1, evidence });
    scene
}

#[test]
fn what_waits_for_the_trunk_joins_again_when_something_may_have_mended_it() {
    let waits = |scene: &Scene| queue(scene).parked.len();
    assert_eq!((waits(&parked()), queue(&parked()).queue.len()), (1, 0));
    assert_eq!(queue(&parked()).parked[0].reds.len(), 0);

    type Step = fn(&mut Scene);
    let steps: [(&str, Step, usize); 6] = [
        ("green", |scene| head(scene, "t", 0), 0),
        ("red again", |scene| head(scene, "t", 1), 1),
        ("red on other terms", |scene| head(scene, "other", 1), 0),
        ("moved", |scene| followed(scene, '1'), 0),
        (
            "given up",
            |scene| {
                scene.queue(event::RedEnded { why: "so".into() });
            },
            0,
        ),
        (
            "a look that vanished",
            |scene| {
                scene.queue(event::HeadVerificationLapsed {
                    session: session(8),
                    outcome: Outcome::Lost,
                });
            },
            1,
        ),
    ];
    for (name, step, left) in steps {
        let mut scene = parked();
        step(&mut scene);
        assert_eq!(waits(&scene), left, "{name}");
    }
    let mut ended = parked();
    ended.queue(event::RedEnded { why: "so".into() });
    assert_eq!(queue(&ended).health.red, None);
}

#[test]
fn an_entry_that_waits_leaves_the_others_as_they_were_built_below_it() {
    let mut scene = scene();
    scene.feature("b", 2).entered(2, "b", 1).built(2, 'c', 'd');
    let evidence = ran(1);
    scene.queue(event::Parked { entry: 2, evidence });
    assert_eq!(queue(&scene).parked[0].number, 2);
    assert_eq!(queue(&scene).batched(), 1, "the first stands still");

    let mut first = self::scene();
    first.feature("b", 2).entered(2, "b", 1).built(2, 'c', 'd');
    let evidence = ran(1);
    first.queue(event::Parked { entry: 1, evidence });
    assert_eq!(queue(&first).batched(), 0, "what stood on it");
}

#[test]
fn red_runs_on_other_terms_say_nothing() {
    for (named, exit, reds) in [("t", 0, 1), ("other", 0, 0), ("other", 1, 0)] {
        let mut scene = scene();
        doubted(&mut scene, "t");
        head(&mut scene, named, exit);
        let front = queue(&scene).front().expect("it waits");
        assert_eq!(front.reds.len(), reds, "{named}, {exit}");
        assert_eq!(front.cleared, reds == 1 && exit == 0);
    }
}

#[test]
fn a_red_trunk_that_moves_is_looked_at_and_is_green_where_it_is_known_to_be() {
    let mut moved = Scene::running(1);
    head(&mut moved, "t", 1);
    followed(&mut moved, '1');
    let red = queue(&moved).health.red.clone().expect("nobody looked");
    assert!(red.asked);
    let own = OwnTime::new(moved.now(), &[], &[]);
    assert_eq!(red.next_probe(&own), red.at, "at once");
    let unasked = Red {
        asked: false,
        ..red
    };
    assert!(unasked.next_probe(&own) > unasked.at);

    // Its own candidate was green, on the same terms or on others.
    for (named, is_red) in [("t", false), ("other", true)] {
        let mut scene = scene();
        head(&mut scene, "t", 1);
        verifying(&mut scene, named);
        let evidence = ran(0);
        scene.queue(event::Verified { entry: 1, evidence });
        let (from, to) = (Some(sha('0')), sha('c'));
        scene.queue(event::Advanced { entry: 1, from, to });
        assert_eq!(queue(&scene).health.red.is_some(), is_red, "{named}");
    }
}

#[test]
fn a_tree_that_is_red_and_then_green_is_counted() {
    let mut scene = scene();
    let verified = |scene: &mut Scene| {
        let evidence = ran(0);
        scene.queue(event::Verified { entry: 1, evidence });
    };
    verified(&mut scene);
    assert_eq!(queue(&scene).health.flakes, Flakes::default());
    let mut flaky = self::scene();
    doubted(&mut flaky, "t");
    verified(&mut flaky);
    let flakes = queue(&flaky).health.flakes.clone();
    let last = flakes.last.expect("it is known");
    assert_eq!((flakes.count, last.entry, last.exit), (1, 1, 1));
    assert_eq!(last.at, flaky.now());
}

#[test]
fn evidence_of_the_head_counts_of_who_was_asked() {
    let mut scene = Scene::running(1);
    let started = event::HeadVerificationStarted {
        head: sha('0'),
        slot_session: slot_session(),
        terms: terms("t"),
    };
    let record = |n, evidence| Command::RecordHeadVerification {
        session: session(n),
        evidence,
    };
    assert_eq!(said(&scene, &record(8, ran(0))), "not_verifier", "nobody");
    scene.queue(started);
    assert_eq!(said(&scene, &record(8, ran(0))), "trunk.head_verified");
    assert_eq!(said(&scene, &record(8, ran(1))), "trunk.head_failed");
    assert_eq!(said(&scene, &record(7, ran(0))), "not_verifier");
    let nothing = record(8, Evidence::NoneConfigured);
    assert_eq!(said(&scene, &nothing), "not_verifier");
    let Evidence::Ran {
        tree,
        command,
        exit,
        log,
        tail,
        ..
    } = ran(0)
    else {
        panic!("it ran");
    };
    let session = session(7);
    let others = Evidence::Ran {
        tree,
        command,
        exit,
        log,
        session,
        tail,
    };
    assert_eq!(said(&scene, &record(8, others)), "not_verifier");
}

/// What is red together with its head waits for it, on the terms that it was red on.
#[test]
fn a_head_that_is_red_as_well_parks_what_was_red() {
    for (named, expected) in [
        ("t", "trunk.head_failed + trunk.parked"),
        ("other", "trunk.head_failed"),
    ] {
        let mut scene = scene();
        doubted(&mut scene, "t");
        scene.queue(event::HeadVerificationStarted {
            head: sha('0'),
            slot_session: slot_session(),
            terms: terms(named),
        });
        let record = |exit| Command::RecordHeadVerification {
            session: session(8),
            evidence: ran(exit),
        };
        assert_eq!(said(&scene, &record(1)), expected);
        assert_eq!(said(&scene, &record(0)), "trunk.head_verified");
    }
}

#[test]
fn a_red_trunk_ends_where_there_is_one() {
    let end = Command::EndRed { why: "so".into() };
    assert_eq!(said(&scene(), &end), "wrong_stage");
    let mut red = scene();
    head(&mut red, "t", 1);
    assert_eq!(said(&red, &end), "trunk.red_ended");
    let mut waiting = scene();
    let evidence = ran(1);
    waiting.queue(event::Parked { entry: 1, evidence });
    assert_eq!(said(&waiting, &end), "trunk.red_ended");
}

#[test]
fn a_person_has_a_red_trunk_looked_at_once() {
    let mut scene = Scene::running(1);
    assert!(!queue(&scene).waits_for_a_look());
    head(&mut scene, "t", 1);
    assert!(queue(&scene).waits_for_a_look());
    scene.queue(event::Unhalted {});
    assert!(!queue(&scene).waits_for_a_look(), "it was asked already");
    for _ in 0..crate::lapses::GONE_MAX {
        scene.queue(event::HeadVerificationLapsed {
            session: session(8),
            outcome: Outcome::Lost,
        });
    }
    assert!(queue(&scene).waits_for_a_look(), "nobody looks any more");
    scene.queue(event::Unhalted {});
    assert_eq!(queue(&scene).health.lapses, Lapses::default());
}
