//! Given events, when a command, then events or a refusal: every cell of
//! `docs/states/merge_queue.md`, and what may never be published.

use super::event;
use super::*;
use crate::aggregate::{Aggregate, Moment};
use crate::codec::EventCodec;
use crate::evidence::Evidence;
use crate::grid::{assert_documented, given};
use crate::holder::SlotSession;
use crate::id::{Digest, Epoch, SessionId, Sha, SlotNo, Timestamp};
use crate::outcome::Outcome;
use crate::stream::{Position, Version};

fn sha(c: char) -> Sha {
    c.to_string().repeat(40).parse().expect("sha")
}
fn slot_session(n: u8) -> SlotSession {
    SlotSession {
        n: SlotNo(1),
        session: SessionId::from_bytes([n; 10]),
    }
}
fn terms() -> Digest {
    Digest::of(b"make test")
}
fn feature(epoch: u64) -> EntryKind {
    EntryKind::Feature {
        feature: "f-1".parse().expect("id"),
        epoch: Epoch(epoch),
        sha: sha('a'),
        title: "A part".into(),
    }
}
fn candidate() -> Candidate {
    Candidate {
        base: Some(sha('0')),
        sha: sha('c'),
        tree: sha('e'),
    }
}
fn ran(n: u8, tree: char, exit: i32) -> Evidence {
    let digest = Digest::of(b"x");
    Evidence::Ran {
        tree: sha(tree),
        command: digest,
        exit,
        log: digest,
        session: slot_session(n).session,
        tail: "last line".into(),
    }
}
fn built_event(protected: &[&str]) -> event::CandidateBuilt {
    let protected: Vec<String> = protected.iter().map(|path| (*path).to_owned()).collect();
    let changes = Changes {
        files: protected.clone(),
        protected,
        ..Changes::default()
    };
    event::CandidateBuilt {
        entry: 1,
        candidate: candidate(),
        changes,
    }
}
fn revert(commit: char) -> EntryKind {
    EntryKind::Revert {
        feature: "f-1".parse().expect("id"),
        commit: sha(commit),
        title: "A part".into(),
        restores: false,
    }
}
fn queued() -> Vec<Event> {
    vec![
        event::Opened {
            branch: "main".into(),
            head: Some(sha('0')),
        }
        .into(),
        event::Queued {
            entry: 1,
            kind: feature(1),
            priority: 2,
        }
        .into(),
    ]
}
fn with(base: &[Event], more: Vec<Event>) -> Vec<Event> {
    [base.to_vec(), more].concat()
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) fn logs() -> Vec<(&'static str, Vec<Event>)> {
    let opened = vec![queued()[0].clone()];
    let built = with(&queued(), vec![built_event(&[]).into()]);
    let verifying = with(
        &built,
        vec![
            event::VerificationStarted {
                entry: 1,
                slot_session: slot_session(1),
                terms: Some(terms()),
            }
            .into(),
        ],
    );
    let red = event::VerificationDoubted {
        entry: 1,
        evidence: ran(1, 'e', 1),
    };
    let doubted = with(&verifying, vec![red.into()]);
    let head = event::HeadVerificationStarted {
        head: sha('0'),
        slot_session: slot_session(1),
        terms: terms(),
    };
    let checking = with(&doubted, vec![head.clone().into()]);
    let passed = event::HeadVerified {
        head: sha('0'),
        evidence: ran(1, 'f', 0),
    };
    let cleared = with(&checking, vec![passed.into()]);
    let failed = event::HeadFailed {
        head: sha('0'),
        evidence: ran(1, 'f', 1),
    };
    let parked = event::Parked {
        entry: 1,
        evidence: ran(1, 'e', 1),
    };
    let parked = with(&checking, vec![failed.into(), parked.into()]);
    let probing = with(&parked, vec![head.into()]);
    let verified = with(
        &verifying,
        vec![
            event::Verified {
                entry: 1,
                evidence: ran(1, 'e', 0),
            }
            .into(),
        ],
    );
    let publishing = with(
        &verified,
        vec![
            event::PublishIntended {
                entry: 1,
                from: Some(sha('0')),
                to: sha('c'),
            }
            .into(),
        ],
    );
    let advanced = with(
        &publishing,
        vec![
            event::Advanced {
                entry: 1,
                from: Some(sha('0')),
                to: sha('c'),
            }
            .into(),
        ],
    );
    let halted = with(
        &publishing,
        vec![
            event::Halted {
                reason: "unreachable".into(),
                fault: Fault::Unreachable,
            }
            .into(),
        ],
    );
    let delicate = with(&queued(), vec![built_event(&[".github/ci.yml"]).into()]);
    let held = with(&delicate, vec![event::Held { entry: 1 }.into()]);
    let rewritten = Fault::Rewritten {
        lost: sha('0'),
        seen: sha('9'),
    };
    let rewritten = with(
        &opened,
        vec![
            event::Halted {
                reason: "rewritten".into(),
                fault: rewritten,
            }
            .into(),
        ],
    );

    let gone = event::Halted {
        reason: "gone".into(),
        fault: Fault::BranchGone,
    };
    let gone = with(&opened, vec![gone.into()]);

    vec![
        ("new", vec![]),
        ("open", opened.clone()),
        ("queued", queued()),
        ("built", built.clone()),
        ("verifying", verifying.clone()),
        ("red once", doubted.clone()),
        ("red, head green", cleared.clone()),
        ("head in verification", checking.clone()),
        ("parked, red trunk", parked.clone()),
        ("parked, probe", probing.clone()),
        ("verified", verified.clone()),
        ("publishing", publishing.clone()),
        ("halted", halted.clone()),
        ("without its branch", gone.clone()),
        ("rewritten", rewritten.clone()),
        (
            "rewritten, queued",
            with(&rewritten, vec![queued()[1].clone()]),
        ),
        ("built, protected", delicate.clone()),
        ("held", held.clone()),
        ("advanced", advanced.clone()),
    ]
}

