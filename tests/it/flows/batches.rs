//! Merges that are verified and published as one: the good ones in one update, a red batch halved
//! until it is known who it was.

use events::backlog::BatchItem;
use events::merge_queue::MergeQueue;
use supercargo::api::ProjectChange;

use crate::world::{Server, World, ZOO, context, scripted, story};

/// Features without a command to verify with: every one is approved, and waits as part of one
/// batch.
async fn gathered(
    world: &World,
    server: &Server,
    items: Vec<BatchItem>,
    is_whole: impl Fn(&MergeQueue) -> bool,
) {
    let slots = u16::try_from(items.len()).expect("few");
    let without = ProjectChange {
        batch_max: Some(8),
        verify: Some(String::new()),
        ..ProjectChange::default()
    };
    server.open_zoo(world, 0, items).await.expect("opened");
    server
        .operator
        .change_project(&context(), ZOO, &without)
        .await
        .expect("set");

    server
        .operator
        .set_target(&context(), ZOO, slots)
        .await
        .expect("slots");
    let approved = server.until(|view| {
        let merge_queue = &view.merge_queue.state;
        (merge_queue.queue.len() == usize::from(slots) && is_whole(merge_queue)).then_some(())
    });
    world.within("a whole batch", approved).await;
}

async fn verify_with(server: &Server, command: &str) {
    let set = ProjectChange {
        verify: Some(command.to_owned()),
        ..ProjectChange::default()
    };
    server
        .operator
        .change_project(&context(), ZOO, &set)
        .await
        .expect("set");
}

fn animal(name: &str) -> BatchItem {
    scripted(name, &format!("write {name} fed\ncommit Feed\nsubmit"), &[])
}

#[test]
fn a_green_batch_is_verified_once_and_published_in_one_update() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        gathered(
            &world,
            &server,
            ["a", "b", "c", "d", "e"].map(animal).to_vec(),
            |merge_queue| merge_queue.batched() == 5,
        )
        .await;
        verify_with(&server, "test -f README").await;
        world.within("completed", server.completed()).await;
        assert_eq!(
            world.count("trunk.verified").await,
            1,
            "the tip's evidence is the batch's"
        );
        assert_eq!(world.count("trunk.publish_intended").await, 1);
        assert_eq!(
            (
                world.count("trunk.advanced").await,
                world.count("feature.closed").await
            ),
            (5, 5)
        );
        let reflog = world.git(
            &world.upstream(),
            &["log", "--first-parent", "--oneline", "main"],
        );
        assert_eq!(
            reflog.lines().count(),
            6,
            "a merge for each, in one line: {reflog}"
        );
        world.end(server).await;
    });
}

#[test]
fn a_red_batch_is_halved_until_the_culprit_is_known() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let breaks = "@1 write broken x\n@1 commit Break\n@2+ write c fed\n@2+ commit Feed\nsubmit";
        let items = vec![
            animal("a"),
            animal("b"),
            scripted("c", breaks, &[]),
            animal("d"),
            animal("e"),
            animal("f"),
        ];
        gathered(&world, &server, items, |merge_queue| {
            merge_queue.batched() == 6
        })
        .await;
        verify_with(&server, "test ! -f broken").await;
        world.within("completed", server.completed()).await;
        let facts = world.facts("feature.merge_rejected").await;
        assert_eq!(facts.len(), 1, "only the culprit is sent back: {facts:?}");
        assert_eq!(
            (
                world.count("feature.closed").await,
                world.count("trunk.advanced").await
            ),
            (6, 6)
        );
        let (red, green) = (
            world.count("trunk.verification_failed").await,
            world.count("trunk.verified").await,
        );
        assert!(
            red <= 3 && green <= 5,
            "{red} red and {green} green runs for six merges and a culprit"
        );
        let files = world.git(&world.upstream(), &["ls-tree", "--name-only", "main"]);
        assert_eq!(
            files.lines().collect::<Vec<_>>(),
            ["README", "a", "b", "c", "d", "e", "f"]
        );
        world.end(server).await;
    });
}

/// Work that does not merge with what is before it in the batch is not rejected for that: it is
/// judged on upstream, when that is what it says it is.
#[test]
fn what_does_not_fit_into_a_batch_is_judged_by_itself() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let also = "@1 write a hungry\n@1 commit Not fed\n@2+ write b fed\n@2+ commit Feed\nsubmit";
        gathered(
            &world,
            &server,
            vec![animal("a"), scripted("also", also, &[]), animal("c")],
            |merge_queue| merge_queue.closed,
        )
        .await;
        verify_with(&server, "test -f README").await;
        world.within("completed", server.completed()).await;
        assert!(world.count("trunk.batch_closed").await >= 1);
        assert_eq!(world.count("feature.closed").await, 3);
        world.end(server).await;
    });
}

/// Upstream moves under a verified batch: nothing of it is published before it was verified on what
/// is there now.
#[test]
fn a_batch_that_is_overtaken_is_built_and_verified_again() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        gathered(
            &world,
            &server,
            ["a", "b", "c"].map(animal).to_vec(),
            |merge_queue| merge_queue.batched() == 3,
        )
        .await;
        world.push_upstream("theirs", "first");
        verify_with(&server, "test -f README").await;
        world.within("completed", server.completed()).await;
        assert!(
            world.count("trunk.upstream_moved").await >= 1
                && world.count("trunk.verified").await >= 2
        );
        assert_eq!(
            (
                world.count("trunk.advanced").await,
                world.count("feature.merge_aborted").await
            ),
            (3, 3)
        );
        assert_eq!(
            world.git(&world.upstream(), &["show", "main:theirs"]),
            "first",
            "G5"
        );
        world.end(server).await;
    });
}
