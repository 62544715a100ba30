//! Target → slots; draining → stopped.

use crate::container;
use crate::id::{SlotNo, Timestamp};
use crate::merge_queue::Stage;
use crate::policy::{Agenda, Observed, Teller, until};
use crate::project::{self, Intent, Registered};
use crate::view::projections::ProjectView;

pub(super) fn owed(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    agenda: &mut Agenda,
) {
    if registered.is_running() {
        enlist(view, registered, agenda);
    }
    dismiss(view, registered, observed, agenda);
    if let Intent::Draining { since } = registered.intent {
        end_drain(view, registered, observed, since, agenda);
    }
}

/// Slots up to the target come into service.
fn enlist(view: &ProjectView, registered: &Registered, agenda: &mut Agenda) {
    let teller = Teller::of("fleet", view);

    for n in (1..=registered.target).map(SlotNo) {
        if view.slot(n).is_none() {
            let enlist = teller.container(view, n, "enlist", container::Command::Enlist);
            agenda.tell(enlist.given_project(view));
        }
    }
}

/// Slots above the target leave, once they are idle.
fn dismiss(view: &ProjectView, registered: &Registered, observed: &Observed, agenda: &mut Agenda) {
    let teller = Teller::of("fleet", view);

    for (n, slot, _) in view.enlisted() {
        let is_idle = slot.state == container::SlotState::Idle && !observed.busy.contains_key(&n);
        if n.0 > registered.target && is_idle {
            agenda.tell(teller.container(view, n, "dismiss", container::Command::Dismiss));
        }
    }
}

/// A project that drains stops when nothing is at work any more, or when its time is up.
fn end_drain(
    view: &ProjectView,
    registered: &Registered,
    observed: &Observed,
    since: Timestamp,
    agenda: &mut Agenda,
) {
    let is_overdue = agenda.reached(observed.now, until::drain(registered, observed, since));
    if !is_overdue && is_at_work(view) {
        return;
    }

    let by = if is_overdue { "drain limit" } else { "drained" };
    let command = project::Command::Stop { by: by.to_owned() };
    agenda.tell(Teller::of("fleet", view).project(view, "stop", command));
}

/// Whether a slot has a job, a grant is open, or upstream is being written.
fn is_at_work(view: &ProjectView) -> bool {
    let has_job = view.enlisted().any(|(_, slot, _)| slot.job().is_some());
    let is_publishing = match view.merge_queue.state.front() {
        Some(front) => matches!(front.stage, Stage::Publishing { .. }),
        None => false,
    };

    has_job || is_publishing || !view.grants().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::event as c;
    use crate::holder::Role;
    use crate::id::Timestamp;
    use crate::policy::tests::at;
    use crate::project::event as p;
    use crate::scene::{Scene, job, session};

    fn set(scene: &mut Scene, count: u16) {
        scene.project(p::TargetSet { count });
    }

    fn draining(mut scene: Scene) -> (Scene, Timestamp) {
        scene.project(p::DrainRequested { by: "me".into() });
        let since = scene.now();
        (scene, since)
    }

    #[test]
    fn slots_follow_the_target() {
        let mut scene = Scene::running(2);
        let none: [&str; 0] = [];
        assert_eq!(scene.named("fleet", &at(1_000)), none);
        set(&mut scene, 4);
        let enlisted = ["container-z/3 Enlist", "container-z/4 Enlist"];
        assert_eq!(scene.named("fleet", &at(1_000)), enlisted);
        set(&mut scene, 1);
        assert_eq!(scene.named("fleet", &at(1_000)), ["container-z/2 Dismiss"]);
        set(&mut scene, 0);
        let dismissed = ["container-z/1 Dismiss", "container-z/2 Dismiss"];
        assert_eq!(scene.named("fleet", &at(1_000)), dismissed);
    }

    #[test]
    fn a_slot_at_work_or_about_to_be_is_not_dismissed() {
        let mut scene = Scene::running(2);
        set(&mut scene, 1);
        let about_to = Observed {
            busy: [(SlotNo(2), Role::Coder)].into(),
            ..at(1_000)
        };
        let none: [&str; 0] = [];
        assert_eq!(scene.named("fleet", &about_to), none);
        let assignment = job(&session(1), Role::Coder, Some("a"));
        scene.slot(2, c::Assigned { assignment });
        assert_eq!(scene.named("fleet", &at(1_000)), none);
    }

    #[test]
    fn nothing_is_enlisted_while_the_project_does_not_run() {
        let mut scene = Scene::running(1);
        set(&mut scene, 2);
        scene.project(p::Stopped { by: "me".into() });
        let none: [&str; 0] = [];
        assert_eq!(scene.named("fleet", &at(1_000)), none);
    }

    #[test]
    fn a_project_drains_until_nobody_works_or_its_time_is_over() {
        let (idle, _) = draining(Scene::running(1));
        let told = idle.told("fleet", &at(1_000));
        assert!(told.iter().any(|tell| tell.contains("drained")), "{told:?}");

        let mut busy = Scene::running(1);
        let assignment = job(&session(1), Role::Coder, Some("a"));
        busy.slot(1, c::Assigned { assignment });
        let (busy, since) = draining(busy);
        let mut granted = Scene::running(1);
        granted.feature("a", 2).claimed("a", &session(1));
        let (granted, _) = draining(granted);
        let drain_ms = busy.view().registered().expect("it is").settings.drain_ms;
        let end = since.plus_ms(drain_ms);
        for (scene, what) in [(&busy, "at work"), (&granted, "granted")] {
            let mut observed = at(0);
            observed.now = since;
            let none: [&str; 0] = [];
            assert_eq!(scene.named("fleet", &observed), none, "{what}");
        }
        for (now, over) in [(Timestamp(end.0 - 1), false), (end, true)] {
            let observed = Observed { now, ..at(0) };
            let told = busy.told("fleet", &observed);
            let stopped = told.iter().any(|tell| tell.contains("drain limit"));
            assert_eq!(stopped, over, "{told:?}");
        }
    }

    #[test]
    fn a_publication_is_seen_to_its_end_before_a_project_stops() {
        use crate::merge_queue::event as q;
        use crate::scene::sha;

        let mut scene = Scene::running(1);
        scene.feature("a", 2).approved("a", 1).entered(1, "a", 1);
        scene.built(1, '0', 'c');
        scene.project(p::DrainRequested { by: "me".into() });
        let stops = |scene: &Scene| {
            let mut observed = at(0);
            observed.now = scene.now();
            scene.named("fleet", &observed) == ["project-z Stop"]
        };
        assert!(stops(&scene), "what is built can be published later");
        let (from, to) = (Some(sha('0')), sha('c'));
        scene.queue(q::PublishIntended { entry: 1, from, to });
        assert!(!stops(&scene));
    }
}
