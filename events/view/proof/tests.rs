//! What stands behind a merge, where streams stand, and the order of all features.

use crate::evidence::Evidence;
use crate::feature::event as f;
use crate::id::{CommandId, FeatureId, Timestamp};
use crate::merge_queue::event as q;
use crate::merge_queue::{Changes, Proof};
use crate::project::event as p;
use crate::scene::{Scene, feature, sha};
use crate::stream::{StreamId, Version};
use crate::why::tests::{closed, entered, merged};

/// Entry 1 was verified by nothing, and published.
fn unverified() -> Scene {
    let mut scene = entered();
    let changes = Changes {
        checks: vec!["Makefile".into()],
        ..Changes::default()
    };
    scene.built_with(1, '0', 'c', changes);
    let evidence = Evidence::NoneConfigured;
    scene.queue(q::Verified { entry: 1, evidence });
    let (from, to) = (Some(sha('0')), sha('c'));
    scene.queue(q::PublishIntended {
        entry: 1,
        from: from.clone(),
        to: to.clone(),
    });
    scene.queue(q::Advanced { entry: 1, from, to });
    scene
}

fn close(mut scene: Scene) -> Scene {
    let closing = f::Closing::Merged { sha: sha('c') };
    let by = "trunk".to_owned();
    scene.of("a", f::Closed { closing, by });
    scene
}

#[test]
fn a_merge_stands_on_a_verification_or_is_told_to_stand_on_none() {
    let proof = |scene: &Scene| scene.view().proof(&feature("a"));
    let told = |scene: &Scene| -> Vec<FeatureId> { scene.view().unverified().cloned().collect() };

    let verified = closed();
    assert!(matches!(proof(&verified), Some(proof) if proof != Proof::Unverified));
    assert_eq!(told(&verified), []);
    assert_eq!(proof(&merged()), None, "it is not closed yet");
    let bare = close(unverified());
    assert_eq!(proof(&bare), Some(Proof::Unverified));
    assert_eq!(told(&bare), [feature("a")]);
    assert_eq!(told(&unverified()), [], "it is not closed yet");
    assert_eq!(bare.view().proof(&feature("nobody")), None);
}

#[test]
fn what_a_merge_changes_of_its_checks_is_that_of_the_newest() {
    let checks = |scene: &Scene| scene.view().checks(&feature("a")).to_vec();
    assert_eq!(checks(&entered()), Vec::<String>::new());
    let mut scene = close(unverified());
    assert_eq!(checks(&scene), ["Makefile"], "it was merged with that");
    assert_eq!(scene.view().checks(&feature("b")).len(), 0);

    // Its next entry waits: what that changes counts.
    scene.entered(2, "a", 2);
    assert_eq!(checks(&scene), Vec::<String>::new());
    let changes = Changes {
        checks: vec!["run.sh".into()],
        ..Changes::default()
    };
    scene.built_with(2, 'c', 'd', changes);
    assert_eq!(checks(&scene), ["run.sh"]);
}

#[test]
fn every_stream_has_its_version() {
    let mut scene = closed();
    let node = crate::node::Stopped { epoch: 1 };
    scene.add::<crate::node::Event>("node-n", node);
    let created = crate::subscription::Created {
        filter: crate::subscription::Filter::default(),
        after: crate::stream::Position(1),
    };
    scene.add::<crate::subscription::Event>("subscription-s", created);

    let mut newest = std::collections::BTreeMap::new();
    for envelope in &scene.log {
        newest.insert(envelope.stream.to_string(), envelope.version);
    }
    assert_eq!(newest.len(), 7, "{newest:?}");
    for (name, version) in newest {
        let stream: StreamId = name.parse().expect("a stream");
        assert_eq!(scene.projections.version_of(&stream), version, "{name}");
    }
    for name in [
        "project-other",
        "feature-z/nobody",
        "container-z/9",
        "subscription-other",
    ] {
        let stream: StreamId = name.parse().expect("a stream");
        let version = scene.projections.version_of(&stream);
        assert_eq!(version, Version(0), "{name}");
    }

    let last = scene.log.last().expect("a log");
    let (position, digest) = (scene.projections.position, scene.projections.digest);
    assert_eq!((position, digest), (last.position, last.digest));
}

