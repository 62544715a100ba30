//! The past over HTTP: what is answered for an instant is what was answered then.

use std::collections::BTreeMap;

use events::log::EventLog;
use serde_json::{Value, json};

use super::{client, open_port};
use crate::world::{World, ZOO, scripted, story};

/// Every read that can be asked of the past.
const READS: [&str; 7] = [
    "board",
    "features",
    "containers",
    "queue",
    "sessions",
    "usage",
    "",
];

fn path(read: &str) -> String {
    let base = format!("/api/v1/projects/{ZOO}");
    match read {
        "" => base,
        read => format!("{base}/{read}"),
    }
}

#[test]
fn what_is_answered_for_an_instant_was_answered_then() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let work =
            |name: &str| scripted(name, &format!("write {name} fed\ncommit Feed\nsubmit"), &[]);
        let opened = server.open_zoo(&world, 2, vec![work("lions"), work("bears")]);
        opened.await.expect("opened");
        let port = open_port(&world, &server);
        let client = client(&port);

        // Seen live, as often as it can be asked: an answer counts when nothing happened meanwhile.
        let mut seen: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
        let head = || async { world.log.head().await.expect("head").position.0 };
        let mut completed = false;
        while !completed {
            let before = head().await;
            let after = format!("?after={before}");
            let mut answers = vec![];
            for read in READS {
                let answer = client.get(&format!("{}{after}", path(read))).await;
                assert_eq!(answer.status, 200, "{read}: {}", answer.json);
                answers.push(answer.json);
            }
            if head().await == before {
                seen.insert(before, answers);
            }
            completed = world.count("project.completed").await > 0;
        }
        assert!(seen.len() > 3, "{} instants were seen", seen.len());

        for (position, then) in &seen {
            for (read, then) in READS.iter().zip(then) {
                let answer = client.get(&format!("{}?at={position}", path(read))).await;
                assert_eq!(answer.status, 200, "{read}: {}", answer.json);
                if *read != "usage" {
                    assert_eq!(&answer.json, then, "{read} at {position}");
                }
            }
        }

        port.handle.stop(false).await;
        world.end(server).await;
    });
}

#[test]
fn the_run_is_told_as_a_whole_and_what_is_no_instant_is_refused() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let work = scripted("lions", "write lions fed\ncommit Feed\nsubmit", &[]);
        server
            .open_zoo(&world, 1, vec![work])
            .await
            .expect("opened");
        world.within("completed", server.completed()).await;
        let port = open_port(&world, &server);
        let client = client(&port);

        let whole = client.get("/api/v1/timeline?buckets=20").await.json;
        let counts = whole["buckets"].as_array().expect("buckets").iter();
        let sum: u64 = counts
            .map(|bucket| bucket["count"].as_u64().expect("a count"))
            .sum();
        assert_eq!(json!(sum), whole["head"]);
        let kinds: Vec<&str> = whole["marks"]
            .as_array()
            .expect("marks")
            .iter()
            .filter_map(|mark| mark["type"].as_str())
            .collect();
        assert!(kinds.contains(&"project.completed"), "{kinds:?}");
        let time = whole["to"]["at"].as_str().expect("a time");
        let found = client
            .get(&format!("/api/v1/position?at={time}"))
            .await
            .json;
        assert_eq!(found["position"], whole["to"]["position"]);

        for (asked, words) in [
            ("timeline?buckets=0", "1 to 400"),
            ("timeline?from=9&to=2", "the earlier one comes first"),
            (
                "timeline?project=nobody-there&from=x",
                "neither a position such as 42 nor a time",
            ),
            ("projects?at=999999", "beyond the head of the log"),
            (
                "projects?at=yesterday",
                "neither a position such as 42 nor a time",
            ),
            ("position?at=-1", "neither a position such as 42 nor a time"),
        ] {
            let answer = client.get(&format!("/api/v1/{asked}")).await;
            let detail = answer.json["detail"].as_str().unwrap_or_default();
            assert_eq!(answer.status, 422, "{asked}: {}", answer.json);
            assert!(detail.contains(words), "{asked}: {detail}");
        }
        let before_all = client.get("/api/v1/projects?at=0").await;
        assert_eq!(before_all.json, json!([]), "nothing was there yet");
        let then = client
            .get(&format!("{}?at=1999-01-01T00:00:00Z", path("")))
            .await;
        assert_eq!(then.status, 404, "{}", then.json);

        port.handle.stop(false).await;
        world.end(server).await;
    });
}
