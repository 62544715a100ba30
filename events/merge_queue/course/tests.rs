//! The merge queue where little tests did not look: what joins a batch and what does not, what is
//! asked for again, how long lists are cut, and what is counted anew.

use super::*;
use crate::aggregate::{Aggregate, Moment};
use crate::codec::EventCodec;
use crate::evidence::Evidence;
use crate::feature::content::PRIORITY_USUAL;
use crate::grid::given;
use crate::holder::SlotSession;
use crate::id::{Digest, Epoch, FeatureId, SessionId, Sha, SlotNo, Timestamp};
use crate::outcome::Outcome;
use crate::stream::{Position, Version};

const NOW: Timestamp = Timestamp(1_000_000_000);

fn sha(c: char) -> Sha {
    c.to_string().repeat(40).parse().expect("a commit")
}

fn feature_id(name: &str) -> FeatureId {
    name.parse().expect("an id")
}

fn work(name: &str) -> EntryKind {
    EntryKind::Feature {
        feature: feature_id(name),
        epoch: Epoch(1),
        sha: sha('a'),
        title: name.to_owned(),
    }
}

fn revert(name: &str) -> EntryKind {
    EntryKind::Revert {
        feature: feature_id(name),
        commit: sha('c'),
        title: "R".to_owned(),
        restores: false,
    }
}

fn queued(entry: u64, kind: EntryKind) -> Event {
    let priority = 2;
    event::Queued {
        entry,
        kind,
        priority,
    }
    .into()
}

fn opened() -> Event {
    event::Opened {
        branch: "main".into(),
        head: Some(sha('0')),
    }
    .into()
}

fn built(entry: u64, base: char, to: char, changes: Changes) -> Event {
    let candidate = Candidate {
        base: Some(sha(base)),
        sha: sha(to),
        tree: sha(to),
    };
    event::CandidateBuilt {
        entry,
        candidate,
        changes,
    }
    .into()
}

fn slot_session() -> SlotSession {
    SlotSession {
        n: SlotNo(1),
        session: SessionId::from_bytes([7; 10]),
    }
}

fn verifying(entry: u64) -> Event {
    event::VerificationStarted {
        entry,
        slot_session: slot_session(),
        terms: Some(Digest::of(b"t")),
    }
    .into()
}

fn lapsed(entry: u64) -> Event {
    event::VerificationLapsed {
        entry,
        session: slot_session().session,
        outcome: Outcome::Failed,
    }
    .into()
}

fn protected() -> Changes {
    Changes {
        protected: vec!["Makefile".into()],
        ..Changes::default()
    }
}

#[test]
fn only_waiting_work_joins_work_whose_verification_has_not_begun() {
    let plain = Changes::default;
    let closed = event::BatchClosed {
        entry: 1,
        why: "enough".into(),
    };
    for (what, first, second, more, joins) in [
        (
            "work behind work",
            work("f"),
            work("g"),
            vec![built(1, '0', '1', plain())],
            true,
        ),
        ("nothing is built", work("f"), work("g"), vec![], false),
        (
            "the verification began",
            work("f"),
            work("g"),
            vec![built(1, '0', '1', plain()), verifying(1)],
            false,
        ),
        (
            "a person has to see it first",
            work("f"),
            work("g"),
            vec![built(1, '0', '1', protected())],
            false,
        ),
        (
            "behind a revert",
            revert("h"),
            work("g"),
            vec![built(1, '0', '1', plain())],
            false,
        ),
        (
            "a revert",
            work("f"),
            revert("h"),
            vec![built(1, '0', '1', plain())],
            false,
        ),
        (
            "a scaffold",
            work("f"),
            EntryKind::Scaffold,
            vec![built(1, '0', '1', plain())],
            false,
        ),
        (
            "the batch is closed",
            work("f"),
            work("g"),
            vec![built(1, '0', '1', plain()), closed.into()],
            false,
        ),
    ] {
        let history = [vec![opened(), queued(1, first), queued(2, second)], more].concat();
        let queue: MergeQueue = given(&history);
        let found = queue.joins(2).map(|entry| entry.number);
        assert_eq!(found, joins.then_some(2), "{what}");
        assert_eq!(queue.joins(1), None, "{what}: one is enough");
    }
}

