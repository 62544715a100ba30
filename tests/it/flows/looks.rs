//! Looks at upstream that overtake each other: whoever looked too early says nothing, and nobody is
//! refused for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::world::{World, scripted, story};

const LOOKERS: usize = 6;
const PUSHES: usize = 40;

#[test]
fn looks_that_overtake_each_other_are_no_trouble() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        server
            .open_zoo(&world, 0, vec![scripted("lions", "@1 hang", &[])])
            .await
            .expect("opened");
        let copied = server.until(|view| view.merge_queue.state.head.clone());
        world.within("copied", copied).await;

        let over = Arc::new(AtomicBool::new(false));
        let name = crate::world::ZOO.parse().expect("name");
        let lookers: Vec<_> = (0..LOOKERS)
            .map(|_| {
                let (poller, over) = (server.core.upstream_poller(), over.clone());
                let name = events::id::ProjectName::clone(&name);
                tokio::spawn(async move {
                    while !over.load(Ordering::Relaxed) {
                        poller.look(&name).await.expect("a look");
                    }
                })
            })
            .collect();

        let world = Arc::new(world);
        for n in 0..PUSHES {
            let pushed = world.clone();
            let push = move || pushed.push_upstream(&format!("theirs-{n}"), "x");
            tokio::task::spawn_blocking(push).await.expect("pushed");
        }
        over.store(true, Ordering::Relaxed);
        for looker in lookers {
            world.within("looked", looker).await.expect("no refusal");
        }

        server
            .core
            .upstream_poller()
            .look(&name)
            .await
            .expect("the last look");
        let head = server.zoo(|view| view.merge_queue.state.head.clone());
        let there = world.git(&world.upstream(), &["rev-parse", "main"]);
        assert_eq!(
            head.map(|sha| sha.to_string()).as_deref(),
            Some(there.trim())
        );
        world.end(server).await;
    });
}
