//! What is read comes out again: every line as it was while nothing happened to its feature.

use events::aggregate::{Aggregate, Moment};
use events::backlog::Born;
use events::feature::{Command, Feature, Known};
use events::id::{Digest, Timestamp};
use events::stream::{Position, Version};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::export::{Beside, exported};
use super::import::{imported, ordered};
use super::read::newest;
use super::steps::{joined, split};
use super::{Issue, decoded, read};

/// The feature of an issue as its creation leaves it.
fn created(issue: &Issue) -> Known {
    let item = imported(issue).item;
    let create = Command::Create {
        content: item.content,
        batch: Digest::of(b"batch"),
        blockers: vec![],
        born: item.born,
        comments: item.comments,
    };

    let mut feature = Feature::default();
    let events = feature.decide(&create, Timestamp(1)).expect("accepted");
    for event in &events {
        let moment = Moment {
            position: Position(1),
            version: Version(1),
            at: Timestamp(1),
        };
        feature.evolve(event, moment);
    }
    feature.known().expect("created").clone()
}

fn out(issue: &Issue, known: &Known) -> Issue {
    let taken = imported(issue);
    let beside = Beside {
        id: &taken.id,
        raw: Some(issue),
        depends_on: &taken.item.depends_on,
        admitted: &taken.item.depends_on,
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
        (r#"{"id":7}"#, "line 1: an issue has no id"),
        (r#"{"_type":"issue","title":"x"}"#, "no id"),
        ("{}", "no id"),
    ] {
        assert!(read(wrong).expect_err(wrong).contains(said), "{wrong}");
    }
}

fn object(value: Value) -> Issue {
    let Value::Object(issue) = value else {
        unreachable!("an object")
    };
    issue
}

#[test]
fn what_is_no_issue_is_passed_over() {
    let header = r#"{"_schema":"beads-jsonl/1","_sort":"stable-v1"}"#;
    let issue = r#"{"_type":"issue","id":"bd-1","title":"One"}"#;
    let memory = r#"{"_type":"memory","id":"m-1","text":"kept"}"#;
    let file = format!("\u{feff}{header}\n{issue}\n{memory}\n");
    let found = read(&file).expect("read");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["id"], "bd-1");
}

#[test]
fn a_file_that_is_not_utf8_is_named_by_its_line() {
    assert_eq!(decoded(b"\xef\xbb\xbfx"), Ok("x"));
    let wrong = decoded(b"{}\n{\"id\":\"\xe4\"}\n").expect_err("latin-1");
    assert!(wrong.starts_with("line 2 is not UTF-8"), "{wrong}");
    let wide = decoded(b"\xff\xfe{\0").expect_err("UTF-16");
    assert!(wide.contains("UTF-16"), "{wide}");
}

/// The right feature for each status: what is over is never open here, and nothing that is open is
/// over.
#[test]
fn an_issue_begins_where_its_status_says() {
    for (status, born, ready) in [
        ("open", Born::Open, true),
        ("closed", Born::Closed, false),
        ("tombstone", Born::Withdrawn, false),
        ("deferred", Born::Aside("put off in Beads".into()), false),
        ("blocked", Born::Aside("blocked in Beads".into()), false),
        (
            "in_progress",
            Born::Aside("in progress in Beads: somebody works on it".into()),
            false,
        ),
        ("a status of their own", Born::Open, true),
    ] {
        let issue = object(json!({"id": "bd-9", "title": "Nine", "status": status}));
        let known = created(&issue);
        assert_eq!(imported(&issue).item.born, born, "{status}");
        assert_eq!(known.is_ready(), ready, "{status}");
        assert_eq!(out(&issue, &known)["status"], status);
    }
}

#[test]
fn texts_beside_the_description_reach_the_feature_and_go_back_to_their_fields() {
    let issue = object(json!({
        "id": "bd-2", "title": "Export", "description": "Add export\n\n1. write\n2. \
                                                         read", "status": "open",
        "design": "Stream, do not buffer", "acceptance_criteria": "- 1 GiB in 64 \
            MiB", "notes": "see ADR 7",
    }));
    let mut known = created(&issue);
    for text in ["Add export", "Stream, do not", "1 GiB in 64", "see ADR 7"] {
        assert!(known.content.description.contains(text), "{text}");
    }
    assert_eq!(known.content.steps, ["write", "read"]);
    assert_eq!(out(&issue, &known), issue);

    known.content.description = known.content.description.replace("ADR 7", "ADR 8");
    let written = out(&issue, &known);
    assert_eq!(written["notes"], "see ADR 8");
    assert_eq!(written["design"], issue["design"]);
    assert_eq!(written["description"], issue["description"]);

    known.content.description = "All of it anew".to_owned();
    let written = out(&issue, &known);
    assert_eq!(
        written["description"],
        "All of it anew\n\n1. write\n2. read"
    );
    assert!(!written.contains_key("notes") && !written.contains_key("design"));
}

#[test]
fn of_an_id_that_stands_twice_the_newest_line_counts() {
    let line =
        |title: &str, at: Value| object(json!({"id": "bd-1", "title": title, "updated_at": at}));
    let first = json!("2026-01-01T00:00:00Z");
    let second = json!("2026-01-02T00:00:00+01:00");
    let title = |lines: Vec<Issue>| {
        let (kept, twice) = newest(lines);
        assert_eq!((kept.len(), twice.len()), (1, 1));
        kept[0]["title"].clone()
    };

    assert_eq!(
        title(vec![
            line("new", second.clone()),
            line("old", first.clone())
        ]),
        "new"
    );
    assert_eq!(
        title(vec![line("old", first.clone()), line("new", second)]),
        "new"
    );
    assert_eq!(title(vec![line("a", first.clone()), line("b", first)]), "b");
    assert_eq!(
        title(vec![line("a", Value::Null), line("b", json!(7))]),
        "b"
    );
}

#[test]
fn a_title_that_is_missing_null_or_broken_makes_a_title() {
    for (title, wanted) in [
        (Value::Null, "bd-3"),
        (json!(""), "bd-3"),
        (json!("  "), "bd-3"),
        (json!(7), "bd-3"),
        (json!("Two\nlines\u{1b}[2J"), "Two lines [2J"),
    ] {
        let issue = object(json!({"id": "bd-3", "title": title, "status": "open"}));
        let known = created(&issue);
        assert_eq!(known.content.title, wanted);
        assert_eq!(
            out(&issue, &known),
            issue,
            "nothing changed, nothing is written"
        );
    }
}

/// What is longer than a feature may hold is cut here and kept whole in the file.
#[test]
fn long_texts_are_cut_here_and_kept_in_the_file() {
    let long = "ä".repeat(40_000);
    let comments: Vec<Value> = (0..150)
        .map(|n| json!({"author": "ann", "text": format!("{n} {long}")}))
        .collect();
    let issue = object(json!({
        "id": "bd-4", "title": "Long", "description": long, "notes": long, "status": "open", "comments": comments,
    }));
    let known = created(&issue);
    assert_eq!(imported(&issue).item.comments.len(), 100);
    assert_eq!(out(&issue, &known), issue);
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

/// What this project never took in is nobody's to delete there: issues of elsewhere, and the edge
/// of a circle.
#[test]
fn what_was_left_out_stays_in_the_file() {
    let edge = |on: &str| json!({"issue_id": "z-1", "depends_on_id": on, "type": "blocks"});
    let issue = object(json!({
        "id": "z-1", "title": "One", "status": "open",
        "dependencies": [edge("z-2"), edge("z-3"), edge("external:app:login")],
    }));
    let known = created(&issue);
    let texts = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let written = |depends_on: &[&str]| {
        let (depends_on, admitted) = (texts(depends_on), texts(&["z-2", "z-3"]));
        let beside = Beside {
            id: "z-1",
            raw: Some(&issue),
            depends_on: &depends_on,
            admitted: &admitted,
            times: ("made", "changed"),
        };
        imported(&exported(&known, beside)).item.depends_on
    };

    for (now, expected) in [
        (
            &["z-2", "z-3"][..],
            &["external:app:login", "z-2", "z-3"][..],
        ),
        (&["z-3"], &["external:app:login", "z-3"]),
        (&[], &["external:app:login"]),
        (
            &["z-2", "z-3", "z-9"],
            &["external:app:login", "z-2", "z-3", "z-9"],
        ),
    ] {
        assert_eq!(written(now), expected, "{now:?}");
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
        "closed",
        "tombstone",
    ]);
    let texts = prop::collection::btree_map(
        prop::sample::select(vec![
            "design",
            "acceptance_criteria",
            "notes",
            "close_reason",
        ]),
        words().prop_map(Value::from),
        0..4,
    );
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
    let labels = prop::collection::vec("[a-z]{1,6}", 0..4);

    (words(), words(), status, kind, 0..5u64, labels, dependency, comment, (unknown, texts)).prop_map(
        |(title, description, status, kind, priority, labels, dependency, comment, (unknown, texts))| {
            let Value::Object(mut issue) = json!({
                "id": "a-1", "title": title, "description": description, "status": status, "issue_type": kind,
                "priority": priority, "labels": labels, "assignee": "bob", "created_at": "2026-01-01T00:00:00Z",
                "dependencies": [{"issue_id": "a-1", "depends_on_id": "a-2", "type": dependency, "metadata": {"k": [1, null]}}],
                "comments": [comment],
            }) else {
                unreachable!()
            };
            issue.extend(unknown);
            issue.extend(texts.into_iter().map(|(key, text)| (key.to_owned(), text)));
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
