//! Progress → milestones due; everything closed → final verification due; new work after completion
//! → resumed.

use crate::policy::{Agenda, Teller};
use crate::project::{self, Initialization, Intent, Registered};
use crate::stream::StreamId;
use crate::view::Tallied;
use crate::view::projections::ProjectView;

pub(super) fn owed(view: &ProjectView, registered: &Registered, agenda: &mut Agenda) {
    let counting = matches!(
        registered.initialization,
        Initialization::NotDue | Initialization::Done
    ) && view.is_complete_backlog();
    let tallied = view.tallied();
    if !counting || tallied.total == 0 {
        return;
    }

    if registered.intent == Intent::Completed {
        resume(view, tallied, agenda);
    }
    if !registered.is_running() {
        return;
    }
    if tallied.closed == tallied.total {
        finish(view, registered, tallied, agenda);
    } else {
        step(view, registered, tallied, agenda);
    }
}

fn teller(view: &ProjectView) -> Teller<'_> {
    Teller::of("milestone", view)
}

/// Whether something is on its way upstream.
fn is_merging(view: &ProjectView) -> bool {
    view.merge_queue.state.waiting().next().is_some()
}

/// What is complete goes on when there is work again.
fn resume(view: &ProjectView, tallied: Tallied, agenda: &mut Agenda) {
    let total = tallied.total;
    let why = match total - tallied.closed {
        0 if !is_merging(view) => return,
        0 => "a merge is under way".to_owned(),
        open => format!("{open} of {total} features are open again"),
    };
    agenda.tell(teller(view).project(view, "resume", project::Command::Resume { why }));
}

/// A tenth that was passed, and neither settled nor due.
fn step(view: &ProjectView, registered: &Registered, tallied: Tallied, agenda: &mut Agenda) {
    let progress = &registered.progress;
    let due = progress.milestone.as_ref().map_or(0, |due| due.step);
    let step = tallied.step();
    if step <= due.max(progress.settled) {
        return;
    }

    let command = project::Command::DueMilestone {
        step,
        as_of: view.position,
        closed: tallied.closed,
        total: tallied.total,
    };
    agenda.tell(teller(view).project(view, &format!("due {step}"), command));
}

