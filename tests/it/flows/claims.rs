//! The claim queue: who gets the next feature, and how a claim ends.

use std::collections::BTreeSet;

use actors::claims::queue::{Asking, Granted};
use events::cause::{Cause, Principal};
use events::feature;
use events::holder::Holder;
use events::id::{CommandId, FeatureId, Sha};
use events::policy::AnyCommand;
use events::stream::StreamId;

use crate::world::{Server, World, ZOO, context, scripted, story};

fn asking(who: &str, feature: Option<&FeatureId>) -> Asking {
    let id = CommandId::derived(&["claim", who]);
    Asking {
        project: ZOO.parse().expect("name"),
        feature: feature.cloned(),
        holder: Holder::Outside {
            principal: who.into(),
        },
        id,
        cause: Cause::first(Principal::Operator(who.into()), id),
        preconditions: vec![],
    }
}

async fn with_features(world: &World, count: usize) -> Server {
    let server = world.start().await;
    let items = (0..count)
        .map(|n| scripted(&format!("f{n}"), "exit 0", &[]))
        .collect();
    server.open_zoo(world, 0, items).await.expect("opened");
    server
        .until(|view| {
            (view.ready().count() == count && view.merge_queue.state.head.is_some()).then_some(())
        })
        .await;
    server
}

async fn tell(
    server: &Server,
    who: &str,
    feature: &FeatureId,
    command: feature::Command,
) -> Result<u64, String> {
    let stream = StreamId::Feature(ZOO.parse().expect("name"), feature.clone());
    let id = context().id;
    let cause = Cause::first(Principal::Operator(who.into()), id);
    let told = server
        .core
        .directory
        .execute(&stream, AnyCommand::Feature(command), id, cause, vec![])
        .await;

    told.map(|r| r.position.0).map_err(|e| match e {
        actors::host::ExecuteError::Refused { code, .. } => code.to_owned(),
        other => other.to_string(),
    })
}

/// C1: a hundred at once on forty features: forty distinct claims, sixty times nothing, no error.
#[test]
fn a_hundred_claims_at_once_on_forty_features() {
    story(|| async {
        let world = World::new();
        let server = with_features(&world, 40).await;
        let claims = (0..100).map(|n| {
            server
                .core
                .claim_queue
                .claim(asking(&format!("c{n}"), None))
        });
        let answers = futures::future::join_all(claims).await;
        let granted: Vec<Granted> = answers
            .into_iter()
            .filter_map(|a| a.expect("no error"))
            .collect();
        let distinct: BTreeSet<_> = granted.iter().map(|g| g.feature.clone()).collect();
        assert_eq!((granted.len(), distinct.len()), (40, 40));
        assert!(granted.iter().all(|g| g.epoch.0 == 1));
        // I1: the same claimant asking again is answered as the first time.
        let again = server
            .core
            .claim_queue
            .claim(asking("c0", None))
            .await
            .expect("no error");
        let first = granted
            .iter()
            .find(|g| again.as_ref().is_some_and(|a| a.feature == g.feature));
        assert!(again.is_none() || first.is_some(), "{again:?}");
        assert_eq!(world.count("feature.claimed").await, 40);
        world.end(server).await;
    });
}

#[test]
fn the_best_feature_is_granted_first() {
    story(|| async {
        let world = World::new();
        let server = with_features(&world, 5).await;
        let last = server
            .zoo(|view| view.ready().last().map(|id| (*id).clone()))
            .expect("a feature");
        tell(
            &server,
            "ann",
            &last,
            feature::Command::Rank {
                priority: 0,
                rank: 0,
            },
        )
        .await
        .expect("ranked");
        server
            .until(|view| (view.ready().next() == Some(&last)).then_some(()))
            .await;
        let granted = server
            .core
            .claim_queue
            .claim(asking("ann", None))
            .await
            .expect("no error")
            .expect("granted");
        assert_eq!(granted.feature, last);
        world.end(server).await;
    });
}

/// T-1 and C2: a silent holder's claim expires, and whatever it does then is refused.
#[test]
fn a_silent_holder_loses_its_claim_and_its_late_work_is_refused() {
    story(|| async {
        let world = World::new();
        let server = with_features(&world, 1).await;
        let granted = server
            .core
            .claim_queue
            .claim(asking("ann", None))
            .await
            .expect("no error")
            .expect("granted");
        world.clock.jump_ms(7 * 3_600_000);
        server
            .core
            .liveness
            .outside("ann", server.core.world.clock.now());
        world.clock.jump_ms(7 * 3_600_000);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert_eq!(
            world.count("feature.claim_expired").await,
            0,
            "a sign of life renews the lease"
        );
        world.clock.jump_ms(2 * 3_600_000);
        world
            .within(
                "expired",
                server.until(|view| (view.ready().count() == 1).then_some(())),
            )
            .await;
        let sha: Sha = "a".repeat(40).parse().expect("sha");
        let submit = |epoch| feature::Command::Submit {
            epoch,
            sha: sha.clone(),
            base: None,
        };
        assert_eq!(
            tell(&server, "ann", &granted.feature, submit(granted.epoch)).await,
            Err("no_claim".into())
        );
        let next = server
            .core
            .claim_queue
            .claim(asking("bob", None))
            .await
            .expect("no error")
            .expect("granted");
        assert_eq!(next.epoch.0, granted.epoch.0 + 1);
        assert_eq!(
            tell(&server, "ann", &granted.feature, submit(granted.epoch)).await,
            Err("stale_epoch".into())
        );
        world.end(server).await;
    });
}

#[test]
fn a_claim_by_id_is_refused_in_words_that_say_what_to_do() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let items = vec![
            scripted("first", "exit 0", &[]),
            scripted("second", "exit 0", &["first"]),
        ];
        server.open_zoo(&world, 0, items).await.expect("opened");
        server
            .until(|view| (view.ready().count() == 1 && view.known().count() == 2).then_some(()))
            .await;
        let ids: Vec<FeatureId> = server.zoo(|view| view.features.keys().cloned().collect());
        let ready = server.zoo(|view| view.ready().next().expect("one").clone());
        let blocked = ids
            .iter()
            .find(|id| **id != ready)
            .expect("the other")
            .clone();
        let refused = server
            .core
            .claim_queue
            .claim(asking("ann", Some(&blocked)))
            .await
            .expect_err("blocked");
        assert!(refused.to_string().contains(ready.as_str()), "{refused}");
        server
            .core
            .claim_queue
            .claim(asking("ann", Some(&ready)))
            .await
            .expect("no error")
            .expect("granted");
        let held = server
            .core
            .claim_queue
            .claim(asking("bob", Some(&ready)))
            .await
            .expect_err("held");
        assert!(held.to_string().contains("ann"), "{held}");
        server
            .operator
            .intend(&context(), ZOO, supercargo::operator::Wanted::Stop)
            .await
            .expect("stopped");
        let stopped = server
            .core
            .claim_queue
            .claim(asking("cid", None))
            .await
            .expect_err("stopped");
        assert!(
            stopped.to_string().contains("not running"),
            "C11: {stopped}"
        );
        world.end(server).await;
    });
}
