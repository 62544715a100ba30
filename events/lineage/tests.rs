//! Joins over logs written by hand: which entry a commit came by, what became of each claim, and
//! what sessions did.

use crate::agent::{AgentSpec, Dialect};
use crate::container::event as c;
use crate::envelope::Envelope;
use crate::feature::event as f;
use crate::holder::{Holder, Role};
use crate::id::{Epoch, SessionId};
use crate::lineage::{Claims, Entries, Fate, Filter, OfClaim, OfEntry, OfSession, Sessions};
use crate::merge_queue::{EntryKind, event as q};
use crate::outcome::Outcome;
use crate::scene::{Scene, feature, job, session, sha};
use crate::stream::StreamId;
use crate::usage::Usage;
use crate::verdict::{Judgement, Verdict};
use crate::why::tests::{assign, by, closed, ended, halted, held, merged, released, verified};

fn entry(scene: &Scene, commit: char) -> Option<OfEntry> {
    let mut entries = Entries::of(sha(commit));
    for event in of_queue(scene) {
        entries.take(event).expect("a known event");
    }
    entries.done()
}

fn of_queue(scene: &Scene) -> impl Iterator<Item = &Envelope> {
    let events = scene.log.iter();
    events.filter(|event| matches!(event.stream, StreamId::MergeQueue(_)))
}

fn claims(scene: &Scene, id: &str) -> Vec<OfClaim> {
    let stream = StreamId::Feature("z".parse().expect("a name"), feature(id));
    let mut claims = Claims::default();
    for event in scene.log.iter().filter(|event| event.stream == stream) {
        claims.take(event).expect("a known event");
    }
    claims.done().into_values().collect()
}

fn sessions(scene: &Scene, filter: &Filter) -> Vec<OfSession> {
    let mut sessions = Sessions::default();
    for event in &scene.log {
        sessions.take(event).expect("a known event");
    }
    sessions.done(filter)
}

#[test]
fn a_commit_goes_back_to_the_entry_that_was_published_with_it() {
    let scene = merged();
    let found = entry(&scene, 'c').expect("an entry");
    assert_eq!((found.number, found.advanced.0), (1, scene.position));
    let kind = match &found.kind {
        EntryKind::Feature { feature, epoch, .. } => (feature.as_str(), *epoch),
        other => panic!("{other:?}"),
    };
    assert_eq!(kind, ("a", Epoch(1)));
    let (_, evidence) = found.verified.expect("verified");
    assert!(evidence.is_green());

    // The commit of somebody else, and candidates that never got upstream.
    let table = [
        ("another commit", merged(), 'd'),
        ("built and verified alone", verified(), 'c'),
        ("held", held(), 'c'),
        ("halted", halted(verified()), 'c'),
    ];
    for (what, scene, commit) in table {
        assert_eq!(entry(&scene, commit), None, "{what}");
    }
}

#[test]
fn an_entry_that_left_is_not_the_one_that_brings_a_commit_later() {
    let mut scene = verified();
    let (base, paths, why) = (None, vec![], "dropped".to_owned());
    scene.queue(q::Dequeued {
        entry: 1,
        base,
        paths,
        why,
    });
    let (from, to) = (None, sha('c'));
    scene.queue(q::Advanced { entry: 1, from, to });
    assert_eq!(entry(&scene, 'c'), None);
}

fn outside() -> Holder {
    Holder::Outside {
        principal: "ann".into(),
    }
}

/// A feature whose claims are told one after another.
fn claimed(epochs: u32) -> Scene {
    let mut scene = Scene::running(1);
    scene.feature("a", 2);
    for epoch in 1..=epochs {
        let (epoch, holder) = (Epoch(epoch.into()), outside());
        scene.of("a", f::Claimed { epoch, holder });
    }
    scene
}

