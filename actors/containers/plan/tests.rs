//! The table of steps: where a slot is by the projections × what the engine shows of its
//! container; and what ends a session that runs.

use events::container::event as c;
use events::feature::event as f;
use events::holder::Role;
use events::outcome::Outcome;
use events::project::event as p;

use super::*;
use crate::scene::{Scene as Story, feature, job, session};

/// The states of a slot, in the order in which a session comes through them.
const STATES: [&str; 7] = [
    "idle",
    "assigned",
    "requested",
    "running",
    "begun",
    "over",
    "gone",
];

const GENERATION: Generation = Generation(1);

/// A coder at the first claim of `a`, led to one of these states.
fn story(state: &str) -> Story {
    let session = session(1);
    let assignment = job(&session, Role::Coder, Some("a"));
    let generation = GENERATION;
    let ended = c::SessionEnded {
        session: session.clone(),
        outcome: Outcome::Failed,
        exit_code: Some(1),
        evidence: None,
        detail: String::new(),
    };
    let started = c::Started {
        generation,
        engine_id: "e1".into(),
    };
    let exit = Exit::with_code(Some(1));
    let happened: [events::container::Event; 6] = [
        c::Assigned { assignment }.into(),
        c::StartRequested { generation }.into(),
        started.into(),
        c::SessionStarted {
            session: session.clone(),
        }
        .into(),
        ended.into(),
        c::Exited { generation, exit }.into(),
    ];

    let mut story = Story::running(1);
    story.feature("a", 2).claimed("a", &session);
    let steps = STATES.iter().position(|known| *known == state);
    for event in &happened[..steps.expect("a state")] {
        story.slot(1, event.clone());
    }
    story
}

fn name(generation: Generation) -> ContainerName {
    ContainerName {
        project: "z".parse().expect("a name"),
        n: SlotNo(1),
        generation,
    }
}

/// What the engine shows of generation 1, in a word.
fn shown(status: &str) -> Vec<Seen> {
    let status = match status {
        "none" => return vec![],
        "created" => Status::Created,
        "running" => Status::Running,
        _ => Status::Exited(Exit::with_code(Some(7))),
    };
    vec![Seen {
        name: name(GENERATION),
        engine_id: "e1".into(),
        status,
    }]
}

fn word(step: &Step) -> String {
    match step {
        Step::Start(spec) => format!("start {}", spec.session),
        Step::RecordStarted { engine_id, .. } => format!("started as {engine_id}"),
        Step::RecordExited { exit, .. } => format!("exited {:?}", exit.code),
        Step::RecordLost { .. } => "lost".to_owned(),
        Step::Stop { grace_ms, .. } => format!("stop in {grace_ms}"),
        Step::Remove { .. } => "remove".to_owned(),
        Step::RemoveOrphan { .. } => "orphan".to_owned(),
    }
}

/// Where the clock stands right after what happened.
fn just_now(story: &Story) -> Timestamp {
    Timestamp(i64::try_from(story.position).expect("small") * 1_000_000)
}

fn planned(story: &Story, status: &str, now: Timestamp) -> (Vec<String>, Option<Timestamp>) {
    let own = OwnTime::new(now, &[], &[]);
    let plan = plan(&story.projections, &shown(status), &own);
    (plan.steps.iter().map(word).collect(), plan.wake)
}

fn secured(story: &mut Story) {
    let (epoch, sha) = (events::id::Epoch(1), None);
    story.of("a", f::WorkSecured { epoch, sha });
}

#[test]
fn what_is_wanted_and_what_is_seen_make_the_step() {
    let start = format!("start {}", session(1));
    let start = start.as_str();
    let table = [
        ("idle", ["", "orphan", "orphan", "orphan"]),
        ("assigned", ["", "orphan", "orphan", "orphan"]),
        (
            "requested",
            [start, start, "started as e1", "started as e1"],
        ),
        ("running", ["lost", "lost", "", "exited Some(7)"]),
        ("begun", ["lost", "lost", "", "exited Some(7)"]),
        ("over", ["lost", "lost", "", "exited Some(7)"]),
        ("gone", ["", "", "", ""]),
    ];
    assert_eq!(table.map(|(state, _)| state), STATES);

    for (state, expected) in table {
        let story = story(state);
        for (status, expected) in ["none", "created", "running", "exited"]
            .iter()
            .zip(expected)
        {
            let (steps, _) = planned(&story, status, just_now(&story));
            assert_eq!(steps.join(", "), expected, "{state}, engine: {status}");
        }
    }
}

