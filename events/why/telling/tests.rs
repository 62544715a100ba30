//! Whole answers: given a log and a moment, every sentence that is said, in order.

use crate::aggregate::Aggregate;
use crate::backlog;
use crate::container::event as c;
use crate::feature::event as f;
use crate::holder::Role;
use crate::id::{Digest, SlotNo};
use crate::lapses::OWN_MAX;
use crate::merge_queue::{EntryKind, event as q};
use crate::outcome::Outcome;
use crate::policy::{AnyCommand, Observed};
use crate::project::event as p;
use crate::scene::{Scene, sha};
use crate::settings::Settings;
use crate::why::tests::*;
use crate::why::{About, Kind, Part, Record, Sentence, Shown, why};

/// A log, what is asked, seconds from its newest event to the question, and what is said.
type Case = (&'static str, Scene, About, i64, &'static [Kind]);

fn a() -> About {
    About::Feature(id("a"))
}

fn unverifiable() -> Scene {
    let mut scene = built();
    settings(&mut scene, Settings::default());
    scene
}

fn withheld(mut scene: Scene) -> Scene {
    scene.slot(1, c::Withheld { by: by() });
    scene
}

fn checking(mut scene: Scene) -> Scene {
    scene.queue(q::HeadVerificationStarted {
        head: sha('0'),
        slot_session: slot_session(1, 6),
        terms: Digest::of(b"t"),
    });
    scene
}

/// The verifiers of the trunk itself end without evidence, again and again.
fn given_up() -> Scene {
    let mut scene = doubted();
    for _ in 0..OWN_MAX {
        scene = checking(scene);
        let (session, outcome) = (s(6), Outcome::Failed);
        scene.queue(q::HeadVerificationLapsed { session, outcome });
    }
    scene
}

/// The work of `a` and `b`, verified together.
fn batch_verified() -> Scene {
    let mut scene = batched();
    let (entry, slot_session) = (2, slot_session(1, 3));
    let terms = Some(Digest::of(b"t"));
    scene.queue(q::VerificationStarted {
        entry,
        slot_session,
        terms,
    });
    let evidence = evidence(0);
    scene.queue(q::Verified { entry, evidence });
    scene
}

/// `a` is closed, and an entry takes out what it brought.
fn undoing() -> Scene {
    let mut scene = closed();
    let kind = EntryKind::Revert {
        feature: id("a"),
        commit: sha('c'),
        title: "a".into(),
        restores: false,
    };
    let (entry, priority) = (2, 2);
    scene.queue(q::Queued {
        entry,
        kind,
        priority,
    });
    scene
}

/// The same, and that entry is upstream.
fn undone() -> Scene {
    let mut scene = undoing();
    let (from, to) = (Some(sha('c')), sha('d'));
    scene.queue(q::Advanced { entry: 2, from, to });
    scene
}

/// Slot 1 works on `b` after it worked on `a`, whose session failed.
fn moved_on() -> Scene {
    let mut scene = over();
    scene.slot(1, c::Idle {});
    scene.of("a", released(Outcome::Failed));
    scene.feature("b", 2).claimed("b", &s(2));
    assign(&mut scene, 1, 2, Role::Coder, Some("b"));
    scene
}

/// Starts fail in both slots, for one reason.
fn refused_by_the_engine() -> Scene {
    let mut scene = Scene::running(2);
    for (n, id, of) in [(1, "a", 1), (2, "b", 2)] {
        scene.feature(id, 2).claimed(id, &s(of));
        assign(&mut scene, n, of, Role::Coder, Some(id));
        let (generation, class) = (GENERATION, crate::container::Class::Image);
        scene.slot(n, c::StartRequested { generation });
        let detail = "there is no such image".to_owned();
        scene.slot(
            n,
            c::StartFailed {
                generation,
                class,
                detail,
            },
        );
    }
    scene
}

/// A project whose upstream has no commit.
fn empty() -> Scene {
    let mut scene = Scene::new();
    let (git_url, kind) = ("/up".to_owned(), p::ProjectKind::Existing);
    scene.project(p::Registered { git_url, kind });
    let (branch, head, setup) = ("main".to_owned(), None, None);
    scene.project(p::Cloned {
        branch: branch.clone(),
        head,
        setup,
    });
    scene.project(p::TargetSet { count: 1 });
    scene.project(p::Started { by: by() });
    scene.queue(q::Opened { branch, head: None });
    scene.slot(1, c::Enlisted {});
    scene.feature("a", 2);
    scene
}

/// `a` is wanted no more, and its dependant hears of it.
fn unblocked() -> Scene {
    let mut scene = one();
    scene.feature("b", 2).of("b", f::Blocked { by: id("a") });
    let edge = backlog::event::Edge {
        feature: id("b"),
        on: id("a"),
    };
    let added = backlog::event::DependencyAdded { edge };
    scene.add::<backlog::Event>("backlog-z", added);
    scene.of("a", f::Withdrawn { by: by() });
    scene
}

