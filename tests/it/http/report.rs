//! The morning page over HTTP: what a fleet did, told from its log, and refused in words.

use events::log::EventLog;
use events::stream::Position;
use serde_json::Value;

use super::{client, open_port};
use crate::world::{World, ZOO, scripted, story};

#[test]
fn what_a_fleet_did_is_told_over_http() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let work = "write lions fed\ncommit Feed\nsubmit";
        let opened = server.open_zoo(&world, 1, vec![scripted("lions", work, &[])]);
        opened.await.expect("opened");
        world.within("completed", server.completed()).await;
        let port = open_port(&world, &server);
        let client = client(&port);

        let own = client
            .get(&format!("/api/v1/projects/{ZOO}/report"))
            .await
            .json;
        let figures = &own["projects"][0]["figures"];
        assert_eq!(
            (&figures["merged"], &figures["added"]),
            (&1.into(), &1.into()),
            "{own}"
        );
        assert_eq!(own["projects"][0]["after"]["closed"], 1);

        // Each sentence cites events of the log, and the first of them is of its project.
        let log = world
            .log
            .read_all(Position(0), usize::MAX)
            .await
            .expect("a log");
        let kind = |position: &Value| {
            let position = position.as_u64().expect("a position");
            log[usize::try_from(position - 1).expect("small")]
                .kind
                .to_string()
        };
        let sentences = own["projects"][0]["sentences"]
            .as_array()
            .expect("sentences");
        let cited = |wanted: &str| {
            let own = sentences.iter().find(|one| one["kind"] == wanted);
            let own = own.unwrap_or_else(|| panic!("no {wanted} in {sentences:#?}"));
            kind(&own["positions"][0])
        };
        for (said, event) in [
            ("merged", "feature.closed"),
            ("sessions_begun", "container.assigned"),
            ("sessions_ended", "container.session_ended"),
            ("completed", "project.completed"),
            ("started", "project.started"),
        ] {
            assert_eq!(cited(said), event);
        }

        // Of a span alone; of all projects.
        let closed = log.iter().find(|event| event.kind == "feature.closed");
        let at = closed.expect("closed").position.0;
        let path = format!("/api/v1/report?since={}&until={at}", at - 1);
        let one = client.get(&path).await.json;
        assert_eq!(
            (&one["events"], &one["figures"]["merged"]),
            (&1.into(), &1.into()),
            "{one}"
        );

        world.end(server).await;
    });
}

#[test]
fn what_cannot_be_told_is_refused_in_words() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let table = [
            ("/report?since=1&until=0", 422, "would begin after its end"),
            (
                "/report?since=yesterday",
                422,
                "neither a position, nor a time",
            ),
            ("/report?since=99999", 422, "beyond the head"),
            ("/report?since=1mo", 422, "say it in days"),
            ("/report?from=1", 422, "unknown field"),
            ("/projects/ark/report", 404, "there was no project ark"),
            ("/projects/ARK!/report", 422, "project"),
        ];
        for (path, status, words) in table {
            let answer = client.get(&format!("/api/v1{path}")).await;
            let said = answer.json["detail"].as_str().unwrap_or_default();
            assert!(said.contains(words), "{path}: {}", answer.json);
            assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.json);
        }
        world.end(server).await;
    });
}