#[test]
fn a_container_is_removed_when_what_it_held_is_safe() {
    for status in ["none", "created", "exited"] {
        let mut story = story("gone");
        assert_eq!(planned(&story, status, just_now(&story)).0, [""; 0]);
        secured(&mut story);
        let (steps, _) = planned(&story, status, just_now(&story));
        assert_eq!(steps, ["remove"], "{status}");
    }
    // What is still there is looked at first, safe or not.
    let mut story = story("over");
    secured(&mut story);
    let (steps, _) = planned(&story, "exited", just_now(&story));
    assert_eq!(steps, ["exited Some(7)"]);
}

#[test]
fn a_session_is_stopped_when_its_time_is_over_and_not_before() {
    let idle = story("idle");
    let registered = idle.view().registered().expect("registered");
    let wall_ms = registered.settings.session_wall_ms;
    for (state, within_ms, stop) in [
        ("running", BEGIN_WITHIN_MS, "stop in 30000"),
        ("begun", wall_ms, "stop in 30000"),
        ("over", LINGER_MS, "stop in 0"),
    ] {
        let story = story(state);
        // A running session counts from its container's start, an ended one from its end.
        let since = match &story.view().slot(SlotNo(1)).expect("a slot").state {
            SlotState::Running { at, .. } => *at,
            SlotState::Ended(ended) => ended.at,
            other => panic!("{other:?}"),
        };
        let end = since.plus_ms(within_ms);
        let before = Timestamp(end.0 - 1);
        assert_eq!(planned(&story, "running", before), (vec![], Some(end)));
        let (steps, _) = planned(&story, "running", end);
        assert_eq!(steps, [stop], "{state}");

        let gap = events::own_time::Gap {
            before,
            after: end.plus_ms(9),
        };
        let own = OwnTime::new(end.plus_ms(9), &[gap], &[]);
        let asleep = plan(&story.projections, &shown("running"), &own);
        assert_eq!(asleep.steps, vec![], "{state}: nobody could work meanwhile");
    }
}

/// Of what hangs at a wall it is the verifier's own runner that judges: the engine comes later.
#[test]
fn a_verifier_has_time_to_judge_what_hung() {
    use Role::{Coder, Initializer, Overseer, Reviewer, Verifier};

    let wall = 7_200_000;
    for role in [Coder, Reviewer, Initializer, Overseer, Verifier] {
        assert_eq!(allowed_ms(false, role, wall), BEGIN_WITHIN_MS);
        let later = if role == Verifier {
            JUDGED_WITHIN_MS
        } else {
            0
        };
        assert_eq!(allowed_ms(true, role, wall), wall + later, "{role:?}");
    }
    const {
        assert!(
            JUDGED_WITHIN_MS > BEGIN_WITHIN_MS,
            "it counts from its first word"
        )
    };
}

