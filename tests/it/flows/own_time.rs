//! Time that was not ours: a server that stood still, a machine that slept, a clock that was set.
//! Nobody is charged for it.

use events::container::SlotState;
use events::feature::Stage;

use crate::world::{World, scripted, story};

const TEN_MINUTES_MS: i64 = 600_000;
const LEASE_US: i64 = 60_000_000;

/// A healthy agent's claim outlives the gap, and from its end on counts one fresh lease: no less,
/// and no more than that either.
#[test]
fn a_gap_is_followed_by_one_fresh_lease() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        // Up to the gap nothing passes: a machine that takes long costs nobody a lease.
        world.clock.stop();
        let slow = "@1 hang\n@2+ write lions fed\n@2+ commit Feed\n@2+ submit";
        server
            .open_zoo(&world, 1, vec![scripted("lions", slow, &[])])
            .await
            .expect("opened");
        let begun = server.until(|view| {
            view.enlisted().find_map(|(_, b, _)| {
                matches!(b.state, SlotState::Running { begun: true, .. }).then_some(())
            })
        });
        world.within("at work", begun).await;
        world.clock.stand_still_ms(TEN_MINUTES_MS);
        let recorded = server
            .core
            .projector
            .wait_until(|projections| projections.node.state.gaps.last().copied());
        let gap = world.within("recorded", recorded).await;
        world.clock.go_on();
        let expired = server.until(|view| {
            let is_held = |stage: &Stage| matches!(stage, Stage::Claimed { .. });
            let held = view.known().any(|(_, known, _)| is_held(&known.stage));
            (!held).then_some(())
        });
        world.within("expired", expired).await;

        let still = world.facts("node.stood_still").await;
        assert_eq!(still.len(), 1, "{still:?}");
        let expired = world.facts("feature.claim_expired").await;
        assert_eq!(expired[0]["up_since"].as_i64(), Some(gap.after.0));
        let at = world.times("feature.claim_expired").await[0];
        assert!(at - gap.after.0 >= LEASE_US, "expired at {at}");

        world.within("completed", server.completed()).await;
        world.end(server).await;
    });
}
