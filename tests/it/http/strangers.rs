//! Whoever cannot say who he is, and sends slowly: he holds up his own kind, and nobody else.

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{client, open_port};
use crate::world::{World, ZOO, scripted, story};

/// Connections that begin a body of five MiB each: more than the room of all bodies together.
const SLOW: usize = 80;

#[test]
fn bodies_of_strangers_hold_up_no_operator() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let opened = server.open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])]);
        opened.await.expect("opened");
        let port = open_port(&world, &server);

        let head = format!(
            "POST /hooks/{ZOO} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
             content-length: 5242880\r\n\r\n{{",
            port.address
        );
        let mut slow = Vec::new();
        for _ in 0..SLOW {
            let mut stream = TcpStream::connect(port.address).await.expect("connected");
            stream.write_all(head.as_bytes()).await.expect("said");
            slow.push(stream);
        }

        // One after another on one connection: the slow ones were taken on before this one.
        let me = client(&port);
        let path = format!("/api/v1/projects/{ZOO}/features");
        let added = me.post(&path, json!({"content": {"title": "Feed the owls"}}));
        let added = world.within("added", added).await;
        assert_eq!(added.status.as_u16(), 201, "{}", added.json);

        drop(slow);
        drop(port);
        world.end(server).await;
    });
}
