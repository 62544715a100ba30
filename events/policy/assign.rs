//! Open grants → assignments; grants whose session is over → their end, after the work is recorded
//! as safe or lost.

use crate::container::{Duty, Ended, Slot, SlotState};
use crate::feature;
use crate::id::{Epoch, FeatureId, SessionId};
use crate::merge_queue;
use crate::outcome::Outcome;
use crate::policy::{Agenda, Effect, Reserves, Teller};
use crate::project::{self, Intent, Registered};
use crate::view::grants::{Grant, Subject};
use crate::view::projections::ProjectView;

pub(super) fn owed(view: &ProjectView, registered: &Registered, agenda: &mut Agenda) {
    let may_begin = matches!(
        registered.intent,
        Intent::Running { .. } | Intent::Draining { .. }
    );

    for grant in view.grants() {
        let (n, session) = (grant.slot_session.n, &grant.slot_session.session);
        let lost = match may_begin {
            true => Outcome::NeverStarted,
            false => Outcome::Stopped,
        };
        let Some(slot) = view.slot(n) else {
            end(view, &grant, lost, agenda);
            continue;
        };
        if slot.works_for(session) {
            continue;
        }

        // A slot that was taken out of service in between takes nothing.
        let is_withheld = matches!(slot.duty, Duty::Withhold { .. });
        match &slot.last {
            Some((last, outcome)) if last == session => end(view, &grant, *outcome, agenda),
            _ if is_withheld => end(view, &grant, Outcome::Stopped, agenda),
            _ if slot.state == SlotState::Idle && may_begin => {
                let version = view.slots.get(&n).map(|t| t.version).unwrap_or_default();
                let reserves = Reserves {
                    slot: Some((n, grant.subject.role())),
                    feature: None,
                };
                agenda.act_reserving(Effect::Assign { grant, version }, reserves);
            }
            _ => end(view, &grant, lost, agenda),
        }
    }
}

fn end(view: &ProjectView, grant: &Grant, outcome: Outcome, agenda: &mut Agenda) {
    let teller = Teller::of("assign", view);
    let session = grant.slot_session.session.clone();
    let purpose = format!("end {session}");

    let tell = match &grant.subject {
        Subject::Claim(id, epoch) => {
            let Some(release) = release(view, grant, id, *epoch, outcome) else {
                return;
            };
            teller.feature(view, id, &purpose, release)
        }
        Subject::Review(id, _) => {
            let lapse = feature::Command::LapseReview { session, outcome };
            teller.feature(view, id, &purpose, lapse)
        }
        Subject::Initialization => {
            let lapse = project::Command::LapseInitialization { session, outcome };
            teller.project(view, &purpose, lapse)
        }
        Subject::Oversight => {
            let lapse = project::Command::LapseOversight { session, outcome };
            teller.project(view, &purpose, lapse)
        }
        Subject::Verification(entry) => {
            let entry = *entry;
            let lapse = merge_queue::Command::LapseVerification {
                entry,
                session,
                outcome,
            };
            teller.merge_queue(view, &purpose, lapse)
        }
        Subject::Head => {
            let lapse = merge_queue::Command::LapseHeadVerification { session, outcome };
            teller.merge_queue(view, &purpose, lapse)
        }
    };
    agenda.tell(tell);
}

/// What gives a claim back; nothing while `supervise` owes a look into the gate first.
fn release(
    view: &ProjectView,
    grant: &Grant,
    id: &FeatureId,
    epoch: Epoch,
    outcome: Outcome,
) -> Option<feature::Command> {
    let known = view.feature(id);
    let is_secured = known.is_some_and(|known| known.secured.contains_key(&epoch));
    let slot = view.slot(grant.slot_session.n);
    let over = slot.and_then(|slot| over(slot, &grant.slot_session.session));

    let detail = match over {
        Some(_) if !is_secured && !outcome.never_began() => return None,
        Some(over) => over.detail.clone(),
        None => String::new(),
    };
    Some(feature::Command::Release {
        epoch,
        outcome,
        detail,
    })
}

