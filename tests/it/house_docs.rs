//! Docs of items say something: none is a riddle of one question word, and few are shorter than a
//! name would be.

use crate::house::{is_test, root, rust_files};

/// Words that begin a question and no description.
const QUESTIONS: &[&str] = &[
    "Who", "Whom", "Whose", "What", "Which", "How", "Where", "Why", "When",
];
/// Words of a doc that is short.
const SHORT: usize = 3;
/// Share of short docs, in percent of all.
const SHORT_PERCENT_MAX: usize = 10;

/// The docs of a file: where each begins, and its words.
fn docs(text: &str) -> Vec<(usize, Vec<&str>)> {
    let mut docs: Vec<(usize, Vec<&str>)> = vec![];
    let mut goes_on = false;

    for (n, line) in text.lines().enumerate() {
        let doc = line.trim_start().strip_prefix("///");
        if let Some(words) = doc {
            if !goes_on {
                docs.push((n + 1, vec![]));
            }
            if let Some((_, doc)) = docs.last_mut() {
                doc.extend(words.split_whitespace());
            }
        }
        goes_on = doc.is_some();
    }

    docs
}

#[test]
fn docs_begin_with_a_noun_and_say_something() {
    let (mut riddles, mut all, mut short) = (vec![], 0, 0);

    for (path, text) in rust_files() {
        let ours = ["src", "actors", "events"].map(|room| path.starts_with(root().join(room)));
        if !ours.contains(&true) || is_test(&path) {
            continue;
        }
        for (line, words) in docs(&text) {
            all += 1;
            if words.len() > SHORT {
                continue;
            }
            short += 1;
            let first = words.first().map(|word| word.trim_matches(['.', ',', '?']));
            if first.is_some_and(|first| QUESTIONS.contains(&first)) {
                riddles.push(format!("{}:{line}: {}", path.display(), words.join(" ")));
            }
        }
    }

    assert!(all > 4_000, "only {all} docs were found");
    assert!(
        riddles.is_empty(),
        "name the thing instead:\n{}",
        riddles.join("\n")
    );
    let percent = short * 100 / all;
    assert!(
        percent < SHORT_PERCENT_MAX,
        "{short} of {all} docs have {SHORT} words or less, that is {percent} %"
    );
}
