//! Given evidence of a recorded session, when another one hands it in, then it is of the tree that
//! this one was given.

use events::holder::SlotSession;
use events::merge_queue::{Candidate, Changes, EntryKind, event as q};

use super::*;

fn ran(of: u8, tree: char, exit: i32) -> Evidence {
    Evidence::Ran {
        tree: sha(tree),
        command: Digest::of(b"make test"),
        exit,
        log: Digest::of(b"log"),
        session: session(of),
        tail: "ok".into(),
    }
}

/// `a` is in the merge queue as entry 1.
fn queued() -> Scene {
    let mut scene = scene();
    let kind = EntryKind::Feature {
        feature: feature_id("a"),
        epoch: Epoch(4),
        sha: sha('5'),
        title: "a".into(),
    };
    let (entry, priority) = (1, 2);
    scene.queue(q::Queued {
        entry,
        kind,
        priority,
    });
    scene
}

fn verification(entry: u64, of: u8, evidence: Evidence) -> AnyCommand {
    AnyCommand::MergeQueue(merge_queue::Command::RecordVerification {
        entry,
        session: Some(session(of)),
        evidence,
    })
}

#[test]
fn evidence_is_of_the_tree_of_the_tip() {
    let red = verification(8, THEIRS, ran(THEIRS, '9', 1));
    let mut scene = queued();
    let found = done(&scene, &act("trunk-z", red.clone()), "b", 0);
    assert!(found.is_none(), "nothing is built");

    let candidate = Candidate {
        base: Some(sha('0')),
        sha: sha('6'),
        tree: sha('7'),
    };
    scene.queue(q::CandidateBuilt {
        entry: 1,
        candidate,
        changes: Changes::default(),
    });
    let green = verification(8, THEIRS, ran(THEIRS, '9', 0));
    let none = |entry, of| verification(entry, of, Evidence::NoneConfigured);
    let row = |command, expected| ("trunk-z", command, "trunk-z", Some(expected));
    becomes(
        &scene,
        vec![
            row(red, verification(1, MINE, ran(MINE, '7', 1))),
            row(green, verification(1, MINE, ran(MINE, '7', 0))),
            row(none(8, THEIRS), none(1, MINE)),
        ],
    );
}

#[test]
fn evidence_of_the_head_is_of_the_head_that_is_looked_at() {
    let of_head = |of, evidence| {
        AnyCommand::MergeQueue(merge_queue::Command::RecordHeadVerification {
            session: session(of),
            evidence,
        })
    };
    let theirs = of_head(THEIRS, ran(THEIRS, '9', 1));
    let mut scene = queued();
    let found = done(&scene, &act("trunk-z", theirs.clone()), "b", 0);
    assert!(found.is_none(), "nobody looks at it");

    let slot_session = SlotSession {
        n: SlotNo(1),
        session: session(MINE),
    };
    scene.queue(q::HeadVerificationStarted {
        head: sha('0'),
        slot_session,
        terms: Digest::of(b"t"),
    });
    let mine = Some(of_head(MINE, ran(MINE, '9', 1)));
    becomes(&scene, vec![("trunk-z", theirs, "trunk-z", mine)]);
}
