//! Merges and the log itself, every breach alone: batches, what stands on what, what the branch
//! holds, and what is true of every event whatever it says.

use super::*;

type Told = (&'static str, &'static str, Value);

const TRUNK: &str = "trunk-p";

fn found_in(history: &[Told]) -> Vec<&'static str> {
    let mut audit = Audit::new("test");
    for envelope in record(history) {
        audit.take(&envelope);
    }
    audit.finish().into_iter().map(|breach| breach.id).collect()
}

fn queued(entry: u64, feature: &str) -> Told {
    let kind = json!({ "feature": feature, "epoch": 1 });
    (
        TRUNK,
        "trunk.queued",
        json!({ "entry": entry, "kind": kind }),
    )
}

fn built(entry: u64, base: &str, sha: &str) -> Told {
    let candidate = json!({ "base": base, "sha": sha, "tree": format!("tree of {sha}") });
    let payload = json!({ "entry": entry, "candidate": candidate });
    (TRUNK, "trunk.candidate_built", payload)
}

fn verified(entry: u64, sha: &str) -> Told {
    let evidence = json!({ "kind": "ran", "tree": format!("tree of {sha}"), "exit": 0 });
    let payload = json!({ "entry": entry, "evidence": evidence });
    (TRUNK, "trunk.verified", payload)
}

fn unverified(entry: u64) -> Told {
    let payload = json!({ "entry": entry, "evidence": { "kind": "none_configured" } });
    (TRUNK, "trunk.verified", payload)
}

fn intended(entry: u64, from: &str, to: &str) -> Told {
    let payload = json!({ "entry": entry, "from": from, "to": to });
    (TRUNK, "trunk.publish_intended", payload)
}

fn advanced(entry: u64, to: &str) -> Told {
    (TRUNK, "trunk.advanced", json!({ "entry": entry, "to": to }))
}

fn entry(kind: &'static str, entry: u64) -> Told {
    (TRUNK, kind, json!({ "entry": entry }))
}

/// Two entries of which the second stands on the first.
fn two() -> History {
    vec![
        queued(1, "f"),
        built(1, "00", "c1"),
        queued(2, "g"),
        built(2, "c1", "c2"),
    ]
}

fn all_found(table: Vec<(&str, Vec<Told>, &[&str])>) {
    for (what, more, expected) in table {
        let history = [two(), more].concat();
        assert_eq!(found_in(&history), expected, "{what}");
    }
}

#[test]
fn a_batch_is_verified_and_published_as_one() {
    let published = vec![advanced(1, "c1"), advanced(2, "c2")];
    let whole = |verified: Told| [vec![verified, intended(2, "00", "c2")], published.clone()];

    all_found(vec![
        ("by its last", whole(verified(2, "c2")).concat(), &[]),
        (
            "by its first alone",
            vec![verified(1, "c1"), intended(2, "00", "c2")],
            &["G4"],
        ),
        ("by nothing", vec![intended(2, "00", "c2")], &["G4", "G4"]),
        (
            "from the base of its last",
            vec![verified(2, "c2"), intended(2, "c1", "c2")],
            &["G4"],
        ),
        (
            "as another commit",
            vec![verified(2, "c2"), intended(2, "00", "c9")],
            &["G4"],
        ),
        (
            "on what is upstream by now",
            vec![
                verified(1, "c1"),
                intended(1, "00", "c1"),
                advanced(1, "c1"),
                verified(2, "c2"),
                intended(2, "c1", "c2"),
                advanced(2, "c2"),
            ],
            &[],
        ),
        (
            "another push has no end",
            vec![
                verified(2, "c2"),
                intended(1, "00", "c1"),
                intended(2, "00", "c2"),
            ],
            &["G2"],
        ),
    ]);
}