fn interrupted() -> Scene {
    let mut scene = assigned();
    let (session, by) = (s(1), by());
    scene.slot(1, c::InterruptRequested { session, by });
    scene
}

fn target(mut scene: Scene, count: u16) -> Scene {
    scene.project(p::TargetSet { count });
    scene
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn of_merges() -> Vec<Case> {
    use Kind as K;
    let (first, second) = (|| About::Merge(1), || About::Merge(2));

    vec![
        (
            "nothing verifies it",
            unverifiable(),
            first(),
            1,
            &[K::EntryBuilt, K::AwaitsPerson],
        ),
        (
            "its verifiers were given up",
            lapsed(OWN_MAX),
            first(),
            1,
            &[K::EntryBuilt, K::AwaitsVerifier, K::AwaitsPerson],
        ),
        (
            "its verifiers are tried again",
            withheld(lapsed(1)),
            first(),
            1,
            &[K::EntryBuilt, K::AwaitsVerifier, K::NoSlot],
        ),
        (
            "nobody looks at the trunk",
            withheld(doubted()),
            first(),
            1,
            &[K::EntryDoubted, K::AwaitsTrunk, K::NoSlot],
        ),
        (
            "the trunk is looked at",
            checking(parked()),
            first(),
            1,
            &[K::EntryParked, K::AwaitsTrunk, K::Due],
        ),
        (
            "nobody can tell how the trunk is",
            given_up(),
            first(),
            1,
            &[K::EntryDoubted, K::AwaitsTrunk, K::AwaitsPerson],
        ),
        (
            "the tip of a batch",
            batched(),
            second(),
            1,
            &[K::EntryBuilt, K::Due],
        ),
        (
            "the front of a batch",
            batched(),
            first(),
            1,
            &[K::EntryBuilt, K::Due],
        ),
        (
            "a batch is locked, one by one",
            batch_verified(),
            first(),
            1,
            &[K::EntryVerified, K::Due, K::Due],
        ),
        (
            "the trunk is looked at on other terms",
            parked(),
            first(),
            1,
            &[K::EntryParked, K::AwaitsTrunk, K::Due],
        ),
        (
            "the trunk rests",
            verified_red(),
            first(),
            1,
            &[K::EntryParked, K::AwaitsTrunk],
        ),
        (
            "it is taken out",
            undoing(),
            a(),
            1,
            &[K::Closed, K::EntryQueued, K::Due],
        ),
        ("it was taken out", undone(), a(), 1, &[K::Closed, K::Due]),
        (
            "after the pause",
            halted(entered()),
            first(),
            6,
            &[K::EntryQueued, K::Halted, K::Due],
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn of_slots() -> Vec<Case> {
    use Kind as K;
    let first = || About::Slot(SlotNo(1));

    vec![
        (
            "long over, and another works",
            moved_on(),
            About::Session(s(1)),
            1,
            &[K::SessionEnded],
        ),
        (
            "it goes on with another",
            moved_on(),
            first(),
            1,
            &[K::JobAssigned, K::Due],
        ),
        (
            "the engine is to blame",
            refused_by_the_engine(),
            first(),
            1,
            &[K::JobAssigned, K::Due],
        ),
        (
            "after the pause",
            failed(),
            first(),
            6,
            &[K::JobAssigned, K::Due],
        ),
        (
            "stopped before it began",
            interrupted(),
            first(),
            1,
            &[K::JobAssigned, K::Interrupted, K::Due],
        ),
        (
            "taken out of service with a job",
            withheld(assigned()),
            first(),
            1,
            &[K::SlotWithheld, K::AwaitsPerson, K::JobAssigned, K::Due],
        ),
        (
            "not wanted any more",
            target(one(), 0),
            first(),
            1,
            &[K::SlotIdle, K::Due],
        ),
        (
            "about to review",
            handed_in(),
            first(),
            1,
            &[K::SlotIdle, K::Due],
        ),
        (
            "granted and not assigned",
            claimed(),
            first(),
            1,
            &[K::SlotIdle, K::Due],
        ),
        (
            "things are in trouble",
            troubled(),
            first(),
            1,
            &[K::SlotIdle, K::InTrouble],
        ),
        (
            "wanted and not enlisted",
            target(one(), 2),
            About::Slot(SlotNo(2)),
            1,
            &[K::SlotUnknown, K::Due],
        ),
    ]
}

/// The reviewer of `a` ended without a verdict, and its slot is free again.
fn unreviewed() -> Scene {
    let mut scene = reviewed();
    assign(&mut scene, 1, 2, Role::Reviewer, Some("a"));
    scene.slot(1, ended(2, Outcome::Failed));
    scene.slot(1, c::Idle {});
    scene
}

/// Verifiers of entry 1 ended without evidence, so often.
fn lapsed(times: u32) -> Scene {
    let mut scene = built();
    for _ in 0..times {
        let (entry, slot_session) = (1, slot_session(1, 5));
        let (session, outcome) = (s(5), Outcome::Failed);
        scene.queue(q::VerificationStarted {
            entry,
            slot_session,
            terms: None,
        });
        scene.queue(q::VerificationLapsed {
            entry,
            session,
            outcome,
        });
    }
    scene
}

fn of_features() -> Vec<Case> {
    use Kind as K;
    let eight_hours = 8 * 3_600 + 1;

    vec![
        (
            "silent for too long",
            anns(),
            a(),
            eight_hours,
            &[K::ClaimedOutside, K::Due],
        ),
        (
            "upstream is empty",
            empty(),
            a(),
            1,
            &[K::OpenCreated, K::NoHead],
        ),
        (
            "what it waits for is settled",
            unblocked(),
            About::Feature(id("b")),
            1,
            &[K::OpenCreated, K::AwaitsFeature, K::Due],
        ),
        (
            "its reviewer ended",
            unreviewed(),
            a(),
            1,
            &[K::InReview, K::Due],
        ),
        (
            "no slot at all",
            target(one(), 0),
            a(),
            1,
            &[K::OpenCreated, K::NoSlot],
        ),
        (
            "it works here",
            working(),
            a(),
            1,
            &[
                K::ClaimedHere,
                K::SessionWorks,
                K::AwaitsSession,
                K::LeaseRuns,
            ],
        ),
        (
            "trouble is tried again",
            troubled(),
            a(),
            61,
            &[K::OpenCreated, K::Due],
        ),
    ]
}

#[test]
fn an_answer_says_all_that_is_so_and_nothing_else() {
    let mut wrong = String::new();
    for (name, scene, about, later, expected) in of_merges()
        .into_iter()
        .chain(of_slots())
        .chain(of_features())
    {
        let seconds = i64::try_from(scene.position).expect("small") + later;
        let said = asked(&scene.log, &about, seconds);
        let kinds: Vec<_> = said.iter().map(|one| one.kind).collect();
        let is_shown = |one: &Sentence| one.shown == Shown::Events || one.part == Part::Waits;
        let is_shown = said.iter().all(is_shown) || expected.contains(&Kind::SlotUnknown);
        if kinds != expected || !is_shown {
            wrong += &format!("{name}: {expected:?}, not\n{}", listed(&said));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What is due follows from an event, which need not be one of the stream that it is for.
#[test]
fn what_is_due_cites_the_event_that_made_it_so() {
    let (first, slot) = (About::Merge(1), |n| About::Slot(SlotNo(n)));
    let cases: Vec<(Scene, About, &[&str])> = vec![
        (built(), first.clone(), &["trunk.candidate_built"]),
        (batch_verified(), first.clone(), &["trunk.verified"]),
        (doubted(), first, &["trunk.verification_doubted"]),
        (undone(), a(), &["trunk.advanced"]),
        (unblocked(), About::Feature(id("b")), &["feature.withdrawn"]),
        (unreviewed(), a(), &["container.session_ended"]),
        (target(one(), 2), slot(2), &["project.target_set"]),
        (target(one(), 0), slot(1), &["project.target_set"]),
        (assigned(), slot(1), &["container.assigned"]),
        (anns(), a(), &["feature.claimed"]),
    ];

    let mut wrong = String::new();
    for (scene, about, expected) in cases {
        let seconds = i64::try_from(scene.position).expect("small") + 8 * 3_600 + 1;
        let said = asked(&scene.log, &about, seconds);
        let due = said.iter().filter(|one| one.kind == Kind::Due);
        let cited: Vec<_> = due.map(|one| names(&scene.log, &one.positions)).collect();
        if cited.is_empty() || cited.iter().any(|cited| *cited != expected) {
            wrong += &format!("{expected:?}, not {cited:?}\n{}", listed(&said));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The parts of what the slots do make up all that are wanted, and what is beyond is told apart.
#[test]
fn slots_that_are_not_free_are_counted_to_the_last() {
    let three = |mut scene: Scene| {
        scene.feature("c", 2);
        target(scene, 3)
    };
    let lowered = |mut scene: Scene| {
        scene.slot(2, c::Enlisted {});
        assign(&mut scene, 2, 2, Role::Coder, Some("b"));
        target(scene, 1)
    };
    let out = |mut scene: Scene| {
        scene.slot(2, c::Enlisted {});
        scene.slot(2, c::Withheld { by: by() });
        scene.feature("c", 2);
        target(scene, 2)
    };

    for (scene, counts) in [
        (
            three(claimed()),
            "of 3, 1 about to begin, 2 not in service yet",
        ),
        (three(assigned()), "of 3, 1 at work, 2 not in service yet"),
        (out(assigned()), "of 2, 1 at work, 1 out of service"),
        (
            lowered(one()),
            "of 1, 1 idle; 1 beyond the target still at work",
        ),
    ] {
        let feature = if scene.view().feature(&id("c")).is_some() {
            "c"
        } else {
            "a"
        };
        let seconds = i64::try_from(scene.position).expect("small") + 1;
        let said = asked(&scene.log, &About::Feature(id(feature)), seconds);
        let slots = of_kind(&said, Kind::NoSlot).unwrap_or_else(|| panic!("{}", listed(&said)));
        assert!(slots.text.contains(counts), "{counts}: {}", slots.text);
    }
}

/// A slot to which nothing is given says why: others take the work, or it rests.
#[test]
fn a_slot_that_is_given_nothing_says_why() {
    let mut two = one();
    two.slot(2, c::Enlisted {});
    let two = target(two, 2);
    let seconds = i64::try_from(two.position).expect("small") + 1;
    let said = asked(&two.log, &About::Slot(SlotNo(2)), seconds);
    let none = of_kind(&said, Kind::NoWork).unwrap_or_else(|| panic!("{}", listed(&said)));
    assert!(
        none.text.contains("other slots are given work first"),
        "{}",
        none.text
    );
}

/// A look that is due and that nobody takes is no look at a moment that is past.
#[test]
fn what_is_due_is_said_to_be() {
    for (later, said_of_it) in [
        (1, "1970-01-01 00:02 UTC"),
        (1_000, "to be looked at again"),
    ] {
        let scene = withheld(verified_red());
        let seconds = i64::try_from(scene.position).expect("small") + later;
        let said = asked(&scene.log, &About::Merge(1), seconds);
        let trunk = of_kind(&said, Kind::AwaitsTrunk).expect("it waits for the trunk");
        assert!(trunk.text.contains(said_of_it), "{}", trunk.text);
        assert_eq!(trunk.until.is_some(), later == 1);
    }
}

/// What is observed beside the log is told as well, and cites no event for it.
#[test]
fn a_machine_without_room_is_named() {
    let scene = one();
    let question = question(a());
    let observed = Observed {
        room: Some(0),
        ..at(1_000, &scene.projections)
    };
    let record = Record {
        projections: &scene.projections,
        observed: &observed,
        events: &scene.log,
    };

    let said = why(&question, record);
    let slots = of_kind(&said, Kind::NoSlot).unwrap_or_else(|| panic!("{}", listed(&said)));
    assert!(
        slots.text.contains("the machine has no room"),
        "{}",
        slots.text
    );
}

/// The trunk is red on the terms that are in force.
fn verified_red() -> Scene {
    let mut scene = parked();
    let observed = at(1_000, &scene.projections);
    let agenda = crate::policy::owed(scene.view(), &observed);
    for (owed, _) in agenda.owed {
        let crate::policy::Owed::Tell(tell) = owed else {
            continue;
        };
        if let AnyCommand::MergeQueue(command) = &tell.command
            && let Ok(events) = scene.view().merge_queue.state.decide(command, observed.now)
        {
            for event in events {
                scene.queue(event);
            }
        }
    }
    let head = sha('0');
    let evidence = evidence(1);
    scene.queue(q::HeadFailed { head, evidence });
    let evidence = crate::why::tests::evidence(1);
    scene.queue(q::Parked { entry: 1, evidence });
    scene
}

/// The moment until which something waits is the one that the policies keep.
#[test]
fn waits_name_the_moment_at_which_the_policies_look_again() {
    for (scene, about, kind) in [
        (anns(), a(), Kind::LeaseRuns),
        (failed(), About::Slot(SlotNo(1)), Kind::StartRests),
        (troubled(), a(), Kind::InTrouble),
        (halted(entered()), About::Merge(1), Kind::Halted),
        (verified_red(), About::Merge(1), Kind::AwaitsTrunk),
        (working(), About::Slot(SlotNo(1)), Kind::AwaitsSession),
    ] {
        let seconds = i64::try_from(scene.position).expect("small") + 1;
        let observed = at(seconds, &scene.projections);
        let wake = crate::policy::owed(scene.view(), &observed).wake;
        let said = asked(&scene.log, &about, seconds);
        let until = of_kind(&said, kind).and_then(|one| one.until);
        assert!(
            until.is_some() && until >= wake,
            "{kind:?} {until:?} {wake:?}\n{}",
            listed(&said)
        );
        let early = until.map(|until| crate::id::Timestamp(until.0 - 1));
        let woken = |now| {
            let observed = Observed {
                now,
                ..observed.clone()
            };
            crate::policy::owed(scene.view(), &observed).wake
        };
        assert_eq!(early.and_then(woken), until, "{kind:?}");
    }
}
