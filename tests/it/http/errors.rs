//! Errors of every kind on a real port: each is a problem, in the order in which clients expect
//! them, and what two readers could read in two ways is refused.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{TOKEN, open_port};
use crate::world::{World, ZOO, scripted, story};

/// An answer as it came.
struct Heard {
    status: u16,
    head: String,
    body: Value,
}

/// Sends bytes as they are and reads one answer.
async fn heard(address: std::net::SocketAddr, said: &str) -> Heard {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(said.as_bytes()).await.expect("said");
    let mut bytes = Vec::new();

    loop {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).await.expect("heard");
        bytes.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let whole = text.split_once("\r\n\r\n");
        if let Some((head, body)) = whole.filter(|(_, body)| length == 0 || body.ends_with('}')) {
            let status = head
                .split(' ')
                .nth(1)
                .and_then(|status| status.parse().ok());
            return Heard {
                status: status.expect("a status"),
                head: head.to_lowercase(),
                body: serde_json::from_str(body).unwrap_or_default(),
            };
        }
        assert!(length > 0, "cut: {text}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn errors_are_problems_and_come_in_order() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let opened = server.open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])]);
        opened.await.expect("opened");
        let port = open_port(&world, &server);
        let host = port.address.to_string();
        let (token, json) = (
            format!("authorization: Bearer {TOKEN}\r\n"),
            "content-type: application/json\r\n",
        );
        let post = format!("POST /api/v1/projects/{ZOO}/features HTTP/1.1\r\nhost: {host}\r\n");
        let stats = |target: &str, more: &str| {
            format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n{token}{more}\r\n")
        };
        let own = format!("http://{host}");
        let origin = |value: &str| format!("origin: {value}\r\n");
        let at_home = origin(&own);
        let table = [
            // Who asks comes before what is asked.
            (
                format!("{post}content-type: text/plain\r\ncontent-length: 2\r\n\r\n{{}}"),
                401,
                "no_token",
            ),
            (
                format!("{post}{token}content-type: text/plain\r\ncontent-length: 2\r\n\r\n{{}}"),
                415,
                "not_json",
            ),
            (
                format!("{post}{token}{json}content-length: 900000000\r\n\r\n"),
                413,
                "too_large",
            ),
            (
                format!("{post}{token}{json}content-length: 1\r\n\r\n{{"),
                422,
                "invalid",
            ),
            // Two readings of one header are none.
            (
                stats(
                    "/api/v1/stats",
                    &format!("{at_home}{}", origin("http://evil.example")),
                ),
                400,
                "ambiguous_header",
            ),
            (
                stats("/api/v1/stats", &format!("{at_home}{at_home}")),
                400,
                "ambiguous_header",
            ),
            (stats("/api/v1/stats", &token), 400, "ambiguous_header"),
            // A target in absolute form names a host as well.
            (
                stats("http://evil.example/api/v1/stats", ""),
                421,
                "host_not_allowed",
            ),
            (
                stats("http://127.0.0.1:1/api/v1/stats", ""),
                421,
                "host_not_allowed",
            ),
            // What the framework itself refuses.
            (stats("/hooks/zoo", ""), 405, "method_not_allowed"),
            (stats("/api/v1/nothing", ""), 404, "not_found"),
            (stats("/api/v1/events/x", ""), 422, "invalid"),
            // A position that nobody was answered.
            (
                stats("/api/v1/events?after=999999999&wait=true", ""),
                422,
                "invalid",
            ),
            (stats("/api/v1/stats?after=999999999", ""), 422, "invalid"),
            (
                stats(&format!("/api/v1/projects/{ZOO}?after=999999999"), ""),
                422,
                "invalid",
            ),
        ];
        for (said, status, code) in table {
            let answer = world.within(&said, heard(port.address, &said)).await;
            let body = &answer.body;
            assert_eq!(
                (answer.status, body["code"].as_str()),
                (status, Some(code)),
                "{said}: {body}"
            );
            assert_eq!(body["status"], status, "{said}");
            assert!(
                body["detail"].as_str().is_some_and(|why| !why.is_empty()),
                "{said}"
            );
            let kind = "content-type: application/problem+json";
            assert!(answer.head.contains(kind), "{said}: {}", answer.head);
        }
        let two_hosts = stats("/api/v1/stats", &format!("host: {host}\r\n"));
        let status = heard(port.address, &two_hosts).await.status;
        assert_eq!(status, 400, "turned away before there is a request");
        let absolute = stats(&format!("{own}/api/v1/stats"), &at_home);
        assert_eq!(
            heard(port.address, &absolute).await.status,
            200,
            "our own name"
        );
        let unreadable =
            format!("GET /api/v1/stats HTTP/1.1\r\nhost: {host}\r\n{token}origin: \u{e4}\r\n\r\n");
        assert_eq!(
            heard(port.address, &unreadable).await.status,
            400,
            "an origin that is no text"
        );
        port.handle.stop(false).await;
        world.end(server).await;
    });
}

/// Every route documents what it may answer, as what it is.
#[test]
fn every_route_documents_its_errors() {
    let document = supercargo::http::openapi::document();
    let document: Value = serde_json::from_str(&document).expect("JSON");
    let kind = "application/problem+json";
    let mut operations = 0;

    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, told) in methods.as_object().expect("methods") {
            let responses = &told["responses"];
            let bodies: &[&str] = match told.get("requestBody") {
                Some(_) => &["413", "415"],
                None => &[],
            };
            for status in ["401", "408", "503"].iter().chain(bodies) {
                let shape = &responses[status]["content"][kind];
                assert!(shape.is_object(), "{method} {path} {status}");
            }
            for (status, response) in responses.as_object().expect("responses") {
                let is_error = status.starts_with(['4', '5']);
                let content = response["content"].as_object();
                let told = content.is_some_and(|content| content.keys().all(|key| key == kind));
                assert!(!is_error || told, "{method} {path} {status}");
            }
            operations += 1;
        }
    }

    assert!(operations > 35, "{operations}");
}
