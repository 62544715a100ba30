//! Words without deeds: every event has somebody who records it, every command somebody who sends
//! it, every outcome a session that ends with it, every setting something that it changes. Looked
//! for in the sources themselves, without tests and without comments.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What nothing produces or reads yet, and why it is there.
const OWED: [(&str, &str); 5] = [
    (
        "command project OpenEdit",
        "edit mode comes with the bridge",
    ),
    (
        "command project SaveEdit",
        "edit mode comes with the bridge",
    ),
    (
        "command project DiscardEdit",
        "edit mode comes with the bridge",
    ),
    (
        "outcome Stuck",
        "silence is supervised with budgets and stuck sessions",
    ),
    ("outcome OverBudget", "budgets come with supervision"),
];

/// A source file as words and signs.
struct Source {
    path: PathBuf,
    words: Vec<String>,
}

/// Words and signs of a text, up to its tests. Comments are none, nor is what texts hold.
fn words(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next();
    let lines = code.unwrap_or_default().lines();
    let code = lines.map(|line| line.split("//").next().unwrap_or_default());
    let mut words: Vec<String> = vec![];
    let mut is_open = false;

    for c in code.flat_map(|line| line.chars().chain(['\n'])) {
        let is_letter = c.is_ascii_alphanumeric() || c == '_';
        match words.last_mut() {
            Some(word) if is_letter && is_open => word.push(c),
            _ if is_letter || !c.is_whitespace() => words.push(c.to_string()),
            _ => {}
        }
        is_open = is_letter;
    }

    words
}

fn sources(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs_err::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            // The driver plays all parts itself, and what replay does again was done by others:
            // what only these do, nobody does.
            if !["driver", "redo", "course"].contains(&name.as_str()) {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") && !name.contains("test") && name != "golden.rs" {
            let text = fs_err::read_to_string(&path).expect("a source");
            let words = words(&text);
            found.push(Source { path, words });
        }
    }
}

impl Source {
    /// Whether these words follow each other here, and what stands before them is none of
    /// `not_after`.
    fn has(&self, wanted: &[&str], not_after: &[&str]) -> bool {
        let mut windows = self.words.windows(wanted.len()).enumerate();
        windows.any(|(at, window)| {
            let before = at.checked_sub(1).map(|at| self.words[at].as_str());
            window
                .iter()
                .zip(wanted)
                .all(|(word, wanted)| word == wanted)
                && before.is_none_or(|before| !not_after.contains(&before))
        })
    }

    fn is_in(&self, part: &str) -> bool {
        self.path.to_string_lossy().contains(part)
    }

    /// The names directly inside the braces after these words: variants of an enum, fields of a
    /// struct.
    fn members(&self, head: &[&str]) -> Vec<String> {
        let begins = self.words.windows(head.len());
        let mut begins = begins.zip(head.len()..);
        let Some((_, begin)) = begins.find(|(window, _)| window.iter().eq(head.iter())) else {
            return vec![];
        };

        let (mut depth, mut members) = (1, vec![]);
        let mut before = "{";

        for word in &self.words[begin..] {
            match word.as_str() {
                "{" | "(" | "[" | "<" => depth += 1,
                "}" | ")" | "]" | ">" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            let is_name = word.starts_with(|c: char| c.is_ascii_alphabetic()) && word != "pub";
            if depth == 1 && is_name && ["{", ",", "]", "pub"].contains(&before) {
                members.push(word.clone());
            }
            before = word;
        }

        members
    }
}

/// The events of an aggregate, by the names of their bodies: what stands in `Name(Body) =
/// "noun.verb"`.
fn bodies(source: &Source) -> Vec<String> {
    let windows = source.words.windows(6);
    let named = windows.filter(|w| w[1] == "(" && w[3] == ")" && w[4] == "=" && w[5] == "\"");
    named.map(|w| w[2].clone()).collect()
}

/// The folder or file of `events` that an aggregate is in.
fn aggregate(source: &Source) -> String {
    let path = source.path.to_string_lossy().into_owned();
    let within = path.rsplit_once("events/").map(|(_, within)| within);
    let first = within.and_then(|within| within.split('/').next());
    first.unwrap_or_default().trim_end_matches(".rs").to_owned()
}

fn idle(all: &[Source]) -> BTreeSet<String> {
    let mut idle = BTreeSet::new();

    for source in all.iter().filter(|source| source.is_in("/events/")) {
        let name = aggregate(source);
        for body in bodies(source) {
            let defined = ["struct", "for", "impl"];
            if !all.iter().any(|s| s.has(&[&body, "{"], &defined)) {
                idle.insert(format!("event {name} {body}"));
            }
        }
        for command in source.members(&["pub", "enum", "Command", "{"]) {
            let own = format!("/events/{name}");
            let mut others = all.iter().filter(|s| !s.is_in(&own));
            if !others.any(|s| s.has(&["Command", ":", ":", &command], &[])) {
                idle.insert(format!("command {name} {command}"));
            }
        }
        for outcome in source.members(&["pub", "enum", "Outcome", "{"]) {
            // Nor is it one that a report has words for it.
            let says = ["/events/outcome.rs", "/events/report/"];
            let mut others = all
                .iter()
                .filter(|s| !says.iter().any(|part| s.is_in(part)));
            // Named among others of a pattern it is passed over, which is no deed.
            if !others.any(|s| s.has(&["Outcome", ":", ":", &outcome], &["|"])) {
                idle.insert(format!("outcome {outcome}"));
            }
        }
        for setting in source.members(&["pub", "struct", "Settings", "{"]) {
            // Setting it is one thing; something has to come of it.
            let sets = ["/events/settings.rs", "/api/project.rs", "/cli/"];
            let mut others = all
                .iter()
                .filter(|s| !sets.iter().any(|part| s.is_in(part)));
            if !others.any(|s| s.has(&[".", &setting], &[])) {
                idle.insert(format!("setting {setting}"));
            }
        }
    }

    idle
}

#[test]
fn every_word_has_a_deed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = vec![];
    for folder in ["events", "actors", "src"] {
        sources(&root.join(folder), &mut all);
    }
    let events: usize = all.iter().map(|source| bodies(source).len()).sum();
    let found = |head: &[&str]| -> usize { all.iter().map(|s| s.members(head).len()).sum() };
    assert!(events > 80, "{events} events are found");
    assert!(found(&["pub", "enum", "Command", "{"]) > 80);
    assert!(found(&["pub", "enum", "Outcome", "{"]) > 12);
    assert!(found(&["pub", "struct", "Settings", "{"]) > 16);

    let owed: BTreeSet<String> = OWED.iter().map(|(what, _)| (*what).to_owned()).collect();
    assert_eq!(idle(&all), owed, "nothing produces or reads it");
}
