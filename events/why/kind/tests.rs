//! Every kind of sentence: a log in which it is said, and that a log without the events that it
//! cites says something else.

use crate::container::event as c;
use crate::envelope::Envelope;
use crate::feature::{FeatureType, event as f};
use crate::holder::Role;
use crate::id::{Digest, Epoch, SlotNo};
use crate::merge_queue::{EntryKind, event as q};
use crate::outcome::Outcome;
use crate::project::event as p;
use crate::scene::{Scene, sha};
use crate::why::tests::*;
use crate::why::{About, Kind, Sentence, Shown};

/// A kind of sentence where it is said.
struct Case {
    given: fn() -> Scene,
    about: About,
    shown: By,
}

/// How it is shown.
enum By {
    /// By these events: without any of them something else is said.
    Events(&'static [&'static str]),
    /// By what is not there: with this it is not said any more.
    Absence(for<'a> fn(&'a mut Scene) -> &'a mut Scene),
}

fn case(given: fn() -> Scene, about: About, shown: By) -> Case {
    Case {
        given,
        about,
        shown,
    }
}

/// About the feature `a`, shown by one event.
fn of_a(given: fn() -> Scene, shown: &'static [&'static str]) -> Case {
    case(given, About::Feature(id("a")), By::Events(shown))
}

fn of_slot(given: fn() -> Scene, shown: &'static [&'static str]) -> Case {
    case(given, About::Slot(SlotNo(1)), By::Events(shown))
}

fn of_entry(given: fn() -> Scene, shown: &'static [&'static str]) -> Case {
    case(given, About::Merge(1), By::Events(shown))
}

fn of_project(given: fn() -> Scene, shown: &'static [&'static str]) -> Case {
    case(given, About::Project, By::Events(shown))
}