/// The end of this session, while its container is still there.
fn over<'a>(slot: &'a Slot, session: &SessionId) -> Option<&'a Ended> {
    match &slot.state {
        SlotState::Ended(ended) if ended.job.session == *session => Some(ended),
        SlotState::Ended(_)
        | SlotState::Idle
        | SlotState::Assigned { .. }
        | SlotState::Requested { .. }
        | SlotState::Running { .. }
        | SlotState::Quarantined { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::event as c;
    use crate::feature::event as f;
    use crate::holder::{Role, SlotSession};
    use crate::id::{Digest, Epoch, Generation, SlotNo};
    use crate::merge_queue::event as q;
    use crate::policy::tests::at;
    use crate::project::event as p;
    use crate::scene::{Scene, job, session, sha};

    fn slot_session() -> SlotSession {
        SlotSession {
            n: SlotNo(1),
            session: session(1),
        }
    }

    /// One grant of each kind to session 1 at slot 1.
    fn granted(what: &str) -> Scene {
        let mut scene = Scene::running(1);
        let slot_session = slot_session();

        match what {
            "claim" => {
                scene.feature("a", 2).claimed("a", &session(1));
            }
            "review" => {
                let epoch = Epoch(1);
                let principal = "ann".to_owned();
                let holder = crate::holder::Holder::Outside { principal };
                scene.feature("a", 2).of("a", f::Claimed { epoch, holder });
                let (sha, base) = (sha('5'), None);
                scene.of("a", f::Submitted { epoch, sha, base });
                scene.of("a", f::ReviewStarted { slot_session });
            }
            "initialization" => {
                let spec = Digest::of(b"spec");
                scene.project(p::InitializationDue { spec });
                scene.project(p::InitializationStarted { slot_session });
            }
            "oversight" => {
                let oversight = project::OversightKind::Final;
                scene.project(p::OversightStarted {
                    slot_session,
                    oversight,
                });
            }
            _ => {
                scene.queue(q::HeadVerificationStarted {
                    head: sha('0'),
                    slot_session,
                    terms: Digest::of(b"t"),
                });
            }
        }

        scene
    }

    /// Each kind with the command that ends it.
    const KINDS: [(&str, &str); 5] = [
        ("claim", "feature-z/a Release"),
        ("review", "feature-z/a LapseReview"),
        ("initialization", "project-z LapseInitialization"),
        ("oversight", "project-z LapseOversight"),
        ("head", "trunk-z LapseHeadVerification"),
    ];

    fn assigns(scene: &Scene) -> bool {
        let effects = scene.effects(&at(99));
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Assign { .. }))
    }

    #[test]
    fn an_idle_slot_gets_what_was_granted_to_it() {
        for (what, _) in KINDS {
            let scene = granted(what);
            assert!(assigns(&scene), "{what}");
            let none: [&str; 0] = [];
            assert_eq!(scene.named("assign", &at(99)), none, "{what}");
        }
    }

    #[test]
    fn a_slot_at_work_on_it_is_let_alone() {
        for (what, _) in KINDS {
            let mut scene = granted(what);
            let assignment = job(&session(1), Role::Coder, None);
            scene.slot(1, c::Assigned { assignment });
            assert!(!assigns(&scene), "{what}");
            let none: [&str; 0] = [];
            assert_eq!(scene.named("assign", &at(99)), none, "{what}");
        }
    }

    #[test]
    fn a_grant_that_nobody_can_take_ends_with_the_reason() {
        let withheld = |scene: &mut Scene| {
            scene.slot(1, c::Withheld { by: "me".into() });
        };

        for (what, end) in KINDS {
            let mut out = granted(what);
            withheld(&mut out);
            let mut stopped = granted(what);
            stopped.project(p::Stopped { by: "me".into() });
            let mut taken = granted(what);
            let assignment = job(&session(2), Role::Coder, None);
            taken.slot(1, c::Assigned { assignment });
            for (scene, outcome) in [
                (out, Outcome::Stopped),
                (stopped, Outcome::Stopped),
                (taken, Outcome::NeverStarted),
            ] {
                assert!(!assigns(&scene), "{what}: {outcome:?}");
                assert_eq!(scene.named("assign", &at(99)), [end], "{outcome:?}");
                let told = scene.told("assign", &at(99)).concat();
                assert!(told.contains(&format!("{outcome:?}")), "{told}");
            }
        }
    }

    #[test]
    fn a_drained_project_finishes_what_was_granted() {
        let mut scene = granted("claim");
        scene.project(p::DrainRequested { by: "me".into() });
        assert!(assigns(&scene));
    }

    /// The session of the claim came to its end in its container.
    fn ended(outcome: Outcome) -> Scene {
        let mut scene = granted("claim");
        let (session, generation) = (session(1), Generation(1));
        let assignment = job(&session, Role::Coder, Some("a"));
        scene.slot(1, c::Assigned { assignment });
        scene.slot(1, c::StartRequested { generation });
        let detail = "exit 1".to_owned();

        scene.slot(
            1,
            c::SessionEnded {
                session,
                outcome,
                exit_code: Some(1),
                evidence: None,
                detail,
            },
        );
        scene
    }

    #[test]
    fn a_claim_ends_after_its_work_was_recorded_and_says_how() {
        let none: [&str; 0] = [];
        let mut scene = ended(Outcome::Failed);
        assert_eq!(scene.named("assign", &at(99)), none, "not before");
        let (epoch, sha) = (Epoch(1), None);
        scene.of("a", f::WorkSecured { epoch, sha });
        let told = scene.told("assign", &at(99)).concat();
        assert!(told.contains("Release"), "{told}");
        assert!(told.contains("Failed"), "{told}");
        assert!(told.contains("exit 1"), "{told}");
    }

    #[test]
    fn a_session_that_never_began_has_nothing_to_be_looked_after() {
        let scene = ended(Outcome::NeverStarted);
        let named = scene.named("assign", &at(99));
        assert_eq!(named, ["feature-z/a Release"]);
    }

    /// A slot's last session says something of its own grant only.
    #[test]
    fn what_ended_in_the_slot_before_says_nothing_of_the_next() {
        let earlier = |scene: &mut Scene| {
            let session = session(2);
            let assignment = job(&session, Role::Coder, None);
            scene.slot(1, c::Assigned { assignment });
            scene.slot(
                1,
                c::SessionEnded {
                    session,
                    outcome: Outcome::Failed,
                    exit_code: Some(1),
                    evidence: None,
                    detail: "of another".into(),
                },
            );
        };
        let none: [&str; 0] = [];

        for (what, end) in KINDS {
            let mut scene = granted(what);
            earlier(&mut scene);
            assert_eq!(scene.named("assign", &at(99)), [end], "it is not free");
            let told = scene.told("assign", &at(99)).concat();
            assert!(told.contains("NeverStarted"), "{told}");
            assert!(!told.contains("of another"), "{told}");
            scene.slot(1, c::Idle {});
            assert_eq!(scene.named("assign", &at(99)), none, "{what}");
            assert!(assigns(&scene), "{what}");
        }
    }
}
