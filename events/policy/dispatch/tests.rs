//! Given slots and work, who gets what: which slots are free, which work comes first, and what is
//! not begun.

use super::*;
use crate::agent::{AgentSpec, Dialect};
use crate::container::event as c;
use crate::feature::event as f;
use crate::id::{Digest, Epoch, Timestamp};
use crate::lapses::{GONE_MAX, OWN_MAX};
use crate::merge_queue::event as q;
use crate::outcome::Outcome;
use crate::own_time::OwnTime;
use crate::policy::backoff_ms;
use crate::policy::tests::at;
use crate::project::{Thing, event as p};
use crate::scene::{Scene, feature, job, session};
use crate::settings::Settings;
use crate::stream::Position;

const NONE: [&str; 0] = [];

/// What happens, in words and in fact, and what it comes to.
type Case<T> = (&'static str, fn(&mut Scene), T);

fn named(scene: &Scene) -> Vec<String> {
    scene.named("dispatch", &at(10_000))
}

/// The slots for which a feature is asked for, and which one if it is a certain one.
fn claims(scene: &Scene, observed: &Observed) -> Vec<(u16, Option<String>)> {
    let mut claims = Vec::new();
    for effect in scene.effects(observed) {
        if let Effect::ClaimFor { n, feature, .. } = effect {
            claims.push((n.0, feature.map(|id| id.to_string())));
        }
    }
    claims
}

fn slots(scene: &Scene) -> Vec<u16> {
    let claims = claims(scene, &at(10_000)).into_iter();
    claims.map(|(n, _)| n).collect()
}

/// So many slots, and a feature for each.
fn scene(target: u16) -> Scene {
    let mut scene = Scene::running(target);
    for n in 1..=target {
        scene.feature(&format!("f{n}"), 2);
    }
    scene
}

fn assign(scene: &mut Scene, n: u16) {
    let assignment = job(&session(1), Role::Coder, None);
    scene.slot(n, c::Assigned { assignment });
}

#[test]
fn the_lowest_slots_that_serve_and_are_idle_are_taken() {
    let all = scene(3);
    assert_eq!(slots(&all), [1, 2, 3]);
    let mut little = Scene::running(3);
    little.feature("a", 2);
    assert_eq!(slots(&little), [1]);

    let cases: [Case<&[u16]>; 4] = [
        ("at work", |scene| assign(scene, 1), &[2, 3]),
        (
            "withheld",
            |scene| {
                scene.slot(2, c::Withheld { by: "me".into() });
            },
            &[1, 3],
        ),
        (
            "granted",
            |scene| {
                scene.claimed("f3", &session(1));
            },
            &[2, 3],
        ),
        (
            "beyond the target",
            |scene| {
                scene.project(p::TargetSet { count: 1 });
            },
            &[1],
        ),
    ];
    for (name, event, expected) in cases {
        let mut scene = scene(3);
        event(&mut scene);
        assert_eq!(slots(&scene), expected, "{name}");
    }
}

#[test]
fn a_slot_that_something_is_pending_for_is_not_taken_again() {
    let scene = scene(3);
    let busy = |n| Observed {
        busy: [(SlotNo(n), Role::Coder)].into(),
        ..at(10_000)
    };
    let free = |n| -> Vec<u16> {
        let claims = claims(&scene, &busy(n)).into_iter();
        claims.map(|(n, _)| n).collect()
    };
    assert_eq!([free(1), free(2), free(3)], [[2, 3], [1, 3], [1, 2]]);
}

/// What a lowered target left at work counts, however it is at work.
#[test]
fn what_is_at_work_beyond_the_target_counts_within_it() {
    let lowered = || {
        let mut scene = scene(3);
        scene.project(p::TargetSet { count: 1 });
        scene
    };
    assert_eq!(slots(&lowered()), [1]);
    let mut assigned = lowered();
    assign(&mut assigned, 3);
    assert_eq!(slots(&assigned), [0; 0]);

    let pending = Observed {
        busy: [(SlotNo(3), Role::Coder)].into(),
        ..at(10_000)
    };
    assert_eq!(claims(&lowered(), &pending), []);
    let room = |room| Observed {
        room: Some(room),
        ..at(10_000)
    };
    assert_eq!(claims(&scene(3), &room(0)), []);
    assert_eq!(claims(&scene(3), &room(2)).len(), 2);
}

#[test]
fn nothing_is_begun_on_a_trunk_that_has_no_commit_or_is_red() {
    let mut empty = Scene::running(1);
    empty.feature("a", 2);
    let opened = q::Opened {
        branch: "main".into(),
        head: None,
    };
    empty.queue(opened);
    assert_eq!(slots(&empty), [0; 0]);

    let mut red = scene(2);
    red.red_head(Digest::of(b"make test"));
    assert_eq!(slots(&red), [0; 0], "it would pile up");
    red.queue(q::RedEnded { why: "so".into() });
    assert_eq!(slots(&red), [1, 2]);
}

#[test]
fn nobody_codes_before_the_backlog_is_whole() {
    let mut scene = scene(2);
    let spec = Digest::of(b"spec");
    scene.project(p::InitializationDue { spec });
    assert_eq!(slots(&scene), [0; 0]);
    let tells = scene.tells("dispatch", &at(10_000));
    assert_eq!(tells.len(), 1, "one initializer: {tells:?}");
    assert_eq!(named(&scene), ["project-z StartInitialization"]);
    let slot: StreamId = "container-z/1".parse().expect("stream");
    let given = (slot.clone(), scene.version(&slot));
    assert_eq!(tells[0].preconditions, [given], "as long as it is idle");

    let slot_session = slot_one();
    scene.project(p::InitializationStarted { slot_session });
    assert_eq!(named(&scene), NONE, "one is at it");
}

/// What can be tried again, and what too many ended without a result of.
#[test]
fn what_lapsed_is_tried_again_after_a_pause_and_not_for_ever() {
    let initializer: fn(&mut Scene, Outcome) = |scene, outcome| {
        let session = session(1);
        scene.project(p::InitializationLapsed { session, outcome });
    };
    let overseer: fn(&mut Scene, Outcome) = |scene, outcome| {
        let slot_session = slot_one();
        let session = slot_session.session.clone();
        let oversight = OversightKind::Final;
        scene.project(p::OversightStarted {
            slot_session,
            oversight,
        });
        scene.project(p::OversightLapsed { session, outcome });
    };
    let reviewer: fn(&mut Scene, Outcome) = |scene, outcome| {
        let session = session(1);
        scene.of("a", f::ReviewLapsed { session, outcome });
    };
    let table = [
        ("StartInitialization", due_initialization(), initializer),
        ("StartOversight", due_oversight(), overseer),
        ("StartReview", due_review(), reviewer),
    ];

    for (command, mut scene, lapse) in table {
        let begins = |scene: &Scene, now| {
            let observed = Observed { now, ..at(0) };
            let named = scene.named("dispatch", &observed);
            named.iter().any(|name| name.ends_with(command))
        };
        lapse(&mut scene, Outcome::Lost);
        let rested = scene.now().plus_ms(backoff_ms(1));
        assert!(!begins(&scene, Timestamp(rested.0 - 1)), "{command}");
        assert!(begins(&scene, rested), "{command}");

        for _ in 1..GONE_MAX {
            lapse(&mut scene, Outcome::Lost);
        }
        assert!(!begins(&scene, at(10_000).now), "{command} is spent");
    }

    let mut spent = due_review();
    for _ in 0..OWN_MAX {
        reviewer(&mut spent, Outcome::Failed);
    }
    assert_eq!(named(&spent), NONE, "three ended by their own fault");
}

fn slot_one() -> SlotSession {
    SlotSession {
        n: SlotNo(1),
        session: session(1),
    }
}

fn due_initialization() -> Scene {
    let mut scene = Scene::running(1);
    let spec = Digest::of(b"spec");
    scene.project(p::InitializationDue { spec });
    let slot_session = slot_one();
    scene.project(p::InitializationStarted { slot_session });
    scene
}

fn due_oversight() -> Scene {
    let mut scene = Scene::running(1);
    scene.project(p::FinalVerificationDue {
        as_of: Position(1),
        trunk_head: None,
        closed: 1,
    });
    scene
}

fn due_review() -> Scene {
    let mut scene = Scene::running(1);
    scene.feature("a", 2).handed_in("a", 1);
    scene
}

#[test]
fn submissions_are_reviewed_by_priority_then_rank_then_age() {
    let mut scene = Scene::running(5);
    for (id, priority) in [
        ("old", 2),
        ("low", 3),
        ("ranked", 2),
        ("high", 0),
        ("new", 2),
    ] {
        scene.feature(id, priority).handed_in(id, 1);
    }
    let (priority, rank) = (2, -1);
    scene.of("ranked", f::Ranked { priority, rank });

    let tells = scene.tells("dispatch", &at(10_000)).into_iter();
    let streams: Vec<_> = tells.map(|tell| tell.stream.to_string()).collect();
    let order = ["high", "ranked", "old", "new", "low"];
    assert_eq!(streams, order.map(|id| format!("feature-z/{id}")));
}

#[test]
fn what_somebody_is_about_to_take_is_taken_by_nobody_else() {
    let scene = due_review();
    let taken = Observed {
        taken: [feature("a")].into(),
        ..at(10_000)
    };
    assert_eq!(scene.named("dispatch", &taken), NONE);
}

#[test]
fn one_that_is_spent_keeps_nobody_behind_it_from_a_review() {
    let mut scene = Scene::running(1);
    scene.feature("spent", 0).handed_in("spent", 1);
    scene.feature("next", 1).handed_in("next", 1);
    for _ in 0..OWN_MAX {
        let (session, outcome) = (session(1), Outcome::Failed);
        scene.of("spent", f::ReviewLapsed { session, outcome });
    }
    assert_eq!(named(&scene), ["feature-z/next StartReview"]);
}

#[test]
fn a_feature_that_rests_wakes_the_project_when_it_has_rested() {
    let mut scene = Scene::running(1);
    scene.feature("a", 2).claimed("a", &session(1));
    scene.of(
        "a",
        f::Released {
            epoch: Epoch(1),
            outcome: Outcome::Lost,
            detail: "gone".into(),
        },
    );
    let rested = scene.now().plus_ms(backoff_ms(1));
    let observed = |now| Observed { now, ..at(0) };
    let early = crate::policy::owed(scene.view(), &observed(scene.now()));
    assert_eq!(early.wake, Some(rested));
    assert_eq!(claims(&scene, &observed(scene.now())), []);
    assert_eq!(claims(&scene, &observed(rested)), [(1, None)]);
}

fn trouble(scene: &mut Scene, thing: Thing, id: Option<&str>) -> Observed {
    scene.project(p::TroubleReported {
        thing,
        detail: "so".into(),
        retry_at: None,
        session: session(7),
        feature: id.map(feature),
        probe: false,
    });
    let now = scene.now().plus_ms(3_600_000);
    Observed {
        own: OwnTime::new(now, &[], &[]),
        now,
        ..at(0)
    }
}

fn agent(provider: &str) -> AgentSpec {
    AgentSpec {
        provider: Some(provider.to_owned()),
        ..AgentSpec::of(Dialect::Claude)
    }
}

/// A reviewer's provider is in trouble, which a session on `f1` saw; coders ask another one.
#[test]
fn trouble_of_one_role_is_no_other_roles() {
    let mut scene = scene(2);
    let mut settings = Settings {
        agent: agent("fine"),
        ..Settings::default()
    };
    settings.agents.reviewer = Some(agent("ill"));
    scene.settings(settings);
    let thing = Thing::Provider { name: "ill".into() };
    let observed = trouble(&mut scene, thing, Some("f1"));

    let free = [(1, None), (2, None)];
    assert_eq!(claims(&scene, &observed), free, "whatever comes first");
}

/// One probe in one look, whatever the role that it works in.
#[test]
fn a_review_is_probe_enough() {
    let mut scene = Scene::running(2);
    scene.feature("a", 2).feature("b", 2).handed_in("b", 1);
    scene.settings(Settings {
        setup: Some("npm ci".into()),
        ..Settings::default()
    });
    let observed = trouble(&mut scene, Thing::Setup, None);
    let begun = scene.named("dispatch", &observed);
    assert_eq!(begun, ["feature-z/b StartReview"]);
    assert_eq!(claims(&scene, &observed), []);
}

/// The engine's trouble was seen at slot 1: the probe begins elsewhere where there is another.
#[test]
fn a_probe_of_the_engine_begins_at_another_slot() {
    for (target, expected) in [(1, 1), (2, 2), (3, 2)] {
        let mut scene = scene(target);
        let seen = session(7);
        let assignment = job(&seen, Role::Coder, None);
        scene.slot(1, c::Assigned { assignment });
        let outcome = Outcome::EngineRefused;
        scene.slot(
            1,
            c::SessionEnded {
                session: seen,
                outcome,
                exit_code: None,
                evidence: None,
                detail: String::new(),
            },
        );
        scene.slot(1, c::Idle {});
        let observed = trouble(&mut scene, Thing::Engine, None);
        assert_eq!(claims(&scene, &observed), [(expected, None)], "of {target}");
    }
}
