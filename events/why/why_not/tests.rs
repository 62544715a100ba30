//! Given a log, when something is wished for, then whether it would happen and what is in the way;
//! and every command of the tables, held against the rules themselves.

use crate::aggregate::{Aggregate, Refusal};
use crate::container::event as c;
use crate::feature::{self, event as f};
use crate::holder::Holder;
use crate::id::{FeatureId, SlotNo, Timestamp};
use crate::policy::Observed;
use crate::project::event as p;
use crate::scene::Scene;
use crate::why::tests::*;
use crate::why::{Answer, Claimant, Deed, Kind, Prospect, Record, Wish, streams_of_wish, why_not};

fn asked(scene: &Scene, deed: Deed, observed: &Observed) -> Answer {
    let wish = Wish {
        project: "z".parse().expect("a name"),
        deed,
    };
    let streams = streams_of_wish(&wish, &scene.projections);
    let concerned = scene
        .log
        .iter()
        .filter(|event| streams.contains(&event.stream));
    let events: Vec<_> = concerned.cloned().collect();
    let record = Record {
        projections: &scene.projections,
        observed,
        events: &events,
    };
    why_not(&wish, record)
}

/// The prospect in words.
fn prospect(answer: &Answer) -> String {
    let names = |events: &[crate::log::NewEvent]| {
        let names: Vec<_> = events.iter().map(|event| event.kind.name).collect();
        names.join(" + ")
    };
    match &answer.prospect {
        Prospect::Accepted(foreseen) => format!("accepted: {}", names(&foreseen.events)),
        Prospect::Owed { policy, next } => {
            format!("{policy} owes {}: {}", next.command, names(&next.events))
        }
        Prospect::Begun { effect } => format!("begun: {effect}"),
        Prospect::Refused(refused) => format!("refused: {}", refused.code),
        Prospect::Missing => "missing".to_owned(),
    }
}

fn claim(by: Claimant) -> Deed {
    Deed::Claim {
        feature: id("a"),
        by,
    }
}

fn ann() -> Claimant {
    Claimant::Outside("ann".into())
}

const FLEET: Claimant = Claimant::Fleet;

/// A scene, with one more event of the project.
fn with(mut scene: Scene, event: impl Into<crate::project::Event>) -> Scene {
    scene.project(event);
    scene
}

fn with_slot(mut scene: Scene, event: impl Into<crate::container::Event>) -> Scene {
    scene.slot(1, event);
    scene
}

fn with_a(mut scene: Scene, event: impl Into<feature::Event>) -> Scene {
    scene.of("a", event);
    scene
}

