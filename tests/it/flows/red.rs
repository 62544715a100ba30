//! A verification that is red for reasons that are not the work's: the trunk was red before, the
//! command cannot be run, or it says one thing today and another tomorrow. Nobody pays for it, it
//! has a name, and work goes on when it is mended.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use events::backlog::BatchItem;
use events::view::NeedKind;
use supercargo::api::ProjectChange;

use crate::world::{Server, World, ZOO, context, scripted, story};

fn animals() -> Vec<BatchItem> {
    let animal =
        |name: &str| scripted(name, &format!("write {name} fed\ncommit Feed\nsubmit"), &[]);
    ["lions", "bears", "owls"].map(animal).to_vec()
}

async fn verify_with(server: &Server, command: &str) {
    let set = ProjectChange {
        verify: Some(command.to_owned()),
        ..ProjectChange::default()
    };
    let changed = server.operator.change_project(&context(), ZOO, &set).await;
    changed.expect("set");
}

/// Three features whose merges wait beside the queue, and what stands under Needs you then.
async fn parked(world: &World, server: &Server, command: &str) -> Vec<(NeedKind, String)> {
    server.open_zoo(world, 0, animals()).await.expect("opened");
    verify_with(server, command).await;
    let set = server.operator.set_target(&context(), ZOO, 3).await;
    set.expect("slots");
    let needs = server.until(|view| {
        let red = view.merge_queue.state.health.red.is_some()
            && !view.merge_queue.state.parked.is_empty();
        let needs = view.standing().needs_you.into_iter();
        red.then(|| needs.map(|need| (need.kind, need.text)).collect())
    });
    world.within("parked", needs).await
}

async fn nobody_paid(world: &World) {
    assert_eq!(world.count("feature.merge_rejected").await, 0);
    assert_eq!(world.count("feature.quarantined").await, 0);
    assert_eq!(
        world.count("feature.claimed").await,
        3,
        "each was done once"
    );
    assert_eq!(world.count("trunk.advanced").await, 3);
}

/// How a red trunk is mended.
#[derive(Debug, Clone, Copy)]
enum Mended {
    Upstream,
    Outside,
    Setting,
}

#[test]
fn a_trunk_that_was_red_before_costs_nobody_anything() {
    for mended in [Mended::Upstream, Mended::Outside, Mended::Setting] {
        story(move || async move {
            let world = World::new();
            let server = world.start().await;
            let away = world.folder.path().join("database");
            let command = match mended {
                Mended::Upstream => "test -f mended".to_owned(),
                Mended::Outside | Mended::Setting => format!("test -f {}", away.display()),
            };
            let needs = parked(&world, &server, &command).await;
            let told = needs.iter().find(|(kind, _)| *kind == NeedKind::Trunk);
            let told = &told.unwrap_or_else(|| panic!("{needs:?}")).1;
            assert!(
                told.contains("main itself fails its own verification"),
                "{told}"
            );

            match mended {
                Mended::Upstream => world.push_upstream("mended", "yes"),
                Mended::Outside => fs_err::write(&away, "here").expect("file"),
                Mended::Setting => verify_with(&server, "test -f README").await,
            }
            world.within("completed", server.completed()).await;
            nobody_paid(&world).await;
            assert!(server.zoo(|view| view.merge_queue.state.health.red.is_none()));
            world.end(server).await;
        });
    }
}

#[test]
fn a_verification_that_cannot_be_run_is_the_projects_own_trouble() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let tool = world.folder.path().join("check");
        let needs = parked(&world, &server, &tool.display().to_string()).await;
        let told = needs
            .iter()
            .find(|(kind, _)| *kind == NeedKind::Verification);
        let told = &told.unwrap_or_else(|| panic!("{needs:?}")).1;
        assert!(
            told.contains("cannot be run") && told.contains("127"),
            "{told}"
        );

        let before = world.count("trunk.head_failed").await;
        let resumed = server.operator.resume_queue(&context(), ZOO).await;
        resumed.expect("resumed");
        let looked = server.until(|view| {
            let red = view.merge_queue.state.health.red.as_ref();
            red.is_some_and(|red| red.probes > 0).then_some(())
        });
        world.within("looked at again", looked).await;
        assert!(world.count("trunk.head_failed").await > before);
        executable(&tool);
        world.within("completed", server.completed()).await;
        nobody_paid(&world).await;
        world.end(server).await;
    });
}

fn executable(path: &Path) {
    fs_err::write(path, "#!/bin/sh\nexit 0\n").expect("file");
    let mode = std::fs::Permissions::from_mode(0o755);
    fs_err::set_permissions(path, mode).expect("mode");
}

/// Work that mends the trunk is merged although the trunk is red, and what waited follows.
#[test]
fn work_that_mends_a_red_trunk_is_let_through() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let mends = "write mended yes\ncommit Mend\nsubmit";
        let items = vec![
            scripted("lions", "write lions fed\ncommit Feed\nsubmit", &[]),
            scripted("mends", mends, &[]),
        ];
        server.open_zoo(&world, 0, items).await.expect("opened");
        verify_with(&server, "test -f mended").await;
        let set = server.operator.set_target(&context(), ZOO, 2).await;
        set.expect("slots");
        world.within("completed", server.completed()).await;
        assert_eq!(world.count("feature.merge_rejected").await, 0);
        assert_eq!(world.count("trunk.advanced").await, 2);
        world.end(server).await;
    });
}

/// Every second run of one tree is red: all is merged, and the trunk says how often that was so.
#[test]
fn a_tree_that_is_red_and_then_green_is_merged() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let count = world.folder.path().join("count");
        fs_err::write(&count, "0").expect("file");
        let at = count.display();
        let flaky = format!("n=$(cat {at}); n=$((n+1)); echo $n > {at}; test $((n % 3)) -ne 1");
        server.open_zoo(&world, 0, animals()).await.expect("opened");
        verify_with(&server, &flaky).await;
        let set = server.operator.set_target(&context(), ZOO, 3).await;
        set.expect("slots");
        world.within("completed", server.completed()).await;
        nobody_paid(&world).await;
        let flakes = server.zoo(|view| view.merge_queue.state.health.flakes.clone());
        assert!(flakes.count > 0 && flakes.last.is_some(), "{flakes:?}");
        let doubted = world.count("trunk.verification_doubted").await;
        assert_eq!(usize::try_from(flakes.count), Ok(doubted));
        world.end(server).await;
    });
}
