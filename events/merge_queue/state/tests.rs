//! Given events, what a queue is: what counts of what was built, what became of entries, and what
//! upstream was seen to change.

use super::*;
use crate::policy::integrate::tests::ran;
use crate::scene::{Scene, feature, sha};

fn queue(scene: &Scene) -> &MergeQueue {
    &scene.view().merge_queue.state
}

/// `a` and `b` wait, in this order.
fn scene() -> Scene {
    let mut scene = Scene::running(1);
    scene.feature("a", 2).feature("b", 2);
    scene.entered(1, "a", 1).entered(2, "b", 1);
    scene
}

fn entry(scene: &Scene, number: u64) -> &Entry {
    let mut waiting = queue(scene).waiting();
    waiting
        .find(|entry| entry.number == number)
        .expect("it waits")
}

fn changes(file: &str) -> Changes {
    Changes {
        files: vec![file.to_owned()],
        checks: vec!["Makefile".into()],
        ..Changes::default()
    }
}

fn halted(scene: &mut Scene) {
    let (reason, fault) = ("so".to_owned(), Fault::Unreachable);
    scene.queue(event::Halted { reason, fault });
}

fn dequeued(scene: &mut Scene, number: u64, paths: &[&str]) {
    scene.queue(event::Dequeued {
        entry: number,
        base: None,
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        why: "so".into(),
    });
}

fn moved(scene: &mut Scene, seen: char, file: &str) {
    scene.queue(event::UpstreamMoved {
        entry: 1,
        seen: Some(sha(seen)),
        files: vec![file.to_owned()],
    });
}

fn followed(scene: &mut Scene, to: char, file: &str) {
    scene.queue(event::Followed {
        from: None,
        to: sha(to),
        files: vec![file.to_owned()],
        accepted: None,
    });
}

#[test]
fn a_candidate_is_counted_and_what_was_red_of_the_one_before_is_forgotten() {
    let mut scene = scene();
    halted(&mut scene);
    scene.built_with(1, '0', 'c', changes("x"));
    assert_eq!(queue(&scene).halt, None, "upstream answered");
    let first = entry(&scene, 1);
    assert_eq!((first.builds, &first.changes), (1, &changes("x")));
    let evidence = ran(1);
    scene.queue(event::VerificationDoubted { entry: 1, evidence });
    assert_eq!(entry(&scene, 1).reds.len(), 1);
    assert!(queue(&scene).closed, "it is looked at by itself");

    moved(&mut scene, '1', "y");
    assert_eq!(entry(&scene, 1).candidate(), None);
    let newest = entry(&scene, 1).newest.clone();
    assert_eq!(newest.map(|newest| newest.sha), Some(sha('c')), "to read");
    scene.built(1, '1', 'd');
    let second = entry(&scene, 1);
    assert_eq!((second.builds, second.reds.len()), (2, 0));
    assert!(!second.cleared);
}

#[test]
fn an_entry_leaves_with_its_judgement() {
    let verdict = |scene: &Scene, id: &str| {
        let judged = queue(scene).judged.get(&feature(id));
        judged.map(|(_, verdict)| verdict.clone())
    };
    let why = "so".to_owned();
    let dropped = Verdict::Dropped { why: why.clone() };

    let mut second = scene();
    dequeued(&mut second, 2, &[]);
    assert_eq!(verdict(&second, "b"), Some(dropped.clone()));
    assert_eq!(verdict(&second, "a"), None);
    assert_eq!(queue(&second).queue.len(), 1);

    let mut conflict = scene();
    dequeued(&mut conflict, 1, &["x"]);
    let (paths, base) = (vec!["x".to_owned()], None);
    let expected = Verdict::Conflict { paths, base, why };
    assert_eq!(verdict(&conflict, "a"), Some(expected));

    // One that joins again has no judgement any more.
    second.entered(3, "b", 2);
    assert_eq!(verdict(&second, "b"), None);

    let evidence = ran(1);
    let mut parked = scene();
    parked.queue(event::Parked { entry: 2, evidence });
    assert_eq!(queue(&parked).parked.len(), 1);
    dequeued(&mut parked, 2, &[]);
    assert_eq!(queue(&parked).parked.len(), 0);
    assert_eq!(verdict(&parked, "b"), Some(dropped));
}

