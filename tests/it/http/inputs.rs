//! Bad input on every route: a clear problem with a stable code, nothing written, never a 5xx.

use events::log::EventLog;
use serde_json::{Value, json};

use super::{client, open_port};
use crate::world::{World, ZOO, scripted, story};

/// Bodies that no writing route takes.
fn nonsense() -> Vec<Value> {
    vec![
        json!([]),
        json!("text"),
        json!(7),
        json!({ "no_such_field": true }),
        json!({ "holder": 7, "epoch": "one", "text": 5, "count": -1, "name": [], "content": 1, "items": 3, "how": "so", "on": 1, "title": 5 }),
        json!({ "epoch": -1, "sha": "x", "reason": 1 }),
    ]
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn bad_input_is_a_clear_problem_everywhere() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        server
            .open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])])
            .await
            .expect("opened");
        let settled = server.until(|view| {
            view.merge_queue
                .state
                .head
                .as_ref()
                .and(view.ready().next().map(|id| (*id).to_string()))
        });
        let id = settled.await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let before = world.log.head().await.expect("head").position;
        let document: Value =
            serde_json::from_str(&supercargo::http::openapi::document()).expect("JSON");
        let mut tried = 0;
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, told) in methods.as_object().expect("methods") {
                if told.get("requestBody").is_none() {
                    continue;
                }
                let path = path
                    .replace("{p}", ZOO)
                    .replace("{id}", &id)
                    .replace("{n}", "1");
                for body in nonsense() {
                    let answer = client
                        .call(&method.to_uppercase(), &path, body.clone())
                        .await;
                    let what = format!("{method} {path} {body}: {} {}", answer.status, answer.json);
                    assert!(
                        answer.status.is_client_error() && !answer.code().is_empty(),
                        "{what}"
                    );
                    assert!(
                        answer.json["detail"]
                            .as_str()
                            .is_some_and(|words| words.len() > 10),
                        "{what}"
                    );
                    tried += 1;
                }
            }
        }
        assert!(tried > 80, "{tried}");
        let features = format!("/api/v1/projects/{ZOO}/features");
        for (method, path, body, status, code) in [
            (
                "GET",
                "/api/v1/projects/nobody".to_owned(),
                Value::Null,
                404,
                "unknown_project",
            ),
            (
                "GET",
                "/api/v1/projects/Not%20A%20Name".to_owned(),
                Value::Null,
                422,
                "invalid",
            ),
            (
                "GET",
                format!("{features}/feat-none"),
                Value::Null,
                404,
                "unknown_feature",
            ),
            (
                "GET",
                format!("{features}?after=abc"),
                Value::Null,
                422,
                "invalid",
            ),
            (
                "GET",
                format!("{features}?nonsense=1"),
                Value::Null,
                422,
                "invalid",
            ),
            (
                "GET",
                format!("/api/v1/projects/{ZOO}/containers/9"),
                Value::Null,
                404,
                "unknown_container",
            ),
            (
                "GET",
                format!("/api/v1/projects/{ZOO}/containers/x"),
                Value::Null,
                422,
                "invalid",
            ),
            (
                "POST",
                format!("/api/v1/projects/{ZOO}/containers/9/stop"),
                Value::Null,
                404,
                "unknown_container",
            ),
            (
                "GET",
                "/api/v1/sessions/s-none".to_owned(),
                Value::Null,
                422,
                "invalid",
            ),
            (
                "GET",
                "/api/v1/sessions/s-aaaaaaaaaaaaaaaa".to_owned(),
                Value::Null,
                404,
                "unknown_session",
            ),
            (
                "GET",
                "/api/v1/sessions/s-aaaaaaaaaaaaaaaa/transcript".to_owned(),
                Value::Null,
                404,
                "unknown_session",
            ),
            (
                "GET",
                "/api/v1/events?limit=0".to_owned(),
                Value::Null,
                422,
                "invalid",
            ),
            (
                "GET",
                "/api/v1/events/999999".to_owned(),
                Value::Null,
                404,
                "unknown_event",
            ),
            (
                "GET",
                "/api/v1/live?project=nobody".to_owned(),
                Value::Null,
                404,
                "unknown_project",
            ),
            (
                "POST",
                format!("/api/v1/projects/{ZOO}/fly"),
                json!({}),
                404,
                "not_found",
            ),
            (
                "POST",
                format!("{features}/{id}/claim"),
                json!({ "holder": "a b" }),
                422,
                "invalid",
            ),
            (
                "POST",
                format!("{features}/{id}/claim"),
                json!({ "holder": "x".repeat(65) }),
                422,
                "invalid",
            ),
            (
                "POST",
                format!("{features}/{id}/heartbeat"),
                json!({ "epoch": 1 }),
                404,
                "unknown_epoch",
            ),
            (
                "POST",
                format!("{features}/{id}/reopen"),
                json!({ "text": "why" }),
                409,
                "not_closed",
            ),
            (
                "POST",
                format!("{features}/{id}/requeue"),
                json!({}),
                409,
                "not_quarantined",
            ),
            (
                "POST",
                format!("{features}/{id}/dependencies"),
                json!({ "on": id }),
                422,
                "cycle",
            ),
            (
                "POST",
                features.clone(),
                json!({ "content": { "title": "x".repeat(201) } }),
                422,
                "invalid",
            ),
            (
                "POST",
                features.clone(),
                json!({ "content": { "title": "x", "priority": 9 } }),
                422,
                "invalid",
            ),
            (
                "PUT",
                format!("/api/v1/projects/{ZOO}/target"),
                json!({ "count": 999 }),
                422,
                "invalid",
            ),
            (
                "DELETE",
                format!("/api/v1/projects/{ZOO}"),
                Value::Null,
                409,
                "still_working",
            ),
        ] {
            let answer = client.call(method, &path, body).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (status, code),
                "{method} {path}: {}",
                answer.json
            );
        }
        let cut = client.request("POST", &features, &Value::Null);
        let cut = client.send(cut).await;
        assert_eq!(
            (cut.status.as_u16(), cut.code()),
            (422, "invalid"),
            "an empty body"
        );
        assert_eq!(
            world.log.head().await.expect("head").position,
            before,
            "nothing is written"
        );
        port.handle.stop(false).await;
        world.end(server).await;
    });
}