pub(crate) fn states() -> Vec<(&'static str, MergeQueue)> {
    let logs = logs().into_iter();
    logs.map(|(name, log)| (name, given(&log))).collect()
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) fn commands() -> Vec<(&'static str, Command)> {
    use Command as C;
    let verify = |session: Option<u8>, evidence| C::RecordVerification {
        entry: 1,
        session: session.map(|n| slot_session(n).session),
        evidence,
    };
    let head = |n, exit| C::RecordHeadVerification {
        session: slot_session(n).session,
        evidence: ran(n, 'f', exit),
    };

    vec![
        (
            "open",
            C::Open {
                branch: "main".into(),
                head: None,
            },
        ),
        (
            "enqueue",
            C::Enqueue {
                kind: feature(1),
                priority: 2,
            },
        ),
        (
            "enqueue (next claim)",
            C::Enqueue {
                kind: feature(2),
                priority: 2,
            },
        ),
        (
            "enqueue scaffold",
            C::Enqueue {
                kind: EntryKind::Scaffold,
                priority: 2,
            },
        ),
        (
            "record candidate",
            C::RecordCandidate {
                entry: 1,
                candidate: candidate(),
                changes: Changes::default(),
                asked: true,
            },
        ),
        (
            "record candidate (old base)",
            C::RecordCandidate {
                entry: 1,
                candidate: Candidate {
                    base: None,
                    ..candidate()
                },
                changes: Changes::default(),
                asked: true,
            },
        ),
        (
            "record candidate (unseen)",
            C::RecordCandidate {
                entry: 1,
                candidate: candidate(),
                changes: Changes::default(),
                asked: false,
            },
        ),
        (
            "record conflict",
            C::RecordConflict {
                entry: 1,
                base: Some(sha('0')),
                paths: vec!["a".into()],
                why: "it does not merge".into(),
            },
        ),
        (
            "record nothing",
            C::RecordNothing {
                entry: 1,
                base: Some(sha('0')),
            },
        ),
        (
            "enqueue revert",
            C::Enqueue {
                kind: revert('c'),
                priority: 2,
            },
        ),
        ("hold", C::Hold { entry: 1 }),
        (
            "approve change",
            C::ApproveChange {
                entry: 1,
                by: "operator".into(),
            },
        ),
        (
            "refuse change",
            C::RefuseChange {
                entry: 1,
                by: "operator".into(),
                why: "no".into(),
            },
        ),
        (
            "start verification",
            C::StartVerification {
                entry: 1,
                slot_session: slot_session(1),
                terms: terms(),
            },
        ),
        (
            "start verification (not the front)",
            C::StartVerification {
                entry: 2,
                slot_session: slot_session(1),
                terms: terms(),
            },
        ),
        (
            "lapse verification",
            C::LapseVerification {
                entry: 1,
                session: slot_session(1).session,
                outcome: Outcome::Lost,
            },
        ),
        ("record green", verify(Some(1), ran(1, 'e', 0))),
        ("record red", verify(Some(1), ran(1, 'e', 1))),
        (
            "record green (another tree)",
            verify(Some(1), ran(1, 'f', 0)),
        ),
        (
            "record green (another session)",
            verify(Some(9), ran(9, 'e', 0)),
        ),
        (
            "start head verification",
            C::StartHeadVerification {
                slot_session: slot_session(1),
                terms: terms(),
            },
        ),
        (
            "lapse head verification",
            C::LapseHeadVerification {
                session: slot_session(1).session,
                outcome: Outcome::Lost,
            },
        ),
        ("record head green", head(1, 0)),
        ("record head red", head(1, 1)),
        ("record head green (another session)", head(9, 0)),
        (
            "end red",
            C::EndRed {
                why: "no command".into(),
            },
        ),
        (
            "record none configured",
            verify(None, Evidence::NoneConfigured),
        ),
        ("record green (nobody)", verify(None, ran(1, 'e', 0))),
        ("intend publish", C::IntendPublish { entry: 1 }),
        ("record advanced", C::RecordAdvanced { entry: 1 }),
        (
            "record moved",
            C::RecordMoved {
                entry: 1,
                from: Some(sha('0')),
                seen: Some(sha('9')),
                files: vec![],
            },
        ),
        (
            "record moved (elsewhere)",
            C::RecordMoved {
                entry: 1,
                from: Some(sha('0')),
                seen: Some(sha('7')),
                files: vec![],
            },
        ),
        (
            "record moved (from another)",
            C::RecordMoved {
                entry: 1,
                from: Some(sha('8')),
                seen: Some(sha('7')),
                files: vec![],
            },
        ),
        (
            "halt",
            C::Halt {
                reason: "unreachable".into(),
                fault: Fault::Unreachable,
            },
        ),
        (
            "follow (where it was)",
            C::Follow {
                from: Some(sha('0')),
                seen: Some(sha('0')),
                files: vec![],
            },
        ),
        (
            "follow (further)",
            C::Follow {
                from: Some(sha('0')),
                seen: Some(sha('9')),
                files: vec![],
            },
        ),
        (
            "follow (elsewhere)",
            C::Follow {
                from: Some(sha('0')),
                seen: Some(sha('7')),
                files: vec![],
            },
        ),
        (
            "follow (to nothing)",
            C::Follow {
                from: Some(sha('0')),
                seen: None,
                files: vec![],
            },
        ),
        (
            "accept rewrite",
            C::AcceptRewrite {
                seen: sha('9'),
                by: "operator".into(),
            },
        ),
        (
            "accept rewrite (of another)",
            C::AcceptRewrite {
                seen: sha('8'),
                by: "operator".into(),
            },
        ),
        (
            "record_probe (of the head)",
            C::RecordProbe {
                base: sha('0'),
                collisions: vec![],
            },
        ),
        (
            "record_probe (of another)",
            C::RecordProbe {
                base: sha('8'),
                collisions: vec![],
            },
        ),
        (
            "follow branch",
            C::FollowBranch {
                branch: "trunk".into(),
                by: "operator".into(),
            },
        ),
        (
            "follow branch (of its name)",
            C::FollowBranch {
                branch: "main".into(),
                by: "operator".into(),
            },
        ),
        ("unhalt", C::Unhalt),
        (
            "drop",
            C::Drop {
                entry: 1,
                why: "withdrawn".into(),
            },
        ),
    ]
}