#[test]
fn each_held_entry_is_let_go_by_its_number() {
    let protected = |path: &str| Changes {
        protected: vec![path.to_owned()],
        ..Changes::default()
    };
    let held = || {
        let mut scene = scene();
        for (number, path) in [(1, "Makefile"), (2, "Cargo.toml")] {
            scene.built_with(number, '0', 'c', protected(path));
            scene.queue(event::Held { entry: number });
        }
        scene
    };
    let by = || "me".to_owned();

    let mut approved = held();
    approved.queue(event::ChangeApproved { entry: 2, by: by() });
    let front = queue(&approved).front().expect("it joins again");
    assert_eq!(
        (front.number, &front.approved[..]),
        (2, &["Cargo.toml".to_owned()][..])
    );
    assert_eq!(queue(&approved).held[0].number, 1);

    let mut refused = held();
    let why = "no".to_owned();
    refused.queue(event::ChangeRefused {
        entry: 2,
        by: by(),
        why: why.clone(),
    });
    let paths = vec!["Cargo.toml".to_owned()];
    let (_, verdict) = &queue(&refused).judged[&feature("b")];
    assert_eq!(*verdict, Verdict::Refused { paths, why });

    let mut dropped = held();
    dequeued(&mut dropped, 2, &[]);
    let left: Vec<_> = queue(&dropped)
        .held
        .iter()
        .map(|held| held.number)
        .collect();
    assert_eq!(left, [1]);
}

#[test]
fn what_upstream_got_is_known_by_path_and_by_feature() {
    let mut scene = scene();
    let touched = |scene: &Scene, path: &str| queue(scene).touched.get(path).copied();
    moved(&mut scene, '1', "moved");
    assert_eq!(touched(&scene, "moved"), Some(Position(scene.position)));
    followed(&mut scene, '2', "followed");
    assert_eq!(touched(&scene, "followed"), Some(Position(scene.position)));

    scene.built_with(1, '2', 'c', changes("merged"));
    let evidence = ran(0);
    scene.queue(event::Verified { entry: 1, evidence });
    let (from, to) = (Some(sha('2')), sha('c'));
    scene.queue(event::Advanced { entry: 1, from, to });
    let at = Position(scene.position);
    assert_eq!(touched(&scene, "merged"), Some(at));
    let landed = Landed {
        at,
        files: vec!["merged".into()],
        proof: Some(Proof::Verified),
        checks: vec!["Makefile".into()],
    };
    assert_eq!(queue(&scene).landed.get(&feature("a")), Some(&landed));
    assert_eq!(queue(&scene).head, Some(sha('c')));
    assert_eq!(queue(&scene).moved, scene.now());
}

#[test]
fn nothing_that_was_built_counts_on_another_trunk() {
    type Move = fn(&mut Scene);
    let moves: [Move; 2] = [
        |scene| moved(scene, '1', "x"),
        |scene| followed(scene, '1', "x"),
    ];
    for (n, moves) in moves.into_iter().enumerate() {
        let mut scene = scene();
        scene.built(1, '0', 'c').built(2, 'c', 'd');
        let why = "so".to_owned();
        scene.queue(event::BatchClosed { entry: 2, why });
        halted(&mut scene);
        moves(&mut scene);
        let queue = queue(&scene);
        let built = queue.queue.iter().filter_map(Entry::candidate).count();
        assert_eq!((built, queue.closed), (0, false));
        assert_eq!(queue.halt, None, "it answered");
        assert_eq!(queue.queue[0].moves, u32::from(n == 0));
    }
}

#[test]
fn a_word_of_a_person_gives_verifiers_a_fresh_start() {
    let mut scene = scene();
    scene.built(1, '0', 'c');
    for _ in 0..3 {
        scene.queue(event::VerificationLapsed {
            entry: 1,
            session: crate::scene::session(8),
            outcome: crate::outcome::Outcome::Failed,
        });
    }
    assert!(entry(&scene, 1).lapses.is_spent());
    scene.red_head(crate::id::Digest::of(b"terms"));
    halted(&mut scene);
    scene.queue(event::Unhalted {});
    let queue = queue(&scene);
    assert_eq!(queue.halt, None);
    assert!(!entry(&scene, 1).lapses.is_spent());
    let red = queue.health.red.as_ref().expect("it is red still");
    assert!(red.asked, "it is looked at, at once");
}

#[test]
fn trouble_in_a_row_is_counted_from_the_last() {
    let mut scene = scene();
    for attempts in 1..=2 {
        halted(&mut scene);
        let halt = queue(&scene).halt.clone().expect("it waits");
        assert_eq!((halt.attempts, halt.at), (attempts, scene.now()));
    }
    scene.queue(event::Unhalted {});
    halted(&mut scene);
    let halt = queue(&scene).halt.clone().expect("it waits");
    assert_eq!(halt.attempts, 1);
}

#[test]
fn collisions_are_those_of_this_work_on_this_trunk() {
    let collision = |id: &str, epoch, path: &str| event::Collision {
        feature: feature(id),
        epoch: Epoch(epoch),
        paths: vec![path.to_owned()],
    };
    let mut scene = scene();
    let collisions = vec![collision("b", 1, "y"), collision("a", 1, "x")];
    scene.queue(Probed {
        base: sha('0'),
        collisions,
    });
    let found = |scene: &Scene, id: &str, epoch| -> Vec<String> {
        let queue = queue(scene);
        queue.collisions(&feature(id), Epoch(epoch)).to_vec()
    };
    assert_eq!(found(&scene, "a", 1), ["x"]);
    assert_eq!(found(&scene, "b", 1), ["y"]);
    assert_eq!(found(&scene, "a", 2), [""; 0], "other work");
    followed(&mut scene, '1', "z");
    assert_eq!(found(&scene, "a", 1), [""; 0], "another trunk");
}

