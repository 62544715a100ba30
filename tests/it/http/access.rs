//! Who gets in: route × host × origin × content type × token, every route of the description.

use events::log::EventLog;
use serde_json::{Value, json};

use super::client::{Client, Line, text};
use super::{TOKEN, client, open_port};
use crate::world::{World, story};

/// Every (method, path) of the description, with names filled in that are nobody's.
fn routes() -> Vec<(String, String)> {
    let document: Value =
        serde_json::from_str(&supercargo::http::openapi::document()).expect("JSON");
    let mut routes = Vec::new();

    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            let filled = path
                .replace("{p}", "nobody")
                .replace("{id}", "feat-none")
                .replace("{n}", "1")
                .replace("{position}", "1");
            let filled = if path.contains("/sessions/") {
                path.replace("{id}", "s-aaaaaaaaaaaaaaaa")
            } else {
                filled
            };
            routes.push((method.to_uppercase(), filled));
        }
    }

    assert!(
        routes.len() > 35,
        "the description lists the routes: {}",
        routes.len()
    );
    routes
}

/// Headers of one request, and whether each of them may be so.
struct Headers<'a> {
    host: (&'a str, bool),
    origin: (&'a str, bool),
    kind: (&'a str, bool),
    token: (&'a str, bool),
}

/// Every combination.
fn combinations<'a>(own: &'a str, home: &'a str) -> Vec<Headers<'a>> {
    let hosts = [
        (own, true),
        ("evil.example", false),
        ("127.0.0.1", false),
        ("127.0.0.1:1", false),
        ("", false),
    ];
    let origins = [
        ("", true),
        (home, true),
        ("http://evil.example", false),
        ("null", false),
        ("https://127.0.0.1", false),
    ];
    let kinds = [
        ("application/json", true),
        ("Application/JSON; charset=utf-8", true),
        ("text/plain", false),
        ("application/x-www-form-urlencoded", false),
        ("multipart/form-data; boundary=x", false),
        ("", false),
    ];
    let tokens = [(TOKEN, true), ("wrong", false), ("", false)];
    let pairs = hosts
        .into_iter()
        .flat_map(|host| origins.map(|origin| (host, origin)));
    let triples = pairs.flat_map(|(host, origin)| kinds.map(|kind| (host, origin, kind)));

    triples
        .flat_map(|(host, origin, kind)| {
            tokens.map(|token| Headers {
                host,
                origin,
                kind,
                token,
            })
        })
        .collect()
}

#[test]
fn only_the_allowed_pass() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let before = world.log.head().await.expect("head").position;
        let (own, home) = (client.host(), format!("http://{}", client.host()));
        let combinations = combinations(&own, &home);
        let mut passed = 0;
        for (method, path) in routes() {
            let mut line = client.line().await;
            for headers in &combinations {
                let carries = method != "GET" && method != "DELETE";
                let may = headers.host.1
                    && headers.origin.1
                    && (headers.kind.1 || !carries)
                    && (headers.token.1 || (&*method, &*path) == ("POST", "/api/v1/session"));
                let status = ask(&client, &mut line, (&method, &path), headers).await;
                let turned_away = matches!(status, 401 | 403 | 415 | 421 | 400);
                let Headers {
                    host,
                    origin,
                    kind,
                    token,
                } = headers;
                let what =
                    format!("{method} {path} {host:?} {origin:?} {kind:?} {token:?}: {status}");
                // A WebSocket that is none is a bad request, to whoever may ask.
                let bad_upgrade = path.ends_with("/live") && matches!(status, 400 | 422);
                assert!(may != turned_away || (may && bad_upgrade), "{what}");
                assert!(status < 500, "{what}");
                passed += usize::from(may);
            }
        }
        assert!(passed > 35);
        assert_eq!(
            world.log.head().await.expect("head").position,
            before,
            "nothing was written"
        );
        port.handle.stop(false).await;
        world.end(server).await;
    });
}

async fn ask(client: &Client, line: &mut Line, route: (&str, &str), headers: &Headers<'_>) -> u16 {
    let (host, origin, kind, token) = (
        headers.host.0,
        headers.origin.0,
        headers.kind.0,
        headers.token.0,
    );
    let body = if route.0 == "GET" {
        Value::Null
    } else {
        json!({ "name": 7 })
    };

    let request = || {
        let mut request = client.bare(route.0, route.1, &body);
        for (name, value) in [("host", host), ("origin", origin), ("content-type", kind)] {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request.body(text(&body)).expect("a request")
    };
    if let Some(answer) = line.send(request()).await {
        return answer.status.as_u16();
    }

    // Cut after the answer before, whose request the server did not read to its end.
    *line = client.line().await;
    line.send(request())
        .await
        .expect("answered")
        .status
        .as_u16()
}

/// What is open to everybody tells nothing: the page, the description, whether the server is there.
#[test]
fn the_open_pages_tell_nothing_and_the_rest_is_closed() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let port = open_port(&world, &server);
        let client = client(&port);
        for (path, open) in [
            ("/", true),
            ("/openapi.json", true),
            ("/healthz", true),
            ("/readyz", true),
            ("/api/v1/stats", false),
            ("/git/zoo.git/info/refs", false),
        ] {
            let request = client
                .bare("GET", path, &Value::Null)
                .header("host", client.host())
                .body(text(&Value::Null))
                .expect("a request");
            let status = client.send(request).await.status.as_u16();
            assert_eq!(status, if open { 200 } else { 401 }, "{path}");
        }
        assert!(
            supercargo::http::take_port("0.0.0.0:0".parse().expect("address")).is_err(),
            "only loopback"
        );
        port.handle.stop(false).await;
        world.end(server).await;
    });
}
