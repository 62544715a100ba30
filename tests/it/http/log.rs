//! The log over HTTP: read from either end, by what is looked for, and walked as a whole.

use serde_json::{Value, json};

use super::client::Client;
use super::{client, open_port};
use crate::world::{Server, World, scripted, story};

/// A project that was completed, and its server.
async fn completed() -> (World, Server) {
    let world = World::new();
    let server = world.start().await;
    let work = scripted("lions", "write lions fed\ncommit Feed\nsubmit", &[]);
    let opened = server.open_zoo(&world, 1, vec![work]);
    opened.await.expect("opened");
    world.within("completed", server.completed()).await;
    (world, server)
}

/// All events that an address answers, page by page.
async fn pages(client: &Client, filter: &str, (key, from): (&str, u64)) -> Vec<Value> {
    let mut events = vec![];
    let mut next = from;

    loop {
        let path = format!("/api/v1/events?limit=7&{key}={next}{filter}");
        let page = client.get(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.json);
        let found = page.json["events"].as_array().expect("events").clone();
        if found.is_empty() {
            return events;
        }
        events.extend(found);
        next = page.json["next"].as_u64().expect("a position");
    }
}

/// The last line that a walk said, and how far the others were.
async fn walked(client: &Client, path: &str) -> (Value, Vec<u64>) {
    let answer = client.post(path, Value::Null).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    let lines = answer.text.lines().map(serde_json::from_str::<Value>);
    let mut lines: Vec<Value> = lines.map(|line| line.expect("JSON")).collect();
    let last = lines.pop().expect("what was found");
    let going = lines.iter().map(|line| line["looked"].as_u64());
    (last, going.map(|looked| looked.expect("how far")).collect())
}

#[test]
fn events_are_read_from_either_end_and_by_what_is_looked_for() {
    story(|| async {
        let (world, server) = completed().await;
        let port = open_port(&world, &server);
        let client = client(&port);

        for filter in ["", "&project=zoo", "&type=feature.,project.completed"] {
            let onward = pages(&client, filter, ("after", 0)).await;
            assert!(onward.len() > 7, "{filter}: {}", onward.len());
            let last = onward.last().expect("events")["position"].clone();
            let beyond = last.as_u64().expect("a position") + 1;
            let mut back = pages(&client, filter, ("before", beyond)).await;
            back.reverse();
            assert_eq!(back, onward, "{filter}");
        }

        let named = pages(&client, "&type=feature.", ("after", 0)).await;
        let names = named.iter().filter_map(|event| event["type"].as_str());
        assert!(names.clone().all(|name| name.starts_with("feature.")));
        assert!(names.clone().count() > 3);
        let part = pages(&client, "&type=feature", ("after", 0)).await;
        assert_eq!(part, [0; 0].map(Value::from), "a name is whole");
        let all = pages(&client, "", ("after", 0)).await;
        let who = all[all.len() / 2]["principal"].as_str().expect("somebody");
        let by = pages(&client, &format!("&principal={who}"), ("after", 0)).await;
        let theirs = all.iter().filter(|event| event["principal"] == who);
        assert_eq!(by, theirs.cloned().collect::<Vec<_>>(), "{who}");

        let both = client.get("/api/v1/events?after=1&before=9").await;
        assert_eq!((both.status.as_u16(), both.code()), (422, "invalid"));
        port.handle.stop(false).await;
        world.end(server).await;
    });
}

#[test]
fn the_whole_log_is_verified_and_audited_while_the_server_runs() {
    story(|| async {
        let (world, server) = completed().await;
        let port = open_port(&world, &server);
        let client = client(&port);

        let log = client.get("/api/v1/log").await.json;
        let head = log["head"].as_u64().expect("a position");
        let (sound, going) = walked(&client, "/api/v1/log/verify").await;
        assert_eq!(sound["type"], "sound", "{sound}");
        assert!(sound["head"].as_u64() >= Some(head), "{sound}");
        assert!(going.is_sorted() && !going.is_empty(), "{going:?}");

        let (audited, going) = walked(&client, "/api/v1/log/audit").await;
        assert_eq!(audited["type"], "audited", "{audited}");
        assert_eq!(audited["breaches"], json!([]));
        assert!(going.is_sorted() && !going.is_empty(), "{going:?}");

        port.handle.stop(false).await;
        world.end(server).await;
    });
}
