//! Policies over folded projections: what is owed, what is not, and that owing twice is the same
//! thing.

use super::*;
use crate::backlog;
use crate::cause::Principal;
use crate::container;
use crate::feature::event as f;
use crate::holder::{Holder, Role, SlotSession};
use crate::id::{Digest, Epoch, SlotNo, Timestamp};
use crate::merge_queue::event as t;
use crate::outcome::Outcome;
use crate::project::event as p;
use crate::project::{OversightKind, ProjectKind};
use crate::scene::{Scene, session, sha};
use crate::settings::Settings;
use crate::stream::Position;

impl Scene {
    /// What one policy tells, whole.
    pub(super) fn tells(&self, policy: &str, observed: &Observed) -> Vec<Tell> {
        let by = Principal::Policy(policy.into());
        let mut tells = Vec::new();
        for (owed, _) in self.agenda(observed).owed {
            match owed {
                Owed::Tell(tell) if tell.cause.principal == by => tells.push(*tell),
                Owed::Tell(_) | Owed::Do(_) => {}
            }
        }
        tells
    }

    /// What one policy tells, in words: the stream, and the command with all it says.
    pub(super) fn told(&self, policy: &str, observed: &Observed) -> Vec<String> {
        let tells = self.tells(policy, observed);
        let words = |tell: Tell| format!("{} {:?}", tell.stream, tell.command);
        tells.into_iter().map(words).collect()
    }

    /// The names of the commands that one policy tells.
    pub(super) fn named(&self, policy: &str, observed: &Observed) -> Vec<String> {
        let tells = self.tells(policy, observed).into_iter();
        tells
            .map(|tell| shown(&Owed::Tell(Box::new(tell))))
            .collect()
    }

    /// What has to be done in the outside, whole.
    pub(super) fn effects(&self, observed: &Observed) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (owed, _) in self.agenda(observed).owed {
            match owed {
                Owed::Do(effect) => effects.push(effect),
                Owed::Tell(_) => {}
            }
        }
        effects
    }

    fn agenda(&self, observed: &Observed) -> Agenda {
        owed(
            self.projections.projects.values().next().expect("project"),
            observed,
        )
    }

    fn keys(&self, observed: &Observed) -> Vec<String> {
        self.agenda(observed)
            .owed
            .iter()
            .map(|(owed, _)| shown(owed))
            .collect()
    }
}

pub(super) fn at(seconds: i64) -> Observed {
    Observed {
        now: Timestamp(seconds * 1_000_000),
        ..Observed::default()
    }
}

fn shown(owed: &Owed) -> String {
    match owed {
        Owed::Tell(tell) => {
            let command = format!("{:?}", tell.command);
            let name: String = command
                .split_once('(')
                .expect("variant")
                .1
                .chars()
                .take_while(|c| c.is_alphanumeric())
                .collect();
            format!("{} {name}", tell.stream)
        }
        Owed::Do(effect) => format!("{effect:?}")
            .chars()
            .take_while(|c| c.is_alphanumeric())
            .collect(),
    }
}

#[test]
fn idle_slots_claim_no_more_than_is_ready() {
    let mut scene = Scene::running(3);
    scene.feature("a", 2).feature("b", 2);
    assert_eq!(scene.keys(&at(100)), ["ClaimFor", "ClaimFor"]);
    let busy = Observed {
        busy: [(SlotNo(1), Role::Coder), (SlotNo(2), Role::Coder)].into(),
        ..at(100)
    };
    assert_eq!(scene.keys(&busy), ["ClaimFor"]);

    let taken = Observed {
        taken: ["a".parse().expect("id")].into(),
        ..at(100)
    };
    assert_eq!(scene.keys(&taken), ["ClaimFor"]);
}

/// C7: what a lowered target left at work counts until it is over.
#[test]
fn claims_stay_within_a_lowered_target() {
    let mut scene = Scene::running(3);
    scene.feature("a", 2).feature("b", 2);
    let holder = Holder::Slot {
        n: SlotNo(3),
        session: session(3),
    };
    let claimed = f::Claimed {
        epoch: Epoch(1),
        holder,
    };
    scene.add::<f::Event>("feature-z/a", claimed);
    scene.add::<p::Event>("project-z", p::TargetSet { count: 1 });
    let keys = scene.keys(&at(100));
    assert!(!keys.contains(&"ClaimFor".to_owned()), "{keys:?}");

    scene.add::<p::Event>("project-z", p::TargetSet { count: 2 });
    let keys = scene.keys(&at(100));
    assert!(keys.contains(&"ClaimFor".to_owned()), "{keys:?}");
}