/// What is wished for in which log, what it comes to, and a sentence that says why.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn table() -> Vec<(Scene, Deed, &'static str, Kind)> {
    let by = || "me".to_owned();
    let stopped = || with(one(), p::Stopped { by: by() });
    let quarantined = || with_a(one(), f::Quarantined { why: "3".into() });
    let blocked = || {
        let mut scene = one();
        scene.feature("b", 2);
        with_a(scene, f::Blocked { by: id("b") })
    };
    let two = || {
        let mut scene = one();
        scene.feature("b", 0);
        scene
    };
    let slot = |n| claim(Claimant::Slot(SlotNo(n)));
    let three = || {
        let mut scene = Scene::running(3);
        scene.feature("b", 0).feature("a", 1).feature("c", 2);
        scene
    };

    vec![
        // Claims: each slot takes the best that those before it left.
        (
            three(),
            slot(2),
            "begun: claiming for slot 2",
            Kind::OpenCreated,
        ),
        (three(), slot(1), "missing", Kind::OpenCreated),
        (three(), slot(3), "missing", Kind::OpenCreated),
        (
            one(),
            claim(ann()),
            "accepted: feature.claimed",
            Kind::OpenCreated,
        ),
        (
            one(),
            claim(FLEET),
            "begun: claiming for slot 1",
            Kind::OpenCreated,
        ),
        (one(), slot(1), "begun: claiming for slot 1", Kind::Due),
        (one(), slot(7), "missing", Kind::SlotUnknown),
        (
            two(),
            claim(ann()),
            "accepted: feature.claimed",
            Kind::OpenCreated,
        ),
        (two(), claim(FLEET), "missing", Kind::AwaitsTurn),
        (
            stopped(),
            claim(ann()),
            "refused: not_running",
            Kind::NotRunning,
        ),
        (
            stopped(),
            claim(FLEET),
            "refused: not_running",
            Kind::NotRunning,
        ),
        (claimed(), claim(ann()), "refused: held", Kind::ClaimedHere),
        (anns(), claim(FLEET), "refused: held", Kind::ClaimedOutside),
        (
            blocked(),
            claim(ann()),
            "refused: blocked",
            Kind::AwaitsFeature,
        ),
        (
            quarantined(),
            claim(FLEET),
            "refused: quarantined",
            Kind::AwaitsPerson,
        ),
        (
            handed_in(),
            claim(ann()),
            "refused: not_open",
            Kind::HandedIn,
        ),
        (closed(), claim(ann()), "refused: closed", Kind::Closed),
        (troubled(), claim(FLEET), "missing", Kind::InTrouble),
        (
            troubled(),
            claim(ann()),
            "accepted: feature.claimed",
            Kind::InTrouble,
        ),
        (
            with_slot(one(), c::Withheld { by: by() }),
            slot(1),
            "missing",
            Kind::SlotWithheld,
        ),
        (
            Scene::running(1),
            claim(ann()),
            "refused: unknown_feature",
            Kind::FeatureUnknown,
        ),
        // Merges.
        (
            approved(),
            Deed::Merge(id("a")),
            "integrate owes enqueue: trunk.queued",
            Kind::Due,
        ),
        (
            entered(),
            Deed::Merge(id("a")),
            "begun: building entry 1 of the merge queue",
            Kind::EntryQueued,
        ),
        (
            built(),
            Deed::Merge(id("a")),
            "dispatch owes start verification: trunk.verification_started",
            Kind::EntryBuilt,
        ),
        (
            verifying(),
            Deed::Merge(id("a")),
            "missing",
            Kind::EntryVerifying,
        ),
        (
            verified(),
            Deed::Merge(id("a")),
            "integrate owes begin merge: feature.merge_begun",
            Kind::EntryVerified,
        ),
        (
            merging(),
            Deed::Merge(id("a")),
            "integrate owes intend publish: trunk.publish_intended",
            Kind::Merging,
        ),
        (
            publishing(),
            Deed::Merge(id("a")),
            "begun: publishing entry 1 of the merge queue",
            Kind::EntryPublishing,
        ),
        (
            merged(),
            Deed::Merge(id("a")),
            "integrate owes close: feature.closed",
            Kind::Merging,
        ),
        (held(), Deed::Merge(id("a")), "missing", Kind::EntryHeld),
        (parked(), Deed::Merge(id("a")), "missing", Kind::EntryParked),
        (
            halted(entered()),
            Deed::Merge(id("a")),
            "missing",
            Kind::Halted,
        ),
        (
            handed_in(),
            Deed::Merge(id("a")),
            "refused: not_approved",
            Kind::HandedIn,
        ),
        (
            batched(),
            Deed::Merge(id("a")),
            "dispatch owes start verification: trunk.verification_started",
            Kind::EntryBuilt,
        ),
        // What a person does.
        (
            one(),
            Deed::Close(id("a")),
            "accepted: feature.closed",
            Kind::OpenCreated,
        ),
        (
            claimed(),
            Deed::Close(id("a")),
            "refused: held",
            Kind::ClaimedHere,
        ),
        (
            closed(),
            Deed::Reopen(id("a")),
            "accepted: feature.reopened",
            Kind::Closed,
        ),
        (
            one(),
            Deed::Reopen(id("a")),
            "refused: not_closed",
            Kind::OpenCreated,
        ),
        (
            quarantined(),
            Deed::Requeue(id("a")),
            "accepted: feature.requeued",
            Kind::FeatureQuarantined,
        ),
        (
            one(),
            Deed::Requeue(id("a")),
            "refused: not_quarantined",
            Kind::OpenCreated,
        ),
        (one(), Deed::Start, "accepted: ", Kind::ProjectRuns),
        (
            stopped(),
            Deed::Start,
            "accepted: project.started",
            Kind::ProjectStopped,
        ),
        (
            one(),
            Deed::Drain,
            "accepted: project.drain_requested",
            Kind::ProjectRuns,
        ),
        (
            one(),
            Deed::Stop,
            "accepted: project.stopped",
            Kind::ProjectRuns,
        ),
        (
            Scene::new(),
            Deed::Start,
            "refused: unknown_project",
            Kind::ProjectUnknown,
        ),
        (
            held(),
            Deed::Approve(1),
            "accepted: trunk.change_approved",
            Kind::EntryHeld,
        ),
        (
            entered(),
            Deed::Approve(1),
            "refused: not_held",
            Kind::EntryQueued,
        ),
        (
            halted(entered()),
            Deed::Resume,
            "accepted: trunk.unhalted",
            Kind::AwaitsPerson,
        ),
        (
            with_slot(one(), c::Withheld { by: by() }),
            Deed::Reinstate(SlotNo(1)),
            "accepted: container.reinstated",
            Kind::SlotWithheld,
        ),
        (
            working(),
            Deed::Reinstate(SlotNo(1)),
            "refused: not_quarantined",
            Kind::SessionWorks,
        ),
    ]
}