#[test]
fn a_session_runs_on_while_it_is_wanted() {
    let by = || "ann".to_owned();
    let released = || f::Released {
        epoch: events::id::Epoch(1),
        outcome: Outcome::GivenBack,
        detail: String::new(),
    };
    let interrupt = || c::InterruptRequested {
        session: session(1),
        by: by(),
    };
    let mut held = story("begun");
    let mut handed_in = story("begun");
    secured(&mut handed_in);
    handed_in.of("a", released());
    let mut given_back = story("begun");
    given_back.of("a", released());
    let mut interrupted = story("begun");
    interrupted.slot(1, interrupt());
    let mut stopped = story("begun");
    stopped.of("a", released());
    stopped.project(p::Stopped { by: by() });
    let mut draining = story("begun");
    draining.project(p::DrainRequested { by: by() });
    held.project(p::TargetSet { count: 0 });

    for (what, story, expected) in [
        ("its claim is open", held, ""),
        ("its work is handed in", handed_in, ""),
        (
            "its claim is over, with nothing safe",
            given_back,
            "stop in 30000",
        ),
        ("a person interrupted it", interrupted, "stop in 30000"),
        // The stop is recorded at the slot first, by policy.
        ("the project is stopped", stopped, ""),
        ("the project drains", draining, ""),
    ] {
        let (steps, _) = planned(&story, "running", just_now(&story));
        assert_eq!(steps.join(", "), expected, "{what}");
    }
}

#[test]
fn what_nobody_knows_is_removed() {
    let story = story("running");
    let mut seen = shown("running");

    for other in [
        name(Generation(2)),
        ContainerName {
            n: SlotNo(2),
            ..name(GENERATION)
        },
        ContainerName {
            project: "y".parse().expect("a name"),
            ..name(GENERATION)
        },
    ] {
        assert!(!is_known(&story.projections, &other), "{other}");
        seen.push(Seen {
            name: other,
            engine_id: "e9".into(),
            status: Status::Running,
        });
    }

    assert!(is_known(&story.projections, &name(GENERATION)));
    let own = OwnTime::new(just_now(&story), &[], &[]);
    let plan = plan(&story.projections, &seen, &own);
    let words: Vec<_> = plan.steps.iter().map(word).collect();
    assert_eq!(words, ["orphan", "orphan", "orphan"]);
    assert!(
        plan.steps
            .iter()
            .all(|step| *step.name() != name(GENERATION))
    );
}

#[test]
fn doors_are_open_from_the_request_until_the_container_is_removed() {
    for (state, open) in STATES
        .iter()
        .zip([false, false, true, true, true, true, true])
    {
        let story = story(state);
        let doors = doors(&story.projections);
        let expected = open.then(|| (session(1), name(GENERATION)));
        assert_eq!(doors.into_iter().next(), expected, "{state}");
    }
    let mut removed = story("gone");
    secured(&mut removed);
    let generation = GENERATION;
    removed
        .slot(1, c::Removed { generation })
        .slot(1, c::Idle {});
    assert!(doors(&removed.projections).is_empty());
    assert_eq!(session_at(&removed.projections, &name(GENERATION)), None);
}

#[test]
fn a_container_is_named_after_the_present_generation() {
    let idle = story("idle");

    assert_eq!(
        present_name(idle.view(), SlotNo(1)),
        None,
        "there never was one"
    );
    let running = story("running");
    let named = present_name(running.view(), SlotNo(1));
    assert_eq!(named, Some(name(GENERATION)));
    assert_eq!(present_name(running.view(), SlotNo(2)), None);
    let at = |generation| session_at(&running.projections, &name(generation));
    assert_eq!(at(GENERATION), Some(session(1)));
    assert_eq!(at(Generation(2)), None, "that is another session's");
}

#[test]
fn a_container_is_started_as_its_job_says() {
    let mut story = story("idle");
    let mut assignment = job(&session(1), Role::Verifier, Some("a"));

    for (role, trust) in [
        (Role::Coder, Trust::Agent),
        (Role::Verifier, Trust::Verification),
    ] {
        assignment.role = role;
        let assignment = assignment.clone();
        story.slot(1, c::Assigned { assignment });
        let generation = GENERATION;
        story.slot(1, c::StartRequested { generation });
        let own = OwnTime::new(just_now(&story), &[], &[]);
        let plan = plan(&story.projections, &[], &own);
        let [Step::Start(spec)] = &plan.steps[..] else {
            panic!("{plan:?}");
        };
        assert_eq!(spec.trust, trust);
        assert_eq!(spec.claim, Some((feature("a"), events::id::Epoch(1))));
        assert!(spec.ours, "without an agent only our own code runs");
        story = self::story("idle");
    }
}