/// Everything is closed, and nothing is on its way.
fn finish(view: &ProjectView, registered: &Registered, tallied: Tallied, agenda: &mut Agenda) {
    let progress = &registered.progress;
    if is_merging(view) || progress.last.is_some() || progress.oversight.is_some() {
        return;
    }

    let queue = &view.merge_queue;
    let command = project::Command::DueFinal {
        as_of: view.position,
        trunk_head: queue.state.head.clone(),
        closed: tallied.closed,
    };
    let tell = teller(view).project(view, "due final", command);
    let tell = tell.given(StreamId::Backlog(view.name.clone()), view.backlog.version);
    agenda.tell(tell.given(StreamId::MergeQueue(view.name.clone()), queue.version));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::event as f;
    use crate::id::Digest;
    use crate::policy::tests::at;
    use crate::project::event as p;
    use crate::scene::{Scene, session, sha};
    use crate::stream::Position;

    /// So many features, of which so many are closed.
    fn scene(total: usize, closed: usize) -> Scene {
        let mut scene = Scene::running(1);
        for n in 0..total {
            scene.feature(&format!("f{n}"), 2);
        }
        for n in 0..closed {
            close(&mut scene, n);
        }
        scene
    }

    fn close(scene: &mut Scene, n: usize) {
        let closing = f::Closing::DoneElsewhere;
        let by = "me".to_owned();
        scene.of(&format!("f{n}"), f::Closed { closing, by });
    }

    fn due(step: u8) -> p::MilestoneDue {
        p::MilestoneDue {
            step,
            as_of: Position(1),
            closed: 1,
            total: 10,
        }
    }

    fn settled(covers: Vec<u8>) -> p::MilestoneSettled {
        p::MilestoneSettled {
            session: session(9),
            covers,
            report: Digest::of(b"r"),
            findings: 0,
        }
    }

    fn completed() -> p::Completed {
        p::Completed {
            as_of: Position(1),
            trunk_head: Some(sha('0')),
        }
    }

    /// What is told, in a word.
    fn said(scene: &Scene) -> String {
        let tells = scene.tells("milestone", &at(1_000));
        let mut words = Vec::new();

        for tell in tells {
            let crate::policy::AnyCommand::Project(command) = tell.command else {
                panic!("{tell:?}");
            };
            words.push(match command {
                project::Command::DueMilestone {
                    step,
                    closed,
                    total,
                    ..
                } => format!("step {step}: {closed} of {total}"),
                project::Command::DueFinal { closed, .. } => format!("final: {closed}"),
                project::Command::Resume { why } => format!("resume: {why}"),
                other => panic!("{other:?}"),
            });
        }

        words.join(", ")
    }

    #[test]
    fn every_tenth_is_due_once_and_the_end_when_all_is_closed() {
        for (total, closed, expected) in [
            (0, 0, ""),
            (10, 0, ""),
            (10, 1, "step 10: 1 of 10"),
            (10, 4, "step 40: 4 of 10"),
            (20, 1, ""),
            (20, 3, "step 10: 3 of 20"),
            (30, 29, "step 90: 29 of 30"),
            (3, 3, "final: 3"),
        ] {
            let scene = scene(total, closed);
            assert_eq!(said(&scene), expected, "{closed} of {total}");
        }
    }

    #[test]
    fn a_step_that_is_due_or_settled_is_not_due_again() {
        let mut scene = scene(10, 3);
        assert_eq!(said(&scene), "step 30: 3 of 10");
        scene.project(due(30));
        assert_eq!(said(&scene), "");
        scene.project(settled(vec![30]));
        assert_eq!(said(&scene), "");
        close(&mut scene, 3);
        assert_eq!(said(&scene), "step 40: 4 of 10");
    }

    #[test]
    fn nothing_is_counted_before_the_backlog_is_whole() {
        let mut scene = scene(2, 2);
        scene.admitted("coming");
        assert_eq!(said(&scene), "");
        scene.feature("coming", 2);
        assert_eq!(said(&scene), "step 60: 2 of 3");

        let mut beginning = self::scene(2, 2);
        let spec = Digest::of(b"spec");
        beginning.project(p::InitializationDue { spec });
        assert_eq!(said(&beginning), "");
    }

    #[test]
    fn a_project_that_does_not_run_has_nothing_due() {
        let by = || "me".to_owned();
        for event in [
            p::Event::from(p::Stopped { by: by() }),
            p::EditOpened { by: by() }.into(),
            p::DrainRequested { by: by() }.into(),
        ] {
            for closed in [1, 2] {
                let mut scene = scene(2, closed);
                scene.project(event.clone());
                assert_eq!(said(&scene), "", "{event:?}");
            }
        }
    }

    #[test]
    fn what_is_complete_goes_on_when_there_is_work_again() {
        let mut scene = scene(3, 3);
        scene.project(completed());
        assert_eq!(said(&scene), "", "it is complete");
        let reopened = f::Reopened {
            why: "broken".into(),
            by: "me".into(),
        };
        scene.of("f1", reopened);
        assert_eq!(said(&scene), "resume: 1 of 3 features are open again");
        let mut merging = self::scene(3, 3);
        merging.project(completed());

        merging.queue(crate::merge_queue::event::Queued {
            entry: 1,
            kind: crate::merge_queue::EntryKind::Scaffold,
            priority: 0,
        });
        assert_eq!(said(&merging), "resume: a merge is under way");
    }

    #[test]
    fn the_end_is_due_on_condition_that_nothing_was_added_or_merged() {
        let scene = scene(1, 1);
        let tells = scene.tells("milestone", &at(1_000));
        let [tell] = &tells[..] else {
            panic!("{tells:?}");
        };
        for (stream, version) in [
            ("backlog-z", scene.view().backlog.version),
            ("trunk-z", scene.view().merge_queue.version),
        ] {
            let expected = (stream.parse().expect("a stream"), version);
            assert!(tell.preconditions.contains(&expected), "{stream}");
        }
    }

    #[test]
    fn the_end_is_due_once_and_after_what_is_on_its_way_upstream() {
        let last = p::FinalVerificationDue {
            as_of: Position(1),
            trunk_head: None,
            closed: 1,
        };
        let looked = p::OversightStarted {
            slot_session: crate::holder::SlotSession {
                n: crate::id::SlotNo(1),
                session: session(1),
            },
            oversight: p::OversightKind::Milestone { step: 90 },
        };
        for event in [p::Event::from(last), looked.into()] {
            let mut scene = scene(1, 1);
            scene.project(event.clone());
            assert_eq!(said(&scene), "", "{event:?}");
        }

        let mut merging = scene(1, 1);
        merging.queue(crate::merge_queue::event::Queued {
            entry: 1,
            kind: crate::merge_queue::EntryKind::Scaffold,
            priority: 0,
        });
        assert_eq!(said(&merging), "", "what it brings is to be looked at");
    }
}
