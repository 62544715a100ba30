//! From the backlog to upstream: in order, with trouble on the way, and stopped in between.

use std::sync::atomic::Ordering;

use events::feature::Stage;
use events::stream::Position;
use supercargo::api::ProjectChange;

use crate::world::meddler::MeddlingLog;
use crate::world::{World, ZOO, context, scripted, story};

const FEED: &str = "write lions fed\ncommit Feed the lions\nsubmit";

#[test]
fn features_are_built_in_the_order_of_their_dependencies_and_the_project_completes() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let items = vec![
            scripted("roof", "write roof tiles\ncommit Roof\nsubmit", &["walls"]),
            scripted(
                "walls",
                "write walls stone\ncommit Walls\nsubmit",
                &["floor"],
            ),
            scripted("floor", "write floor wood\ncommit Floor\nsubmit", &[]),
        ];
        server.open_zoo(&world, 2, items).await.expect("opened");
        world.within("completed", server.completed()).await;
        let titles = world.git(
            &world.upstream(),
            &["log", "--first-parent", "--reverse", "--format=%s", "main"],
        );
        assert_eq!(
            titles.lines().collect::<Vec<_>>(),
            ["Change README", "floor", "walls", "roof"],
            "G3"
        );
        assert_eq!(world.count("project.completed").await, 1);
        world.end(server).await;
    });
}

/// F46: the queue goes on, the feature comes back with the paths, and the next try sees them.
#[test]
fn a_conflict_sends_the_feature_back_with_its_paths() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let items = vec![
            scripted("one", "write page one\ncommit One\nsubmit", &[]),
            scripted(
                "two",
                "@1 root\nwrite page two\ncommit Two\nsubmit",
                &["one"],
            ),
        ];
        server.open_zoo(&world, 1, items).await.expect("opened");
        world.within("completed", server.completed()).await;
        let notes = server.zoo(|view| {
            view.known()
                .flat_map(|(_, k, _)| k.notes.clone())
                .map(|n| n.text)
                .collect::<Vec<_>>()
        });
        assert!(
            notes.iter().any(|n| n.contains("conflicts in page")),
            "{notes:?}"
        );
        assert_eq!(world.git(&world.upstream(), &["show", "main:page"]), "two");
        world.end(server).await;
    });
}

/// Red on the merged tree is red, even if the branch alone was fine.
#[test]
fn a_red_verification_publishes_nothing() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let breaks = "@1 write README.new x\n@1 commit Rename\n@2+ write more x\n@2+ commit Keep \
                      the readme\nsubmit";
        server
            .open_zoo(&world, 1, vec![scripted("rename", breaks, &[])])
            .await
            .expect("opened");
        let set = supercargo::api::ProjectChange {
            verify: Some("test ! -f README.new".into()),
            ..Default::default()
        };
        server
            .operator
            .change_project(&context(), ZOO, &set)
            .await
            .expect("set");
        world.within("completed", server.completed()).await;
        assert_eq!(world.count("trunk.verification_failed").await, 1);
        assert_eq!(world.count("trunk.advanced").await, 1);
        let files = world.git(&world.upstream(), &["ls-tree", "--name-only", "main"]);
        assert_eq!(files.lines().collect::<Vec<_>>(), ["README", "more"]);
        world.end(server).await;
    });
}

/// F30: a process that merely ends has done nothing; three such tries and a person has to look.
#[test]
fn an_agent_that_ends_without_work_uses_its_tries_and_is_quarantined() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        server
            .open_zoo(&world, 1, vec![scripted("idle", "exit 0", &[])])
            .await
            .expect("opened");
        let why = server.until(|view| {
            view.known().find_map(|(_, k, _)| {
                if let Stage::Quarantined { why } = &k.stage {
                    Some(why.clone())
                } else {
                    None
                }
            })
        });
        assert!(
            world
                .within("quarantined", why)
                .await
                .contains("3 failed tries")
        );
        assert_eq!(world.count("feature.claimed").await, 3, "C8");
        assert!(
            server
                .operator
                .project(ZOO)
                .expect("zoo")
                .needs
                .iter()
                .any(|n| n.text.contains("quarantined"))
        );
        world.end(server).await;
    });
}

