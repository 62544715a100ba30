//! What a file's issue asks of a feature, on three sides: every rule, and nothing where nothing
//! changed.

use events::aggregate::{Aggregate, Moment};
use events::feature::event::{self, Closing, Created, Event};
use events::feature::{Feature, Known};
use events::id::{Digest, Timestamp};
use events::stream::{Position, Version};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Issue;
use super::export::{Beside, exported};
use super::import::imported;
use super::sync::{Asked, Sides, Turn, asked};

fn issue() -> Issue {
    let comments = json!([{"author": "ann", "text": "hungry"}]);
    let on = json!([{"issue_id": "z-1", "depends_on_id": "z-0", "type": "blocks"}]);
    let all = json!({"id": "z-1", "title": "Feed", "description": "Honey.", "status": "open", "priority": 1, "issue_type": "bug",
                     "labels": ["food"], "comments": comments, "dependencies": on});
    with(&Issue::new(), &all)
}

fn with(issue: &Issue, change: &Value) -> Issue {
    let mut changed = issue.clone();
    changed.extend(change.as_object().expect("an object").clone());
    changed
}

fn known(issue: &Issue, then: Vec<Event>) -> Known {
    let created = Created {
        content: imported(issue).item.content,
        batch: Digest::of(b"batch"),
        blockers: vec![],
    };
    let said = imported(issue)
        .comments
        .into_iter()
        .map(|(by, text)| event::Commented { by, text }.into());
    let mut feature = Feature::default();

    for event in std::iter::once(created.into()).chain(said).chain(then) {
        let moment = Moment {
            position: Position(1),
            version: Version(1),
            at: Timestamp(1),
        };
        feature.evolve(&event, moment);
    }

    feature.known().expect("created").clone()
}

fn closed() -> Event {
    event::Closed {
        closing: Closing::DoneElsewhere,
        by: "me".into(),
    }
    .into()
}

fn claimed() -> Event {
    let holder = events::holder::Holder::Outside {
        principal: "ann".into(),
    };
    event::Claimed {
        epoch: events::id::Epoch(1),
        holder,
    }
    .into()
}

/// What is asked when they changed this and we that, with our feature's later life.
fn when(theirs: Value, ours: Value, then: Vec<Event>) -> Asked {
    let base = issue();
    let (theirs, ours) = (with(&base, &theirs), with(&base, &ours));
    let known = known(&ours, then);
    asked(
        &known,
        Sides {
            base: &base,
            theirs: &theirs,
            ours: &ours,
        },
    )
}

#[test]
fn what_changed_only_there_is_taken() {
    let taken = when(
        json!({"title": "Feed them", "priority": 0, "assignee": "bob", "x": 1}),
        json!({"labels": ["zoo"]}),
        vec![],
    );
    let content = taken.content.expect("a change");
    assert_eq!(
        (content.title.as_str(), content.priority, content.labels),
        ("Feed them", 0, vec!["zoo".to_owned()])
    );
    assert_eq!(taken.conflicts, Vec::<String>::new());

    for nothing in [
        json!({}),
        json!({"assignee": "bob"}),
        json!({"status": "in_progress"}),
        json!({"updated_at": "later"}),
    ] {
        assert_eq!(
            when(nothing.clone(), json!({}), vec![]),
            Asked::default(),
            "{nothing}"
        );
    }
}

#[test]
fn what_changed_on_both_sides_stays_and_is_said() {
    let both = when(
        json!({"title": "Feed them"}),
        json!({"title": "Feed us"}),
        vec![],
    );
    assert_eq!((both.content, both.conflicts.len()), (None, 1));
    assert!(both.conflicts[0].contains("title"), "{:?}", both.conflicts);

    assert_eq!(
        when(json!({"title": "Same"}), json!({"title": "Same"}), vec![]),
        Asked::default(),
        "the same change is none"
    );
    let late = when(json!({"title": "Feed them"}), json!({}), vec![claimed()]);
    assert!(
        late.content.is_none() && late.conflicts[0].contains("worked on"),
        "{late:?}"
    );
}

#[test]
fn comments_and_dependencies_are_sets() {
    let more = json!([{"author": "ann", "text": "hungry"}, {"author": "bob", "text": "still"}, {"author": "bob", "text": "still"}]);
    let here = json!([{"author": "ann", "text": "hungry"}, {"author": "bob", "text": "still"}]);
    let still = ("bob".to_owned(), "still".to_owned());
    assert_eq!(
        when(json!({ "comments": more }), json!({}), vec![]).comments,
        [still.clone(), still.clone()]
    );

    assert_eq!(
        when(
            json!({ "comments": more }),
            json!({ "comments": here }),
            vec![]
        )
        .comments,
        [still]
    );
    assert_eq!(
        when(json!({ "comments": [] }), json!({}), vec![]),
        Asked::default(),
        "what was said stays said"
    );
    let on = |id: &str| json!({"dependencies": [{"issue_id": "z-1", "depends_on_id": id, "type": "blocks"}]});
    let moved = when(on("z-7"), json!({}), vec![]);
    assert_eq!(
        (moved.depends, moved.freed),
        (vec!["z-7".to_owned()], vec!["z-0".to_owned()])
    );
    let same = when(on("z-7"), on("z-7"), vec![]);
    assert_eq!(same, Asked::default());
}

#[test]
fn a_file_closes_and_opens_what_nobody_works_on() {
    let done = || json!({"status": "closed"});

    for (theirs, ours, then, turn, conflicts) in [
        (done(), json!({}), vec![], Some(Turn::Closed), 0),
        (done(), json!({}), vec![claimed()], None, 1),
        (done(), done(), vec![closed()], None, 0),
        (json!({"status": "in_progress"}), json!({}), vec![], None, 0),
    ] {
        let asked = when(theirs.clone(), ours, then);
        assert_eq!(
            (asked.turn, asked.conflicts.len()),
            (turn, conflicts),
            "{theirs}"
        );
    }

    let base = with(&issue(), &done());
    let sides = Sides {
        base: &base,
        theirs: &issue(),
        ours: &base,
    };
    assert_eq!(
        asked(&known(&issue(), vec![closed()]), sides).turn,
        Some(Turn::Reopened)
    );
    let withdrawn = known(&issue(), vec![event::Withdrawn { by: "me".into() }.into()]);
    assert_eq!(asked(&withdrawn, sides).conflicts.len(), 1);
}

proptest! {
    /// What is taken is what is written next: an exchange after an exchange asks for nothing,
    /// whatever the fields are.
    #[test]
    fn a_second_exchange_asks_for_nothing(title in "[a-zA-Z0-9 ]{1,40}", description in "(?s).{0,80}", priority in 0_u64..5, label in "[a-z]{1,8}") {
        let base = issue();
        let theirs = with(&base, &json!({"title": title, "description": description, "priority": priority, "labels": [label]}));
        let first = known(&base, vec![]);
        let wanted = asked(&first, Sides { base: &base, theirs: &theirs, ours: &base });
        let edited = wanted.content.map(|content| vec![event::Edited { content }.into()]).unwrap_or_default();
        let second = known(&base, edited);
        let depends = imported(&base).item.depends_on;
        let beside = Beside {
            id: "z-1",
            raw: Some(&base),
            depends_on: &depends,
            admitted: &depends,
            times: ("made", "changed"),
        };
        let ours = exported(&second, beside);
        prop_assert_eq!(asked(&second, Sides { base: &base, theirs: &theirs, ours: &ours }), Asked::default());
        prop_assert_eq!(asked(&second, Sides { base: &ours, theirs: &ours, ours: &ours }), Asked::default());
    }
}
