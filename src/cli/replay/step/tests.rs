//! What keys do, what is drawn, and that a step back undoes a step forward.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use events::stream::Position;
use json_patch::jsonptr::PointerBuf;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::json;

use super::debugger::{Command, Debugger};
use super::draw::draw;
use super::pane::{PANES, Pane};
use crate::api::{Edit, EventShape, ProspectShape, WhyNotShape};
use crate::replay::{
    Alternative, Changed, Condition, Consequence, EventLine, Expression, Found, Interest, Look,
    Story, Subject, View, Watched,
};

fn expression(text: &str) -> Arc<Expression> {
    Arc::new(Expression::parse(text).expect("an expression"))
}

fn interest() -> Interest {
    Interest {
        subject: Subject::Project("zoo".parse().expect("a name"), View::State),
        breaks: vec![expression("project.closed > 1")],
        watches: vec![expression("project.closed")],
    }
}

fn line(position: u64) -> EventLine {
    let (kind, stream) = match position % 3 {
        0 => ("feature.closed", "feature-zoo/lions"),
        1 => ("feature.claimed", "feature-zoo/lions"),
        _ => ("node.sealed", "node-1"),
    };
    EventLine {
        position: Position(position),
        at: format!("2026-11-26T04:49:{position:02}.123456Z"),
        stream: stream.to_owned(),
        kind: kind.to_owned(),
        summary: format!("epoch={position} n=3"),
        is_of_subject: position % 3 != 2,
    }
}

fn shape(position: u64) -> EventShape {
    let line = line(position);
    EventShape {
        position,
        stream: line.stream,
        version: 2,
        kind: line.kind,
        schema: 1,
        at: line.at,
        principal: "policy:dispatch".to_owned(),
        correlation: "42288c8f".to_owned(),
        causation: Some(1),
        command: "ec0c8893".to_owned(),
        trace: None,
        digest: "36bae86a".to_owned(),
        data: json!({"epoch": position, "holder": {"n": 3}}),
    }
}

/// What there is to see at a position of a log with 12 events.
pub(super) fn look(position: u64) -> Look {
    let shape = (position > 0).then(|| shape(position));
    let place = PointerBuf::parse("/epoch").expect("a pointer");
    let edit = Edit::Changed {
        was: json!(position.saturating_sub(1)),
        is: json!(position),
    };
    let answer = WhyNotShape {
        position: position.saturating_sub(1),
        now: "2026-11-26T04:49:00Z".to_owned(),
        prospect: ProspectShape::Refused,
        text: "It would be refused: the feature is claimed already (claimed).".to_owned(),
        events: vec![],
        code: Some("claimed"),
        because: vec![],
    };
    let changed = shape.as_ref().map(|shape| Changed {
        stream: shape.stream.parse().expect("a stream"),
        state: json!({"epoch": position, "status": "claimed"}),
        edits: vec![(place, edit)],
    });

    Look {
        position: Position(position),
        head: Position(12),
        event: shape,
        around: (1..=12).map(line).collect(),
        story: Story {
            causes: vec![line(1)],
            consequences: vec![Consequence {
                event: line(9),
                depth: 1,
            }],
            through: Some(Position(12)),
        },
        changed,
        watched: vec![Watched {
            text: "project.closed".to_owned(),
            is: Ok(json!(position / 3)),
            was: Ok(json!(position.saturating_sub(1) / 3)),
        }],
        conditions: vec![Condition {
            text: "project.closed > 1".to_owned(),
            holds: Ok(position >= 6),
            is_new: position == 6,
        }],
        alternatives: vec![Alternative {
            deed: "claim".to_owned(),
            answer,
        }],
    }
}

/// A debugger that looks at a position.
pub(super) fn at(position: u64) -> Debugger {
    let mut debugger = Debugger::at(Position(position), interest());
    debugger.arrived(&Ok(Box::new(look(position))));
    debugger
}

