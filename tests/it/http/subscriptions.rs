//! Readers whose place is kept: nothing is missed or reordered, what cannot be taken is set aside
//! and comes again when it is wanted.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::client::Answer;
use super::{client, client::Client, live, open_port};
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
            .until(|view| view.ready().next().map(ToString::to_string))
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

/// What a reader says of the subscription `chat`.
async fn tell(client: &Client, verb: &str, reader: &str, body: Value) -> Answer {
    let path = format!("/api/v1/subscriptions/chat/{verb}?reader={reader}");
    client.post(&path, body).await
}

/// What a reader of `chat` gets.
async fn ask(client: &Client, reader: &str) -> Answer {
    let path = format!("/api/v1/subscriptions/chat/next?reader={reader}");
    client.get(&path).await
}

#[test]
fn one_reader_at_a_time_gets_what_is_due() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        server
            .open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])])
            .await
            .expect("opened");
        let id = server
            .until(|view| view.ready().next().map(ToString::to_string))
            .await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let path = "/api/v1/subscriptions";
        let new = json!({ "name": "chat", "types": ["feature.commented"] });
        assert_eq!(client.post(path, new).await.status.as_u16(), 200);
        let mut said = Vec::new();
        for n in 0..3 {
            said.push(comment(&client, &id, &format!("round {n}")).await);
        }

        // Time passes in jumps only, so that nobody falls silent because a test is slow.
        world.clock.stop();
        assert_eq!(positions(&ask(&client, "a").await.json), said);
        let other = ask(&client, "b").await;
        assert_eq!(
            (other.status.as_u16(), other.code()),
            (409, "read_by_another")
        );
        let unnamed = client.get(&format!("{path}/chat/next")).await;
        assert_eq!(
            unnamed.code(),
            "read_by_another",
            "no name is a reader as well"
        );
        let malformed = ask(&client, "a/b").await;
        assert_eq!(malformed.status.as_u16(), 422);
        let shown = client.get(&format!("{path}/chat")).await;
        assert_eq!(shown.json["read_by"], "a");

        // A word is a sign of life, silence is none.
        world.clock.jump_ms(59_000);
        let took = tell(&client, "acknowledge", "a", json!({ "position": said[0] })).await;
        assert_eq!(took.status.as_u16(), 200);
        world.clock.jump_ms(59_000);
        assert_eq!(ask(&client, "b").await.code(), "read_by_another");
        world.clock.jump_ms(1_000);
        assert_eq!(positions(&ask(&client, "b").await.json), said[1..]);

        // Whoever lost the turn speaks for nobody.
        let late = json!({ "position": said[2] });
        let late = tell(&client, "acknowledge", "a", late).await;
        assert_eq!((late.status.as_u16(), late.code()), (409, "lease_lost"));
        let aside = json!({ "position": said[1], "why": "exit 1" });
        let aside = tell(&client, "park", "a", aside).await;
        assert_eq!(aside.code(), "lease_lost");
        let shown = client.get(&format!("{path}/chat")).await.json;
        assert_eq!(
            (&shown["checkpoint"], &shown["parked"]),
            (&json!(said[0]), &json!([]))
        );
        let took = tell(&client, "acknowledge", "b", json!({ "position": said[1] })).await;
        assert_eq!(took.status.as_u16(), 200);

        // A connection keeps the turn for as long as it answers, whatever the reader is at.
        let hold = format!("{path}/chat/hold?reader=b");
        let mut held = live::connect(port.address, &hold).await;
        for _ in 0..3 {
            world.clock.jump_ms(40_000);
            held.send(Message::Ping("here".into())).await.expect("sent");
            while !matches!(held.next().await, Some(Ok(Message::Pong(_)))) {}
            assert_eq!(ask(&client, "a").await.code(), "read_by_another");
        }

        // When it ends, whoever waits is next at once.
        let path = format!("{path}/chat/next?reader=a&wait=true");
        let (next, ()) = tokio::join!(client.get(&path), async move { drop(held) });
        assert_eq!(positions(&next.json), said[2..], "{next:?}");
        port.handle.stop(false).await;
        world.end(server).await;
    });
}