#[test]
fn stopped_draining_and_editing_projects_grant_nothing() {
    for event in [
        p::Event::from(p::Stopped { by: "me".into() }),
        p::DrainRequested { by: "me".into() }.into(),
        p::EditOpened { by: "me".into() }.into(),
    ] {
        let mut scene = Scene::running(2);
        scene
            .feature("a", 2)
            .add::<p::Event>("project-z", event.clone());
        let grants: Vec<_> = scene
            .keys(&at(100))
            .into_iter()
            .filter(|k| k == "ClaimFor" || k.contains("Start"))
            .collect();
        assert!(grants.is_empty(), "{event:?}: {grants:?}");
    }
}

#[test]
fn a_claim_whose_slot_does_not_hold_it_is_assigned_and_then_ended_with_its_outcome() {
    let mut scene = Scene::running(1);
    scene.feature("a", 2).claimed("a", &session(1));
    assert_eq!(scene.keys(&at(100)), ["Assign"]);
    let ended = container::event::SessionEnded {
        session: session(1),
        outcome: Outcome::Failed,
        exit_code: Some(1),
        evidence: None,
        detail: "exit 1".into(),
    };
    let digest = Digest::of(b"p");

    let assignment = container::Assignment {
        session: session(1),
        role: crate::holder::Role::Coder,
        feature: Some("a".parse().expect("id")),
        epoch: Some(Epoch(1)),
        sha: None,
        agent: None,
        prompt_digest: digest,
    };
    scene.add::<container::Event>("container-z/1", container::event::Assigned { assignment });
    assert_eq!(scene.keys(&at(100)), ["container-z/1 RequestStart"]);
    scene.add::<container::Event>("container-z/1", ended);
    assert_eq!(
        scene.keys(&at(100)),
        ["Secure"],
        "the work is looked after before the claim ends"
    );
    scene.add::<f::Event>(
        "feature-z/a",
        f::WorkSecured {
            epoch: Epoch(1),
            sha: None,
        },
    );
    assert_eq!(scene.keys(&at(100)), ["feature-z/a Release"]);
}

#[test]
fn work_is_looked_after_even_when_its_claim_ended_before_the_session() {
    let mut scene = Scene::running(1);
    scene.feature("a", 2).claimed("a", &session(1));

    let assignment = container::Assignment {
        session: session(1),
        role: crate::holder::Role::Coder,
        feature: Some("a".parse().expect("id")),
        epoch: Some(Epoch(1)),
        sha: None,
        agent: None,
        prompt_digest: Digest::of(b"p"),
    };
    scene.add::<container::Event>("container-z/1", container::event::Assigned { assignment });
    scene.add::<f::Event>(
        "feature-z/a",
        f::ClaimExpired {
            epoch: Epoch(1),
            last_seen: 0,
            up_since: 0,
        },
    );
    let ended = container::event::SessionEnded {
        session: session(1),
        outcome: Outcome::Lost,
        exit_code: None,
        evidence: None,
        detail: "vanished".into(),
    };
    scene.add::<container::Event>("container-z/1", ended);
    assert_eq!(scene.keys(&at(100)), ["Secure"]);
}

#[test]
fn owing_twice_is_the_same_thing() {
    let mut scene = Scene::running(2);
    scene.feature("a", 2).claimed("a", &session(1));

    scene.add::<f::Event>(
        "feature-z/a",
        f::Submitted {
            epoch: Epoch(1),
            sha: sha('a'),
            base: None,
        },
    );
    let keys = |a: &Agenda| a.owed.iter().map(|(o, _)| o.key()).collect::<Vec<_>>();
    assert_eq!(keys(&scene.agenda(&at(100))), keys(&scene.agenda(&at(200))));
    assert_eq!(scene.keys(&at(100)), ["feature-z/a StartReview"]);
}

/// What is told goes back to the newest event of its stream, and begins anew where there is none.
#[test]
fn what_is_told_names_what_it_goes_back_to() {
    let mut scene = Scene::running(1);
    scene.project(p::TargetSet { count: 2 });
    let tells = scene.tells("fleet", &at(100));
    let [enlist] = &tells[..] else {
        panic!("{tells:?}");
    };
    assert_eq!(enlist.cause.causation, None, "there is no such slot");
    assert_eq!(enlist.cause.correlation, enlist.id);

    scene.feature("a", 2).handed_in("a", 1);
    let tells = scene.tells("dispatch", &at(100));
    let [review] = &tells[..] else {
        panic!("{tells:?}");
    };
    let tracked = &scene.view().features[&crate::scene::feature("a")];
    assert_eq!(review.cause.causation, Some(tracked.position));
    assert_eq!(review.cause.correlation, tracked.correlation);
    assert_ne!(review.cause.correlation, review.id);
}

