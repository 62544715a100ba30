//! C1 and I1 over HTTP: a hundred at once on forty features, then again with repeated keys and
//! dropped replies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::client::Client;
use super::{client, open_port};
use crate::world::{Server, World, ZOO, scripted, story};

const FEATURES: usize = 40;
const CLAIMANTS: usize = 100;

async fn forty_ready(world: &World) -> Server {
    let server = world.start().await;
    let items = (0..FEATURES)
        .map(|n| scripted(&format!("f{n}"), "exit 0", &[]))
        .collect();
    server.open_zoo(world, 0, items).await.expect("opened");
    server
        .until(|view| {
            (view.ready().count() == FEATURES && view.merge_queue.state.head.is_some())
                .then_some(())
        })
        .await;
    server
}

fn path() -> String {
    format!("/api/v1/projects/{ZOO}/features/claim")
}

#[test]
fn a_hundred_claims_at_once_on_forty_features() {
    story(|| async {
        let world = World::new();
        let server = forty_ready(&world).await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let claims = (0..CLAIMANTS).map(|n| async move {
            client
                .post(&path(), json!({ "holder": format!("c{n}") }))
                .await
        });
        let answers = futures::future::join_all(claims).await;
        let granted: BTreeSet<String> = answers
            .iter()
            .filter(|a| a.status == 200)
            .map(|a| a.json["feature"].as_str().expect("id").to_owned())
            .collect();
        assert_eq!(granted.len(), FEATURES, "forty distinct");
        assert_eq!(
            answers.iter().filter(|a| a.status == 204).count(),
            CLAIMANTS - FEATURES
        );
        assert_eq!(world.count("feature.claimed").await, FEATURES);
        port.handle.stop(false).await;
        world.end(server).await;
    });
}

/// Sends a claim and hangs up before the answer.
async fn send_and_hang_up(client: Client, key: &str) {
    let mut line = client.line().await;
    let mut request = client.request("POST", &path(), &json!({ "holder": key }));
    request
        .headers_mut()
        .insert("idempotency-key", key.parse().expect("a header"));
    let sending = line.send(request);
    drop(tokio::time::timeout(std::time::Duration::from_millis(2), sending).await);
}

async fn claim(client: Client, key: &str) -> Option<(String, u64)> {
    let mut request = client.request("POST", &path(), &json!({ "holder": key }));
    request
        .headers_mut()
        .insert("idempotency-key", key.parse().expect("a header"));

    let answer = client.send(request).await;
    match answer.status.as_u16() {
        200 => Some((
            answer.json["feature"].as_str().expect("id").to_owned(),
            answer.json["epoch"].as_u64().expect("epoch"),
        )),
        204 => None,
        other => panic!("{other}: {}", answer.json),
    }
}

#[test]
fn repeated_keys_and_dropped_replies_change_nothing() {
    story(|| async {
        let world = World::new();
        let server = forty_ready(&world).await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let keys: Vec<String> = (0..CLAIMANTS).map(|n| format!("c{n}")).collect();
        let all = keys.iter().map(|key| async move {
            send_and_hang_up(client, key).await;
            let both = futures::future::join(claim(client, key), claim(client, key)).await;
            (key.clone(), both)
        });
        let answers: BTreeMap<String, _> =
            futures::future::join_all(all).await.into_iter().collect();
        let mut granted = BTreeMap::new();
        for (key, (one, two)) in &answers {
            assert_eq!(one, two, "{key}: the same request has the same answer");
            assert_eq!(&claim(client, key).await, one, "{key}: also later");
            if let Some((feature, epoch)) = one {
                assert_eq!(*epoch, 1);
                assert_eq!(
                    granted.insert(feature.clone(), key.clone()),
                    None,
                    "{feature} was granted twice"
                );
            }
        }
        assert_eq!(granted.len(), FEATURES);
        assert_eq!(world.count("feature.claimed").await, FEATURES);
        let other: Value = json!({ "holder": "somebody-else" });
        let mut request = client.request("POST", &path(), &other);
        let winner = granted.values().next().expect("one");
        request
            .headers_mut()
            .insert("idempotency-key", winner.parse().expect("a header"));
        let reused = client.send(request).await;
        assert_eq!(
            (reused.status.as_u16(), reused.code()),
            (422, "id_reused"),
            "I3"
        );
        port.handle.stop(false).await;
        world.end(server).await;
    });
}

/// Ids are drawn from what a feature is: the same said sixty times is sixty features.
#[test]
fn sixty_features_of_one_title_are_sixty_features() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let opened = server.open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])]);
        opened.await.expect("opened");
        let port = open_port(&world, &server);
        let client = client(&port);

        let path = format!("/api/v1/projects/{ZOO}/features");
        let same = || json!({"content": {"title": "Feed the owls"}});
        let adds = (0..60).map(|_| client.post(&path, same()));
        let answers = futures::future::join_all(adds).await;
        let ids: BTreeSet<String> = answers
            .iter()
            .map(|answer| {
                assert_eq!(answer.status, 201, "{}", answer.json);
                answer.json["ids"][0].as_str().expect("an id").to_owned()
            })
            .collect();
        assert_eq!(ids.len(), 60);

        port.handle.stop(false).await;
        world.end(server).await;
    });
}