/// A scene with more events of one stream.
macro_rules! then {
    ($scene:expr, $stream:ident($of:literal), $($event:expr),+) => {
        || {
            let mut scene: Scene = $scene;
            $( scene.$stream($of, $event); )+
            scene
        }
    };
    ($scene:expr, $stream:ident, $($event:expr),+) => {
        || {
            let mut scene: Scene = $scene;
            $( scene.$stream($event); )+
            scene
        }
    };
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn of(kind: Kind) -> Case {
    match kind {
        // -- features
        Kind::FeatureUnknown => case(
            || Scene::running(1),
            About::Feature(id("a")),
            By::Absence(|scene| scene.feature("a", 2)),
        ),
        Kind::FeatureAdmitted => of_a(
            || {
                let mut scene = Scene::running(1);
                scene.admitted("a");
                scene
            },
            &["backlog.admitted"],
        ),
        Kind::FeatureLeft => of_a(
            || {
                let mut scene = Scene::running(1);
                scene.admitted("a");
                let left = crate::backlog::event::Withdrawn { id: id("a") };
                scene.add::<crate::backlog::Event>("backlog-z", left);
                scene
            },
            &["backlog.withdrawn"],
        ),
        Kind::OpenCreated => of_a(one, &["feature.created"]),
        Kind::OpenReleased => of_a(
            then!(claimed(), of("a"), released(Outcome::Failed)),
            &["feature.released"],
        ),
        Kind::OpenExpired => of_a(
            then!(
                claimed(),
                of("a"),
                f::ClaimExpired {
                    epoch: Epoch(1),
                    last_seen: 1,
                    up_since: 0
                }
            ),
            &["feature.claim_expired"],
        ),
        Kind::OpenRejected => of_a(
            then!(reviewed(), of("a"), rejected()),
            &["feature.review_rejected"],
        ),
        Kind::OpenUnmerged => of_a(
            then!(
                approved(),
                of("a"),
                f::MergeRejected {
                    epoch: Epoch(1),
                    fault: f::MergeFault::Conflict,
                    paths: vec!["src/a.rs".into()],
                    detail: "merge it".into()
                }
            ),
            &["feature.merge_rejected"],
        ),
        Kind::OpenReopened => of_a(
            then!(
                closed(),
                of("a"),
                f::Reopened {
                    why: "it broke".into(),
                    by: by()
                }
            ),
            &["feature.reopened"],
        ),
        Kind::OpenRequeued => of_a(
            then!(
                one(),
                of("a"),
                f::Quarantined { why: "3".into() },
                f::Requeued { by: by() }
            ),
            &["feature.requeued"],
        ),
        Kind::OpenAnswered => of_a(
            then!(
                claimed(),
                of("a"),
                f::QuestionAsked {
                    epoch: Epoch(1),
                    question: "which?".into()
                },
                released(Outcome::Asked),
                f::QuestionAnswered { by: by() }
            ),
            &["feature.question_answered"],
        ),
        Kind::Asked => of_a(
            then!(
                claimed(),
                of("a"),
                f::QuestionAsked {
                    epoch: Epoch(1),
                    question: "which?".into()
                },
                released(Outcome::Asked)
            ),
            &["feature.question_asked"],
        ),
        Kind::SetAside => of_a(
            then!(
                closed(),
                of("a"),
                f::Reopened {
                    why: "undone".into(),
                    by: by()
                },
                f::SetAside {
                    why: "undone".into()
                }
            ),
            &["feature.set_aside"],
        ),
        Kind::ClaimedHere => of_a(claimed, &["feature.claimed"]),
        Kind::ClaimedOutside => of_a(anns, &["feature.claimed"]),
        Kind::HandedIn => of_a(handed_in, &["feature.submitted"]),
        Kind::InReview => of_a(reviewed, &["feature.review_started"]),
        Kind::Approved => of_a(approved, &["feature.review_passed"]),
        Kind::Merging => of_a(merging, &["feature.merge_begun"]),
        Kind::Closed => of_a(closed, &["feature.closed"]),
        Kind::FeatureQuarantined => of_a(
            then!(one(), of("a"), f::Quarantined { why: "3".into() }),
            &["feature.quarantined"],
        ),
        Kind::FeatureWithdrawn => of_a(
            then!(one(), of("a"), f::Withdrawn { by: by() }),
            &["feature.withdrawn"],
        ),
        Kind::AwaitsBatch => of_a(
            || {
                let mut scene = Scene::running(1);
                let admitted = crate::backlog::event::Admitted {
                    batch: Digest::of(b"a"),
                    ids: vec![id("a"), id("b")],
                    edges: vec![],
                    more: false,
                };
                scene.add::<crate::backlog::Event>("backlog-z", admitted);
                let (content, batch) = (crate::feature::Content::titled("a"), Digest::of(b"a"));
                let blockers = vec![];
                let created = f::Created {
                    content,
                    batch,
                    blockers,
                };
                scene.of("a", created);
                scene
            },
            &["backlog.admitted"],
        ),
        Kind::AwaitsFeature => of_a(
            || {
                let mut scene = one();
                scene.feature("b", 2).claimed("b", &s(1));
                scene.of("a", f::Blocked { by: id("b") });
                scene
            },
            &["feature.claimed", "feature.blocked"],
        ),
        Kind::Heading => of_a(
            || {
                let mut scene = Scene::running(1);
                typed(&mut scene, "a", FeatureType::Epic, &[]);
                scene
            },
            &["feature.created"],
        ),
        Kind::AwaitsReturn => of_a(
            || {
                let mut scene = one();
                let kind = EntryKind::Revert {
                    feature: id("a"),
                    commit: sha('c'),
                    title: "a".into(),
                    restores: true,
                };
                let (entry, priority) = (1, 2);
                scene.queue(q::Queued {
                    entry,
                    kind,
                    priority,
                });
                scene
            },
            &["trunk.queued"],
        ),
        Kind::Rests => of_a(
            then!(claimed(), of("a"), released(Outcome::Lost)),
            &["feature.released"],
        ),
        Kind::AwaitsTurn => of_a(
            || {
                let mut scene = one();
                scene.feature("b", 0);
                scene
            },
            &["feature.created"],
        ),
        Kind::LeaseRuns => of_a(anns, &["feature.claimed"]),
        // -- slots and sessions
        Kind::SlotUnknown => case(
            || Scene::running(2),
            About::Slot(SlotNo(3)),
            By::Events(&["project.target_set"]),
        ),
        Kind::SlotDismissed => of_slot(
            then!(Scene::running(1), slot(1), c::Dismissed {}),
            &["container.dismissed"],
        ),
        Kind::SlotIdle => of_slot(|| Scene::running(1), &["container.enlisted"]),
        Kind::SlotWithheld => of_slot(
            then!(Scene::running(1), slot(1), c::Withheld { by: by() }),
            &["container.withheld"],
        ),
        Kind::SlotQuarantined => of_slot(
            then!(
                Scene::running(1),
                slot(1),
                c::Quarantined { why: "5".into() }
            ),
            &["container.quarantined"],
        ),
        Kind::JobAssigned => of_slot(assigned, &["container.assigned"]),
        Kind::StartRequested => of_slot(requested, &["container.start_requested"]),
        Kind::ContainerRuns => of_slot(started, &["container.started"]),
        Kind::SessionWorks => of_slot(working, &["container.session_started"]),
        Kind::Interrupted => of_slot(
            then!(
                working(),
                slot(1),
                c::InterruptRequested {
                    session: s(1),
                    by: by()
                }
            ),
            &["container.interrupt_requested"],
        ),
        Kind::SessionOver => of_slot(over, &["container.session_ended"]),
        Kind::SessionEnded => case(
            then!(over(), slot(1), c::Idle {}),
            About::Session(s(1)),
            By::Events(&["container.session_ended"]),
        ),
        Kind::SessionUnknown => case(
            || Scene::running(1),
            About::Session(s(1)),
            By::Absence(|scene| scene.feature("a", 2).claimed("a", &s(1))),
        ),
        Kind::SessionGranted => case(
            claimed,
            About::Session(s(1)),
            By::Events(&["feature.claimed"]),
        ),
        Kind::StartRests => of_slot(failed, &["container.start_failed"]),
        Kind::AwaitsEngine => of_slot(requested, &["container.start_requested"]),
        Kind::AwaitsRunner => of_slot(started, &["container.started"]),
        Kind::AwaitsSession => {
            of_slot(working, &["container.started", "container.session_started"])
        }
        Kind::AwaitsRemoval => of_slot(over, &["container.session_ended"]),
        Kind::NoWork => case(
            || Scene::running(1),
            About::Slot(SlotNo(1)),
            By::Absence(|scene| scene.feature("a", 2)),
        ),
        // -- entries
        Kind::EntryUnknown => case(
            approved,
            About::Merge(1),
            By::Absence(|scene| scene.entered(1, "a", 1)),
        ),
        Kind::EntryQueued => of_entry(entered, &["trunk.queued"]),
        Kind::EntryBuilt => of_entry(built, &["trunk.candidate_built"]),
        Kind::EntryDoubted => of_entry(doubted, &["trunk.verification_doubted"]),
        Kind::EntryVerifying => of_entry(verifying, &["trunk.verification_started"]),
        Kind::EntryVerified => of_entry(verified, &["trunk.verified"]),
        Kind::EntryPublishing => of_entry(publishing, &["trunk.publish_intended"]),
        Kind::EntryHeld => of_entry(held, &["trunk.held"]),
        Kind::EntryParked => of_entry(parked, &["trunk.parked"]),
        Kind::EntryMerged => of_entry(merged, &["trunk.advanced"]),
        Kind::EntryLeft => of_entry(
            then!(
                entered(),
                queue,
                q::Dequeued {
                    entry: 1,
                    base: None,
                    paths: vec![],
                    why: "nobody waits for it".into()
                }
            ),
            &["trunk.dequeued"],
        ),
        Kind::AwaitsEntries => case(
            || {
                let mut scene = entered();
                scene.feature("b", 2).approved("b", 1).entered(2, "b", 1);
                scene
            },
            About::Merge(2),
            By::Events(&["trunk.queued"]),
        ),
        Kind::Halted => of_entry(|| halted(entered()), &["trunk.halted"]),
        Kind::AwaitsTrunk => of_entry(parked, &["trunk.head_failed"]),
        Kind::AwaitsMerge => of_a(
            || {
                let mut scene = verified();
                let (from, to) = (Some(sha('0')), sha('c'));
                scene.queue(q::Advanced { entry: 1, from, to });
                scene
            },
            &["trunk.advanced"],
        ),
        // -- projects
        Kind::ProjectUnknown => case(
            Scene::new,
            About::Project,
            By::Absence(|scene| scene.project(registered())),
        ),
        Kind::ProjectDeleted => of_project(
            then!(fresh(), project, p::Deleted { by: by() }),
            &["project.deleted"],
        ),
        Kind::ProjectNew => of_project(fresh, &["project.registered"]),
        Kind::ProjectStopped => of_project(
            then!(one(), project, p::Stopped { by: by() }),
            &["project.stopped"],
        ),
        Kind::ProjectRuns => of_project(one, &["project.started"]),
        Kind::ProjectDrains => of_project(
            then!(working(), project, p::DrainRequested { by: by() }),
            &["project.drain_requested"],
        ),
        Kind::ProjectComplete => of_project(
            then!(
                closed(),
                project,
                p::Completed {
                    as_of: crate::stream::Position(1),
                    trunk_head: None
                }
            ),
            &["project.completed"],
        ),
        Kind::ProjectEdited => of_project(
            then!(one(), project, p::EditOpened { by: by() }),
            &["project.edit_opened"],
        ),
        Kind::AtWork => of_project(assigned, &["container.assigned"]),
        Kind::AwaitsInitializer => of_project(
            then!(
                Scene::running(1),
                project,
                p::InitializationDue {
                    spec: Digest::of(b"spec")
                }
            ),
            &["project.initialization_due"],
        ),
        Kind::AwaitsOverseer => of_project(
            || {
                let mut scene = closed();
                oversight(&mut scene);
                scene
            },
            &["project.final_verification_due"],
        ),
        Kind::NothingOwed => case(
            || Scene::running(1),
            About::Project,
            By::Absence(|scene| scene.feature("a", 2)),
        ),
        // -- all of them
        Kind::AwaitsReviewer => of_a(
            || {
                let mut scene = handed_in();
                scene.slot(1, c::Withheld { by: by() });
                scene
            },
            &["feature.submitted"],
        ),
        Kind::AwaitsVerifier => of_entry(
            || {
                let mut scene = built();
                scene.slot(1, c::Withheld { by: by() });
                scene
            },
            &["trunk.candidate_built"],
        ),
        Kind::NotRunning => of_a(
            then!(one(), project, p::Stopped { by: by() }),
            &["project.stopped"],
        ),
        Kind::NoHead => of_project(
            then!(
                fresh(),
                project,
                p::CloneFailed {
                    reason: "no such path".into()
                }
            ),
            &["project.clone_failed"],
        ),
        Kind::NoBacklog => of_a(
            then!(
                one(),
                project,
                p::InitializationDue {
                    spec: Digest::of(b"spec")
                }
            ),
            &["project.initialization_due"],
        ),
        Kind::RedTrunk => of_a(
            || {
                let mut scene = Scene::running(1);
                scene.feature("a", 2).feature("b", 2);
                scene.approved("b", 1).entered(1, "b", 1).built(1, '0', 'c');
                red(&mut scene);
                scene
            },
            &["trunk.head_failed"],
        ),
        Kind::InTrouble => of_a(troubled, &["project.trouble_reported"]),
        Kind::NoSlot => of_a(
            || {
                let mut scene = assigned_to_b();
                scene.feature("a", 2);
                scene
            },
            &["container.assigned"],
        ),
        Kind::TriesRest => of_a(
            then!(
                reviewed(),
                of("a"),
                f::ReviewLapsed {
                    session: s(2),
                    outcome: Outcome::Lost
                }
            ),
            &["feature.review_lapsed"],
        ),
        Kind::AwaitsPerson => of_a(
            then!(one(), of("a"), f::Quarantined { why: "3".into() }),
            &["feature.quarantined"],
        ),
        Kind::Due => of_slot(assigned, &["container.assigned"]),
    }
}

/// A project that was registered, and nothing else.
fn fresh() -> Scene {
    let mut scene = Scene::new();
    scene.project(registered());
    scene
}

fn registered() -> p::Registered {
    p::Registered {
        git_url: "/up".into(),
        kind: p::ProjectKind::Existing,
    }
}

fn red(scene: &mut Scene) {
    let head = sha('0');
    scene.queue(q::HeadVerificationStarted {
        head: head.clone(),
        slot_session: slot_session(1, 4),
        terms: Digest::of(b"t"),
    });
    let evidence = evidence(1);
    scene.queue(q::HeadFailed { head, evidence });
}

/// The one slot works on `b`.
fn assigned_to_b() -> Scene {
    let mut scene = Scene::running(1);
    scene.feature("b", 2).claimed("b", &s(1));
    assign(&mut scene, 1, 1, Role::Coder, Some("b"));
    scene
}

/// A log without the event at this position.
fn without(log: &[Envelope], position: crate::stream::Position) -> Vec<Envelope> {
    let rest = log.iter().filter(|event| event.position != position);
    rest.cloned().collect()
}

fn says(said: &[Sentence], sentence: &Sentence) -> bool {
    let same = |other: &Sentence| other.kind == sentence.kind && other.text == sentence.text;
    said.iter().any(same)
}

/// What is wrong with a kind, if something is.
fn wrong(kind: Kind) -> Option<String> {
    let case = of(kind);
    let mut scene = (case.given)();
    let seconds = i64::try_from(scene.position).expect("small") + 1;
    let said = asked(&scene.log, &case.about, seconds);
    let Some(sentence) = of_kind(&said, kind).cloned() else {
        return Some(format!("is not said:\n{}", listed(&said)));
    };

    match case.shown {
        By::Events(events) => {
            let cited = names(&scene.log, &sentence.positions);
            if cited != events || sentence.shown != Shown::Events {
                return Some(format!("cites {cited:?}: {}", sentence.text));
            }
            for position in &sentence.positions {
                let rest = without(&scene.log, *position);
                let said = asked(&rest, &case.about, seconds);
                if says(&said, &sentence) {
                    return Some(format!("is said without {position}:\n{}", listed(&said)));
                }
            }
        }
        By::Absence(ends) => {
            if sentence.shown != Shown::Newest {
                return Some(format!("cites {:?}: {}", sentence.positions, sentence.text));
            }
            ends(&mut scene);
            let said = asked(&scene.log, &case.about, seconds);
            if says(&said, &sentence) {
                return Some(format!("is said although it is there:\n{}", listed(&said)));
            }
        }
    }
    None
}

#[test]
fn every_kind_is_said_where_it_is_true_and_cites_what_makes_it_so() {
    let mut all = String::new();
    for kind in Kind::ALL {
        if let Some(wrong) = wrong(*kind) {
            all += &format!("{kind:?} {wrong}\n");
        }
    }
    assert!(all.is_empty(), "{all}");
}

#[test]
fn kinds_have_words_of_their_own() {
    let mut words: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    words.sort_unstable();
    let count = words.len();
    words.dedup();
    assert_eq!(words.len(), count);
}