/// The policy of the engine is asked like the others.
#[test]
fn two_slots_that_fail_alike_are_trouble_of_the_engine() {
    let mut scene = Scene::running(2);
    for n in [1, 2] {
        let assignment = crate::scene::job(&session(1), Role::Coder, None);
        scene.slot(n, container::event::Assigned { assignment });
        scene.slot(
            n,
            container::event::StartFailed {
                generation: crate::id::Generation(1),
                class: container::Class::Image,
                detail: "no such image".into(),
            },
        );
    }
    let named = scene.named("engine", &at(100));
    assert_eq!(named, ["project-z ReportTrouble"]);
}

#[test]
fn review_comes_before_code_and_the_overseer_before_both() {
    let mut scene = Scene::running(1);

    scene
        .feature("a", 0)
        .feature("b", 2)
        .claimed("b", &session(1));
    scene.add::<f::Event>(
        "feature-z/b",
        f::Submitted {
            epoch: Epoch(1),
            sha: sha('a'),
            base: None,
        },
    );
    assert_eq!(scene.keys(&at(100)), ["feature-z/b StartReview"]);
    scene.add::<p::Event>(
        "project-z",
        p::MilestoneDue {
            step: 10,
            as_of: Position(1),
            closed: 1,
            total: 9,
        },
    );
    assert_eq!(scene.keys(&at(100)), ["project-z StartOversight"]);
}

#[test]
fn milestones_are_due_once_and_everything_closed_is_final() {
    let mut scene = Scene::running(0);
    scene.feature("a", 2).feature("b", 2);
    let close = |scene: &mut Scene, id: &str| {
        let closed = f::Closed {
            closing: f::Closing::DoneElsewhere,
            by: "me".into(),
        };
        scene.add::<f::Event>(&format!("feature-z/{id}"), closed);
    };
    close(&mut scene, "a");
    assert_eq!(scene.keys(&at(100)), ["project-z DueMilestone"]);
    scene.add::<p::Event>(
        "project-z",
        p::MilestoneDue {
            step: 50,
            as_of: Position(1),
            closed: 1,
            total: 2,
        },
    );
    assert!(scene.keys(&at(100)).is_empty());
    close(&mut scene, "b");
    assert_eq!(scene.keys(&at(100)), ["project-z DueFinal"]);
    scene.add::<p::Event>(
        "project-z",
        p::FinalVerificationDue {
            as_of: Position(9),
            trunk_head: None,
            closed: 2,
        },
    );
    let slot_session = SlotSession {
        n: SlotNo(1),
        session: session(1),
    };

    scene.add::<p::Event>(
        "project-z",
        p::OversightStarted {
            slot_session,
            oversight: OversightKind::Final,
        },
    );
    scene.add::<p::Event>(
        "project-z",
        p::Completed {
            as_of: Position(9),
            trunk_head: None,
        },
    );
    scene.feature("c", 2);
    assert!(
        scene
            .keys(&at(100))
            .contains(&"project-z Resume".to_owned())
    );
}

#[test]
fn a_silent_outside_holder_expires_after_the_lease_of_server_time() {
    let mut scene = Scene::running(0);
    scene.feature("a", 2);
    let holder = Holder::Outside {
        principal: "ann".into(),
    };

    scene.add::<f::Event>(
        "feature-z/a",
        f::Claimed {
            epoch: Epoch(1),
            holder,
        },
    );
    let lease = i64::try_from(Settings::default().outside_lease_ms / 1000).expect("small");
    let quiet = Observed {
        up_since: Timestamp(500_000_000),
        ..at(lease + 499)
    };
    assert!(
        scene.keys(&quiet).is_empty(),
        "the server was not up long enough to know"
    );
    assert_eq!(
        scene.agenda(&quiet).wake,
        Some(Timestamp((lease + 500) * 1_000_000))
    );
    let over = Observed {
        up_since: Timestamp(500_000_000),
        ..at(lease + 500)
    };
    assert_eq!(scene.keys(&over), ["feature-z/a Expire"]);
}