#[test]
fn what_was_taken_out_is_taken_out_again_only_where_it_did_not_land() {
    let ask = Command::Enqueue {
        kind: revert("f"),
        priority: 2,
    };
    let dropped: Event = event::Dequeued {
        entry: 1,
        base: Some(sha('0')),
        paths: vec![],
        why: "out".into(),
    }
    .into();
    let advanced: Event = event::Advanced {
        entry: 1,
        from: Some(sha('0')),
        to: sha('1'),
    }
    .into();
    let landing = vec![built(1, '0', '1', Changes::default()), advanced];

    for (what, more, taken) in [
        ("it waits", vec![], false),
        ("it was given up", vec![dropped], true),
        ("it landed", landing, false),
    ] {
        let history = [vec![opened(), queued(1, revert("f"))], more].concat();
        let queue: MergeQueue = given(&history);
        assert_eq!(queue.decide(&ask, NOW).is_ok(), taken, "{what}");
    }
}

#[test]
fn a_move_of_upstream_and_a_look_at_it_begin_the_count_anew() {
    let moved: Event = event::UpstreamMoved {
        entry: 1,
        seen: Some(sha('9')),
        files: vec![],
    }
    .into();
    let history = |more: Vec<Event>| -> MergeQueue {
        let mut events = vec![
            opened(),
            queued(1, work("f")),
            built(1, '0', '1', Changes::default()),
        ];
        for _ in 0..2 {
            events.extend([verifying(1), lapsed(1)]);
        }
        given(&[events, more].concat())
    };
    let own = |queue: &MergeQueue| queue.tip().expect("an entry").lapses.own;
    assert_eq!(own(&history(vec![])), 2);
    let after = history(vec![moved]);
    assert_eq!(own(&after), 0);
    assert_eq!(after.tip().expect("an entry").moves, 1);
    assert_eq!(after.head, Some(sha('9')));
    assert_eq!(own(&history(vec![event::Unhalted {}.into()])), 0);
}

#[test]
fn the_heads_own_verifiers_are_counted_until_one_says_something() {
    let started = || -> Event {
        event::HeadVerificationStarted {
            head: sha('0'),
            slot_session: slot_session(),
            terms: Digest::of(b"t"),
        }
        .into()
    };
    let lapsed = || -> Event {
        event::HeadVerificationLapsed {
            session: slot_session().session,
            outcome: Outcome::Failed,
        }
        .into()
    };
    let evidence = |exit| Evidence::Ran {
        tree: sha('0'),
        command: Digest::of(b"c"),
        exit,
        log: Digest::of(b"l"),
        session: slot_session().session,
        tail: "t".into(),
    };
    let head = sha('0');
    let green: Event = event::HeadVerified {
        head: head.clone(),
        evidence: evidence(0),
    }
    .into();
    let red: Event = event::HeadFailed {
        head,
        evidence: evidence(1),
    }
    .into();

    for (what, more, own) in [
        ("two ended without a word", vec![], 2),
        ("a green one", vec![started(), green], 0),
        ("a red one", vec![started(), red], 0),
    ] {
        let history = vec![opened(), started(), lapsed(), started(), lapsed()];
        let queue: MergeQueue = given(&[history, more].concat());
        assert_eq!(queue.health.lapses.own, own, "{what}");
    }
}