/// What is in quarantine is taken out at once, and nothing else is touched.
#[test]
fn all_that_is_quarantined_is_taken_out_at_once() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let asks = scripted("asks", "ask Which lions?", &[]);
        let idle = ["lions", "bears"].map(|key| {
            let works = format!("@4+ write {key} fed\n@4+ commit Feed\n@4+ submit");
            scripted(key, &works, &[])
        });
        server
            .open_zoo(&world, 1, [vec![asks], idle.to_vec()].concat())
            .await
            .expect("opened");
        let stuck = server.until(|view| {
            let stages = view.known().map(|(_, known, _)| &known.stage);
            let quarantined = stages.filter(|s| matches!(s, Stage::Quarantined { .. }));
            (quarantined.count() == 2).then_some(())
        });
        world.within("quarantined", stuck).await;

        let all = context();
        let requeued = server.operator.requeue_all(&all, ZOO).await;
        let requeued = requeued.expect("taken out").ids;
        assert_eq!(requeued.len(), 2);
        assert_eq!(world.count("feature.requeued").await, 2);
        // An answer that was lost on its way is asked for again under the same key.
        let repeated = server.operator.requeue_all(&all, ZOO).await;
        assert_eq!(repeated.expect("the first answer").ids, requeued);
        assert_eq!(world.count("feature.requeued").await, 2);
        let again = server.operator.requeue_all(&context(), ZOO).await;
        assert_eq!(again.expect("none is left").ids, Vec::<String>::new());
        let merged = server.until(|view| {
            let stages = view.known().map(|(_, known, _)| &known.stage);
            let closed = stages.filter(|s| matches!(s, Stage::Closed { .. }));
            (closed.count() == 2).then_some(())
        });
        world.within("merged", merged).await;
        world.end(server).await;
    });
}

#[test]
fn a_question_waits_for_a_person_and_its_answer_lets_work_go_on() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let asks = "@1 ask Which lions?\n@2+ write lions fed\n@2+ commit Feed\n@2+ submit";
        server
            .open_zoo(&world, 1, vec![scripted("lions", asks, &[])])
            .await
            .expect("opened");
        let asked = server.until(|view| {
            let (id, known, _) = view.known().next()?;
            matches!(known.stage, Stage::Open { question: Some(_) }).then(|| id.to_string())
        });
        let id = world.within("asked", asked).await;
        server
            .operator
            .answer(&context(), ZOO, &id, "The old ones.")
            .await
            .expect("answered");
        world.within("completed", server.completed()).await;
        assert_eq!(
            server.zoo(|b| b.known().next().map(|(_, k, _)| k.tally.tries)),
            Some(0),
            "a question uses no try"
        );
        world.end(server).await;
    });
}

/// C11 and promise 3: a stop ends the session, the claim is given back, nothing is started again.
#[test]
fn a_stop_is_sticky_and_a_start_goes_on() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let slow = "@1 hang\n@2+ write lions fed\n@2+ commit Feed\n@2+ submit";
        server
            .open_zoo(&world, 1, vec![scripted("lions", slow, &[])])
            .await
            .expect("opened");
        let begun = server.until(|view| {
            view.enlisted().find_map(|(_, b, _)| {
                matches!(
                    b.state,
                    events::container::SlotState::Running { begun: true, .. }
                )
                .then_some(())
            })
        });
        world.within("at work", begun).await;
        server
            .operator
            .intend(&context(), ZOO, supercargo::operator::Wanted::Stop)
            .await
            .expect("stopped");
        let ended = server.until(|view| {
            let idle = view.enlisted().all(|(_, b, _)| b.job().is_none());
            (idle && view.grants().is_empty()).then_some(())
        });
        world.within("stopped", ended).await;
        assert_eq!(world.engine.running(), 0);
        server
            .operator
            .intend(&context(), ZOO, supercargo::operator::Wanted::Start)
            .await
            .expect("started");
        world.within("completed", server.completed()).await;
        world.end(server).await;
    });
}

/// F43: a third party pushes while we merge: built and verified again on the new head, nothing
/// overwritten.
#[test]
fn upstream_moves_under_a_candidate() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        server
            .open_zoo(&world, 1, vec![scripted("lions", FEED, &[])])
            .await
            .expect("opened");
        let built = server.until(|view| {
            view.merge_queue
                .state
                .front()
                .and_then(|f| f.candidate())
                .map(|_| ())
        });
        world.within("a candidate", built).await;
        world.push_upstream("ponds", "water\n");
        world.within("completed", server.completed()).await;
        let files = world.git(&world.upstream(), &["ls-tree", "--name-only", "main"]);
        assert_eq!(
            files.lines().collect::<Vec<_>>(),
            ["README", "lions", "ponds"],
            "G5: nobody's work is overwritten"
        );
        world.end(server).await;
    });
}

