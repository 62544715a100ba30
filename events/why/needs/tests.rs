//! Every kind of need: that its sentence cites the event that it goes back to, and that without
//! that event nobody is asked for it.

use crate::container::event as c;
use crate::feature::{FeatureType, event as f};
use crate::id::{Digest, Epoch, SlotNo};
use crate::lapses::OWN_MAX;
use crate::merge_queue::{EntryKind, event as q};
use crate::outcome::Outcome;
use crate::project::{OversightKind, event as p};
use crate::scene::{Scene, sha};
use crate::settings::Settings;
use crate::view::NeedKind;
use crate::why::tests::*;
use crate::why::{About, Kind, Sentence};

const KINDS: [NeedKind; 17] = [
    NeedKind::Copy,
    NeedKind::Initialization,
    NeedKind::Oversight,
    NeedKind::Verification,
    NeedKind::Verifiers,
    NeedKind::Trunk,
    NeedKind::Upstream,
    NeedKind::Held,
    NeedKind::Undo,
    NeedKind::Feature,
    NeedKind::Question,
    NeedKind::Slot,
    NeedKind::Outside,
    NeedKind::Target,
    NeedKind::Aside,
    NeedKind::Epic,
    NeedKind::Idle,
];

/// A log in which somebody is needed, and the event that this goes back to; none for what no log
/// says.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn of(kind: NeedKind) -> Option<(Scene, &'static str)> {
    let mut scene = one();
    let event = match kind {
        NeedKind::Copy => {
            scene = Scene::new();
            let git_url = "/up".to_owned();
            let kind = p::ProjectKind::Existing;
            scene.project(p::Registered { git_url, kind });
            let reason = "no such path".to_owned();
            scene.project(p::CloneFailed { reason });
            "project.clone_failed"
        }
        NeedKind::Initialization => {
            initializers(&mut scene);
            "project.initialization_lapsed"
        }
        NeedKind::Oversight => {
            scene = closed();
            overseers(&mut scene);
            "project.oversight_lapsed"
        }
        NeedKind::Verification => {
            scene = built();
            let settings = Box::new(Settings::default());
            scene.project(p::SettingsChanged { settings });
            "trunk.candidate_built"
        }
        NeedKind::Verifiers => {
            scene = built();
            verifiers(&mut scene);
            "trunk.verification_lapsed"
        }
        NeedKind::Trunk => {
            scene = parked();
            "trunk.head_failed"
        }
        NeedKind::Upstream => {
            scene = halted(entered());
            "trunk.halted"
        }
        NeedKind::Held => {
            scene = held();
            "trunk.held"
        }
        NeedKind::Undo => {
            scene = closed();
            undone(&mut scene);
            "trunk.dequeued"
        }
        NeedKind::Feature => {
            scene.of("a", f::Quarantined { why: "3".into() });
            "feature.quarantined"
        }
        NeedKind::Question => {
            scene = claimed();
            let (epoch, question) = (Epoch(1), "which?".to_owned());
            scene.of("a", f::QuestionAsked { epoch, question });
            scene.of("a", released(Outcome::Asked));
            "feature.question_asked"
        }
        NeedKind::Slot => {
            scene.slot(1, c::Quarantined { why: "5".into() });
            "container.quarantined"
        }
        NeedKind::Outside => {
            scene = troubled();
            "project.trouble_reported"
        }
        NeedKind::Target => {
            scene.project(p::TargetSet { count: 0 });
            "project.target_set"
        }
        NeedKind::Aside => {
            scene.of(
                "a",
                f::SetAside {
                    why: "undone".into(),
                },
            );
            "feature.set_aside"
        }
        NeedKind::Epic => {
            typed(&mut scene, "epic", FeatureType::Epic, &[]);
            typed(&mut scene, "b", FeatureType::default(), &["epic"]);
            "feature.created"
        }
        NeedKind::Idle => {
            let left = crate::backlog::event::Withdrawn { id: id("a") };
            scene.add::<crate::backlog::Event>("backlog-z", left);
            scene.of("a", f::Withdrawn { by: by() });
            "backlog.withdrawn"
        }
        NeedKind::Stuck => return None,
    };
    Some((scene, event))
}

