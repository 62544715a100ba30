//! What is read comes out again: every line as it was while nothing happened to its feature.

use events::feature::event::{Created, Event};
use events::feature::{Feature, Known};
use events::id::{Digest, Timestamp};
use events::stream::{Position, Version};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::export::{Beside, exported};
use super::import::{imported, ordered};
use super::steps::{joined, split};
use super::{Issue, read};

fn created(issue: &Issue) -> Known {
    let content = imported(issue).item.content;
    let mut feature = Feature::default();
    let moment = events::aggregate::Moment {
        position: Position(1),
        version: Version(1),
        at: Timestamp(1),
    };
    let created = Created {
        content,
        batch: Digest::of(b"batch"),
        blockers: vec![],
    };
    events::aggregate::Aggregate::evolve(&mut feature, &Event::from(created), moment);
    feature.known().expect("created").clone()
}

fn out(issue: &Issue, known: &Known) -> Issue {
    let taken = imported(issue);
    let beside = Beside {
        id: &taken.id,
        raw: Some(issue),
        depends_on: &taken.item.depends_on,
        times: ("made", "changed"),
    };
    exported(known, beside)
}

#[test]
fn bare_and_enveloped_lines_are_read_and_others_named() {
    let bare = r#"{"id":"a-1","title":"One"}"#;
    let enveloped =
        format!(r#"{{"schema_version":1,"data":[{bare},{{"_type":"memory","id":"m"}}]}}"#);
    assert_eq!(read(bare), read(&enveloped));
    assert_eq!(read(&format!("\n{bare}\n\n")).expect("read").len(), 1);
    for (wrong, said) in [
        ("{", "line 1"),
        ("\n\n7", "line 3"),
        (r#"{"title":"no id"}"#, "no id"),
        (r#"{"id":7}"#, "no id"),
    ] {
        assert!(read(wrong).expect_err(wrong).contains(said), "{wrong}");
    }
}

#[test]
fn steps_are_the_numbered_lines_at_the_end() {
    for (text, description, steps) in [
        ("Do it\n\n1. this\n2. that", "Do it", vec!["this", "that"]),
        ("1. this", "", vec!["this"]),
        ("Do it\n1. this", "Do it\n1. this", vec![]),
        ("Do it\n\n2. this", "Do it\n\n2. this", vec![]),
        ("Do it\n\n1. this\n", "Do it\n\n1. this\n", vec![]),
        ("", "", vec![]),
        ("\n\n1. a", "\n\n1. a", vec![]),
    ] {
        assert_eq!(
            split(text),
            (
                description.to_owned(),
                steps.iter().map(|s| (*s).to_owned()).collect()
            ),
            "{text:?}"
        );
    }
}

#[test]
fn what_blocks_is_a_dependency_and_circles_are_left_out() {
    let issue = |id: &str, on: &[(&str, &str)]| {
        let dependencies: Vec<Value> = on
            .iter()
            .map(|(on, kind)| json!({"issue_id": id, "depends_on_id": on, "type": kind}))
            .collect();
        let Value::Object(issue) = json!({"id": id, "title": id, "dependencies": dependencies})
        else {
            unreachable!()
        };
        imported(&issue)
    };
    let all = vec![
        issue(
            "c",
            &[
                ("b", "blocks"),
                ("x", "blocks"),
                ("a", "related"),
                ("a", "parent-child"),
            ],
        ),
        issue("b", &[("a", "waits-for")]),
        issue("a", &[]),
        issue("p", &[("q", "blocks")]),
        issue("q", &[("p", "blocks")]),
    ];
    let (ordered, left_out) = ordered(all);
    let ids: Vec<&str> = ordered.iter().map(|issue| issue.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c", "p", "q"]);
    assert_eq!(
        left_out,
        [
            ("c".to_owned(), "x".to_owned()),
            ("p".to_owned(), "q".to_owned())
        ]
    );
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 .,äß]{1,30}",
        Just("Do it\n\n1. this\n2. that".to_owned()),
        Just("1. only\n2. steps".to_owned()),
        Just("odd\n\n1. a\n3. b".to_owned()),
    ]
}

fn issue() -> impl Strategy<Value = Issue> {
    let status = prop::sample::select(vec![
        "open",
        "in_progress",
        "blocked",
        "deferred",
        "pinned",
        "hooked",
    ]);
    let kind = prop::sample::select(vec![
        "bug", "feature", "task", "epic", "chore", "decision", "spike",
    ]);
    let dependency = prop::sample::select(vec![
        "blocks",
        "related",
        "discovered-from",
        "parent-child",
        "tracks",
    ]);
    let comment =
        words().prop_map(|text| json!({"id": 7, "issue_id": "a-1", "author": "ann", "text": text, "created_at": "2026"}));
    let unknown = prop::collection::btree_map("x_[a-z]{1,8}", words().prop_map(Value::from), 0..4);
    (words(), words(), status, kind, 0..5u64, prop::collection::vec("[a-z]{1,6}", 0..4), dependency, comment, unknown).prop_map(
        |(title, description, status, kind, priority, labels, dependency, comment, unknown)| {
            let Value::Object(mut issue) = json!({
                "id": "a-1", "title": title, "description": description, "status": status, "issue_type": kind,
                "priority": priority, "labels": labels, "assignee": "bob", "created_at": "2026-01-01T00:00:00Z",
                "dependencies": [{"issue_id": "a-1", "depends_on_id": "a-2", "type": dependency, "metadata": {"k": [1, null]}}],
                "comments": [comment],
            }) else {
                unreachable!()
            };
            issue.extend(unknown);
            issue
        },
    )
}

proptest! {
    #[test]
    fn a_line_comes_out_as_it_went_in(issue in issue()) {
        prop_assert_eq!(out(&issue, &created(&issue)), issue);
    }

    #[test]
    fn what_is_split_is_joined_to_the_same_bytes(text in "[a-z0-9. \n]{0,60}") {
        let (description, steps) = split(&text);
        prop_assert_eq!(joined(&description, &steps), text);
    }

    #[test]
    fn a_change_of_ours_is_written_and_the_rest_stays(issue in issue(), title in "[a-z]{1,20}") {
        let mut known = created(&issue);
        known.content.title.clone_from(&title);
        known.content.steps = vec!["a step".to_owned()];
        let written = out(&issue, &known);
        prop_assert_eq!(&written["title"], &Value::from(title));
        prop_assert!(written["description"].as_str().expect("text").ends_with("1. a step"));
        for (key, value) in issue.iter().filter(|(key, _)| !["title", "description"].contains(&key.as_str())) {
            prop_assert_eq!(&written[key], value);
        }
        let again = imported(&written);
        prop_assert_eq!(again.item.content.steps, known.content.steps);
    }
}