#[test]
fn a_batch_that_was_red_is_halved_until_one_is_judged() {
    let mut scene = Scene::running(1);
    let ids = ["a", "b", "c", "d"];
    let commits = ['c', 'd', 'e', 'f'];
    for (id, number) in ids.into_iter().zip(1..) {
        scene.feature(id, 2).entered(number, id, 1);
    }
    let mut below = '0';
    for (commit, number) in commits.into_iter().zip(1..) {
        scene.built(number, below, commit);
        below = commit;
    }
    assert_eq!(queue(&scene).batched(), 4);

    let evidence = ran(1);
    scene.queue(event::VerificationFailed {
        entry: 4,
        evidence: evidence.clone(),
    });
    let halved = queue(&scene);
    assert_eq!((halved.batched(), halved.suspects), (2, 4));
    assert!(halved.closed, "what holds a culprit is joined by nobody");
    scene.queue(event::VerificationFailed {
        entry: 2,
        evidence: evidence.clone(),
    });
    assert_eq!((queue(&scene).batched(), queue(&scene).suspects), (1, 2));
    scene.queue(event::VerificationFailed { entry: 1, evidence });
    let judged = queue(&scene);
    assert_eq!((judged.queue.len(), judged.suspects), (3, 0));
    assert!(!judged.closed);
}

#[test]
fn a_suspect_that_leaves_is_none_any_more() {
    let halved = || {
        let mut scene = scene();
        scene.built(1, '0', 'c').built(2, 'c', 'd');
        let evidence = ran(1);
        scene.queue(event::VerificationFailed { entry: 2, evidence });
        scene.entered(3, "late", 1);
        scene
    };
    for (number, suspects) in [(1, 1), (2, 1), (3, 2)] {
        let mut scene = halved();
        dequeued(&mut scene, number, &[]);
        assert_eq!(queue(&scene).suspects, suspects, "without {number}");
    }
}

#[test]
fn what_stands_on_an_entry_that_leaves_is_built_anew() {
    for (number, built) in [
        (1, vec![]),
        (2, vec![1]),
        (3, vec![1, 2]),
        (4, vec![1, 2, 3]),
    ] {
        let mut scene = scene();
        scene.entered(3, "c", 1).entered(4, "d", 1);
        scene
            .built(1, '0', 'c')
            .built(2, 'c', 'd')
            .built(3, 'd', 'e');
        let why = "so".to_owned();
        scene.queue(event::BatchClosed { entry: 3, why });
        dequeued(&mut scene, number, &[]);
        let queue = queue(&scene);
        let left = queue
            .queue
            .iter()
            .filter(|entry| entry.candidate().is_some());
        let left: Vec<_> = left.map(|entry| entry.number).collect();
        assert_eq!(left, built, "without {number}");
        assert!(!queue.closed, "without {number}");
    }
}

#[test]
fn what_leaves_behind_a_batch_changes_nothing_of_it() {
    let mut scene = scene();
    scene.entered(3, "c", 1).entered(4, "d", 1);
    scene.built(1, '0', 'c').built(2, 'c', 'd');
    let why = "so".to_owned();
    scene.queue(event::BatchClosed { entry: 2, why });
    let evidence = ran(0);
    scene.queue(event::Verified { entry: 2, evidence });

    let verified = |scene: &Scene| {
        let stages = queue(scene).queue.iter().map(|entry| &entry.stage);
        let verified = stages.filter(|stage| matches!(stage, Stage::Verified { .. }));
        verified.count()
    };
    dequeued(&mut scene, 4, &[]);
    assert_eq!((verified(&scene), queue(&scene).closed), (2, true));
    dequeued(&mut scene, 3, &[]);
    assert_eq!(verified(&scene), 2, "it is what was verified");
}

#[test]
fn a_batch_is_what_stands_on_the_trunk_without_a_gap() {
    let mut gap = scene();
    gap.built(1, '0', 'c').built(2, '9', 'd');
    assert_eq!(queue(&gap).batched(), 1);
    assert_eq!(queue(&gap).tip().map(|tip| tip.number), Some(1));

    // On a red trunk everything waits by itself.
    let mut red = scene();
    red.built(1, '0', 'c');
    assert_eq!(queue(&red).joins(8).map(|next| next.number), Some(2));
    red.red_head(crate::id::Digest::of(b"terms"));
    assert_eq!(queue(&red).joins(8), None);
}