fn submitted(scene: &mut Scene, epoch: u64) {
    let (epoch, sha, base) = (Epoch(epoch), sha('b'), None);
    scene.of("a", f::Submitted { epoch, sha, base });
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn each_claim_says_what_became_of_its_work() {
    type Then = fn(&mut Scene);
    let table: [(&str, Then, Fate); 9] = [
        ("held", |_| {}, Fate::Held),
        (
            "released",
            |scene| drop_of(scene, released(Outcome::Lost)),
            Fate::Released(Outcome::Lost),
        ),
        (
            "expired",
            |scene| {
                drop_of(
                    scene,
                    f::ClaimExpired {
                        epoch: Epoch(1),
                        last_seen: 1,
                        up_since: 1,
                    },
                );
            },
            Fate::Expired,
        ),
        ("handed in", |scene| submitted(scene, 1), Fate::HandedIn),
        (
            "sent back",
            |scene| {
                submitted(scene, 1);
                drop_of(scene, crate::why::tests::rejected());
            },
            Fate::SentBack,
        ),
        (
            "passed",
            |scene| {
                submitted(scene, 1);
                pass(scene);
            },
            Fate::Passed,
        ),
        (
            "not merged",
            |scene| {
                submitted(scene, 1);
                drop_of(
                    scene,
                    f::MergeRejected {
                        epoch: Epoch(1),
                        fault: f::MergeFault::Red,
                        paths: vec![],
                        detail: String::new(),
                    },
                );
            },
            Fate::Unmerged,
        ),
        (
            "merged",
            |scene| {
                submitted(scene, 1);
                close(scene);
            },
            Fate::Merged(sha('c')),
        ),
        (
            "taken out",
            |scene| {
                submitted(scene, 1);
                close(scene);
                drop_of(scene, f::SetAside { why: "red".into() });
            },
            Fate::Undone(sha('c')),
        ),
    ];
    for (what, then, fate) in table {
        let mut scene = claimed(1);
        then(&mut scene);
        let claim = claims(&scene, "a").pop().expect("a claim");
        assert_eq!(claim.fate.1, fate, "{what}");
        if what != "held" {
            assert_eq!(claim.fate.0.0, scene.position, "{what}");
        }
    }
}

fn drop_of(scene: &mut Scene, event: impl Into<f::Event>) {
    scene.of("a", event);
}

fn pass(scene: &mut Scene) {
    let (session, verdict) = (
        session(2),
        Verdict {
            judgement: Judgement::Pass,
            findings: vec![],
            ran: vec![],
        },
    );
    scene.of("a", f::ReviewPassed { session, verdict });
}

fn close(scene: &mut Scene) {
    let closing = f::Closing::Merged { sha: sha('c') };
    scene.of("a", f::Closed { closing, by: by() });
}

#[test]
fn a_verdict_belongs_to_the_claim_whose_work_was_handed_in_last() {
    let mut scene = claimed(1);
    submitted(&mut scene, 1);
    drop_of(&mut scene, crate::why::tests::rejected());
    let holder = outside();
    drop_of(
        &mut scene,
        f::Claimed {
            epoch: Epoch(2),
            holder,
        },
    );
    submitted(&mut scene, 2);
    pass(&mut scene);
    close(&mut scene);

    let claims = claims(&scene, "a");
    let fates: Vec<_> = claims.iter().map(|claim| claim.fate.1.clone()).collect();
    assert_eq!(fates, [Fate::SentBack, Fate::Merged(sha('c'))]);
    let judged = |claim: &OfClaim| -> Vec<_> {
        let verdicts = claim.verdicts.iter();
        verdicts.map(|one| (one.judgement, one.findings)).collect()
    };
    assert_eq!(judged(&claims[0]), [(Judgement::Reject, 1)]);
    assert_eq!(judged(&claims[1]), [(Judgement::Pass, 0)]);
}

/// Session 1 is a coder of this agent, which used a model; session 2 a verifier.
fn at_work() -> Scene {
    let mut scene = closed();
    let assignment = c::Assignment {
        agent: Some(AgentSpec {
            model: Some("opus".into()),
            ..AgentSpec::of(Dialect::Claude)
        }),
        ..job(&session(1), Role::Coder, Some("a"))
    };
    scene.slot(1, c::Assigned { assignment });
    for requests in [1, 2] {
        let model = c::ModelUsage {
            provider: "anthropic".into(),
            model: "opus-4".into(),
            usage: Usage {
                requests,
                ..Usage::default()
            },
        };
        scene.slot(
            1,
            c::UsageMetered {
                session: session(1),
                models: vec![model],
            },
        );
    }
    scene.slot(1, ended(1, Outcome::Completed));
    scene.slot(
        1,
        c::TranscriptKept {
            session: session(1),
            chunks: 3,
            bytes: 77,
            digest: crate::id::Digest::of(b"t"),
        },
    );
    assign(&mut scene, 1, 2, Role::Verifier, None);
    scene
}

#[test]
fn sessions_are_found_by_their_id_agent_and_model() {
    let scene = at_work();
    let table: [(Filter, &[SessionId]); 8] = [
        (Filter::Session(session(1)), &[session(1)]),
        (Filter::Session(session(2)), &[session(2)]),
        (Filter::Session(session(3)), &[]),
        (Filter::Agent("claude".into()), &[session(1)]),
        (Filter::Agent("codex".into()), &[]),
        (Filter::Model("opus".into()), &[session(1)]),
        (Filter::Model("opus-4".into()), &[session(1)]),
        (Filter::Model("sonnet".into()), &[]),
    ];
    for (filter, expected) in table {
        let found = sessions(&scene, &filter);
        let found: Vec<_> = found.into_iter().map(|one| one.session).collect();
        assert_eq!(found, expected, "{filter:?}");
    }

    let own = sessions(&scene, &Filter::Session(session(1))).remove(0);
    assert_eq!((own.usage.requests, own.role), (3, Role::Coder));
    assert_eq!(own.ended.map(|(_, how)| how), Some(Outcome::Completed));
    assert_eq!(
        own.transcript.map(|(_, chunks, bytes)| (chunks, bytes)),
        Some((3, 77))
    );

    let mut scene = scene;
    let session = session(1);
    scene.slot(
        1,
        c::TranscriptDropped {
            session: session.clone(),
        },
    );
    let own = sessions(&scene, &Filter::Session(session)).remove(0);
    assert_eq!(own.transcript, None);
}

/// Work that two candidates were built for, one on the other, is verified once for both.
#[test]
fn the_entries_of_a_batch_go_back_to_one_verification() {
    let mut scene = crate::why::tests::batched();
    let evidence = crate::why::tests::evidence(0);
    scene.queue(q::Verified { entry: 2, evidence });
    let verified = scene.position;
    for (entry, from, to) in [(1, '0', 'c'), (2, 'c', 'd')] {
        let (from, to) = (Some(sha(from)), sha(to));
        scene.queue(q::Advanced { entry, from, to });
    }

    for (commit, number, id) in [('c', 1, "a"), ('d', 2, "b")] {
        let found = entry(&scene, commit).expect("an entry");
        let (of, epoch) = found.work().expect("work");
        assert_eq!((found.number, of.as_str(), epoch), (number, id, Epoch(1)));
        let (at, _) = found.verified.expect("verified");
        assert_eq!(at.0, verified);
    }
}

#[test]
fn a_revert_and_the_scaffold_bring_no_claim() {
    let kinds = [
        EntryKind::Scaffold,
        EntryKind::Revert {
            feature: feature("a"),
            commit: sha('c'),
            title: "a".into(),
            restores: false,
        },
    ];
    for kind in kinds {
        let mut scene = closed();
        let entry_of = q::Queued {
            entry: 2,
            kind: kind.clone(),
            priority: 2,
        };
        scene.queue(entry_of);
        let (from, to) = (Some(sha('c')), sha('d'));
        scene.queue(q::Advanced { entry: 2, from, to });
        let found = entry(&scene, 'd').expect("an entry");
        assert_eq!((found.work(), &found.kind), (None, &kind));
    }
}
