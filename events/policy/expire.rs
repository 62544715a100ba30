//! Silence → expired claims. A lease counts from the last sign of life, and only while this server
//! was up and awake to see one.

use crate::feature::{self, Stage};
use crate::policy::{Agenda, Observed, Teller, until};
use crate::project::Registered;
use crate::view::projections::ProjectView;

pub(super) fn owed(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    let teller = Teller::of("expire", view);

    for (id, known, _) in view.underway() {
        let Stage::Claimed { holder, since } = &known.stage else {
            continue;
        };
        let Some(lease) = until::lease(view, registered, observed, (holder, *since)) else {
            continue;
        };
        if agenda.reached(observed.now, lease.ends) {
            let command = feature::Command::Expire {
                epoch: known.epoch,
                last_seen: lease.last_seen,
                up_since: observed.up_since,
            };
            agenda.tell(teller.feature(view, id, &format!("expire {}", known.epoch), command));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::event as c;
    use crate::feature::event as f;
    use crate::holder::{Holder, Role};
    use crate::id::{Epoch, Generation, Timestamp};
    use crate::own_time::{Gap, OwnTime};
    use crate::scene::{Scene, job, session};

    /// Everything was seen from the beginning on.
    fn seen(now: Timestamp) -> Observed {
        Observed {
            now,
            own: OwnTime::new(now, &[], &[]),
            ..Observed::default()
        }
    }

    /// A claim of Ann's, and when it was made.
    fn anns() -> (Scene, Timestamp) {
        let mut scene = Scene::running(1);
        let principal = "ann".to_owned();
        let (epoch, holder) = (Epoch(1), Holder::Outside { principal });
        scene.feature("a", 2).of("a", f::Claimed { epoch, holder });
        let at = scene.now();
        (scene, at)
    }

    /// A claim of a session whose container was started, and when; it reported for work or not.
    fn sessions(begun: bool) -> (Scene, Timestamp) {
        let mut scene = Scene::running(1);
        let (session, generation) = (session(1), Generation(1));
        scene.feature("a", 2).claimed("a", &session);
        let assignment = job(&session, Role::Coder, Some("a"));
        scene.slot(1, c::Assigned { assignment });
        scene.slot(1, c::StartRequested { generation });
        let engine_id = "e1".to_owned();
        let started = c::Started {
            generation,
            engine_id,
        };
        scene.slot(1, started);
        let at = scene.now();

        if begun {
            scene.slot(1, c::SessionStarted { session });
        }

        (scene, at)
    }

    fn expired(scene: &Scene, observed: &Observed) -> bool {
        !scene.told("expire", observed).is_empty()
    }

    /// The lease is over at `end`, and not a moment earlier; then it is looked at again.
    fn ends_at(scene: &Scene, end: Timestamp, mut observed: Observed) {
        let gaps: Vec<Gap> = vec![];
        for (now, over) in [(Timestamp(end.0 - 1), false), (end, true)] {
            observed.now = now;
            observed.own = OwnTime::new(now, &gaps, &[]);
            assert_eq!(expired(scene, &observed), over, "{now:?} of {end:?}");
        }
    }

    fn leases(scene: &Scene) -> (u64, u64) {
        let settings = &scene.view().registered().expect("registered").settings;
        (settings.lease_ms, settings.outside_lease_ms)
    }

    #[test]
    fn a_lease_outside_counts_from_the_last_sign_of_life() {
        let (scene, claimed) = anns();
        let (_, lease_ms) = leases(&scene);
        ends_at(&scene, claimed.plus_ms(lease_ms), seen(claimed));

        let later = claimed.plus_ms(7_000);
        let heard = |who: &str, at| Observed {
            seen_outside: [(who.to_owned(), at)].into(),
            ..seen(claimed)
        };
        ends_at(&scene, later.plus_ms(lease_ms), heard("ann", later));
        ends_at(&scene, claimed.plus_ms(lease_ms), heard("bob", later));
        let before = heard("ann", Timestamp(1));
        ends_at(&scene, claimed.plus_ms(lease_ms), before);

        let up_since = Observed {
            up_since: later,
            ..seen(claimed)
        };
        ends_at(&scene, later.plus_ms(lease_ms), up_since);
    }

    #[test]
    fn no_lease_runs_while_nobody_could_be_heard() {
        let (scene, claimed) = anns();
        let (_, lease_ms) = leases(&scene);
        let end = claimed.plus_ms(lease_ms);
        let gap = Gap {
            before: Timestamp(end.0 - 2),
            after: end.plus_ms(60_000),
        };
        let now = end.plus_ms(60_000);

        let asleep = Observed {
            own: OwnTime::new(now, &[gap], &[]),
            ..seen(now)
        };
        assert!(!expired(&scene, &asleep), "it slept until now");
        let awake = seen(now);
        assert!(expired(&scene, &awake));
    }

    #[test]
    fn a_session_has_a_lease_once_it_reported_for_work() {
        let (scene, _) = sessions(false);
        let day = Timestamp(86_400_000_000);
        assert!(!expired(&scene, &seen(day)), "it never began");

        let (scene, started) = sessions(true);
        let (lease_ms, _) = leases(&scene);
        ends_at(&scene, started.plus_ms(lease_ms), seen(started));
        let later = started.plus_ms(5_000);
        let heard = Observed {
            seen: [(session(1), later)].into(),
            ..seen(started)
        };
        ends_at(&scene, later.plus_ms(lease_ms), heard);
        let other = Observed {
            seen: [(session(2), later)].into(),
            ..seen(started)
        };
        ends_at(&scene, started.plus_ms(lease_ms), other);
    }

    #[test]
    fn an_expiry_says_what_it_was_counted_from() {
        let (scene, claimed) = anns();
        let (_, lease_ms) = leases(&scene);
        let up_since = claimed.plus_ms(1);
        let now = up_since.plus_ms(lease_ms);
        let observed = Observed {
            up_since,
            ..seen(now)
        };
        let told = scene.told("expire", &observed);

        let command = feature::Command::Expire {
            epoch: Epoch(1),
            last_seen: claimed,
            up_since,
        };
        assert_eq!(told, [format!("feature-z/a Feature({command:?})")]);
    }

    #[test]
    fn a_session_that_another_one_follows_has_no_lease_at_its_slot() {
        let (mut scene, _) = sessions(false);
        let other = session(2);
        let assignment = job(&other, Role::Reviewer, Some("a"));
        scene.slot(1, c::Assigned { assignment });
        let (generation, engine_id) = (Generation(2), "e2".to_owned());
        scene.slot(1, c::StartRequested { generation });
        let started = c::Started {
            generation,
            engine_id,
        };
        scene.slot(1, started);
        scene.slot(1, c::SessionStarted { session: other });
        let day = Timestamp(86_400_000_000);
        assert!(!expired(&scene, &seen(day)), "it is not at work there");
    }
}
