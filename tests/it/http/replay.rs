//! The same questions over HTTP: answered as the log says, and refused in words.

use events::log::EventLog;
use events::stream::Position;
use serde_json::Value;

use super::{client, open_port};
use crate::world::{World, ZOO, scripted, story};

#[test]
fn questions_about_the_past_are_answered_over_http() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let work = "write lions fed\ncommit Feed\nsubmit";
        let opened = server.open_zoo(&world, 1, vec![scripted("lions", work, &[])]);
        opened.await.expect("opened");
        world.within("completed", server.completed()).await;
        let id = server.zoo(|view| view.known().next().map(|(id, _, _)| id.to_string()));
        let id = id.expect("a feature");
        let port = open_port(&world, &server);
        let client = client(&port);
        let client = &client;
        let asked = |path: &str| {
            let path = format!("/api/v1{path}");
            async move { client.get(&path).await }
        };
        let zoo = format!("/projects/{ZOO}");

        // The fields of a view are those of its own route.
        let then = asked(&format!("/state?project={ZOO}&view=queue&at=20")).await;
        let queue = asked(&format!("{zoo}/queue?at=20")).await;
        assert_eq!(
            (&then.json["state"], &then.json["position"]),
            (&queue.json, &20.into())
        );

        // Where the feature was closed, the event is named by each of them.
        let log = world.log.read_all(Position(0), usize::MAX).await;
        let log = log.expect("a log");
        let closing = log.iter().find(|event| event.kind == "feature.closed");
        let at = closing.expect("closed").position.0;
        let changes = asked(&format!(
            "/changes?stream=feature-{ZOO}/{id}&from={}&to={at}",
            at - 1
        ));
        let changes = changes.await.json;
        let changed = changes.as_array().expect("changes");
        assert!(
            !changed.is_empty() && changed.iter().all(|one| one["position"] == at),
            "{changes}"
        );

        let why = |at: u64| format!("{zoo}/why?about=feature&id={id}&at={at}");
        let closed = asked(&why(at)).await.json;
        assert_eq!(
            closed["sentences"][0]["positions"],
            serde_json::json!([at]),
            "{closed}"
        );
        let before = asked(&why(at - 1)).await.json;
        assert_ne!(before["sentences"], closed["sentences"]);

        let claim = format!("{zoo}/why-not?deed=claim&id={id}&at={at}");
        let claim = asked(&claim).await.json;
        assert_eq!(claim["prospect"], "refused", "{claim}");
        assert!(
            claim["code"].is_string() && claim["events"] == Value::Array(vec![]),
            "{claim}"
        );
        let now = asked(&format!("{zoo}/why?about=project")).await.json;
        assert!(
            now["sentences"][0]["text"]
                .as_str()
                .expect("text")
                .contains("complete"),
            "{now}"
        );

        world.end(server).await;
    });
}

#[test]
fn what_cannot_be_asked_is_refused_in_words() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let table = [
            ("/state?stream=lions", "not a valid stream name"),
            ("/state?stream=project-zoo", "no stream project-zoo"),
            ("/state?stream=project-zoo&project=zoo", "not both"),
            ("/state?project=zoo&view=lions", "unknown variant"),
            ("/state?at=99999", "beyond the head"),
            ("/changes", "missing field `from`"),
            ("/changes?from=1&to=0", "the earlier instant comes first"),
            (
                "/projects/zoo/why?about=feature",
                "the id of the feature is missing",
            ),
            (
                "/projects/zoo/why?about=slot&id=x",
                "the number of the slot \"x\" cannot be read",
            ),
            ("/projects/zoo/why?about=project&id=x", "names nothing here"),
            ("/projects/zoo/why?about=lions", "unknown variant"),
            (
                "/projects/zoo/why-not?deed=start&by=ann",
                "for a claim alone",
            ),
            ("/projects/ark/why?about=project", "no project ark"),
            ("/projects/ark/why-not?deed=start", "no project ark"),
            ("/changes?project=ark&from=0", "no project ark"),
            ("/state?at=2026-11-26T04:49:00+01:00", "written %2B"),
            (
                "/projects/zoo/why-not?deed=claim&id=feat-zzzzz&by=a%0Ab",
                "a holder is 1 to 64",
            ),
            (
                "/projects/ZOO!/why?about=project",
                "the name of the project",
            ),
        ];
        for (path, words) in table {
            let answer = client.get(&format!("/api/v1{path}")).await;
            let said = answer.json["detail"].as_str().unwrap_or_default();
            assert!(
                (400..500).contains(&answer.status.as_u16()),
                "{path}: {}",
                answer.json
            );
            assert!(said.contains(words), "{path}: {}", answer.json);
        }
        world.end(server).await;
    });
}