#[test]
fn another_branch_is_followed_and_the_halt_is_over() {
    let halted: Event = event::Halted {
        reason: "gone".into(),
        fault: Fault::BranchGone,
    }
    .into();
    let queue: MergeQueue = given(&[opened(), halted]);
    let follow = |branch: &str| Command::FollowBranch {
        branch: branch.to_owned(),
        by: "ann".into(),
    };
    for (branch, wanted) in [
        ("main", Ok(0)),
        ("trunk", Ok(1)),
        ("work/f", Err(Refusal::NoBranchName)),
        ("a..b", Err(Refusal::NoBranchName)),
    ] {
        let decided = queue.decide(&follow(branch), NOW);
        assert_eq!(decided.map(|events| events.len()), wanted, "{branch}");
    }

    let events = queue.decide(&follow("trunk"), NOW).expect("followed");
    let mut after = queue.clone();
    let moment = Moment {
        position: Position(9),
        version: Version(9),
        at: NOW,
    };
    events.iter().for_each(|event| after.evolve(event, moment));
    assert_eq!(after.branch.as_deref(), Some("trunk"));
    assert_eq!(after.halt, None);
    let there = after.decide(&follow("other"), NOW);
    assert_eq!(there, Err(Refusal::BranchThere), "nothing is gone");
}

#[test]
fn long_lists_of_a_candidate_say_how_much_is_left_out() {
    let files: Vec<String> = (0..event::FILES_MAX + 3).map(|n| n.to_string()).collect();
    let suggestion = |length: usize| {
        let changes = Changes {
            files: files.clone(),
            more: 4,
            detected: Some("c".repeat(length)),
            ..Changes::default()
        };
        changes.cut()
    };
    let cut = suggestion(1024);
    assert_eq!((cut.files.len(), cut.more), (event::FILES_MAX, 7));
    assert_eq!(cut.files, files[..event::FILES_MAX]);
    assert!(cut.detected.is_some());
    assert_eq!(
        suggestion(1025).detected,
        None,
        "half a command is another one"
    );
    assert_eq!(cut.clone().cut(), cut, "it is cut once");
}

/// Entries that were recorded before there were priorities go with the usual one.
#[test]
fn an_entry_of_before_has_the_usual_priority() {
    let bytes = rmp_serde::to_vec_named(&serde_json::json!({
        "entry": 3,
        "kind": { "kind": "scaffold" },
    }))
    .expect("encoded");
    for schema in [1, 2] {
        let event = Event::decode("trunk.queued", schema, &bytes).expect("an event of ours");
        assert_eq!(event, {
            let (entry, kind, priority) = (3, EntryKind::Scaffold, PRIORITY_USUAL);
            event::Queued {
                entry,
                kind,
                priority,
            }
            .into()
        });
    }
}

/// Each fault is told in its own words, with what mends it where a person can.
#[test]
fn what_is_wrong_with_upstream_is_told_with_what_mends_it() {
    let rewritten = Fault::Rewritten {
        lost: sha('1'),
        seen: sha('2'),
    };
    let mut told = std::collections::BTreeSet::new();
    for (fault, part) in [
        (Fault::Unreachable, "does not answer"),
        (Fault::Credential, "--token-file"),
        (Fault::HostKey, "forget-host-keys"),
        (Fault::Missing, "has to be put back"),
        (Fault::BranchGone, "upstream follow"),
        (Fault::Refused, "turned the push down"),
        (Fault::Other, "cannot be used"),
        (rewritten.clone(), "upstream accept"),
    ] {
        let advice = fault.advice();
        assert!(advice.contains(part), "{advice}");
        let by_itself = advice.ends_with("; it is tried again by itself");
        assert_eq!(by_itself, fault != rewritten, "{advice}");
        assert!(told.insert(advice), "{fault:?} is told as another one");
    }
    let advice = rewritten.advice();
    let (lost, seen) = (sha('1').to_string(), sha('2').to_string());
    assert!(advice.contains(&format!("at {seen}")), "{advice}");
    assert!(advice.contains(&format!("hold {lost}")), "{advice}");
}
