//! Every row of `docs/crash-table.md`: the story of one feature, from its addition to the completed
//! project, is stopped before and after every single append and every single command to upstream,
//! started again, and has to reach the same end.

use actors::rejection::Rejection;
use supercargo::adapters::git::Git;
use supercargo::api::ProjectChange;
use supercargo::operator::RequestContext;

use crate::world::fuse::{FuseGit, FuseLog, Side};
use crate::world::{Server, World, ZOO, scripted, story};

/// More appends than the story has.
const APPENDS_MAX: i64 = 120;

fn one_feature() -> Vec<events::backlog::BatchItem> {
    vec![scripted(
        "Feed the lions",
        "write lions fed\ncommit Feed the lions\nsubmit",
        &[],
    )]
}

/// Tells the story with a fuse; answers whether it blew.
async fn tell(appends: i64, side: Side) -> bool {
    let world = World::new();
    let fuse = FuseLog::new(world.log.clone(), appends, side);
    let blown = match world.start_fused(&fuse).await {
        None => true,
        Some(server) => until(&world, server, fuse.blown()).await,
    };
    goes_on(&world, &format!("stopped {side:?} append {appends}")).await;
    blown
}

/// Tells the story with a git that never comes back from one of its commands; answers whether it
/// came to that.
async fn tell_git(commands: i64, side: Side) -> bool {
    let world = World::new();
    let fuse = FuseGit::new(world.folder.path(), commands, side);
    *world.transport.lock().expect("nobody panicked") = Git::at(fuse.program());
    let server = world.start().await;
    let blown = until(&world, server, fuse.blown()).await;
    *world.transport.lock().expect("nobody panicked") = Git::new();
    goes_on(&world, &format!("stopped {side:?} git command {commands}")).await;
    blown
}

/// Tells the story on a server that crashes at its end, or when the fuse blows; answers whether it
/// did.
async fn until(world: &World, server: Server, fuse: impl Future<Output = ()>) -> bool {
    let whole = async {
        server.open_zoo(world, 1, one_feature()).await?;
        server.completed().await;
        Ok::<_, Rejection>(())
    };
    let blown = tokio::select! {
        whole = whole => whole.is_err(),
        () = fuse => true,
    };
    world.crash(server);
    blown
}

/// Starts again, and reaches the same end as if nothing had happened.
async fn goes_on(world: &World, what: &str) {
    let server = world.start().await;
    let opened = server.open_zoo(world, 1, one_feature()).await;
    if opened.is_err() {
        world.tell().await;
    }

    assert_eq!(opened, Ok(()), "{what}: every step may be repeated");
    world.within(what, server.completed()).await;
    let feature = server
        .zoo(|view| view.known().next().map(|(_, known, _)| known.clone()))
        .expect("the feature");
    assert!(feature.is_closed(), "{what}");
    if feature.epoch.0 != 1 {
        world.tell().await;
    }

    assert_eq!(
        feature.epoch.0, 1,
        "{what}: the one claim outlives the server"
    );
    assert_eq!(
        feature.tally,
        events::feature::Tally::default(),
        "{what}: a crash of the server uses none of the bounds"
    );
    assert_eq!(
        server.operator.project(ZOO).expect("zoo").needs,
        vec![],
        "{what}"
    );
    let landed = world.landed();
    let merges = landed
        .iter()
        .filter(|commit| commit.feature.is_some())
        .count();
    assert_eq!((landed.len(), merges), (2, 1), "{what}: one merge, once");
    assert_eq!(
        world.git(&world.upstream(), &["show", "main:lions"]),
        "fed",
        "{what}"
    );
    for once in [
        "feature.submitted",
        "feature.closed",
        "trunk.advanced",
        "project.completed",
        "backlog.admitted",
    ] {
        assert_eq!(world.count(once).await, 1, "{what}: {once}");
    }

    assert_eq!(world.engine.running(), 0, "{what}");
    world.end(server).await;
}

/// Stops a story ever later, until it is told to its end; it has to have more than `least` steps.
fn ever_later(steps: impl Iterator<Item = i64>, least: i64, tell: impl AsyncFn(i64) -> bool) {
    for step in steps {
        let mut blown = false;
        story(|| async { blown = tell(step).await });
        if !blown {
            assert!(step > least, "the story has more than {step} steps");
            return;
        }
    }
    panic!("the story has no end");
}

fn at_every_append(side: Side) {
    ever_later(0..APPENDS_MAX, 30, async |appends| {
        tell(appends, side).await
    });
}

#[test]
fn stopped_before_every_append() {
    at_every_append(Side::Before);
}

#[test]
fn stopped_after_every_append() {
    at_every_append(Side::After);
}

/// Commands to upstream that the story has at least: asked and copied, looked at, asked before the
/// candidate, pushed, read back.
const COMMANDS_MIN: i64 = 5;

fn at_every_command(side: Side) {
    ever_later(1..100, COMMANDS_MIN, async |commands| {
        tell_git(commands, side).await
    });
}

#[test]
fn stopped_before_every_command_to_upstream() {
    at_every_command(Side::Before);
}

#[test]
fn stopped_after_every_command_to_upstream() {
    at_every_command(Side::After);
}

fn three_features() -> Vec<events::backlog::BatchItem> {
    ["a", "b", "c"]
        .map(|name| scripted(name, &format!("write {name} fed\ncommit Feed\nsubmit"), &[]))
        .to_vec()
}

/// Tells the story of three features that may be verified and published as one; answers whether it
/// was stopped.
async fn tell_batch(appends: i64, side: Side) -> bool {
    let world = World::new();
    let fuse = FuseLog::new(world.log.clone(), appends, side);
    let what = format!("three features, stopped {side:?} append {appends}");
    let open = async |server: &Server| {
        server.open_zoo(&world, 3, three_features()).await?;
        let change = ProjectChange {
            batch_max: Some(8),
            ..ProjectChange::default()
        };
        server
            .operator
            .change_project(&RequestContext::keyed("ann", "batches"), ZOO, &change)
            .await?;
        server.completed().await;
        Ok::<_, Rejection>(())
    };
    let mut blown = true;

    if let Some(server) = world.start_fused(&fuse).await {
        blown = tokio::select! {
            whole = open(&server) => whole.is_err(),
            () = fuse.blown() => true,
        };
        world.crash(server);
    }

    let server = world.start().await;

    world
        .within(&what, async {
            assert_eq!(
                open(&server).await,
                Ok(()),
                "{what}: every step may be repeated"
            );
        })
        .await;
    let landed = world.landed();
    assert_eq!(
        landed
            .iter()
            .filter(|commit| commit.feature.is_some())
            .count(),
        3,
        "{what}: each merge once"
    );
    for (name, known) in server.zoo(|view| {
        view.known()
            .map(|(id, k, _)| (id.clone(), k.clone()))
            .collect::<Vec<_>>()
    }) {
        assert!(known.is_closed() && known.epoch.0 == 1, "{what}: {name}");
    }

    for thrice in ["feature.closed", "trunk.advanced", "feature.submitted"] {
        assert_eq!(world.count(thrice).await, 3, "{what}: {thrice}");
    }

    world.end(server).await;
    blown
}

/// Every fifth append of three features at once, that are published as they come or as batches; the
/// other side begins elsewhere.
#[test]
fn stopped_with_a_batch_under_way() {
    for (side, first) in [(Side::Before, 20), (Side::After, 22)] {
        ever_later((first..).step_by(5), 80, async |appends| {
            tell_batch(appends, side).await
        });
    }
}
