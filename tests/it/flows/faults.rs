//! What the server fails at by itself: named under Needs you with what to do, until it works.

use crate::world::full::FullLog;
use crate::world::{World, ZOO, context, scripted, story};

/// A log that cannot be written makes everything stand still: it is named at once, no try is used,
/// and work goes on when there is room again.
#[test]
fn a_disk_that_is_full_is_named_until_there_is_room() {
    story(|| async {
        let world = World::new();
        let log = FullLog::new(world.log.clone());
        let server = world.start_on(log.clone()).await.expect("started");
        let lions = scripted("lions", "write lions fed\ncommit Feed\nsubmit", &[]);
        let opened = server.open_zoo(&world, 0, vec![lions]).await;
        opened.expect("opened");
        let needs = || server.operator.project(ZOO).expect("the zoo").needs_you;

        log.set_full(true);
        let mut changes = server.core.faults.changes();
        let refused = server.operator.set_target(&context(), ZOO, 1).await;
        assert!(refused.is_err_and(|refused| refused.code == "log_unavailable"));
        let named = async {
            loop {
                let needs = needs();
                let is_told = |need: &String| {
                    need.starts_with("recording in the log failed")
                        && need.contains("the disk is full; nothing goes on meanwhile")
                };
                if needs.iter().any(is_told) {
                    return;
                }
                changes.changed().await.expect("faults");
            }
        };
        world.within("named", named).await;

        log.set_full(false);
        let recorded = server.operator.set_target(&context(), ZOO, 1).await;
        recorded.expect("recorded");
        world.within("completed", server.completed()).await;
        assert!(needs().is_empty(), "{:?}", needs());
        assert_eq!(world.count("feature.claimed").await, 1, "no try was used");
        world.end(server).await;
    });
}