#[test]
fn grid() {
    assert_documented("merge_queue", &states(), &commands());
}

#[test]
fn an_empty_upstream_takes_one_scaffold_first() {
    let state = given::<MergeQueue>(&[event::Opened {
        branch: "main".into(),
        head: None,
    }
    .into()]);
    let queue = Command::Enqueue {
        kind: EntryKind::Scaffold,
        priority: 2,
    };
    assert_eq!(
        state.decide(&queue, Timestamp(0)),
        Ok(vec![
            event::Queued {
                entry: 1,
                kind: EntryKind::Scaffold,
                priority: 2
            }
            .into()
        ])
    );
    let queued = event::Queued {
        entry: 1,
        kind: EntryKind::Scaffold,
        priority: 2,
    }
    .into();
    let state = given::<MergeQueue>(&[
        event::Opened {
            branch: "main".into(),
            head: None,
        }
        .into(),
        queued,
    ]);
    assert_eq!(state.decide(&queue, Timestamp(0)), Err(Refusal::Queued));
    let root = Candidate {
        base: None,
        sha: sha('c'),
        tree: sha('e'),
    };

    let decided = state
        .decide(
            &Command::RecordCandidate {
                entry: 1,
                candidate: root,
                changes: Changes::default(),
                asked: true,
            },
            Timestamp(0),
        )
        .expect("accepted");
    assert!(
        matches!(&decided[1], Event::Verified(e) if e.evidence == Evidence::Scaffold),
        "{decided:?}"
    );
}

