//! V1: every subscriber sees every event once and in order while features move; whoever comes back
//! misses nothing.

use std::net::SocketAddr;

use events::log::EventLog;
use events::stream::Position;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::{TOKEN, client, open_port};
use crate::world::{World, ZOO, scripted, story};

const SUBSCRIBERS: usize = 200;
const COMMENTS: usize = 60;

async fn subscribe(address: SocketAddr, query: &str) -> WebSocketStream<TcpStream> {
    connect(address, &format!("/api/v1/live?{query}")).await
}

/// A WebSocket of whoever holds the token.
pub(super) async fn connect(address: SocketAddr, path: &str) -> WebSocketStream<TcpStream> {
    let mut request = format!("ws://{address}{path}")
        .into_client_request()
        .expect("a request");
    let protocols = format!("supercargo.v1, bearer.{TOKEN}");

    request.headers_mut().insert(
        "sec-websocket-protocol",
        protocols.parse().expect("a header"),
    );
    request.headers_mut().insert(
        "origin",
        format!("http://{address}").parse().expect("a header"),
    );
    let stream = TcpStream::connect(address).await.expect("connected");
    let (socket, answer) = tokio_tungstenite::client_async(request, stream)
        .await
        .expect("upgraded");
    assert_eq!(
        answer
            .headers()
            .get("sec-websocket-protocol")
            .map(|v| v.as_bytes()),
        Some(&b"supercargo.v1"[..]),
        "never the token"
    );

    socket
}

async fn next(socket: &mut WebSocketStream<TcpStream>) -> Value {
    loop {
        match socket.next().await.expect("open").expect("a message") {
            Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The next message that is so.
async fn until(socket: &mut WebSocketStream<TcpStream>, is: impl Fn(&Value) -> bool) -> Value {
    loop {
        let message = next(socket).await;
        if is(&message) {
            return message;
        }
    }
}

/// Positions of the events up to `last`, as they came.
async fn collect(mut socket: WebSocketStream<TcpStream>, last: u64) -> Vec<u64> {
    let mut seen = Vec::new();
    while seen.last() != Some(&last) {
        let message = next(&mut socket).await;
        if message["type"] == "event" {
            seen.push(message["position"].as_u64().expect("position"));
        }
    }
    seen
}

#[test]
fn two_hundred_subscribers_see_everything_once_and_in_order() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        server
            .open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])])
            .await
            .expect("opened");
        let id = server
            .until(|view| view.ready().next().map(|id| (*id).to_string()))
            .await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let sockets: Vec<_> =
            futures::future::join_all((0..SUBSCRIBERS).map(|_| subscribe(port.address, "after=0")))
                .await;
        let comments = (0..COMMENTS).map(|n| {
            let path = format!("/api/v1/projects/{ZOO}/features/{id}/comments");
            async move {
                client
                    .post(&path, json!({ "text": format!("comment {n}") }))
                    .await
                    .status
                    .as_u16()
            }
        });
        let answers = futures::future::join_all(comments).await;
        assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
        let last = world.log.head().await.expect("head").position.0;
        let all: Vec<u64> = (1..=last).collect();
        for seen in
            futures::future::join_all(sockets.into_iter().map(|socket| collect(socket, last))).await
        {
            assert_eq!(seen, all);
        }
        port.handle.stop(false).await;
        world.end(server).await;
    });
}

#[test]
fn whoever_comes_back_misses_nothing() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        server
            .open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])])
            .await
            .expect("opened");
        let id = server
            .until(|view| view.ready().next().map(|id| (*id).to_string()))
            .await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let mut seen: Vec<u64> = Vec::new();
        for round in 0..10 {
            let after = seen.last().copied().unwrap_or(0);
            let mut socket = subscribe(port.address, &format!("after={after}")).await;
            let path = format!("/api/v1/projects/{ZOO}/features/{id}/comments");
            let said = client
                .post(&path, json!({ "text": format!("round {round}") }))
                .await;
            let until =
                said.json["position"].as_u64().expect("position") - u64::from(round % 2 == 0);
            while seen.last().copied().unwrap_or(0) < until {
                let message = next(&mut socket).await;
                if message["type"] == "event" {
                    seen.push(message["position"].as_u64().expect("position"));
                }
            }
        }
        let log = world
            .log
            .read_all(Position(0), usize::MAX)
            .await
            .expect("log");
        let all: Vec<u64> = log.iter().map(|e| e.position.0).take(seen.len()).collect();
        assert_eq!(seen, all);
        port.handle.stop(false).await;
        world.end(server).await;
    });
}

