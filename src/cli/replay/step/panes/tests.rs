//! What each pane tells.

use serde_json::json;

use super::super::tests::{at, look};
use super::*;

fn told(pane: Pane, debugger: &Debugger, look: &Look) -> Vec<String> {
    let lines = lines(pane, debugger, look);
    lines.iter().map(ToString::to_string).collect()
}

#[test]
fn before_the_first_event_there_is_nothing_to_tell() {
    let mut seen = look(0);
    seen.alternatives.clear();
    seen.watched.clear();
    seen.conditions.clear();
    for pane in [Pane::Event, Pane::Story, Pane::State] {
        assert_eq!(told(pane, &at(0), &seen), ["nothing has happened yet"]);
    }
    let nothing = ["there is nothing to wish for here"];
    assert_eq!(told(Pane::Refused, &at(0), &seen), nothing);
    let hints = told(Pane::Watched, &at(0), &seen);
    assert!(
        hints[0].starts_with("w ") && hints[1].starts_with("b "),
        "{hints:?}"
    );
}

#[test]
fn edits_are_told_with_what_was_and_what_is() {
    let long = json!("x".repeat(500));
    let table = [
        (Edit::Added { is: json!(1) }, "+ /a/b 1"),
        (Edit::Removed { was: json!([]) }, "- /a/b []"),
        (
            Edit::Changed {
                was: json!(null),
                is: json!("c"),
            },
            "~ /a/b null → \"c\"",
        ),
    ];
    for (change, expected) in table {
        assert_eq!(edit("/a/b", &change).to_string(), expected);
    }
    let cut = value(&long);
    assert_eq!(cut.chars().count(), VALUE_SHOWN + 1);
    assert!(cut.ends_with('…'), "{cut}");
}

#[test]
fn a_stream_that_is_new_is_marked_as_a_whole() {
    let mut seen = look(5);
    let changed = seen.changed.as_mut().expect("a change");
    let is = changed.state.clone();
    changed.edits = vec![(Default::default(), Edit::Added { is })];
    let lines = told(Pane::State, &at(5), &seen);
    assert_eq!(lines[..2], ["node-1", ""]);
    assert!(
        lines[2..].iter().all(|line| line.starts_with('~')),
        "{lines:?}"
    );

    changed_to_nothing(&mut seen);
    let lines = told(Pane::State, &at(5), &seen);
    assert_eq!(lines[1], "the event changed nothing of its state");
    assert!(
        lines[2..].iter().all(|line| !line.starts_with('~')),
        "{lines:?}"
    );
}

fn changed_to_nothing(look: &mut Look) {
    look.changed.as_mut().expect("a change").edits.clear();
}

#[test]
fn watched_values_say_when_they_are_others() {
    let value = |is: Result<Value, &str>, was: Result<Value, &str>| Watched {
        text: "f".to_owned(),
        is: is.map_err(str::to_owned),
        was: was.map_err(str::to_owned),
    };
    let table = [
        (value(Ok(json!(1)), Ok(json!(1))), "  f = 1"),
        (value(Ok(json!(2)), Ok(json!(1))), "~ f = 2  was 1"),
        (value(Ok(json!(2)), Err("no f")), "~ f = 2  was (no f)"),
        (value(Err("no f"), Ok(json!(1))), "~ f = (no f)  was 1"),
        (value(Err("no f"), Err("nothing")), "  f = (no f)"),
    ];
    for (watched, expected) in table {
        let shown = watch(&watched).to_string();
        assert_eq!(shown, expected);
    }
}

#[test]
fn conditions_say_whether_they_hold() {
    let asked = |holds: Result<bool, &str>, is_new| Condition {
        text: "f > 1".to_owned(),
        holds: holds.map_err(str::to_owned),
        is_new,
    };
    let table = [
        (asked(Ok(true), true), "● f > 1  holds from here on"),
        (asked(Ok(true), false), "● f > 1  holds"),
        (asked(Ok(false), false), "○ f > 1  does not hold"),
        (asked(Err("no f"), false), "○ f > 1  no f"),
    ];
    for (one, expected) in table {
        assert_eq!(condition(&one).to_string(), expected);
    }
}

#[test]
fn the_chosen_line_has_a_sign_and_one_that_was_removed_is_gone() {
    let (mut debugger, seen) = (at(5), look(5));
    debugger.pane = Pane::Watched;
    debugger.chosen = 1;
    let lines = told(Pane::Watched, &debugger, &seen);
    assert!(
        lines[0].starts_with("  ○") && lines[1].starts_with("›  "),
        "{lines:?}"
    );
    debugger.interest.breaks.clear();
    assert_eq!(told(Pane::Watched, &debugger, &seen).len(), 1);
}

#[test]
fn refusals_come_first_and_what_would_go_comes_last() {
    let mut seen = look(5);
    let refused = seen.alternatives[0].clone();
    let with = |deed: &str, prospect| {
        let mut other = refused.clone();
        deed.clone_into(&mut other.deed);
        other.answer.prospect = prospect;
        other
    };
    seen.alternatives = vec![
        with("close", ProspectShape::Accepted),
        with("merge", ProspectShape::Missing),
        with("claim", ProspectShape::Refused),
        with("start", ProspectShape::Owed),
    ];
    let lines = told(Pane::Refused, &at(5), &seen);
    let starts = ["right before", "✗ claim", "~ merge", "✓ close", "✓ start"];
    assert_eq!(lines.len(), starts.len());
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{lines:?}");
    }
}

#[test]
fn a_story_says_how_far_it_was_looked_at() {
    let mut seen = look(5);
    let lines = told(Pane::Story, &at(5), &seen);
    let middle = ["1 feature.claimed", "5 node.sealed", "  └ 9 feature.closed"];
    for (line, start) in lines[1..].iter().zip(middle) {
        assert!(line.starts_with(start), "{lines:?}");
    }
    assert_eq!(lines.last().expect("a line"), "looked at up to 12");

    seen.story.through = None;
    assert_eq!(
        told(Pane::Story, &at(5), &seen).last().expect("a line"),
        "… and more"
    );
    seen.story.consequences.clear();
    seen.story.through = Some(events::stream::Position(7));
    let lines = told(Pane::Story, &at(5), &seen);
    assert_eq!(lines.last().expect("a line"), "nothing came of it up to 7");
}