#[test]
fn what_was_verified_holds_for_what_it_was_verified_on() {
    let tree = |tree: &str, exit: i64| {
        let evidence = json!({ "kind": "ran", "tree": tree, "exit": exit });
        let payload = json!({ "entry": 2, "evidence": evidence });
        (TRUNK, "trunk.verified", payload)
    };
    let publish = || intended(2, "00", "c2");
    let since = |told: Told| vec![verified(2, "c2"), told, publish()];

    all_found(vec![
        ("another tree", vec![tree("tree of c9", 0)], &["G4"]),
        ("a red one", vec![tree("tree of c2", 1)], &["G4"]),
        (
            "one that a signal ended",
            vec![tree("tree of c2", -9)],
            &["G4"],
        ),
        (
            "the last one was built anew",
            since(built(2, "c1", "c2")),
            &["G4"],
        ),
        (
            "another one is built beside it",
            since(built(3, "c2", "c3")),
            &[],
        ),
        (
            "one of them failed",
            since(entry("trunk.verification_failed", 1)),
            &["G4", "G4"],
        ),
        (
            "upstream moved",
            since(entry("trunk.upstream_moved", 2)),
            &["G4", "G4"],
        ),
        (
            "upstream was looked at",
            since((TRUNK, "trunk.followed", json!({ "to": "u1" }))),
            &["G4", "G4"],
        ),
        (
            "the lower one left",
            vec![
                verified(2, "c2"),
                entry("trunk.dequeued", 1),
                intended(2, "c1", "c2"),
            ],
            &["G4"],
        ),
        (
            "the lower one was refused",
            vec![
                verified(2, "c2"),
                entry("trunk.change_refused", 1),
                intended(2, "c1", "c2"),
            ],
            &["G4"],
        ),
    ]);
}

#[test]
fn an_entry_is_published_as_it_was_meant_to_be_and_once() {
    let meant = || vec![verified(1, "c1"), intended(1, "00", "c1")];
    let anew = vec![
        queued(3, "f"),
        built(3, "c1", "c3"),
        verified(3, "c3"),
        intended(3, "c1", "c3"),
        advanced(3, "c3"),
    ];

    all_found(vec![
        (
            "as it was meant",
            [meant(), vec![advanced(1, "c1")]].concat(),
            &[],
        ),
        (
            "without a word before",
            vec![verified(1, "c1"), advanced(1, "c1")],
            &["G4"],
        ),
        (
            "as another commit",
            [meant(), vec![advanced(1, "c9")]].concat(),
            &["G4"],
        ),
        (
            "twice",
            [meant(), vec![advanced(1, "c1"), advanced(1, "c1")]].concat(),
            &["G4", "G6"],
        ),
        (
            "once more, with other work",
            [meant(), vec![advanced(1, "c1")], anew].concat(),
            &[],
        ),
        (
            "completed before its end",
            [meant(), vec![("project-p", "project.completed", json!({}))]].concat(),
            &["G2"],
        ),
    ]);
}

/// What was published without a verification is told, and what was not published is not.
#[test]
fn what_nothing_verified_is_told_once_it_is_upstream() {
    let scaffold = (TRUNK, "trunk.queued", json!({ "entry": 3, "kind": {} }));
    let waived = |more: Vec<Told>| {
        let mut audit = Audit::new("test");
        for envelope in record(&[two(), more].concat()) {
            audit.take(&envelope);
        }
        audit.waived()
    };
    let first = |told: Told| vec![told, intended(1, "00", "c1"), advanced(1, "c1")];

    assert_eq!(waived(first(unverified(1))), ["p/f"]);
    assert_eq!(waived(first(verified(1, "c1"))), Vec::<String>::new());
    assert_eq!(waived(vec![unverified(1)]), Vec::<String>::new());
    let all = vec![
        scaffold,
        built(3, "c2", "c3"),
        unverified(3),
        intended(3, "00", "c3"),
        advanced(1, "c1"),
        advanced(2, "c2"),
        advanced(3, "c3"),
    ];
    assert_eq!(waived(all), ["p/f", "p/g", "p/scaffold"]);
    let anew = vec![unverified(1), verified(1, "c1")];
    let published = vec![intended(1, "00", "c1"), advanced(1, "c1")];
    assert_eq!(waived([anew, published].concat()), Vec::<String>::new());
}