/// The board comes with the events, only those of the project, and what is no message of ours ends
/// the line.
#[test]
fn a_projects_board_comes_along_and_nonsense_is_not_taken() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        server
            .open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])])
            .await
            .expect("opened");
        server
            .until(|view| (view.ready().count() == 1).then_some(()))
            .await;
        let port = open_port(&world, &server);
        let mut socket = subscribe(port.address, &format!("project={ZOO}&boards=true")).await;
        let board = next(&mut socket).await;
        assert_eq!(
            board["board"]["columns"]["backlog"][0]["title"], "lions",
            "{board}"
        );
        client(&port)
            .post(
                &format!("/api/v1/projects/{ZOO}/features/claim"),
                json!({ "holder": "ann" }),
            )
            .await;
        // The repository may be copied after the subscription or before it.
        until(&mut socket, |m| m["event"]["type"] == "feature.claimed").await;
        let held = |m: &Value| {
            let placed = &m["changes"]["placed"][0];
            placed["column"] == "in_progress" && placed["card"]["holder"] == "ann"
        };
        until(&mut socket, held).await;
        futures::SinkExt::send(&mut socket, Message::text(r#"{"type":"ping"}"#))
            .await
            .expect("sent");
        until(&mut socket, |m| m["type"] == "pong").await;
        futures::SinkExt::send(&mut socket, Message::text("give me everything"))
            .await
            .expect("sent");
        let mut rest =
            socket.filter(|m| futures::future::ready(matches!(m, Ok(Message::Close(_)) | Err(_))));
        assert!(matches!(
            rest.next().await,
            Some(Ok(Message::Close(Some(_))))
        ));
        port.handle.stop(false).await;
        world.end(server).await;
    });
}

/// A page is sent the board once and then what changed: not a board for each event, and nothing
/// where nobody would see a difference.
#[test]
fn a_page_is_sent_what_changed() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let items = (0..100).map(|n| scripted(&format!("lions {n:03}"), "exit 0", &[]));
        let opened = server.open_zoo(&world, 0, items.collect());
        opened.await.expect("opened");
        let copied = server.until(|view| view.merge_queue.state.head.as_ref().map(|_| ()));
        world.within("copied", copied).await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let mut socket = subscribe(port.address, &format!("project={ZOO}&boards=true")).await;
        let first = next(&mut socket).await;
        assert_eq!(first["type"], "board", "{first}");
        let ids = first["board"]["columns"]["backlog"]
            .as_array()
            .expect("cards");
        let ids: Vec<String> = ids
            .iter()
            .map(|card| card["id"].as_str().expect("id").to_owned())
            .collect();

        let features = format!("/api/v1/projects/{ZOO}/features");
        for id in &ids[..20] {
            let said = json!({ "text": format!("about {id}") });
            let path = format!("{features}/{id}/comments");
            client.post(&path, said).await;
        }
        for id in &ids[..10] {
            let claimed = client
                .post(
                    &format!("{features}/{id}/claim"),
                    json!({ "holder": "ann" }),
                )
                .await;
            assert_eq!(claimed.status.as_u16(), 200, "{}", claimed.json);
        }
        let (mut placed, mut bytes) = (Vec::new(), 0);
        while placed.len() < 10 {
            let message = next(&mut socket).await;
            assert_ne!(message["type"], "board", "once is enough");
            if message["type"] == "board_changes" {
                bytes += message.to_string().len();
                let cards = message["changes"]["placed"]
                    .as_array()
                    .expect("cards")
                    .clone();
                placed.extend(cards);
            }
        }
        assert_eq!(placed.len(), 10, "one card for each claim");
        assert!(
            placed.iter().all(|one| one["column"] == "in_progress"),
            "{placed:?}"
        );
        assert!(
            bytes < first.to_string().len(),
            "{bytes} bytes for ten claims"
        );
        port.handle.stop(false).await;
        world.end(server).await;
    });
}

/// What was answered can be read: every feature that is added is there, and every dependency.
#[test]
fn a_read_right_after_a_write_sees_it() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let opened = server.open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])]);
        opened.await.expect("opened");
        let port = open_port(&world, &server);
        let client = client(&port);
        let features = format!("/api/v1/projects/{ZOO}/features");
        let mut last = None;
        for n in 0..40 {
            let new = json!({ "content": { "title": format!("feature {n}") } });
            let added = client.post(&features, new).await;
            assert_eq!(added.status.as_u16(), 201, "{}", added.json);
            let id = added.json["ids"][0].as_str().expect("an id").to_owned();
            let read = client.get(&format!("{features}/{id}")).await;
            assert_eq!(read.status.as_u16(), 200, "{n}: {}", read.json);
            if let Some(on) = last.replace(id.clone()) {
                let dependency = json!({ "on": on });
                client
                    .post(&format!("{features}/{id}/dependencies"), dependency)
                    .await;
                let read = client.get(&format!("{features}/{id}")).await;
                assert_eq!(read.json["blockers"][0], json!(on), "{n}: {}", read.json);
            }
        }
        port.handle.stop(false).await;
        world.end(server).await;
    });
}
