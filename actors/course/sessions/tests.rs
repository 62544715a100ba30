//! Given what was recorded of sessions, when it is read, then each has its script.

use events::cause::Principal;
use events::container::{Exit, event as c};
use events::envelope::Envelope;
use events::feature::event as f;
use events::id::{Digest, Generation};
use events::project::{self, event as p};

use super::*;
use crate::course::Record;
use crate::scene::{Scene, feature, job, session};

/// One event after the other, in microseconds.
const STEP: i64 = 1_000_000;
const GENERATION: Generation = Generation(1);

/// What is read after so many events of a log.
fn read(log: &[Envelope], after: usize) -> Record {
    let mut start = Projections::default();
    for event in &log[..after] {
        start.apply(event).expect("it folds");
    }
    let project = "z".parse().expect("a name");
    let mut reading = Record::read(project, start, Timestamp(0));
    for event in &log[after..] {
        reading.take(event.clone()).expect("it is known");
    }
    reading.end().expect("it is known")
}

fn script(scene: &Scene) -> Script {
    let mut scripts = read(&scene.log, 0).scripts;
    scripts.remove(&session(1)).expect("it was assigned")
}

fn me() -> Principal {
    Principal::Session(session(1))
}

fn started() -> c::Started {
    c::Started {
        generation: GENERATION,
        engine_id: "e".into(),
    }
}

fn ended(outcome: Outcome) -> c::SessionEnded {
    c::SessionEnded {
        session: session(1),
        outcome,
        exit_code: None,
        evidence: None,
        detail: String::new(),
    }
}

fn exited() -> c::Exited {
    let exit = Exit::with_code(Some(0));
    c::Exited {
        generation: GENERATION,
        exit,
    }
}

/// A coder of `a` at slot 1 whose container was asked for.
fn requested() -> Scene {
    let mut scene = Scene::running(2);
    scene.feature("a", 2).claimed("a", &session(1));
    let assignment = job(&session(1), Role::Coder, Some("a"));
    scene.slot(1, c::Assigned { assignment });
    let generation = GENERATION;
    scene.slot(1, c::StartRequested { generation });
    scene
}

/// The same, and it works.
fn working() -> Scene {
    let mut scene = requested();
    scene.slot(1, started());
    let session = session(1);
    scene.by(me()).slot(1, c::SessionStarted { session });
    scene
}

/// One thing of these happens.
fn happens(scene: &mut Scene, what: &str) {
    let (session, by) = (session(1), "ann".to_owned());
    match what {
        "comment" => {
            let text = "x".into();
            scene.of("a", f::Commented { by, text })
        }
        "trouble" => scene.project(p::TroubleReported {
            thing: project::Thing::Engine,
            detail: "why".into(),
            retry_at: None,
            session,
            feature: None,
            probe: false,
        }),
        "usage" => {
            let models = vec![];
            scene.slot(1, c::UsageMetered { session, models })
        }
        "egress" => {
            let (bytes, denied) = (7, vec![]);
            let recorded = c::EgressRecorded {
                session,
                bytes,
                denied,
            };
            scene.slot(1, recorded)
        }
        "end" => scene.slot(1, ended(Outcome::Completed)),
        "interruption" => scene.slot(1, c::InterruptRequested { session, by }),
        "transcript" => {
            let kept = c::TranscriptKept {
                session,
                chunks: 1,
                bytes: 1,
                digest: Digest::of(b"t"),
            };
            scene.slot(1, kept)
        }
        // The rules know no command that records it once more.
        "beginning again" => scene.slot(1, c::SessionStarted { session }),
        "elsewhere" => scene.slot(2, c::Withheld { by }),
        unknown => panic!("{unknown}"),
    };
}

#[test]
fn what_a_session_does_is_a_deed_and_what_is_done_to_it_is_none() {
    let node = || Principal::Node("here".into());
    let ann = || Principal::Operator("ann".into());
    let another = || Principal::Session(session(9));
    for (by, what, is_deed) in [
        (me(), "comment", true),
        (ann(), "comment", false),
        (another(), "comment", false),
        (me(), "trouble", true),
        (another(), "trouble", false),
        (node(), "usage", true),
        (node(), "egress", true),
        (me(), "end", true),
        (ann(), "end", true),
        (ann(), "interruption", false),
        (node(), "transcript", false),
        (me(), "beginning again", false),
        (ann(), "elsewhere", false),
    ] {
        let told = format!("{what} by {by}");
        let mut scene = working();
        let acts = scene.log.len();
        happens(scene.by(by), what);
        let script = script(&scene);

        let begun = Deed {
            after: STEP,
            act: acts - 1,
        };
        let done = Deed {
            after: 2 * STEP,
            act: acts,
        };
        let expected: Vec<_> = match is_deed {
            true => vec![begun, done],
            false => vec![begun],
        };
        assert_eq!(script.deeds, expected, "{told}");
    }
}

