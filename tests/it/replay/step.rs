//! The debugger with the real binary in a real terminal.

use nix::sys::signal::Signal;

use super::terminal::Seen;
use super::verbs::with_a_log;
use crate::binary::signal;
use crate::newcomer::Newcomer;

/// What puts the screen of before back.
const BACK: &str = "\u{1b}[?1049l";
/// What shows the cursor.
const CURSOR: &str = "\u{1b}[?25h";

/// The first position of a type, and the last one of all.
fn place_of(me: &Newcomer, kind: &str) -> (u64, u64) {
    let events = me.export();
    let position = |event: &serde_json::Value| event["position"].as_u64().expect("a position");
    let found = events.iter().find(|event| event["type"] == kind);
    let last = events.last().expect("an event");
    (position(found.expect(kind)), position(last))
}

fn step(me: &Newcomer, more: &[&str]) -> (Seen, String) {
    let args = [&["replay", "step", "--project", "zoo"], more].concat();
    Seen::start(&me.command(&args), (100, 30))
}

#[test]
fn the_log_is_stepped_through_in_a_terminal() {
    let me = with_a_log();
    let (created, head) = place_of(&me, "feature.created");
    let (mut seen, before) = step(&me, &["--at", "1"]);

    seen.shows(&format!(" 1 of {head} "));
    seen.shows("node.started  node-local version 1");
    seen.types("l");
    seen.shows(&format!(" 2 of {head} "));
    seen.shows("project.registered  project-zoo version 1");
    seen.types("h");
    seen.shows(&format!(" 1 of {head} "));

    seen.types("b");
    seen.shows("break when:");
    seen.types("project.total > 0\r");
    seen.shows("there is no field `total`");
    seen.types("c");
    seen.shows(&format!(" {created} of {head} "));
    seen.shows("stopped at project.total > 0");
    seen.shows("holds from here on");
    seen.types("g999\r");
    seen.shows("beyond the head");
    seen.types("g1\r");
    seen.shows(&format!(" 1 of {head} "));
    seen.types("q");

    let (code, after, rest) = seen.ended();
    assert_eq!((code, after), (Some(0), before));
    assert!(rest.contains(BACK) && rest.contains(CURSOR), "{rest:?}");
}

#[test]
fn whatever_ends_it_the_terminal_is_as_it_was() {
    let me = with_a_log();
    for (ends, code) in [
        ("\u{3}", Some(0)),
        ("SIGTERM", Some(1)),
        ("SIGINT", Some(1)),
    ] {
        let (mut seen, before) = step(&me, &["--watch", "project.total"]);
        seen.shows("project.total = 1");
        match ends {
            "SIGTERM" => signal(&seen.child, Signal::SIGTERM),
            "SIGINT" => signal(&seen.child, Signal::SIGINT),
            keys => seen.types(keys),
        }

        let (ended, after, rest) = seen.ended();
        assert_eq!((ended, after), (code, before), "{ends:?}");
        assert!(rest.contains(BACK) && rest.contains(CURSOR), "{rest:?}");
    }
}

#[test]
fn a_terminal_is_asked_for_and_wrong_inputs_are_told_before_it_is_touched() {
    let me = with_a_log();
    me.refused(&["replay", "step", "--project", "zoo"], "`replay state`");

    let table: &[(&[&str], &str)] = &[
        (&["--at", "9999"], "beyond the head"),
        (&["--break", "project.total >"], "cannot be read"),
        (&["--watch", "1 +"], "cannot be read"),
    ];
    for (args, words) in table {
        let (seen, before) = step(&me, args);
        let (code, after, rest) = seen.ended();
        assert_eq!((code, after), (Some(1), before), "{args:?}");
        assert!(
            rest.contains(words) && !rest.contains("\u{1b}["),
            "{rest:?}"
        );
    }
}
