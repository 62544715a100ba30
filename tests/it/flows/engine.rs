//! An engine that starts nothing, or nothing that comes to work: it has one name, no slot and no
//! feature pays for it, and work goes on by itself when it starts something again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use events::container::SlotState;
use events::view::{NeedKind, ProjectView};

use crate::world::engine::StubEngine;
use crate::world::{Server, World, ZOO, scripted, story};

/// Lets time pass until the projections say so.
async fn as_time_passes<T>(
    world: &World,
    server: &Server,
    look: impl Fn(&ProjectView) -> Option<T>,
) -> T {
    let passing = async {
        loop {
            if let Some(found) = server.zoo(&look) {
                return found;
            }
            world.clock.jump_ms(60_000);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };

    world.within("seen as time passes", passing).await
}

fn probes(view: &ProjectView) -> Option<usize> {
    let troubles = &view.registered()?.troubles;
    troubles.first().map(|trouble| trouble.probes)
}

/// What nobody has to pay for.
fn nobody_pays(view: &ProjectView) {
    for (n, slot, _) in view.enlisted() {
        let out = matches!(slot.state, SlotState::Quarantined { .. });
        assert!(!out && slot.job().is_none(), "slot {n}: {:?}", slot.state);
    }
    for (id, known, _) in view.known() {
        let tally = &known.tally;
        assert_eq!((tally.tries, tally.gone), (0, 0), "{id}");
        assert!(known.is_ready(), "{id} waits for the engine alone");
    }
}

/// How an engine brings no session to work.
#[derive(Clone, Copy)]
struct Ill {
    /// Which of the engine's counters says how often.
    count: fn(&StubEngine) -> &AtomicUsize,
    /// What is recorded each time.
    kind: &'static str,
    /// What Needs you says of it.
    said: &'static str,
}

/// No start works: the image is missing.
const STARTS_NOTHING: Ill = Ill {
    count: |engine| &engine.failing,
    kind: "container.start_failed",
    said: "image: it is missing",
};
/// Every container ends before its runner reports for work.
const ENDS_EARLY: Ill = Ill {
    count: |engine| &engine.fleeting,
    kind: "container.exited",
    said: "before its session began: exit code",
};

#[test]
fn an_engine_that_starts_nothing_is_named_once_and_nobody_pays() {
    for (slots, first) in [(1, 3), (3, 2)] {
        story(move || is_named_once_and_nobody_pays(STARTS_NOTHING, slots, first));
    }
}

#[test]
fn containers_that_end_before_their_session_began_are_named_once_and_nobody_pays() {
    for (slots, first) in [(1, 3), (3, 2)] {
        story(move || is_named_once_and_nobody_pays(ENDS_EARLY, slots, first));
    }
}

/// With so many slots, and with so many failures before it is the engine's.
async fn is_named_once_and_nobody_pays(ill: Ill, slots: u16, first: usize) {
    let world = World::new();
    (ill.count)(&world.engine).store(usize::MAX, Ordering::SeqCst);
    let server = world.start().await;
    let feed = |key: &str| format!("write {key} fed\ncommit Feed\nsubmit");
    let work = ["lions", "bears", "owls", "apes"];
    let work = work.map(|key| scripted(key, &feed(key), &[])).to_vec();
    server.open_zoo(&world, slots, work).await.expect("opened");
    // Longer than a slot alone would take to be put out of service.
    let probed = |view: &ProjectView| {
        let at_rest = view.enlisted().all(|(_, slot, _)| slot.job().is_none());
        let probes = probes(view).filter(|probes| *probes > 5);
        probes.filter(|_| at_rest && view.grants().is_empty())
    };
    let probes = as_time_passes(&world, &server, probed).await;

    server.zoo(nobody_pays);
    let needs = server.operator.project(ZOO).expect("zoo").needs;
    let [need] = &needs[..] else {
        panic!("one line: {needs:?}");
    };
    assert_eq!(need.kind, NeedKind::Outside.name());
    for said in [ill.said, "`project set --image`", "by itself"] {
        assert!(need.text.contains(said), "{}", need.text);
    }
    // Before it was named each slot may have tried once more; then one at a time.
    let failures = world.count(ill.kind).await;
    let most = first + usize::from(slots) - 1 + probes;
    assert!((first + probes..=most).contains(&failures), "{failures}");
    assert_eq!(world.engine.names(), vec![], "nothing is left behind");

    (ill.count)(&world.engine).store(0, Ordering::SeqCst);
    let over = |view: &ProjectView| {
        let troubles = &view.registered()?.troubles;
        troubles.is_empty().then_some(())
    };
    as_time_passes(&world, &server, over).await;
    world.within("completed", server.completed()).await;
    assert_eq!(world.count("container.quarantined").await, 0);
    assert_eq!(world.count("feature.quarantined").await, 0);
    world.end(server).await;
}