#[test]
fn a_failed_clone_waits_for_its_pause() {
    let mut scene = Scene::new();

    scene
        .add::<p::Event>(
            "project-z",
            p::Registered {
                git_url: "/up".into(),
                kind: ProjectKind::New,
            },
        )
        .add::<p::Event>(
            "project-z",
            p::CloneFailed {
                reason: "gone".into(),
            },
        );
    assert!(scene.keys(&at(6)).is_empty());
    assert_eq!(scene.keys(&at(7)), ["Clone"]);
    assert_eq!(
        [0, 1, 2, 3, 50].map(backoff_ms),
        [0, 5_000, 10_000, 20_000, 300_000]
    );
}

/// Work that was begun before the trunk moved is merged with it in memory, once for each place the
/// trunk comes to.
#[test]
fn what_the_trunk_overtakes_is_probed_once() {
    let mut scene = Scene::running(1);
    scene.feature("a", 2).claimed("a", &session(1));
    let probes = |scene: &Scene| {
        scene
            .keys(&at(100))
            .iter()
            .filter(|key| *key == "Probe")
            .count()
    };
    assert_eq!(probes(&scene), 0, "nothing moved since it was begun");
    let moved = |to| t::Followed {
        from: None,
        to: sha(to),
        files: vec![],
        accepted: None,
    };
    let found = |base| t::Collision {
        feature: "a".parse().expect("id"),
        epoch: Epoch(base),
        paths: vec!["x".into()],
    };

    for (to, epoch) in [('1', 1), ('2', 0)] {
        scene.add::<t::Event>("trunk-z", moved(to));
        assert_eq!(probes(&scene), 1);
        scene.add::<t::Event>(
            "trunk-z",
            t::Probed {
                base: sha(to),
                collisions: vec![found(epoch)],
            },
        );
        assert_eq!(probes(&scene), 0);
        let merge_queue = &scene
            .projections
            .projects
            .values()
            .next()
            .expect("project")
            .merge_queue
            .state;
        assert_eq!(
            merge_queue
                .collisions(&"a".parse().expect("id"), Epoch(1))
                .len(),
            usize::from(epoch == 1),
            "of this claim only"
        );
    }
}

/// What claims left goes when its feature has been over for long enough, and not before.
#[test]
fn work_is_kept_for_its_time() {
    let mut scene = Scene::running(1);
    scene.feature("a", 2).feature("b", 2).feature("c", 2);
    let closing = f::Closing::DoneElsewhere;

    scene.add::<f::Event>(
        "feature-z/a",
        f::Closed {
            closing,
            by: "me".into(),
        },
    );
    scene.add::<f::Event>("feature-z/b", f::Withdrawn { by: "me".into() });
    let view = scene.projections.projects.values().next().expect("project");
    let after = |ms: u64| {
        upkeep::let_go(
            view,
            Timestamp(i64::try_from(scene.position).expect("small") * 1_000_000).plus_ms(ms),
        )
    };
    let kept = Settings::default().keep_work_ms;
    assert_eq!(
        (
            after(kept - 2_000).len(),
            after(kept - 1_000).len(),
            after(kept).len()
        ),
        (0, 1, 2),
        "open ones stay for ever"
    );
}

/// A thing in trouble: nothing that needs it is begun before the probe is due, then one session,
/// and on another feature than the last one; at once when a person asks, and as much as there is
/// room for when it is over.
#[test]
fn trouble_of_a_thing_lets_one_probe_through_at_a_time() {
    let mut scene = Scene::running(3);
    scene.feature("a", 1).feature("b", 2).feature("c", 3);
    let settings = Settings {
        setup: Some("npm ci".into()),
        ..Settings::default()
    };
    let settings = Box::new(settings);
    scene.add::<p::Event>("project-z", p::SettingsChanged { settings });
    let thing = crate::project::Thing::Setup;
    let reported = p::TroubleReported {
        thing: thing.clone(),
        detail: "exit code 1".into(),
        retry_at: None,
        session: session(1),
        feature: "a".parse().ok(),
        probe: false,
    };
    let now = |second| Observed {
        own: crate::own_time::OwnTime::new(Timestamp(second * 1_000_000), &[], &[]),
        ..at(second)
    };
    assert_eq!(scene.keys(&now(20)).len(), 3);
    scene.add::<p::Event>("project-z", reported);
    let seen = i64::try_from(scene.position).expect("small");

    assert!(scene.keys(&now(seen + 59)).is_empty());
    let wake = scene.agenda(&now(seen + 59)).wake;
    assert_eq!(wake, Some(Timestamp((seen + 60) * 1_000_000)));
    let due = scene.agenda(&now(seen + 60));
    assert!(
        matches!(
            &due.owed[..],
            [(Owed::Do(Effect::ClaimFor { feature: Some(id), .. }), _)] if id.as_str() == "b"
        ),
        "{:?}",
        due.owed
    );
    let busy = Observed {
        busy: [(SlotNo(2), Role::Coder)].into(),
        ..now(seen + 60)
    };
    assert!(scene.keys(&busy).is_empty(), "one at a time");

    scene.add::<p::Event>("project-z", p::ProbeAsked { by: "me".into() });
    assert_eq!(scene.keys(&now(seen + 2)).len(), 1);
    let why = "it worked".to_owned();
    scene.add::<p::Event>("project-z", p::TroubleEnded { thing, why });
    assert_eq!(scene.keys(&now(seen + 3)).len(), 3);
}

