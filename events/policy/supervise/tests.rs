//! Given a slot and what is wanted of it, what is owed to it: a start, its end, or a look after its
//! work.

use super::*;
use crate::container::event as c;
use crate::feature::event as f;
use crate::id::{Epoch, SessionId, Timestamp};
use crate::policy::backoff_ms;
use crate::policy::tests::at;
use crate::project::event as p;
use crate::scene::{Scene, feature, job, session, sha};

const NONE: [&str; 0] = [];

/// What happens to a job, in words and in fact, and how it ends.
type Case = (&'static str, fn(&mut Scene), Option<Outcome>);

fn told(scene: &Scene) -> Vec<String> {
    scene.told("supervise", &at(10_000))
}

fn named(scene: &Scene) -> Vec<String> {
    scene.named("supervise", &at(10_000))
}

/// Slot 1 has the claim of `a`, and no container.
fn assigned() -> Scene {
    let mut scene = Scene::running(1);
    let session = session(1);
    scene.feature("a", 2).claimed("a", &session);
    let assignment = job(&session, Role::Coder, Some("a"));
    scene.slot(1, c::Assigned { assignment });
    scene
}

fn running() -> Scene {
    let mut scene = assigned();
    let (generation, engine_id) = (Generation(1), "e1".to_owned());
    scene.slot(1, c::StartRequested { generation });
    scene.slot(
        1,
        c::Started {
            generation,
            engine_id,
        },
    );
    scene.slot(
        1,
        c::SessionStarted {
            session: session(1),
        },
    );
    scene
}

fn interrupted(scene: &mut Scene) {
    let (session, by) = (session(1), "me".to_owned());
    scene.slot(1, c::InterruptRequested { session, by });
}

fn stopped(scene: &mut Scene) {
    scene.project(p::Stopped { by: "me".into() });
}

#[test]
fn a_job_gets_a_container_after_the_pause_that_failures_ask_for() {
    let mut scene = assigned();
    let request = "container-z/1 RequestStart";
    assert_eq!(named(&scene), [request]);
    let tell = scene.tells("supervise", &at(10_000)).remove(0);
    let project = crate::stream::StreamId::Project("z".parse().expect("name"));
    let given = (project.clone(), scene.version(&project));
    assert_eq!(tell.preconditions, [given], "while the project runs");

    let generation = Generation(1);
    scene.slot(1, c::StartRequested { generation });
    assert_eq!(named(&scene), NONE, "it is asked for");
    let (class, detail) = (container::Class::Spawn, "no".to_owned());
    scene.slot(
        1,
        c::StartFailed {
            generation,
            class,
            detail,
        },
    );
    let rested = scene.now().plus_ms(backoff_ms(1));
    for (now, expected) in [(Timestamp(rested.0 - 1), &NONE[..]), (rested, &[request])] {
        let observed = Observed { now, ..at(0) };
        assert_eq!(scene.named("supervise", &observed), expected, "{now:?}");
    }
    let again = told(&scene).concat();
    assert!(again.contains("Generation(2)"), "{again}");
}

/// Two slots saw the engine fail for an equal reason: nothing is asked of it before that is
/// recorded, and then the jobs go back.
#[test]
fn nothing_is_started_on_an_engine_that_is_about_to_be_in_trouble() {
    let mut scene = Scene::running(2);
    for (n, id) in [(1, "a"), (2, "b")] {
        let (session, slot) = (session(n), u16::from(n));
        let holder = crate::holder::Holder::Slot {
            n: SlotNo(slot),
            session: session.clone(),
        };
        let epoch = Epoch(1);
        scene.feature(id, 2).of(id, f::Claimed { epoch, holder });
        let assignment = job(&session, Role::Coder, Some(id));
        scene.slot(slot, c::Assigned { assignment });
    }
    let both = ["container-z/1 RequestStart", "container-z/2 RequestStart"];
    assert_eq!(named(&scene), both);
    for n in [1, 2] {
        let (class, detail) = (container::Class::Image, "no such image".to_owned());
        let generation = Generation(1);
        let failed = c::StartFailed {
            generation,
            class,
            detail,
        };
        scene.slot(n, failed);
    }
    assert_eq!(named(&scene), NONE);

    scene.project(p::TroubleReported {
        thing: crate::project::Thing::Engine,
        detail: "so".into(),
        retry_at: None,
        session: session(2),
        feature: None,
        probe: false,
    });
    let told = told(&scene);
    assert_eq!(told.len(), 2, "{told:?}");
    for told in told {
        assert!(told.contains("EngineRefused"), "{told}");
    }
}

#[test]
fn a_job_that_is_not_wanted_any_more_ends_without_a_container() {
    let drained: fn(&mut Scene) = |scene| {
        scene.project(p::DrainRequested { by: "me".into() });
    };
    let taken_back: fn(&mut Scene) = |scene| {
        scene.of("a", f::Withdrawn { by: "me".into() });
    };
    let both: fn(&mut Scene) = |scene| {
        scene.of("a", f::Withdrawn { by: "me".into() });
        stopped(scene);
    };
    let cases: [Case; 5] = [
        ("stopped", stopped, Some(Outcome::Stopped)),
        ("interrupted", interrupted, Some(Outcome::Stopped)),
        ("draining", drained, None),
        ("taken back", taken_back, Some(Outcome::NeverStarted)),
        ("taken back and stopped", both, Some(Outcome::Stopped)),
    ];

    for (name, event, outcome) in cases {
        let mut scene = assigned();
        event(&mut scene);
        let told = told(&scene).concat();
        match outcome {
            Some(outcome) => {
                assert!(told.contains("EndSession"), "{name}: {told}");
                assert!(told.contains(&format!("{outcome:?}")), "{name}: {told}");
            }
            None => assert!(told.contains("RequestStart"), "{name}: {told}"),
        }
    }
}

#[test]
fn a_stop_is_recorded_before_it_ends_what_runs() {
    let mut scene = running();
    assert_eq!(named(&scene), NONE);
    stopped(&mut scene);
    let told = told(&scene).concat();
    assert!(told.contains("Interrupt"), "{told}");
    assert!(told.contains("project stop"), "{told}");
    interrupted(&mut scene);
    assert_eq!(named(&scene), NONE, "it is recorded");

    let mut draining = running();
    draining.project(p::DrainRequested { by: "me".into() });
    assert_eq!(named(&draining), NONE, "it may end by itself");
}

#[test]
fn a_session_is_looked_at_when_its_time_is_over() {
    let mut scene = running();
    let settings = crate::settings::Settings {
        session_wall_ms: 10_000,
        ..crate::settings::Settings::default()
    };
    scene.settings(settings);
    let slot = scene.view().slot(SlotNo(1)).expect("slot");
    let SlotState::Running { at: since, .. } = slot.state else {
        panic!("{slot:?}");
    };
    let observed = Observed {
        now: scene.now(),
        ..at(0)
    };
    let agenda = crate::policy::owed(scene.view(), &observed);
    assert_eq!(agenda.wake, Some(since.plus_ms(10_000)));
}

fn ended(role: Role, outcome: Outcome, reported: bool) -> Scene {
    let mut scene = Scene::running(1);
    let session = session(1);
    scene.feature("a", 2).claimed("a", &session);
    let assignment = job(&session, role, Some("a"));
    scene.slot(1, c::Assigned { assignment });
    let evidence = reported.then(|| crate::id::Digest::of(b"report"));
    end(&mut scene, session, outcome, evidence);
    scene
}

fn end(
    scene: &mut Scene,
    session: SessionId,
    outcome: Outcome,
    evidence: Option<crate::id::Digest>,
) {
    scene.slot(
        1,
        c::SessionEnded {
            session,
            outcome,
            exit_code: None,
            evidence,
            detail: "so".into(),
        },
    );
}

fn secured(scene: &Scene) -> Option<bool> {
    let effects = scene.effects(&at(10_000)).into_iter();
    let mut found = effects.filter_map(|effect| match effect {
        Effect::Secure {
            feature: id,
            epoch,
            reported,
        } => {
            assert_eq!((id, epoch), (feature("a"), Epoch(1)));
            Some(reported)
        }
        _ => None,
    });
    found.next()
}

#[test]
fn the_work_of_a_coder_that_is_over_is_looked_after_once() {
    use Outcome::{Failed, Lost, NeverStarted, Stopped};
    for (role, outcome, reported, expected) in [
        (Role::Coder, Failed, true, Some(true)),
        (Role::Coder, Lost, false, Some(false)),
        (Role::Coder, Stopped, true, Some(true)),
        (Role::Coder, Stopped, false, Some(false)),
        (Role::Coder, NeverStarted, false, None),
        (Role::Reviewer, Failed, true, None),
        (Role::Verifier, Failed, true, None),
    ] {
        let mut scene = ended(role, outcome, reported);
        let found = secured(&scene);
        assert_eq!(found, expected, "{role:?} {outcome:?} {reported}");
        let (epoch, sha) = (Epoch(1), Some(sha('a')));
        scene.of("a", f::WorkSecured { epoch, sha });
        assert_eq!(secured(&scene), None, "once");
    }
}