fn initializers(scene: &mut Scene) {
    let spec = Digest::of(b"spec");
    scene.project(p::InitializationDue { spec });
    for _ in 0..OWN_MAX {
        let slot_session = slot_session(1, 5);
        let session = slot_session.session.clone();
        scene.project(p::InitializationStarted { slot_session });
        let outcome = Outcome::Failed;
        scene.project(p::InitializationLapsed { session, outcome });
    }
}

fn overseers(scene: &mut Scene) {
    oversight(scene);
    for _ in 0..OWN_MAX {
        let slot_session = slot_session(1, 5);
        let (session, oversight) = (slot_session.session.clone(), OversightKind::Final);
        scene.project(p::OversightStarted {
            slot_session,
            oversight,
        });
        let outcome = Outcome::Failed;
        scene.project(p::OversightLapsed { session, outcome });
    }
}

fn verifiers(scene: &mut Scene) {
    for _ in 0..OWN_MAX {
        let slot_session = slot_session(1, 5);
        let session = slot_session.session.clone();
        let (entry, terms) = (1, None);
        scene.queue(q::VerificationStarted {
            entry,
            slot_session,
            terms,
        });
        let outcome = Outcome::Failed;
        scene.queue(q::VerificationLapsed {
            entry,
            session,
            outcome,
        });
    }
}

/// What took `a` out did not merge.
fn undone(scene: &mut Scene) {
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
    scene.queue(q::Dequeued {
        entry,
        base: None,
        paths: vec!["src/a.rs".into()],
        why: "it conflicts".into(),
    });
}

/// The sentence of a need, by its words.
fn sentence(said: &[Sentence], text: &str) -> Option<Sentence> {
    let asks = |one: &&Sentence| one.kind == Kind::AwaitsPerson && one.text.starts_with(text);
    said.iter().find(asks).cloned()
}

#[test]
fn every_need_cites_the_event_that_it_goes_back_to() {
    for kind in KINDS {
        let (scene, event) = of(kind).expect("a log says it");
        let needs = scene.view().standing().needs_you;
        let need = needs.into_iter().find(|need| need.kind == kind);
        let need = need.unwrap_or_else(|| panic!("{kind:?} is no need of this log"));
        let seconds = i64::try_from(scene.position).expect("small") + 1;
        let said = asked(&scene.log, &About::Project, seconds);
        let one = sentence(&said, &need.text);
        let one = one.unwrap_or_else(|| panic!("{kind:?}:\n{}", listed(&said)));
        assert_eq!(one.remedy, Some(need.remedy), "{kind:?}");
        assert_eq!(names(&scene.log, &one.positions), [event], "{kind:?}");

        let mut rest = scene.log.clone();
        rest.retain(|event| !one.positions.contains(&event.position));
        let said = asked(&rest, &About::Project, seconds);
        assert_eq!(sentence(&said, &one.text), None, "{kind:?} without {event}");
    }
    assert!(of(NeedKind::Stuck).is_none(), "no log says it");
}

/// Of several things that wait for a person each cites its own event.
#[test]
fn needs_of_one_kind_are_told_apart() {
    let mut scene = held();
    scene.feature("b", 2).approved("b", 1).entered(2, "b", 1);
    scene.built_with(2, '0', 'd', delicate());
    scene.queue(q::Held { entry: 2 });
    scene.slot(1, c::Quarantined { why: "5".into() });
    scene.add::<crate::container::Event>("container-z/2", c::Enlisted {});
    scene.slot(2, c::Quarantined { why: "5".into() });

    let said = asked(&scene.log, &About::Project, 1_000);
    let mut cited = std::collections::BTreeSet::new();
    let asks = said.iter().filter(|one| one.kind == Kind::AwaitsPerson);
    for one in asks {
        assert!(cited.insert(one.positions.clone()), "{}", listed(&said));
    }
    assert_eq!(cited.len(), 4, "{}", listed(&said));
    let slots: Vec<_> = said
        .iter()
        .filter_map(|one| one.remedy.as_ref()?.slot())
        .collect();
    assert_eq!(slots, [SlotNo(1), SlotNo(2)]);
}