fn landed(sha: &str, feature: Option<&str>) -> Landed {
    Landed {
        sha: sha.into(),
        tree: format!("tree of {sha}"),
        feature: feature.map(str::to_owned),
    }
}

fn opened(head: &str) -> Told {
    (
        TRUNK,
        "trunk.opened",
        json!({ "branch": "main", "head": head }),
    )
}

#[test]
fn the_branch_holds_what_the_log_published_and_nothing_else_of_ours() {
    let published = || {
        vec![
            opened("00"),
            queued(1, "f"),
            built(1, "00", "c1"),
            verified(1, "c1"),
            intended(1, "00", "c1"),
            advanced(1, "c1"),
        ]
    };
    let until = |count: usize| published().into_iter().take(count).collect::<Vec<_>>();
    let (base, ours) = (landed("00", None), landed("c1", Some("f")));
    let theirs = landed("u1", None);
    // The head that the queue was opened at may bear the name of an earlier log's feature.
    let earlier = landed("00", Some("of-another-log"));

    for (what, history, chain, expected) in [
        ("it is there", published(), vec![&base, &ours], vec![]),
        (
            "others went on",
            published(),
            vec![&base, &ours, &theirs],
            vec![],
        ),
        (
            "begun at an earlier log's",
            published(),
            vec![&earlier, &ours],
            vec![],
        ),
        ("it is gone", published(), vec![&base], vec!["G6"]),
        (
            "pushed, and not yet recorded",
            until(5),
            vec![&base, &ours],
            vec![],
        ),
        (
            "pushed, and not meant to be",
            until(4),
            vec![&base, &ours],
            vec!["G6"],
        ),
        ("nobody knows it", until(1), vec![&base, &ours], vec!["G6"]),
    ] {
        let chain: Vec<Landed> = chain.into_iter().cloned().collect();
        assert_eq!(audit(&record(&history), &chain), expected, "{what}");
    }

    let other = landed("c9", Some("f"));
    let meant = until(5);
    let found = audit(&record(&meant), &[base.clone(), other]);
    assert_eq!(
        found,
        ["G6"],
        "another commit than the one that is underway"
    );

    let mut both = published();
    both.extend([queued(2, "g"), built(2, "c1", "c1"), advanced(2, "c1")]);
    let found = audit(&record(&both), &[base, ours]);
    assert_eq!(found, ["G4", "G6", "G3"], "one commit for two features");
}

#[test]
fn a_feature_is_closed_by_its_own_merge() {
    let reopened = ("feature-p/f", "feature.reopened", json!({}));
    let closed = |sha: &str| {
        let closing = json!({ "how": "merged", "sha": sha });
        (
            "feature-p/f",
            "feature.closed",
            json!({ "closing": closing }),
        )
    };
    let open = || -> History {
        let before = |kind: &str| !matches!(kind, "project.completed" | "node.stopped");
        let mut history = sound();
        history.retain(|(_, kind, _)| before(kind));
        history
    };
    let unclosed = || -> History {
        let mut history = open();
        history.retain(|(_, kind, _)| *kind != "feature.closed");
        history
    };

    assert_eq!(
        found_in(&[unclosed(), vec![closed("c1")]].concat()),
        Vec::<&str>::new()
    );
    let other = [unclosed(), vec![closed("c9")]].concat();
    assert_eq!(found_in(&other), ["G6", "C4"], "a merge that nobody knows");
    let again = [open(), vec![reopened, closed("c1")]].concat();
    assert_eq!(found_in(&again), ["G6"], "closed twice by one merge");

    let mut anothers = unclosed();
    for (_, kind, payload) in &mut anothers {
        if *kind == "trunk.queued" {
            *payload = json!({ "entry": 1, "kind": { "feature": "g", "epoch": 1 } });
        }
    }
    anothers.push(closed("c1"));
    assert_eq!(found_in(&anothers), ["G6"], "published for another feature");
}