#[test]
fn an_entry_rebuilds_when_upstream_moved() {
    let moved = event::UpstreamMoved {
        entry: 1,
        seen: Some(sha('9')),
        files: vec![],
    }
    .into();
    let state = given::<MergeQueue>(&with(&queued(), vec![built_event(&[]).into(), moved]));
    assert_eq!(state.head, Some(sha('9')));
    assert_eq!(
        state.front().map(|e| (&e.stage, e.moves)),
        Some((&Stage::Queued, 1))
    );

    let stale = Command::RecordCandidate {
        entry: 1,
        candidate: candidate(),
        changes: Changes::default(),
        asked: true,
    };
    assert_eq!(state.decide(&stale, Timestamp(0)), Err(Refusal::WrongStage));
}

#[test]
fn what_was_approved_is_not_asked_again_and_more_is() {
    let held = event::Held { entry: 1 }.into();
    let approved = event::ChangeApproved {
        entry: 1,
        by: "operator".into(),
    }
    .into();
    let base = with(
        &queued(),
        vec![built_event(&["Cargo.lock"]).into(), held, approved],
    );
    let state = given::<MergeQueue>(&base);

    assert!(
        state.held.is_empty()
            && state
                .front()
                .is_some_and(|front| front.stage == Stage::Queued)
    );
    let again = given::<MergeQueue>(&with(&base, vec![built_event(&["Cargo.lock"]).into()]));
    assert!(!again.front().expect("front").needs_approval());
    let more = given::<MergeQueue>(&with(
        &base,
        vec![built_event(&["Cargo.lock", ".envrc"]).into()],
    ));
    assert!(more.front().expect("front").needs_approval());
}

#[test]
fn a_held_entry_lets_others_pass() {
    let second = event::Queued {
        entry: 2,
        kind: revert('b'),
        priority: 2,
    }
    .into();

    let state = given::<MergeQueue>(&with(
        &queued(),
        vec![
            second,
            built_event(&[".envrc"]).into(),
            event::Held { entry: 1 }.into(),
        ],
    ));
    assert_eq!(
        (state.front().map(|e| e.number), state.held.len()),
        (Some(2), 1)
    );
}

