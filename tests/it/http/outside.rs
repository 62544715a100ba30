//! A person with a token claims, clones and pushes through the gate on the main port, and submits;
//! our reviewers and our verifier do the rest.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{TOKEN, client, open_port};
use crate::world::stub::git;
use crate::world::{World, ZOO, context, scripted, story};

async fn run(folder: &Path, args: &[&str]) -> Result<String, String> {
    let (folder, args): (PathBuf, Vec<String>) = (
        folder.to_owned(),
        args.iter().map(|a| (*a).to_owned()).collect(),
    );
    let ran = tokio::task::spawn_blocking(move || {
        git(
            &folder,
            &args.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    });
    ran.await.expect("ran")
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_person_claims_clones_pushes_and_submits() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        server
            .open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])])
            .await
            .expect("opened");
        server
            .until(|view| {
                (view.ready().count() == 1 && view.merge_queue.state.head.is_some()).then_some(())
            })
            .await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let claim = client
            .post(
                &format!("/api/v1/projects/{ZOO}/features/claim"),
                json!({ "holder": "ann" }),
            )
            .await
            .json;
        let (feature, branch) = (
            claim["feature"].as_str().expect("id"),
            claim["branch"].as_str().expect("branch"),
        );
        let base = format!("/api/v1/projects/{ZOO}/features/{feature}");

        let url = |user: &str, password: &str| {
            format!(
                "http://{user}:{password}@{}{}",
                port.address,
                claim["gate"].as_str().expect("gate")
            )
        };
        let folder = world.folder.path();
        run(folder, &["clone", "--quiet", &url("ann", "wrong"), "no"])
            .await
            .expect_err("a wrong token");
        run(folder, &["clone", "--quiet", &url("ann", TOKEN), "mine"])
            .await
            .expect("cloned");
        let tree = folder.join("mine");
        fs_err::write(tree.join("lions"), "fed").expect("file");
        run(&tree, &["add", "--all"]).await.expect("added");
        run(&tree, &["commit", "--quiet", "-m", "Feed"])
            .await
            .expect("committed");
        let sha = run(&tree, &["rev-parse", "HEAD"])
            .await
            .expect("sha")
            .trim()
            .to_owned();

        let early = client
            .post(
                &format!("{base}/submit"),
                json!({ "epoch": 1, "sha": sha, "holder": "ann" }),
            )
            .await;
        assert_eq!(early.status, 422, "{}", early.json);
        assert!(
            early.json["detail"]
                .as_str()
                .expect("words")
                .contains("push first"),
            "{}",
            early.json
        );
        for (reference, why) in [
            ("refs/heads/main", "nobody's to push"),
            (
                &*format!("refs/heads/work/{feature}/2"),
                "there was no claim 2",
            ),
        ] {
            let said = run(&tree, &["push", "origin", &format!("HEAD:{reference}")])
                .await
                .expect_err(reference);
            assert!(said.contains(why), "{reference}: {said}");
        }
        let bob = run(
            &tree,
            &[
                "push",
                &url("bob", TOKEN),
                &format!("HEAD:refs/heads/{branch}"),
            ],
        )
        .await
        .expect_err("bob's");
        assert!(bob.contains("claimed by ann"), "{bob}");
        run(
            &tree,
            &[
                "push",
                "--quiet",
                "origin",
                &format!("HEAD:refs/heads/{branch}"),
            ],
        )
        .await
        .expect("pushed");

        let beat = client
            .post(
                &format!("{base}/heartbeat"),
                json!({ "epoch": 1, "holder": "ann" }),
            )
            .await;
        assert_eq!(
            (beat.status.as_u16(), beat.json["lease_ms"].as_u64()),
            (200, Some(8 * 3_600_000))
        );
        for (body, code) in [
            (json!({ "epoch": 1, "sha": sha, "holder": "bob" }), "held"),
            (
                json!({ "epoch": 9, "sha": sha, "holder": "ann" }),
                "unknown_epoch",
            ),
            (
                json!({ "epoch": 1, "sha": "nonsense", "holder": "ann" }),
                "invalid",
            ),
        ] {
            let refused = client.post(&format!("{base}/submit"), body).await;
            assert!(refused.status.is_client_error(), "{code}: {}", refused.json);
        }
        let submit = || {
            let body = json!({ "epoch": 1, "sha": sha, "holder": "ann" });
            let mut request = client.request("POST", &format!("{base}/submit"), &body);
            let key = "ann-hands-in".parse().expect("a header");
            request.headers_mut().insert("idempotency-key", key);
            client.send(request)
        };
        let handed = submit().await;
        assert_eq!(handed.status, 200, "{}", handed.json);
        let again = submit().await;
        assert_eq!(
            again.json, handed.json,
            "whoever lost the answer gets it again"
        );
        let late = run(
            &tree,
            &["push", "origin", &format!("HEAD:refs/heads/{branch}")],
        )
        .await;
        assert!(late.is_ok(), "there is nothing to push");
        run(&tree, &["commit", "--quiet", "--allow-empty", "-m", "More"])
            .await
            .expect("committed");
        for _ in 0..2 {
            let late = run(
                &tree,
                &["push", "origin", &format!("HEAD:refs/heads/{branch}")],
            )
            .await
            .expect_err("C2");
            assert!(late.contains("stop working"), "{late}");
        }
        let denied: Vec<Value> = world.facts("feature.push_denied").await;
        let of = |fact: &Value| {
            (
                fact["epoch"].as_u64(),
                fact["by"].as_str().map(str::to_owned),
            )
        };
        let expected = [
            (Some(1), Some("bob".to_owned())),
            (Some(1), Some("ann".to_owned())),
        ];
        assert_eq!(
            denied.iter().map(of).collect::<Vec<_>>(),
            expected,
            "each once: {denied:?}"
        );

        server
            .operator
            .set_target(&context(), ZOO, 1)
            .await
            .expect("a slot for the reviewer");
        world.within("completed", server.completed()).await;
        assert_eq!(world.git(&world.upstream(), &["show", "main:lions"]), "fed");
        port.handle.stop(false).await;
        world.end(server).await;
    });
}