fn observed(scene: &Scene) -> Observed {
    let seconds = i64::try_from(scene.position).expect("small") + 1;
    at(seconds, &scene.projections)
}

#[test]
fn what_is_wished_for_would_happen_is_refused_or_lacks_something() {
    let mut wrong = String::new();
    for (scene, deed, expected, because) in table() {
        let answer = asked(&scene, deed.clone(), &observed(&scene));
        let said = prospect(&answer);
        let why = answer.because.iter().any(|one| one.kind == because);
        if said != expected || !why {
            let because = listed(&answer.because);
            wrong += &format!("{deed:?}: {said}, not {expected}\n{because}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A claim from outside in a project that runs is what the feature's own rules say of it.
#[test]
fn a_claim_is_answered_as_the_rules_of_the_feature_do() {
    for state in features() {
        let scene = &state.scene;
        let answer = asked(scene, claim(ann()), &observed(scene));
        let holder = Holder::Outside {
            principal: "ann".into(),
        };
        let known = &scene
            .view()
            .features
            .get(&id("a"))
            .cloned()
            .unwrap_or_default()
            .state;
        let expected = match known.decide(&feature::Command::Claim { holder }, Timestamp(1)) {
            Ok(_) => "accepted: feature.claimed".to_owned(),
            Err(refusal) => format!("refused: {}", refusal.code()),
        };
        assert_eq!(prospect(&answer), expected, "{}", state.name);

        let open = answer.because.iter().any(|one| OPEN.contains(&one.kind));
        let held = answer
            .because
            .iter()
            .any(|one| HELD_BACK.contains(&one.kind));
        let is_taken = matches!(answer.prospect, Prospect::Accepted(_));
        assert_eq!(
            open && !held,
            is_taken,
            "{}\n{}",
            state.name,
            listed(&answer.because)
        );
    }
}

const OPEN: [Kind; 8] = [
    Kind::OpenCreated,
    Kind::OpenReleased,
    Kind::OpenExpired,
    Kind::OpenRejected,
    Kind::OpenUnmerged,
    Kind::OpenReopened,
    Kind::OpenRequeued,
    Kind::OpenAnswered,
];

const HELD_BACK: [Kind; 4] = [
    Kind::Asked,
    Kind::SetAside,
    Kind::Heading,
    Kind::AwaitsFeature,
];

/// Whatever is wished for in whatever state, there is an answer with a reason.
#[test]
fn no_wish_is_without_an_answer() {
    let of = |id: &FeatureId| {
        vec![
            claim(FLEET),
            claim(ann()),
            claim(Claimant::Slot(SlotNo(1))),
            Deed::Merge(id.clone()),
            Deed::Close(id.clone()),
            Deed::Reopen(id.clone()),
            Deed::Requeue(id.clone()),
        ]
    };
    let whole = [
        Deed::Start,
        Deed::Drain,
        Deed::Stop,
        Deed::Approve(1),
        Deed::Resume,
        Deed::Reinstate(SlotNo(1)),
    ];

    for state in features().iter().chain(&projects()) {
        for deed in of(&id("a")).iter().chain(&whole) {
            let answer = asked(&state.scene, deed.clone(), &observed(&state.scene));
            assert!(!answer.because.is_empty(), "{}: {deed:?}", state.name);
            if let Prospect::Refused(refused) = &answer.prospect {
                assert!(!refused.text.is_empty(), "{}: {deed:?}", state.name);
            }
        }
    }
}