#[test]
fn the_same_trouble_is_told_once_while_nothing_is_queued() {
    let trouble = |fault| Command::Halt {
        reason: "away".into(),
        fault,
    };
    let halted: Event = event::Halted {
        reason: "away".into(),
        fault: Fault::Unreachable,
    }
    .into();
    let opened = vec![
        event::Opened {
            branch: "main".into(),
            head: None,
        }
        .into(),
    ];
    let idle = given::<MergeQueue>(&with(&opened, vec![halted.clone()]));
    assert_eq!(
        idle.decide(&trouble(Fault::Unreachable), Timestamp(0)),
        Ok(vec![])
    );
    assert_eq!(
        idle.decide(&trouble(Fault::Missing), Timestamp(0))
            .map(|e| e.len()),
        Ok(1),
        "other trouble is told"
    );
    let waiting = given::<MergeQueue>(&with(&queued(), vec![halted]));

    assert_eq!(
        waiting
            .decide(&trouble(Fault::Unreachable), Timestamp(0))
            .map(|e| e.len()),
        Ok(1),
        "the next try waits longer"
    );
    let back = Command::Follow {
        from: None,
        seen: None,
        files: vec![],
    };
    assert_eq!(
        idle.decide(&back, Timestamp(0)),
        Ok(vec![event::Unhalted {}.into()]),
        "an empty upstream is back too"
    );
}

#[test]
fn a_refused_change_says_which_paths() {
    let refused = event::ChangeRefused {
        entry: 1,
        by: "ann".into(),
        why: "no".into(),
    }
    .into();

    let state = given::<MergeQueue>(&with(
        &queued(),
        vec![
            built_event(&[".envrc"]).into(),
            event::Held { entry: 1 }.into(),
            refused,
        ],
    ));
    let verdict = state
        .judged
        .get(&"f-1".parse().expect("id"))
        .map(|(_, verdict)| verdict);
    assert_eq!(
        verdict,
        Some(&Verdict::Refused {
            paths: vec![".envrc".into()],
            why: "no".into()
        })
    );
}

/// Whoever waits can be sent back, wherever it is; what is on its way upstream cannot.
#[test]
fn an_entry_is_taken_out_wherever_it_waits() {
    let refuse = |entry| Command::RefuseChange {
        entry,
        by: "ann".into(),
        why: "no".into(),
    };
    let mut taken = 0;

    for (what, mut state) in states() {
        let waits = state.waiting().any(|entry| entry.number == 1);
        let on_its_way = state
            .waiting()
            .any(|entry| matches!(entry.stage, Stage::Publishing { .. }));
        let others: Vec<u64> = state.waiting().map(|entry| entry.number).collect();
        let decided = state.decide(&refuse(1), Timestamp(0));

        match (waits, on_its_way, &state.branch) {
            (_, _, None) => assert_eq!(decided, Err(Refusal::NotOpen), "{what}"),
            (false, _, _) => assert_eq!(decided, Err(Refusal::NotQueued), "{what}"),
            (true, true, _) => assert_eq!(decided, Err(Refusal::Publishing), "{what}"),
            (true, false, _) => {
                let refused = decided.expect(what);
                let moment = Moment {
                    at: Timestamp(0),
                    position: Position(99),
                    version: Version(99),
                };
                refused.iter().for_each(|event| state.evolve(event, moment));
                let left: Vec<u64> = state.waiting().map(|entry| entry.number).collect();
                let expected: Vec<u64> = others.into_iter().filter(|number| *number != 1).collect();
                assert_eq!(left, expected, "{what}");
                taken += 1;
            }
        }
    }
    assert!(taken >= 6, "{taken} states were looked at");
}