/// An account is one, whoever asks it: a project that saw nothing itself waits with the others.
#[test]
fn an_account_in_trouble_holds_back_every_project_that_asks_it() {
    let mut scene = Scene::running(2);
    scene.feature("a", 1).feature("b", 2);
    let agent = crate::settings::AgentSpec {
        command: Some("my-agent".into()),
        provider: Some("local".into()),
        ..crate::settings::AgentSpec::of(crate::settings::Dialect::Command)
    };
    let settings = Settings {
        agent,
        ..Settings::default()
    };
    let settings = Box::new(settings);
    scene.add::<p::Event>("project-z", p::SettingsChanged { settings });

    let held = |next: i64, at_work| Observed {
        accounts: [(
            "local".to_owned(),
            Account {
                next_probe: Timestamp(next * 1_000_000),
                at_work,
            },
        )]
        .into(),
        ..at(100)
    };
    assert_eq!(scene.keys(&at(100)).len(), 2);
    assert_eq!(scene.keys(&held(200, false)).len(), 0);
    assert_eq!(scene.keys(&held(100, false)).len(), 1);
    assert_eq!(scene.keys(&held(100, true)).len(), 0);
}

/// What a person hears of a project that has slots and work, by what stands still.
#[test]
fn what_nobody_works_on_is_named() {
    let needs = |scene: &Scene| -> Vec<&'static str> {
        let standing = scene.view().standing();
        standing
            .needs_you
            .iter()
            .map(|need| need.kind.name())
            .collect()
    };
    let withdrawn = |scene: &mut Scene, id: &str| {
        scene
            .add::<f::Event>(&format!("feature-z/{id}"), f::Withdrawn { by: "me".into() })
            .add::<backlog::Event>(
                "backlog-z",
                backlog::event::Withdrawn {
                    id: id.parse().expect("id"),
                },
            );
    };
    let outside = |scene: &mut Scene, id: &str| {
        let holder = Holder::Outside {
            principal: "ann".into(),
        };
        let claimed = f::Claimed {
            epoch: Epoch(1),
            holder,
        };
        scene.add::<f::Event>(&format!("feature-z/{id}"), claimed);
    };
    let out_of_service = |scene: &mut Scene| {
        let withheld = container::event::Withheld { by: "me".into() };
        scene.add::<container::Event>("container-z/1", withheld);
    };

    let mut fresh = Scene::running(1);
    assert_eq!(needs(&fresh), Vec::<&str>::new(), "nothing was asked for");
    fresh.feature("feat-a", 2).feature("feat-b", 2);
    assert_eq!(needs(&fresh), Vec::<&str>::new(), "a slot is free");
    withdrawn(&mut fresh, "feat-a");
    assert_eq!(needs(&fresh), Vec::<&str>::new(), "one is left");
    withdrawn(&mut fresh, "feat-b");
    assert_eq!(needs(&fresh), ["idle"], "none is left");

    let mut scene = Scene::running(1);
    scene.feature("feat-a", 2).feature("feat-b", 2);
    outside(&mut scene, "feat-a");
    assert_eq!(needs(&scene), Vec::<&str>::new(), "a slot is free");
    out_of_service(&mut scene);
    assert_eq!(needs(&scene), ["slot"], "the other one waits for a slot");

    let mut bare = Scene::running(0);
    bare.feature("feat-a", 2).feature("feat-b", 2);
    assert_eq!(needs(&bare), ["target"], "nobody is there");
    outside(&mut bare, "feat-a");
    assert_eq!(needs(&bare), Vec::<&str>::new(), "somebody from outside is");
}