/// F26: a container that is taken away is lost, its claim ends without using a try, and the next
/// one does the work.
#[test]
fn a_container_taken_away_is_lost_and_the_work_is_done_by_the_next() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let slow = "@1 hang\n@2+ write lions fed\n@2+ commit Feed\n@2+ submit";
        server
            .open_zoo(&world, 1, vec![scripted("lions", slow, &[])])
            .await
            .expect("opened");
        let begun = server.until(|view| {
            view.enlisted().find_map(|(_, b, _)| {
                matches!(
                    b.state,
                    events::container::SlotState::Running { begun: true, .. }
                )
                .then_some(())
            })
        });
        world.within("at work", begun).await;
        world.engine.kill_all();
        world.within("completed", server.completed()).await;
        assert_eq!(
            server.zoo(|b| b.known().next().map(|(_, k, _)| k.tally.tries)),
            Some(0)
        );
        assert_eq!(world.count("feature.work_lost").await, 1);
        world.end(server).await;
    });
}

/// F40: starts that fail are tried again after a pause.
#[test]
fn starts_that_fail_are_tried_again() {
    story(|| async {
        let world = World::new();
        world.engine.failing.store(2, Ordering::SeqCst);
        let server = world.start().await;
        server
            .open_zoo(&world, 1, vec![scripted("lions", FEED, &[])])
            .await
            .expect("opened");
        world.within("completed", server.completed()).await;
        assert_eq!(world.count("container.start_failed").await, 2);
        world.end(server).await;
    });
}

/// What a policy owed is turned down because the project moved between its look and the append, and
/// the projections hold the move already when the refusal is heard: it is owed again, and nothing
/// waits for ever.
#[test]
fn what_was_overtaken_is_owed_again() {
    for kind in [
        "feature.claimed",
        "container.assigned",
        "container.start_requested",
        "trunk.queued",
        "trunk.candidate_built",
    ] {
        story(|| async move {
            let world = World::new();
            let log = MeddlingLog::new(world.log.clone(), kind);
            let server = world.start_on(log.clone()).await.expect("started");
            let operator = server.operator.clone();
            let moved = move || -> futures::future::BoxFuture<'static, ()> {
                let operator = operator.clone();
                Box::pin(async move {
                    let change = ProjectChange {
                        target: Some(2),
                        ..ProjectChange::default()
                    };
                    let done = operator
                        .change_project(&context(), ZOO, &change)
                        .await
                        .expect("changed");
                    operator
                        .core
                        .projector
                        .wait_for(Position(done.position))
                        .await;
                })
            };
            assert!(log.meddle.set(Box::new(moved)).is_ok());
            server
                .open_zoo(
                    &world,
                    1,
                    vec![scripted(
                        "lions",
                        "write lions fed\ncommit Feed\nsubmit",
                        &[],
                    )],
                )
                .await
                .expect("opened");
            world.within(kind, server.completed()).await;
            world.end(server).await;
        });
    }
}

/// An engine that does not answer makes everything stand still: it is named, and nothing is charged
/// to anybody.
#[test]
fn an_engine_that_is_away_is_named_until_it_is_back() {
    story(|| async {
        let world = World::new();
        world.engine.set_away(true);
        let server = world.start().await;
        let lions = scripted("lions", "write lions fed\ncommit Feed\nsubmit", &[]);
        let opened = server.open_zoo(&world, 1, vec![lions]).await;
        opened.expect("opened");
        let mut changes = server.core.faults.changes();
        let named = async {
            loop {
                let needs = server.operator.project(ZOO).expect("the zoo").needs_you;
                if needs.iter().any(|need| need.contains("it is away")) {
                    return;
                }
                changes.changed().await.expect("faults");
            }
        };
        world.within("named", named).await;

        world.engine.set_away(false);
        world.within("completed", server.completed()).await;
        let needs = server.operator.project(ZOO).expect("the zoo").needs_you;
        assert!(needs.is_empty(), "{needs:?}");
        assert_eq!(world.count("feature.claimed").await, 1, "no try was used");
        world.end(server).await;
    });
}