/// The more urgent entry goes first, behind what was begun; among equals the older one does.
#[test]
fn urgent_work_overtakes_what_waits_and_nothing_that_was_begun() {
    let queued = |entry: u64, priority: u8| -> Event {
        let feature = format!("f-{entry}").parse().expect("id");
        let kind = EntryKind::Feature {
            feature,
            epoch: Epoch(1),
            sha: sha('a'),
            title: "x".into(),
        };
        event::Queued {
            entry,
            kind,
            priority,
        }
        .into()
    };
    let opened = event::Opened {
        branch: "main".into(),
        head: Some(sha('0')),
    }
    .into();
    let order = |events: Vec<Event>| {
        given::<MergeQueue>(&events)
            .queue
            .iter()
            .map(|entry| entry.number)
            .collect::<Vec<_>>()
    };
    let waiting = vec![
        opened,
        queued(1, 2),
        queued(2, 4),
        queued(3, 0),
        queued(4, 2),
        queued(5, 0),
    ];
    assert_eq!(order(waiting.clone()), [3, 5, 1, 4, 2]);

    let begun = with(
        &waiting[..2],
        vec![
            built_event(&[]).into(),
            queued(2, 0),
            queued(3, 1),
            queued(4, 0),
        ],
    );
    assert_eq!(
        order(begun),
        [1, 2, 4, 3],
        "the candidate of the first one stands"
    );
}

/// The story of a red candidate, told by what is recorded: who pays for it depends on how the bare
/// head fares.
#[test]
fn a_red_candidate_is_judged_by_its_head() {
    let begun = || {
        let built = with(&queued(), vec![built_event(&[]).into()]);
        let mut merge_queue = given::<MergeQueue>(&built);
        start(&mut merge_queue);
        assert_eq!(
            tell(&mut merge_queue, &record(1)),
            ["trunk.verification_doubted"]
        );
        assert!(merge_queue.is_head_in_doubt());
        start_head(&mut merge_queue);
        merge_queue
    };
    let mut merge_queue = begun();
    assert_eq!(
        tell(&mut merge_queue, &record_head(0)),
        ["trunk.head_verified"]
    );
    assert!(!merge_queue.is_head_in_doubt());
    start(&mut merge_queue);
    assert_eq!(
        tell(&mut merge_queue, &record(1)),
        ["trunk.verification_failed"]
    );
    assert!(matches!(
        judged(&merge_queue),
        Some(Verdict::Red { exit: 1, .. })
    ));

    for exit in [1, 127] {
        let mut merge_queue = begun();
        let told = tell(&mut merge_queue, &record_head(exit));
        assert_eq!(told, ["trunk.head_failed", "trunk.parked"]);
        assert_eq!(
            (judged(&merge_queue), merge_queue.parked.len()),
            (None, 1),
            "nobody pays"
        );
        let moved = Command::Follow {
            from: Some(sha('0')),
            seen: Some(sha('9')),
            files: vec![],
        };
        tell(&mut merge_queue, &moved);
        assert_eq!((merge_queue.queue.len(), merge_queue.parked.len()), (1, 0));
        assert!(merge_queue.health.red.as_ref().is_some_and(|red| red.asked));
    }
}

/// On a head that is known to be red one red run is enough to wait, and a green one mends the
/// trunk.
#[test]
fn work_on_a_red_trunk_waits_or_mends_it() {
    let red = || {
        let mut merge_queue = given::<MergeQueue>(&with(&queued(), vec![]));
        start_head(&mut merge_queue);
        tell(&mut merge_queue, &record_head(1));
        let build = Command::RecordCandidate {
            entry: 1,
            candidate: candidate(),
            changes: Changes::default(),
            asked: true,
        };
        tell(&mut merge_queue, &build);
        start(&mut merge_queue);
        merge_queue
    };
    let mut merge_queue = red();
    assert_eq!(tell(&mut merge_queue, &record(1)), ["trunk.parked"]);
    start_head(&mut merge_queue);
    assert_eq!(
        tell(&mut merge_queue, &record_head(0)),
        ["trunk.head_verified"]
    );
    assert_eq!(
        (merge_queue.queue.len(), merge_queue.health.red.clone()),
        (1, None)
    );

    let mut merge_queue = red();
    assert_eq!(tell(&mut merge_queue, &record(0)), ["trunk.verified"]);
    tell(&mut merge_queue, &Command::IntendPublish { entry: 1 });
    tell(&mut merge_queue, &Command::RecordAdvanced { entry: 1 });
    assert_eq!(
        merge_queue.health.red, None,
        "the head was verified as a candidate"
    );
}