/// A claim given back, closed and opened by hand, and a slot taken out of service: each as a
/// person would over the API.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn the_rest_of_a_persons_day() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        server
            .open_zoo(
                &world,
                0,
                vec![
                    scripted("lions", "exit 0", &[]),
                    scripted("bears", "exit 0", &[]),
                ],
            )
            .await
            .expect("opened");
        server
            .until(|view| {
                (view.ready().count() == 2 && view.merge_queue.state.head.is_some()).then_some(())
            })
            .await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let list = client
            .get(&format!("/api/v1/projects/{ZOO}/features"))
            .await
            .json;
        let ids: Vec<&str> = list
            .as_array()
            .expect("list")
            .iter()
            .map(|f| f["id"].as_str().expect("id"))
            .collect();
        let of = |id: &str, verb: &str| format!("/api/v1/projects/{ZOO}/features/{id}{verb}");
        let ok = |answer: super::client::Answer| {
            assert!(answer.status.is_success(), "{}", answer.json);
            answer.json
        };
        let claim = ok(client
            .post(&of(ids[0], "/claim"), json!({ "holder": "ann" }))
            .await);
        assert_eq!(claim["feature"], ids[0]);
        let held = client
            .post(&of(ids[0], "/claim"), json!({ "holder": "bob" }))
            .await;
        assert_eq!((held.status.as_u16(), held.code()), (409, "held"));
        ok(client
            .post(
                &of(ids[0], "/release"),
                json!({ "epoch": 1, "reason": "not mine", "holder": "ann" }),
            )
            .await);
        ok(client
            .post(&of(ids[1], "/dependencies"), json!({ "on": ids[0] }))
            .await);
        let circle = client
            .post(&of(ids[0], "/dependencies"), json!({ "on": ids[1] }))
            .await;
        assert_eq!((circle.status.as_u16(), circle.code()), (422, "cycle"));
        ok(client
            .post(
                &of(ids[1], "/dependencies"),
                json!({ "on": ids[0], "remove": true }),
            )
            .await);

        // ETag and If-Match: whoever looked at an older version decides anew.
        let shown = client.get(&of(ids[0], "")).await;
        let etag = shown.etag.expect("an ETag");
        let change = |tag: &str, title: &str| {
            let mut request = client.request("PATCH", &of(ids[0], ""), &json!({ "title": title }));
            request
                .headers_mut()
                .insert("if-match", tag.parse().expect("a header"));
            client.send(request)
        };
        ok(change(&etag, "Feed the lions").await);
        let stale = change(&etag, "Feed nobody").await;
        assert_eq!(
            (stale.status.as_u16(), stale.code()),
            (412, "precondition_failed")
        );
        let done = ok(client
            .post(&of(ids[0], "/close"), json!({ "how": "done_elsewhere" }))
            .await);
        let after = done["position"].as_u64().expect("position");
        let closed = client
            .get(&format!("{}?after={after}", of(ids[0], "")))
            .await
            .json;
        assert_eq!(
            (
                closed["status"].as_str(),
                closed["content"]["title"].as_str()
            ),
            (Some("closed"), Some("Feed the lions"))
        );
        ok(client
            .post(&of(ids[0], "/reopen"), json!({ "text": "it is not" }))
            .await);
        ok(client
            .call("DELETE", &of(ids[1], ""), serde_json::Value::Null)
            .await);
        let events = client
            .get(&format!("/api/v1/events?project={ZOO}&type=feature.closed"))
            .await
            .json;
        assert_eq!(events["events"].as_array().map(Vec::len), Some(1));
        let one = client.get("/api/v1/events/1").await.json;
        assert_eq!(one["type"], "node.started");
        let stats = client.get("/api/v1/stats").await.json;
        assert_eq!(
            (stats["projects"].as_u64(), stats["running"].as_u64()),
            (Some(1), Some(1))
        );
        port.handle.stop(false).await;
        world.end(server).await;
    });
}