#[test]
fn a_script_is_whole_from_its_start_to_an_end() {
    let assigned = requested();
    let mut begun = requested();
    begun.slot(1, started());
    let (mut over, mut gone, mut both) = (working(), working(), working());
    over.slot(1, ended(Outcome::Completed));
    gone.slot(1, ended(Outcome::Lost));
    let last = gone.log.len();
    let reason = "gone".to_owned();
    let generation = GENERATION;
    gone.slot(1, c::Lost { generation, reason });
    // The loss of a container ends its session.
    gone.log[last].command = gone.log[last - 1].command;
    gone.log[last - 1].payload = lost_session();
    both.slot(1, ended(Outcome::Failed)).slot(1, exited());

    for (name, scene, is_whole, outcome, is_gone) in [
        ("assigned", assigned, false, None, false),
        ("started", begun, false, None, false),
        ("at work", working(), false, None, false),
        ("over", over, true, Some(Outcome::Completed), false),
        ("lost", gone, true, None, true),
        ("over and gone", both, true, Some(Outcome::Failed), true),
    ] {
        let script = script(&scene);
        assert_eq!(script.is_whole(), is_whole, "{name}");
        assert_eq!(script.outcome, outcome, "{name}");
        assert_eq!(script.gone.is_some(), is_gone, "{name}");
    }
}

/// The end that the rules record for a session whose container is lost.
fn lost_session() -> Vec<u8> {
    use events::codec::EventCodec;
    let ended = c::SessionEnded {
        detail: "gone".into(),
        ..ended(Outcome::Lost)
    };
    container::Event::from(ended).encode()
}

#[test]
fn how_a_container_went_is_kept_with_its_time() {
    let mut scene = working();
    scene.slot(1, ended(Outcome::Completed)).slot(1, exited());
    let gone = script(&scene).gone.expect("it went");
    assert_eq!(gone.after, 3 * STEP, "after its start, begin and end");
    let expected = container::Command::RecordExited {
        generation: GENERATION,
        exit: exited().exit,
    };
    assert_eq!(format!("{:?}", gone.command), format!("{expected:?}"));
}

#[test]
fn who_was_ended_by_others_was_cut_off() {
    for (outcome, expected) in [
        (None, true),
        (Some(Outcome::Interrupted), true),
        (Some(Outcome::Stopped), true),
        (Some(Outcome::Completed), false),
        (Some(Outcome::Failed), false),
        (Some(Outcome::Stuck), false),
        (Some(Outcome::TimedOut), false),
        (Some(Outcome::Asked), false),
        (Some(Outcome::Lost), false),
    ] {
        let mut script = Script::of(Role::Coder, None);
        script.outcome = outcome;
        assert_eq!(script.was_cut_off(), expected, "{outcome:?}");
    }
}

#[test]
fn sessions_at_work_where_a_record_begins_have_scripts() {
    let mut scene = working();
    let begun = scene.log.len();
    let at = scene.log[begun - 2].at;
    scene.by(me()).slot(1, ended(Outcome::Completed));

    // Sessions that were assigned, asked for, started, and begun before the record.
    for (before, started) in [(3, Timestamp(0)), (2, Timestamp(0)), (1, at), (0, at)] {
        let start = read(&scene.log[..begun - before], begun - before).end;
        let project = "z".parse().expect("a name");
        let scripts = Script::under_way(&start, &project);
        assert_eq!(scripts.len(), 1, "nobody works at slot 2");
        let script = &scripts[&session(1)];
        assert_eq!(script.started, started, "{before} before");
        let key = Key {
            role: Role::Coder,
            feature: Some(feature("a")),
        };
        assert_eq!(script.key, key);

        let record = read(&scene.log, begun - before);
        let script = &record.scripts[&session(1)];
        assert_eq!((script.started, script.is_whole()), (at, true));
        let last = script.deeds.last().expect("it ended");
        assert_eq!((last.after, last.act), (2 * STEP, before));
    }

    let other = "y".parse().expect("a name");
    let scripts = Script::under_way(&scene.projections, &other);
    assert!(scripts.is_empty(), "there is no such project");
    assert!(read(&scene.log, 3).scripts.len() == 1, "assigned later");
}