#[test]
fn a_tree_that_is_red_and_then_green_is_merged_and_counted() {
    let built = with(&queued(), vec![built_event(&[]).into()]);
    let mut merge_queue = given::<MergeQueue>(&built);
    start(&mut merge_queue);
    tell(&mut merge_queue, &record(1));
    start(&mut merge_queue);
    assert_eq!(tell(&mut merge_queue, &record(0)), ["trunk.verified"]);
    let flakes = &merge_queue.health.flakes;
    let last = flakes.last.as_ref().map(|flake| (flake.entry, flake.exit));
    assert_eq!((flakes.count, last), (1, Some((1, 1))));
    let front = merge_queue.front().expect("front");
    assert_eq!(front.proof, Some(Proof::VerifiedAgain));
}

/// A verifier that ended because something outside failed counts against nothing.
#[test]
fn verifiers_that_others_ended_do_not_count() {
    let built = with(&queued(), vec![built_event(&[]).into()]);

    for outcome in [
        Outcome::Stopped,
        Outcome::ProviderLimited,
        Outcome::ProviderRefused,
        Outcome::ToolBroken,
    ] {
        let mut merge_queue = given::<MergeQueue>(&built);
        for _ in 0..20 {
            start(&mut merge_queue);
            let session = slot_session(1).session;
            let lapse = Command::LapseVerification {
                entry: 1,
                session: session.clone(),
                outcome,
            };
            tell(&mut merge_queue, &lapse);
            start_head(&mut merge_queue);
            tell(
                &mut merge_queue,
                &Command::LapseHeadVerification { session, outcome },
            );
        }
        let front = merge_queue.front().expect("front");
        assert!(!front.lapses.is_spent(), "{outcome:?}");
        assert!(!merge_queue.health.lapses.is_spent(), "{outcome:?}");
    }
}

fn judged(merge_queue: &MergeQueue) -> Option<&Verdict> {
    let judged = merge_queue.judged.get(&"f-1".parse().expect("id"));
    judged.map(|(_, verdict)| verdict)
}
fn start(merge_queue: &mut MergeQueue) {
    let command = Command::StartVerification {
        entry: 1,
        slot_session: slot_session(1),
        terms: terms(),
    };
    tell(merge_queue, &command);
}
fn start_head(merge_queue: &mut MergeQueue) {
    let command = Command::StartHeadVerification {
        slot_session: slot_session(1),
        terms: terms(),
    };
    tell(merge_queue, &command);
}
fn record(exit: i32) -> Command {
    Command::RecordVerification {
        entry: 1,
        session: Some(slot_session(1).session),
        evidence: ran(1, 'e', exit),
    }
}
fn record_head(exit: i32) -> Command {
    Command::RecordHeadVerification {
        session: slot_session(1).session,
        evidence: ran(1, 'f', exit),
    }
}

/// What a merge queue records when it is told something, by name.
fn tell(merge_queue: &mut MergeQueue, command: &Command) -> Vec<&'static str> {
    let decided = merge_queue.decide(command, Timestamp(0));
    let decided = decided.unwrap_or_else(|why| panic!("{command:?}: {why}"));
    let moment = Moment {
        position: Position(1),
        version: Version(1),
        at: Timestamp(1),
    };
    for event in &decided {
        merge_queue.evolve(event, moment);
    }
    decided.iter().map(|event| event.kind().name).collect()
}
