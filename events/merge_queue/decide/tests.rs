//! Given a queue, when a word about another entry, base, session or tree, then it is not taken.

use super::*;
use crate::codec::EventCodec;
use crate::holder::SlotSession;
use crate::id::{Digest, Epoch};
use crate::merge_queue::Fault;
use crate::policy::integrate::tests::ran;
use crate::scene::{Scene, feature, session, sha};
use crate::settings::Settings;

fn queue(scene: &Scene) -> &MergeQueue {
    &scene.view().merge_queue.state
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

/// `a` and `b` wait, in this order.
fn scene() -> Scene {
    let mut scene = Scene::running(1);
    scene.settings(Settings {
        batch_max: 8,
        ..Settings::default()
    });
    scene.feature("a", 2).feature("b", 2);
    scene.entered(1, "a", 1).entered(2, "b", 1);
    scene
}

fn verifying(scene: &mut Scene, entry: u64) {
    scene.queue(event::VerificationStarted {
        entry,
        slot_session: SlotSession {
            n: crate::id::SlotNo(1),
            session: session(8),
        },
        terms: Some(Digest::of(b"terms")),
    });
}

fn halted(scene: &mut Scene, fault: Fault) {
    let reason = "so".to_owned();
    scene.queue(event::Halted { reason, fault });
}

fn candidate(base: char, to: char) -> Candidate {
    Candidate {
        base: Some(sha(base)),
        sha: sha(to),
        tree: sha('e'),
    }
}

fn record(entry: u64, base: char, changes: Changes) -> Command {
    Command::RecordCandidate {
        entry,
        candidate: candidate(base, 'd'),
        changes,
        asked: true,
    }
}

fn protected(path: &str) -> Changes {
    let protected = vec![path.to_owned()];
    Changes {
        protected,
        ..Changes::default()
    }
}

#[test]
fn a_candidate_stands_on_what_is_below_it() {
    let plain = Changes::default;
    let front = scene();
    let mut joined = scene();
    joined.built(1, '0', 'c');

    for (scene, entry, base, expected) in [
        (&front, 1, '0', "trunk.candidate_built"),
        (&front, 1, '9', "wrong_stage"),
        (&front, 2, '0', "not_front"),
        (&joined, 2, 'c', "trunk.candidate_built"),
        (&joined, 2, '0', "wrong_stage"),
        (&joined, 1, 'c', "wrong_stage"),
        (&joined, 3, 'c', "not_front"),
    ] {
        let command = record(entry, base, plain());
        assert_eq!(said(scene, &command), expected, "{entry} on {base}");
    }
}

#[test]
fn what_a_person_has_to_see_joins_no_batch_until_that_was_seen() {
    let mut scene = scene();
    let front = record(1, '0', protected("Makefile"));
    assert_eq!(said(&scene, &front), "trunk.candidate_built");

    let mut joined = self::scene();
    joined.built(1, '0', 'c');
    let next = record(2, 'c', protected("Makefile"));
    assert_eq!(said(&joined, &next), "trunk.batch_closed");

    // The same paths were approved before, and others were not.
    scene.built_with(1, '0', 'c', protected("Makefile"));
    scene.queue(event::Held { entry: 1 });
    let by = "me".to_owned();
    scene.queue(event::ChangeApproved { entry: 1, by });
    scene.built(2, '0', 'c');
    let seen = record(1, 'c', protected("Makefile"));
    assert_eq!(said(&scene, &seen), "trunk.candidate_built");
    let other = record(1, 'c', protected("Cargo.toml"));
    assert_eq!(said(&scene, &other), "trunk.batch_closed");
}

#[test]
fn a_look_that_was_taken_before_upstream_moved_says_nothing() {
    let conflict = |base: char, paths: &[&str]| Command::RecordConflict {
        entry: 1,
        base: Some(sha(base)),
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        why: "so".into(),
    };
    let nothing = |base: char| Command::RecordNothing {
        entry: 1,
        base: Some(sha(base)),
    };
    let probe = |base: char| Command::RecordProbe {
        base: sha(base),
        collisions: vec![],
    };
    let mut probed = scene();
    let (base, collisions) = (sha('0'), vec![]);
    probed.queue(event::Probed { base, collisions });
    let mut moved = scene();
    let (base, collisions) = (sha('9'), vec![]);
    moved.queue(event::Probed { base, collisions });
    let front = scene();

    for (scene, command, expected) in [
        (&front, conflict('0', &["x"]), "trunk.dequeued"),
        (&front, conflict('9', &["x"]), "wrong_stage"),
        (&front, conflict('0', &[]), "wrong_stage"),
        (&front, nothing('0'), "trunk.found_empty"),
        (&front, nothing('9'), "wrong_stage"),
        (&front, probe('0'), "trunk.probed"),
        (&front, probe('9'), "wrong_stage"),
        (&probed, probe('0'), "wrong_stage"),
        (&moved, probe('0'), "trunk.probed"),
    ] {
        assert_eq!(said(scene, &command), expected, "{command:?}");
    }
}

#[test]
fn evidence_counts_of_the_verifier_and_on_the_tree_that_were_asked() {
    let mut scene = scene();
    scene.built(1, '0', 'c');
    verifying(&mut scene, 1);
    let evidence = |tree: char, by: u8| match ran(0) {
        Evidence::Ran {
            command,
            exit,
            log,
            tail,
            ..
        } => Evidence::Ran {
            tree: sha(tree),
            session: session(by),
            command,
            exit,
            log,
            tail,
        },
        other => other,
    };
    let verify = |by: u8, evidence| Command::RecordVerification {
        entry: 1,
        session: Some(session(by)),
        evidence,
    };

    for (command, expected) in [
        (verify(8, evidence('e', 8)), "trunk.verified"),
        (verify(8, evidence('f', 8)), "not_verifier"),
        (verify(8, evidence('e', 7)), "not_verifier"),
        (verify(7, evidence('e', 7)), "not_verifier"),
        (verify(8, Evidence::NoneConfigured), "not_verifier"),
    ] {
        assert_eq!(said(&scene, &command), expected, "{command:?}");
    }
}

#[test]
fn a_batch_is_closed_once_and_by_its_tip() {
    let close = |entry| Command::CloseBatch {
        entry,
        why: "so".into(),
    };
    let mut scene = scene();
    assert_eq!(said(&scene, &close(1)), "wrong_stage", "nothing is built");
    scene.built(1, '0', 'c');
    assert_eq!(said(&scene, &close(1)), "trunk.batch_closed");
    assert_eq!(said(&scene, &close(2)), "not_front");
    let why = "so".to_owned();
    scene.queue(event::BatchClosed { entry: 1, why });
    assert_eq!(said(&scene, &close(1)), "wrong_stage");
}

#[test]
fn a_hold_needs_protected_paths_and_a_word_on_it_needs_the_hold() {
    let hold = |entry| Command::Hold { entry };
    let approve = |entry| Command::ApproveChange {
        entry,
        by: "me".into(),
    };
    let mut scene = scene();
    assert_eq!(said(&scene, &hold(1)), "wrong_stage");
    scene.built_with(1, '0', 'c', protected("Makefile"));
    assert_eq!(said(&scene, &hold(1)), "trunk.held");
    assert_eq!(said(&scene, &hold(2)), "not_front");
    assert_eq!(said(&scene, &approve(1)), "not_held");
    scene.queue(event::Held { entry: 1 });
    assert_eq!(said(&scene, &approve(1)), "trunk.change_approved");
    assert_eq!(said(&scene, &approve(2)), "not_held");

    let mut moved = self::scene();
    moved.built_with(1, '0', 'c', protected("Makefile"));
    moved.queue(event::UpstreamMoved {
        entry: 1,
        seen: Some(sha('1')),
        files: vec![],
    });
    assert_eq!(said(&moved, &hold(1)), "wrong_stage", "it is built anew");
}

/// Only files of ours on an empty upstream need nothing that verifies them.
#[test]
fn a_scaffold_is_verified_by_itself_only_on_an_empty_upstream() {
    let with = |head: Option<char>, kind: EntryKind| {
        let mut scene = Scene::running(1);
        let (branch, head) = ("main".to_owned(), head.map(sha));
        scene.queue(event::Opened { branch, head });
        let (entry, priority) = (1, 0);
        scene.queue(event::Queued {
            entry,
            kind,
            priority,
        });
        scene
    };
    let work = EntryKind::Feature {
        feature: feature("a"),
        epoch: Epoch(1),
        sha: sha('5'),
        title: "a".into(),
    };
    let verified = "trunk.candidate_built + trunk.verified";
    for (head, kind, expected) in [
        (None, EntryKind::Scaffold, verified),
        (None, work, "trunk.candidate_built"),
        (Some('0'), EntryKind::Scaffold, "trunk.candidate_built"),
    ] {
        let scene = with(head, kind.clone());
        let candidate = Candidate {
            base: head.map(sha),
            ..candidate('0', 'd')
        };
        let command = Command::RecordCandidate {
            entry: 1,
            candidate,
            changes: Changes::default(),
            asked: true,
        };
        assert_eq!(said(&scene, &command), expected, "{head:?} {kind:?}");
    }
}

#[test]
fn work_waits_once_and_again_after_it_was_dropped() {
    let enqueue = |kind| Command::Enqueue { kind, priority: 2 };
    let work = |id: &str, epoch| {
        enqueue(EntryKind::Feature {
            feature: feature(id),
            epoch: Epoch(epoch),
            sha: sha('5'),
            title: "a".into(),
        })
    };
    let revert = |id: &str, commit: char| {
        enqueue(EntryKind::Revert {
            feature: feature(id),
            commit: sha(commit),
            title: "a".into(),
            restores: false,
        })
    };
    let dequeued = |paths: &[&str]| event::Dequeued {
        entry: 1,
        base: None,
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        why: "so".into(),
    };
    let waiting = scene();
    let mut dropped = scene();
    dropped.queue(dequeued(&[]));
    let mut judged = scene();
    judged.queue(dequeued(&["x"]));
    let mut undoing = Scene::running(1);
    let Command::Enqueue { kind, priority } = revert("a", 'c') else {
        unreachable!("it is one")
    };
    undoing.queue(event::Queued {
        entry: 1,
        kind,
        priority,
    });
    let mut undone = Scene::running(1);
    for event in queue_of(&undoing) {
        undone.queue(event);
    }
    undone.built(1, '0', 'd');
    let (from, to) = (Some(sha('0')), sha('d'));
    undone.queue(event::Advanced { entry: 1, from, to });

    let queued = "trunk.queued";
    for (scene, command, expected) in [
        (&waiting, work("a", 1), "queued"),
        (&waiting, work("a", 2), queued),
        (&waiting, work("c", 1), queued),
        (&dropped, work("a", 1), queued),
        (&judged, work("a", 1), "queued"),
        (&judged, work("a", 2), queued),
        (&waiting, enqueue(EntryKind::Scaffold), queued),
        (&waiting, revert("a", 'c'), queued),
        (&undoing, revert("a", 'c'), "queued"),
        (&undoing, revert("a", 'd'), "queued"),
        (&undoing, revert("b", 'c'), queued),
        (&undone, revert("a", 'c'), "queued"),
        (&undone, revert("a", 'd'), queued),
    ] {
        assert_eq!(said(scene, &command), expected, "{command:?}");
    }
}

/// The entries that wait, as they joined.
fn queue_of(scene: &Scene) -> Vec<event::Queued> {
    let queued = |entry: &Entry| event::Queued {
        entry: entry.number,
        kind: entry.kind.clone(),
        priority: entry.priority,
    };
    queue(scene).waiting().map(queued).collect()
}

#[test]
fn an_entry_is_dropped_wherever_it_waits_but_not_while_it_is_published() {
    let drop = |entry| Command::Drop {
        entry,
        why: "so".into(),
    };
    let mut scene = scene();
    assert_eq!(said(&scene, &drop(2)), "trunk.dequeued");
    assert_eq!(said(&scene, &drop(3)), "not_queued");
    scene.built(1, '0', 'c');
    let evidence = ran(0);
    scene.queue(event::Verified { entry: 1, evidence });
    let (from, to) = (Some(sha('0')), sha('c'));
    scene.queue(event::PublishIntended { entry: 1, from, to });
    assert_eq!(said(&scene, &drop(1)), "publishing");
    assert_eq!(said(&scene, &drop(2)), "trunk.dequeued");
}

#[test]
fn upstream_is_where_it_was_seen_by_who_knows_where_it_was() {
    let moved = |from: Option<char>, seen: Option<char>| Command::RecordMoved {
        entry: 1,
        from: from.map(sha),
        seen: seen.map(sha),
        files: vec![],
    };
    let front = scene();
    let mut running = scene();
    running.built(1, '0', 'c');
    verifying(&mut running, 1);
    let mut rewritten = scene();
    let (lost, seen) = (sha('0'), sha('9'));
    halted(&mut rewritten, Fault::Rewritten { lost, seen });

    for (scene, command, expected) in [
        (&front, moved(Some('0'), Some('1')), "trunk.upstream_moved"),
        (&front, moved(Some('2'), Some('1')), "wrong_stage"),
        (&front, moved(None, Some('1')), "wrong_stage"),
        (&front, moved(None, Some('0')), ""),
        (&front, moved(Some('0'), None), "rewritten"),
        (&running, moved(Some('0'), Some('1')), "wrong_stage"),
        (&rewritten, moved(Some('0'), Some('9')), "rewritten"),
        (
            &rewritten,
            moved(Some('0'), Some('8')),
            "trunk.upstream_moved",
        ),
    ] {
        assert_eq!(said(scene, &command), expected, "{command:?}");
    }
}

#[test]
fn a_person_takes_upstream_as_it_was_seen_rewritten_and_while_nobody_works_on_it() {
    let accept = |seen: char| Command::AcceptRewrite {
        seen: sha(seen),
        by: "me".into(),
    };
    let rewritten = |mut scene: Scene| {
        let (lost, seen) = (sha('0'), sha('9'));
        halted(&mut scene, Fault::Rewritten { lost, seen });
        scene
    };
    let mut away = scene();
    halted(&mut away, Fault::Unreachable);
    let mut running = scene();
    running.built(1, '0', 'c');
    verifying(&mut running, 1);
    let (seen, running) = (rewritten(scene()), rewritten(running));

    for (scene, commit, expected) in [
        (&seen, '9', "trunk.followed"),
        (&seen, '8', "not_rewritten"),
        (&away, '9', "not_rewritten"),
        (&running, '9', "wrong_stage"),
    ] {
        assert_eq!(said(scene, &accept(commit)), expected);
    }
    assert_eq!(said(&seen, &Command::Unhalt), "rewritten");
}

#[test]
fn a_branch_that_is_gone_is_followed_under_another_name() {
    let follow = |branch: &str| Command::FollowBranch {
        branch: branch.into(),
        by: "me".into(),
    };
    let (mut away, mut gone) = (scene(), scene());
    halted(&mut away, Fault::Unreachable);
    halted(&mut gone, Fault::BranchGone);

    for (scene, branch, expected) in [
        (&gone, "trunk", "trunk.branch_followed"),
        (&gone, "work/f-1/1", "no_branch_name"),
        (&gone, "a:b", "no_branch_name"),
        (&gone, "main", ""),
        (&away, "trunk", "branch_there"),
        (&away, "main", ""),
    ] {
        assert_eq!(said(scene, &follow(branch)), expected, "{branch}");
    }
}

#[test]
fn going_on_is_recorded_where_something_waits_for_it() {
    let quiet = scene();
    assert_eq!(said(&quiet, &Command::Unhalt), "");
    let mut away = scene();
    halted(&mut away, Fault::Unreachable);
    assert_eq!(said(&away, &Command::Unhalt), "trunk.unhalted");

    let mut spent = scene();
    spent.built(1, '0', 'c');
    for _ in 0..crate::lapses::GONE_MAX {
        spent.queue(event::VerificationLapsed {
            entry: 1,
            session: session(8),
            outcome: crate::outcome::Outcome::Lost,
        });
    }
    assert_eq!(said(&spent, &Command::Unhalt), "trunk.unhalted");
    let start = Command::StartVerification {
        entry: 1,
        slot_session: SlotSession {
            n: crate::id::SlotNo(1),
            session: session(8),
        },
        terms: Digest::of(b"terms"),
    };
    assert_eq!(said(&spent, &start), "given_up");
}

#[test]
fn the_same_trouble_is_told_again_where_somebody_waits_or_it_is_another() {
    let halt = |reason: &str, fault| Command::Halt {
        reason: reason.to_owned(),
        fault,
    };
    let mut idle = Scene::running(1);
    halted(&mut idle, Fault::Unreachable);
    let mut waiting = scene();
    halted(&mut waiting, Fault::Unreachable);

    let told = "trunk.halted";
    for (scene, reason, fault, expected) in [
        (&idle, "so", Fault::Unreachable, ""),
        (&idle, "other", Fault::Unreachable, told),
        (&idle, "so", Fault::default(), told),
        (&waiting, "so", Fault::Unreachable, told),
    ] {
        assert_eq!(said(scene, &halt(reason, fault)), expected, "{reason}");
    }
}
