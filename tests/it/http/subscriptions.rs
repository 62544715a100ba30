//! Readers whose place is kept: nothing is missed or reordered, what cannot be taken is set aside
//! and comes again when it is wanted.

use serde_json::{Value, json};

use super::{client, client::Client, open_port};
use crate::world::{World, ZOO, scripted, story};

async fn next(client: &Client, name: &str) -> Vec<u64> {
    let delivery = client
        .get(&format!("/api/v1/subscriptions/{name}/next"))
        .await;
    positions(&delivery.json)
}

fn positions(delivery: &Value) -> Vec<u64> {
    let events = delivery["events"]
        .as_array()
        .unwrap_or_else(|| panic!("{delivery}"));
    events
        .iter()
        .map(|event| event["position"].as_u64().expect("a position"))
        .collect()
}

async fn comment(client: &Client, id: &str, text: &str) -> u64 {
    let said = client
        .post(
            &format!("/api/v1/projects/{ZOO}/features/{id}/comments"),
            json!({ "text": text }),
        )
        .await;
    said.json["position"]
        .as_u64()
        .unwrap_or_else(|| panic!("{said:?}"))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_place_is_kept_and_a_poisonous_event_holds_nobody_up() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        server
            .open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])])
            .await
            .expect("opened");
        let id = server
            .until(|book| book.ready().first().map(ToString::to_string))
            .await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let path = "/api/v1/subscriptions";
        let new = json!({ "name": "chat", "project": ZOO, "types": ["feature.commented"] });
        assert_eq!(client.post(path, new.clone()).await.status.as_u16(), 200);
        assert_eq!(client.post(path, new).await.json["code"], "exists");

        let mut said = Vec::new();
        for n in 0..4 {
            said.push(comment(&client, &id, &format!("round {n}")).await);
        }
        assert_eq!(next(&client, "chat").await, said, "in order, nothing else");
        assert_eq!(
            next(&client, "chat").await,
            said,
            "what is not acknowledged comes again"
        );
        let one = |verb: &str, position: u64| {
            let body = if verb == "park" {
                json!({ "position": position, "why": "exit 1" })
            } else {
                json!({ "position": position })
            };
            let path = format!("{path}/chat/{verb}");
            async move { client.post(&path, body).await }
        };
        assert_eq!(one("acknowledge", said[0]).await.status.as_u16(), 200);
        assert_eq!(
            one("acknowledge", said[0]).await.status.as_u16(),
            200,
            "again is no news"
        );
        assert_eq!(one("park", said[1]).await.status.as_u16(), 200);
        assert_eq!(next(&client, "chat").await, said[2..], "the others go on");
        assert_eq!(one("acknowledge", said[3]).await.status.as_u16(), 200);
        assert!(next(&client, "chat").await.is_empty());
        let head = client.get(&format!("{path}/chat")).await.json;
        assert_eq!(
            (&head["checkpoint"], &head["parked"][0]["why"]),
            (&json!(said[3]), &json!("exit 1"))
        );

        // Across a crash: the place is in the log.
        port.handle.stop(false).await;
        world.crash(server);
        let server = world.start().await;
        let port = open_port(&world, &server);
        let client = super::client(&port);
        let wait = format!("{path}/chat/next?wait=true");
        let waiting = client.get(&wait);
        let later = async {
            tokio::task::yield_now().await;
            comment(&client, &id, "after the crash").await
        };
        let (delivery, later) = tokio::join!(waiting, later);
        assert_eq!(positions(&delivery.json), [later], "who waits is woken");
        assert_eq!(
            client
                .post(&format!("{path}/chat/replay"), json!({}))
                .await
                .status
                .as_u16(),
            200
        );
        assert_eq!(
            next(&client, "chat").await,
            [said[1]],
            "what was set aside comes first"
        );
        assert_eq!(
            client
                .post(
                    &format!("{path}/chat/acknowledge"),
                    json!({ "position": said[1] })
                )
                .await
                .status
                .as_u16(),
            200
        );
        assert_eq!(
            next(&client, "chat").await,
            [later],
            "and its acknowledgement moved nothing else"
        );
        port.handle.stop(false).await;
        world.end(server).await;
    });
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn what_makes_no_sense_is_refused() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let path = "/api/v1/subscriptions";
        for (body, status) in [
            (json!({ "name": "Chat!" }), 422),
            (json!({ "name": "x", "types": ["feature.eaten"] }), 422),
            (json!({ "name": "x", "after": 1_000_000 }), 422),
            (json!({ "name": "x", "project": "nowhere" }), 404),
            (json!({ "name": "x", "typo": 1 }), 422),
            (json!({}), 422),
        ] {
            assert_eq!(
                client.post(path, body.clone()).await.status.as_u16(),
                status,
                "{body}"
            );
        }
        assert_eq!(
            client
                .post(path, json!({ "name": "all", "after": 0 }))
                .await
                .status
                .as_u16(),
            200
        );
        let far = json!({ "position": 99_999 });
        assert_eq!(
            client
                .post(&format!("{path}/all/acknowledge"), far)
                .await
                .status
                .as_u16(),
            422,
            "nobody has seen it"
        );
        for verb in ["acknowledge", "park", "replay"] {
            let body = if verb == "park" {
                json!({ "position": 1, "why": "" })
            } else {
                json!({ "position": 1 })
            };
            assert_eq!(
                client
                    .post(&format!("{path}/none/{verb}"), body)
                    .await
                    .status
                    .as_u16(),
                404,
                "{verb}"
            );
        }
        assert_eq!(
            client
                .get(&format!("{path}/all/next?limit=0"))
                .await
                .status
                .as_u16(),
            422
        );
        let all = positions(&client.get(&format!("{path}/all/next")).await.json);
        let own = client.get(&format!("{path}/all")).await.json["version"].clone();
        assert!(
            all.first() == Some(&1) && own == json!(1),
            "its own events are not among what it gets: {all:?}"
        );
        let last = *all.last().expect("some");
        client
            .post(
                &format!("{path}/all/acknowledge"),
                json!({ "position": last }),
            )
            .await;
        let rest = positions(&client.get(&format!("{path}/all/next")).await.json);
        assert!(
            rest.is_empty(),
            "acknowledging brings nothing new: {rest:?}"
        );
        assert_eq!(
            client
                .call("DELETE", &format!("{path}/all"), Value::Null)
                .await
                .status
                .as_u16(),
            200
        );
        assert_eq!(
            client
                .get(&format!("{path}/all/next"))
                .await
                .status
                .as_u16(),
            404
        );
        port.handle.stop(false).await;
        world.end(server).await;
    });
}