#[test]
fn what_is_tracked_says_when_it_was_made_changed_and_by_what() {
    let scene = closed();
    let (mut first, mut last) = (None, None);
    for envelope in &scene.log {
        if envelope.stream.to_string() == "feature-z/a" {
            first = first.or(Some(envelope.at));
            last = Some((envelope.at, envelope.position, envelope.cause.correlation));
        }
    }
    let tracked = &scene.view().features[&feature("a")];
    assert_eq!(Some(tracked.made), first);
    let newest = (tracked.changed, tracked.position, tracked.correlation);
    assert_eq!(Some(newest), last);
    assert!(tracked.made > Timestamp(0) && tracked.changed > tracked.made);
    assert_ne!(tracked.correlation, CommandId([0; 16]));
}

#[test]
fn all_features_are_in_the_order_of_their_turns() {
    let mut scene = Scene::running(1);
    scene.feature("late", 3).feature("b", 1);
    scene.feature("a", 1).feature("first", 0);
    let order = |scene: &Scene| -> Vec<String> {
        let all = scene.view().in_order().into_iter();
        all.map(|(id, ..)| id.to_string()).collect()
    };
    assert_eq!(
        order(&scene),
        ["first", "b", "a", "late"],
        "of equals the older"
    );
    scene.of(
        "a",
        f::Ranked {
            priority: 1,
            rank: -1,
        },
    );
    assert_eq!(order(&scene), ["first", "a", "b", "late"]);
}

#[test]
fn projects_that_are_there_are_named() {
    let mut scene = Scene::running(1);
    let (git_url, kind) = ("/up".to_owned(), crate::project::ProjectKind::New);
    let registered = p::Registered { git_url, kind };
    scene.add::<crate::project::Event>("project-gone", registered);
    let names = |scene: &Scene| {
        let names = scene.projections.registered_names();
        names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names(&scene), ["gone", "z"]);
    let by = "me".to_owned();
    scene.add::<crate::project::Event>("project-gone", p::Deleted { by });
    assert_eq!(names(&scene), ["z"]);
}

#[test]
fn a_sessions_own_word_about_its_work_is_heard_and_nobody_elses() {
    use crate::cause::Principal;
    use crate::outcome::Outcome;
    let by = || "s".to_owned();
    let epoch = crate::id::Epoch(1);
    let session = crate::scene::session(1);
    let submitted = f::Submitted {
        epoch,
        sha: sha('a'),
        base: None,
    };
    let asked = f::QuestionAsked {
        epoch,
        question: "which?".into(),
    };
    let released = f::Released {
        epoch,
        outcome: Outcome::Failed,
        detail: String::new(),
    };
    let comment = f::Commented {
        by: by(),
        text: "hm".into(),
    };
    let rejected = crate::why::tests::rejected();
    let own = || Principal::Session(session.clone());
    let words: Vec<(&str, crate::feature::Event, Option<Outcome>)> = vec![
        (
            "handed in",
            submitted.clone().into(),
            Some(Outcome::Completed),
        ),
        ("a verdict", rejected.into(), Some(Outcome::Completed)),
        ("a question", asked.into(), Some(Outcome::Asked)),
        ("given back", released.into(), Some(Outcome::GivenBack)),
        ("a comment", comment.into(), None),
    ];

    let heard = |principal: Principal, event: crate::feature::Event| {
        let mut scene = crate::why::tests::working();
        scene.by(principal).of("a", event);
        scene
            .view()
            .sessions
            .get(&session)
            .expect("it is there")
            .said
    };
    for (what, event, wanted) in words {
        assert_eq!(heard(own(), event), wanted, "{what}");
    }
    let people = Principal::Operator("ann".into());
    let other = Principal::Session(crate::scene::session(2));
    for principal in [people, other] {
        assert_eq!(heard(principal, submitted.clone().into()), None);
    }
}

#[test]
fn a_session_says_its_word_to_the_project_too() {
    use crate::cause::Principal;
    use crate::outcome::Outcome;
    let session = crate::scene::session(1);
    let proposed = p::BacklogProposed {
        session: session.clone(),
        digest: crate::id::Digest::of(b"b"),
        count: 1,
    };
    let settled = p::MilestoneSettled {
        session: session.clone(),
        covers: vec![10],
        report: crate::id::Digest::of(b"r"),
        findings: 0,
    };
    let words: Vec<(crate::project::Event, Option<Outcome>)> = vec![
        (proposed.into(), Some(Outcome::Completed)),
        (settled.into(), Some(Outcome::Completed)),
        (p::TargetSet { count: 2 }.into(), None),
    ];
    for (event, wanted) in words {
        let mut scene = crate::why::tests::working();
        scene.by(Principal::Session(session.clone())).project(event);
        let record = scene.view().sessions.get(&session).expect("it is there");
        assert_eq!(record.said, wanted);
    }
}