#[test]
fn places_versions_and_causes_are_held_exactly() {
    let last = sound().len() - 1;
    let moved = altered(|n, envelope| envelope.position.0 += u64::from(n == last));
    assert_eq!(moved, ["L3"], "a hole in the log");
    let version = altered(|n, envelope| envelope.version.0 += u64::from(n == last));
    assert_eq!(version, ["L3"], "a hole in a stream");

    let caused = |cause: u64| {
        altered(move |n, envelope| {
            let is_ninth = envelope.position == Position(9);
            assert_eq!(is_ninth, n == 8, "places begin at 1");
            envelope.cause.causation = is_ninth.then_some(Position(cause));
        })
    };
    assert_eq!(caused(0), ["L11"], "nothing is at place 0");
    assert_eq!(caused(1), Vec::<&str>::new(), "the first of all events");
    assert_eq!(caused(8), Vec::<&str>::new(), "the one before");
    assert_eq!(caused(9), ["L11"], "itself");
}

#[test]
fn a_command_is_one_run_of_one_stream() {
    let command = CommandId::derived(&["again"]);
    let of_one = |places: &'static [usize]| {
        altered(move |n, envelope| {
            if places.contains(&n) {
                envelope.command = command;
            }
        })
    };
    // 5 and 6 are of the feature, 7 and 8 of a slot.
    assert_eq!(of_one(&[5, 6]), Vec::<&str>::new());
    assert_eq!(of_one(&[7, 8]), Vec::<&str>::new());
    assert_eq!(of_one(&[6, 7]), ["I4"]);
    assert_eq!(of_one(&[5, 11]), ["I1"], "once more, later");

    let later = |after: i64| {
        altered(move |n, envelope| {
            if n == 2 || n == 26 {
                envelope.command = command;
            }
            envelope.at = Timestamp(if n == 26 { after } else { 0 });
        })
    };
    let kept = crate::log::ANSWERS_KEPT_FOR;
    assert_eq!(later(kept), ["I1"], "its answer is remembered to the last");
    assert_eq!(later(kept + 1), Vec::<&str>::new());
}

#[test]
fn runs_of_a_server_are_counted_without_a_hole() {
    let run = |kind: &'static str, epoch: u64| ("node-n", kind, json!({ "epoch": epoch }));
    let (started, stopped) = ("node.started", "node.stopped");

    for (what, history, expected) in [
        (
            "two",
            vec![run(started, 1), run(stopped, 1), run(started, 2)],
            vec![],
        ),
        (
            "one that crashed",
            vec![run(started, 1), run(started, 2)],
            vec![],
        ),
        (
            "a hole",
            vec![run(started, 1), run(started, 3)],
            vec!["S-E1"],
        ),
        (
            "the same again",
            vec![run(started, 1), run(started, 1)],
            vec!["S-E1"],
        ),
        ("an end without a run", vec![run(stopped, 0)], vec!["S-E1"]),
        (
            "the end of another",
            vec![run(started, 1), run(stopped, 2)],
            vec!["S-E1"],
        ),
    ] {
        assert_eq!(found_in(&history), expected, "{what}");
    }

    let other = ("node-m", started, json!({ "epoch": 1 }));
    assert_eq!(found_in(&[run(started, 1), other]), Vec::<&str>::new());
}

/// Nothing of a subscription is a project's, whatever it is called.
#[test]
fn subscriptions_are_of_no_project() {
    let mut audit = Audit::new("test");
    let told = ("subscription-p", "project.stopped", json!({}));
    for envelope in record(&[sound(), vec![told]].concat()) {
        audit.take(&envelope);
    }
    assert_eq!(audit.projects(), ["p"]);
    let wanted = audit.table("p").expect("the project").wanted;
    assert_eq!(wanted, crate::audit::tables::Wanted::Completed);
}

/// A replay that cannot go on says so once.
#[test]
fn a_replay_that_stopped_is_told_once() {
    let mut envelopes = crate::golden::told();
    for envelope in envelopes.iter_mut().skip(3) {
        envelope.kind = "feature.eaten".into();
    }
    let mut replay = Replay::every("test", 2);
    envelopes.iter().for_each(|envelope| replay.take(envelope));
    let told = replay.finish();
    let places: Vec<u64> = told.iter().map(|breach| breach.position).collect();
    assert_eq!(places, [4]);
}
