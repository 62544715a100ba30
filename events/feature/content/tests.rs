//! Every bound of a content, at it and one beyond it; and the forms of a priority.

use super::*;

fn content() -> Content {
    Content::titled("A part")
}

fn is_taken(change: impl FnOnce(&mut Content)) -> bool {
    let mut content = content();
    change(&mut content);
    content.check().is_ok()
}

/// So many steps or labels of so many bytes.
fn texts(count: usize, bytes: usize) -> Vec<String> {
    vec!["x".repeat(bytes); count]
}

#[test]
fn each_bound_is_taken_and_one_beyond_it_is_not() {
    type Set = fn(&mut Content, usize);
    let table: [(&str, Set, usize); 8] = [
        ("title", |c, n| c.title = "ä".repeat(n), TITLE_MAX),
        (
            "description",
            |c, n| c.description = "x".repeat(n),
            DESCRIPTION_MAX,
        ),
        ("bytes of steps", |c, n| c.steps = texts(1, n), STEPS_MAX),
        ("steps", |c, n| c.steps = texts(n, 1), STEPS_COUNT_MAX),
        ("labels", |c, n| c.labels = texts(n, 1), LABELS_MAX),
        ("a label", |c, n| c.labels = texts(1, n), TITLE_MAX),
        ("category", |c, n| c.category = "x".repeat(n), TITLE_MAX),
        (
            "priority",
            |c, n| c.priority = u8::try_from(n).expect("small"),
            usize::from(PRIORITY_MAX),
        ),
    ];

    for (name, set, most) in table {
        assert!(is_taken(|content| set(content, most)), "{name} of {most}");
        assert!(!is_taken(|content| set(content, most + 1)), "{name}");
    }
}

#[test]
fn a_title_is_one_line_that_says_something() {
    for title in ["", "   ", "two\nlines", "a\ttab", "\u{7}"] {
        let why = Content::titled(title).check().expect_err(title);
        assert!(why.contains("title"), "{why}");
    }
    assert!(Content::titled(" a ").check().is_ok());
}

#[test]
fn steps_and_labels_say_something() {
    let blank = || vec!["one".to_owned(), "  ".to_owned()];
    assert!(!is_taken(|content| content.steps = blank()));
    assert!(!is_taken(|content| content.labels = blank()));
    assert!(is_taken(|content| content.category = String::new()));
}

#[test]
fn a_priority_is_a_number_or_its_name() {
    let read = |priority: &str| {
        let json = format!(r#"{{"title":"a","priority":{priority}}}"#);
        serde_json::from_str::<Content>(&json).map(|content| content.priority)
    };
    for (text, expected) in [
        ("0", 0),
        ("4", 4),
        ("\"P0\"", 0),
        ("\"p4\"", 4),
        ("\"P2\"", 2),
    ] {
        assert_eq!(read(text).ok(), Some(expected), "{text}");
    }
    for text in ["\"P5\"", "\"2\"", "\"P\"", "\"P10\"", "\"X1\"", "-1"] {
        assert!(read(text).is_err(), "{text}");
    }
    let nothing = serde_json::from_str::<Content>(r#"{"title":"a"}"#);
    assert_eq!(nothing.expect("a content").priority, PRIORITY_USUAL);
}