fn key(name: &str) -> KeyEvent {
    let code = match name {
        "right" => KeyCode::Right,
        "left" => KeyCode::Left,
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "backspace" => KeyCode::Backspace,
        "space" => KeyCode::Char(' '),
        other => KeyCode::Char(other.chars().next().expect("a key")),
    };
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Presses keys, and answers the last command.
fn press(debugger: &mut Debugger, keys: &str) -> String {
    let mut last = Command::Nothing;
    for name in keys.split_whitespace() {
        last = debugger.update(key(name));
    }
    format!("{last:?}")
}

fn types(debugger: &mut Debugger, text: &str) {
    for c in text.chars() {
        debugger.update(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
    }
}

fn screen(
    debugger: &mut Debugger,
    look: Option<&Look>,
    (width, height): (u16, u16),
) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    let mut extents = [0; PANES.len()];
    let drawn = terminal.draw(|frame| extents = draw(frame, debugger, look));
    drawn.expect("drawn");
    debugger.drawn(extents);

    let cells = terminal.backend().buffer().content();
    let lines = cells.chunks(width.into());
    let text = |cells: &[ratatui::buffer::Cell]| {
        let symbols = cells.iter().map(|cell| cell.symbol());
        symbols.collect::<String>().trim_end().to_owned()
    };
    lines.map(text).collect()
}

#[test]
fn each_key_does_what_it_says() {
    let table: &[(&str, &str, u64)] = &[
        ("l", "Look", 6),
        ("right", "Look", 6),
        ("h", "Look", 4),
        ("left", "Look", 4),
        ("h h h h h h h", "Look", 0),
        ("l l l l l l l l l", "Look", 12),
        ("home", "Look", 1),
        ("end", "Look", 12),
        ("s", "Walk(Stream(Node(NodeName(\"1\"))), On)", 5),
        ("S", "Walk(Stream(Node(NodeName(\"1\"))), Back)", 5),
        ("n", "Walk(Subject, On)", 5),
        ("N", "Walk(Subject, Back)", 5),
        ("c", "Walk(Holds([\"project.closed > 1\"]), On)", 5),
        ("C", "Walk(Holds([\"project.closed > 1\"]), Back)", 5),
        ("t enter", "Walk(Type(\"node.sealed\"), On)", 5),
        ("T backspace enter", "Walk(Type(\"node.seale\"), Back)", 5),
        ("g 7 enter", "Find(\"7\")", 5),
        ("g 7 esc enter", "Nothing", 5),
        ("g enter", "Nothing", 5),
        ("space", "Stop", 5),
        ("esc", "Stop", 5),
        ("tab", "Nothing", 5),
        ("? q", "Nothing", 5),
        ("? q q", "Quit", 5),
        ("q", "Quit", 5),
        ("z", "Nothing", 5),
    ];
    for (keys, command, position) in table {
        let mut debugger = at(5);
        assert_eq!(&press(&mut debugger, keys), command, "{keys}");
        assert_eq!(debugger.position, Position(*position), "{keys}");
    }

    let ctrl = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let mut typing = at(5);
    press(&mut typing, "b");
    assert!(matches!(typing.update(ctrl), Command::Quit));
}

#[test]
fn breaks_and_watched_expressions_come_and_go() {
    let mut debugger = at(5);
    press(&mut debugger, "w");
    types(&mut debugger, "board.columns");
    assert_eq!(press(&mut debugger, "enter"), "Look");
    press(&mut debugger, "b");
    types(&mut debugger, "project.total >");
    assert_eq!(press(&mut debugger, "enter"), "Nothing");
    let note = debugger.note.clone().expect("a fault");
    assert!(
        note.is_fault && note.text.contains("cannot be read"),
        "{note:?}"
    );

    // What cannot be read can be mended.
    types(&mut debugger, " 2");
    assert_eq!(press(&mut debugger, "enter"), "Look");
    let texts = |debugger: &Debugger| {
        let Interest {
            breaks, watches, ..
        } = debugger.interest.clone();
        let all = breaks.into_iter().chain(watches);
        all.map(|one| one.text().to_owned()).collect::<Vec<_>>()
    };
    let all = [
        "project.closed > 1",
        "project.total > 2",
        "project.closed",
        "board.columns",
    ];
    assert_eq!(texts(&debugger), all);

    assert_eq!(debugger.pane, Pane::Watched);
    assert_eq!(press(&mut debugger, "j j x"), "Look");
    assert_eq!(texts(&debugger), [all[0], all[1], all[3]]);
    assert_eq!(press(&mut debugger, "k k x"), "Look");
    assert_eq!(texts(&debugger), [all[1], all[3]]);
    assert_eq!(press(&mut debugger, "x x x"), "Nothing");
    assert!(texts(&debugger).is_empty());
    assert_eq!(press(&mut debugger, "c"), "Nothing");
    assert!(
        debugger
            .note
            .clone()
            .expect("a fault")
            .text
            .contains("no break")
    );
}

#[test]
fn a_play_waits_for_what_it_looks_at_and_stops_at_breaks_and_at_the_end() {
    let mut debugger = at(4);
    press(&mut debugger, "space + +");
    assert_eq!(debugger.speed(), 10);
    assert!(matches!(debugger.tick(Some(Position(4))), Command::Look));
    assert!(matches!(debugger.tick(Some(Position(4))), Command::Nothing));
    assert_eq!(debugger.position, Position(5));
    debugger.arrived(&Ok(Box::new(look(5))));
    assert!(matches!(debugger.tick(Some(Position(5))), Command::Look));
    debugger.arrived(&Ok(Box::new(look(6))));
    assert!(!debugger.is_playing);
    assert_eq!(
        debugger.note.clone().expect("a note").text,
        "stopped at project.closed > 1"
    );

    press(&mut debugger, "end space");
    assert!(debugger.is_playing);
    assert!(matches!(
        debugger.tick(Some(Position(12))),
        Command::Nothing
    ));
    assert!(!debugger.is_playing);
}

#[test]
fn a_walk_ends_where_something_is_found_or_nowhere() {
    let found = |position| {
        Ok(Some(Found {
            position: Position(position),
            which: 0,
        }))
    };
    let mut debugger = at(2);
    press(&mut debugger, "c");
    assert_eq!(debugger.errand(), Some("break after position 2"));
    assert!(matches!(debugger.walked(found(6)), Command::Look));
    assert_eq!(debugger.position, Position(6));
    assert_eq!(
        debugger.note.clone().expect("a note").text,
        "stopped at project.closed > 1"
    );

    press(&mut debugger, "c");
    assert!(matches!(debugger.walked(Ok(None)), Command::Nothing));
    let note = debugger.note.clone().expect("a note").text;
    assert_eq!(note, "there is no break after position 6");

    // One that was ended comes too late.
    press(&mut debugger, "c esc");
    assert!(matches!(debugger.walked(found(9)), Command::Nothing));
    assert_eq!(debugger.position, Position(6));
}

#[test]
fn a_step_back_undoes_a_step_forward() {
    for size in [(80, 24), (160, 50)] {
        for position in 0..12 {
            let mut debugger = at(position);
            press(&mut debugger, "tab tab j");
            let before = screen(&mut debugger, Some(&look(position)), size);

            press(&mut debugger, "l");
            debugger.arrived(&Ok(Box::new(look(position + 1))));
            let there = screen(&mut debugger, Some(&look(position + 1)), size);
            press(&mut debugger, "h");
            debugger.arrived(&Ok(Box::new(look(position))));
            let after = screen(&mut debugger, Some(&look(position)), size);
            assert_eq!(before, after, "at {position}");
            assert_ne!(before, there, "at {position}");
        }
    }
}

#[test]
fn a_small_log_looks_like_this() {
    let table = [
        ((80, 24), include_str!("tests/narrow.txt")),
        ((160, 50), include_str!("tests/wide.txt")),
    ];
    for (size, expected) in table {
        let mut debugger = at(6);
        press(&mut debugger, "tab tab");
        let lines = screen(&mut debugger, Some(&look(6)), size);
        let expected: Vec<&str> = expected.lines().collect();
        assert_eq!(lines, expected, "\n{}\n", lines.join("\n"));
    }
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    for (width, height) in [(1, 1), (10, 3), (39, 24), (80, 11)] {
        let lines = screen(&mut at(5), Some(&look(5)), (width, height));
        let words = "at least 40×12 is needed";
        let cut: String = words.chars().take(usize::from(width)).collect();
        let is_cut = usize::from(width) < words.chars().count();
        let is_said = match is_cut {
            true => lines[0].ends_with('…') || width == 0,
            false => lines[0] == cut,
        };
        assert!(is_said, "{width}×{height}: {lines:?}");
    }
    // The least that there is room in, and every pane and size between it and a wide one.
    for (width, height) in (40..130).step_by(7).zip((12..40).step_by(2)) {
        let mut debugger = at(5);
        for _ in PANES {
            let lines = screen(&mut debugger, Some(&look(5)), (width, height));
            assert!(
                lines.iter().any(|line| line.contains("node.sealed")),
                "{lines:?}"
            );
            press(&mut debugger, "tab");
        }
    }
}

/// A text that a terminal would obey, with wide characters and marks.
const HOSTILE: &str =
    "\u{1b}[2J\u{9b}31m漢字\u{202e}e\u{301}\u{301}\u{301}\u{301}\u{301}\r\n\t👩\u{200d}🚀\u{fe0f}";

#[test]
fn nothing_of_the_log_is_obeyed_or_pushes_anything_away() {
    let hostile = |look: &mut Look| {
        for line in &mut look.around {
            line.kind = HOSTILE.to_owned();
            line.stream = HOSTILE.to_owned();
            line.summary = HOSTILE.repeat(9);
        }
        if let Some(event) = &mut look.event {
            event.principal = HOSTILE.to_owned();
            event.data = json!({HOSTILE: [HOSTILE, HOSTILE.repeat(20)]});
        }
        look.watched[0].is = Ok(json!(HOSTILE));
        look.alternatives[0].answer.text = HOSTILE.repeat(5);
        look.story.causes[0].kind = HOSTILE.to_owned();
        let state = json!({HOSTILE: HOSTILE});
        look.changed.as_mut().expect("a change").state = state;
    };
    let mut seen = look(5);
    hostile(&mut seen);

    for size in [(80, 24), (160, 50), (41, 13)] {
        let mut debugger = at(5);
        for _ in PANES {
            press(&mut debugger, "w");
            types(&mut debugger, HOSTILE);
            press(&mut debugger, "esc tab");
            let lines = screen(&mut debugger, Some(&seen), size);
            for line in &lines {
                let is_obeyed = |c: char| c.is_control() || c == '\u{202e}' || c == '\u{200d}';
                assert!(!line.contains(is_obeyed), "{line:?}");
                let wide = crate::terminal::columns::columns(line);
                // The buffer has a blank cell behind each wide character.
                let behind = line
                    .chars()
                    .filter(|c| crate::terminal::columns::columns_of(*c) == 2);
                assert!(wide - behind.count() <= usize::from(size.0), "{line:?}");
            }
            assert!(lines[0].starts_with(" replay · project zoo"), "{lines:?}");
        }
    }
}
