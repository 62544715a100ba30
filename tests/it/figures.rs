//! Figures of how the code reads, each with a bound that may only become stricter: paragraphs in
//! functions, length of functions, combinators, docs that say nothing, tests beside the code.
//!
//! A line of code is one that is neither blank nor a comment, outside of tests. `figures` prints
//! all of them: `cargo test --test it figures -- --nocapture`.

use std::path::Path;

use crate::house::{is_test, root, rust_files};

/// Functions of so many lines of code read in paragraphs.
const LONG_ENOUGH_FOR_AIR: usize = 15;
/// Longer functions are to be few.
const LONG: usize = 35;
/// Calls that make a chain of one expression, where a statement with a name would be read once.
const COMBINATORS: &[&str] = &[
    ".map_or(",
    ".map_or_else(",
    ".is_some_and(",
    ".is_none_or(",
    ".then(",
    ".then_some(",
    ".and_then(",
    ".find_map(",
    ".zip(",
    ".or_else(",
    ".fold(",
    ".scan(",
];

/// What was counted.
#[derive(Debug, Default)]
struct Figures {
    code: usize,
    tests: usize,
    functions: usize,
    long: usize,
    airable: usize,
    aired: usize,
    combinators: usize,
    docs: usize,
    short_docs: usize,
}

fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}

/// Whether a file holds tests alone.
fn is_all_tests(path: &Path) -> bool {
    let name = path.to_string_lossy();
    let rooms = ["/benches/", "/actors/driver/", "/events/samples/"];
    is_test(path) || name.ends_with("tests.rs") || rooms.iter().any(|room| name.contains(room))
}

/// Whether this line begins a function.
fn begins_function(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.any(|word| word == "fn")
        && line
            .split("fn ")
            .next()
            .is_some_and(|before| before.split_whitespace().all(is_qualifier))
}

fn is_qualifier(word: &str) -> bool {
    matches!(word, "pub" | "const" | "async" | "in")
        || word.starts_with("pub(")
        || word.ends_with(')')
}

impl Figures {
    fn add(&mut self, path: &Path, text: &str) {
        let lines: Vec<&str> = text.lines().collect();
        let inline = lines.windows(2).position(|pair| {
            pair[0].trim() == "#[cfg(test)]" && pair[1].contains("mod ") && pair[1].ends_with('{')
        });
        let end = match is_all_tests(path) {
            true => 0,
            false => inline.unwrap_or(lines.len()),
        };
        let (production, tests) = lines.split_at(end);

        self.tests += tests.iter().filter(|line| is_code(line)).count();
        self.code += production.iter().filter(|line| is_code(line)).count();
        for line in production.iter().filter(|line| is_code(line)) {
            self.combinators += COMBINATORS
                .iter()
                .map(|call| line.matches(call).count())
                .sum::<usize>();
        }
        self.add_docs(production);
        self.add_functions(production);
    }

    /// Counts docs of items: lines of `///` in a row are one.
    fn add_docs(&mut self, lines: &[&str]) {
        let is_doc = |line: &&&str| line.trim().starts_with("///");
        let mut rest = lines;
        while let Some(start) = rest.iter().position(|line| is_doc(&line)) {
            rest = &rest[start..];
            let length = rest.iter().take_while(is_doc).count();
            let words: usize = rest[..length]
                .iter()
                .map(|line| line.trim()[3..].split_whitespace().count())
                .sum();

            self.docs += 1;
            self.short_docs += usize::from(words <= 3);
            rest = &rest[length..];
        }
    }

    /// Counts functions, each from its first line to the bracket that closes it.
    fn add_functions(&mut self, lines: &[&str]) {
        let mut rest = lines;
        while let Some(start) = rest.iter().position(|line| begins_function(line)) {
            rest = &rest[start..];
            let indent = rest[0].len() - rest[0].trim_start().len();
            let closing = format!("{}}}", " ".repeat(indent));
            let only_named = rest
                .iter()
                .position(|line| line.ends_with('{'))
                .is_none_or(|opens| rest[..opens].iter().any(|line| line.ends_with(';')));
            let closes = rest.iter().position(|line| *line == closing);
            let (false, Some(closes)) = (only_named, closes) else {
                rest = &rest[1..];
                continue;
            };

            let function = &rest[..=closes];
            let code = function.iter().filter(|line| is_code(line)).count();
            self.functions += 1;
            self.long += usize::from(code > LONG);
            if code >= LONG_ENOUGH_FOR_AIR {
                let has_air = function.iter().any(|line| line.trim().is_empty());
                self.airable += 1;
                self.aired += usize::from(has_air);
            }
            rest = &rest[closes + 1..];
        }
    }

    /// So many of a thousand, rounded down: for what is bounded from below.
    fn per_thousand(part: usize, whole: usize) -> usize {
        part * 1_000 / whole.max(1)
    }

    /// So many of ten thousand, rounded up: for what is bounded from above, so that no fraction
    /// passes beside the bound.
    fn per_ten_thousand(part: usize, whole: usize) -> usize {
        (part * 10_000).div_ceil(whole.max(1))
    }
}

#[test]
fn a_fraction_above_a_bound_is_above_it() {
    assert_eq!(Figures::per_ten_thousand(60, 10_000), 60);
    assert_eq!(Figures::per_ten_thousand(6_001, 1_000_000), 61);
    assert_eq!(Figures::per_thousand(8_799, 10_000), 879);
}

/// The figures of this tree, and the bounds that they were brought to. Whoever makes one better
/// makes its bound stricter.
#[test]
fn the_code_reads_as_well_as_it_did() {
    let peers = root().join("benches/peers");
    let mut all = Figures::default();
    for (path, text) in rust_files() {
        if !path.starts_with(&peers) {
            all.add(&path, &text);
        }
    }
    println!("{all:#?}");

    let aired = Figures::per_thousand(all.aired, all.airable);
    assert!(
        aired >= 879,
        "{aired} ‰ of longer functions have paragraphs"
    );
    let long = Figures::per_ten_thousand(all.long, all.functions);
    assert!(
        long <= 470,
        "{long} of 10 000 functions are longer than {LONG} lines"
    );
    let combinators = Figures::per_ten_thousand(all.combinators, all.code);
    assert!(
        combinators <= 56,
        "{combinators} combinators in 10 000 lines"
    );
    let short = Figures::per_ten_thousand(all.short_docs, all.docs);
    assert!(
        short <= 945,
        "{short} of 10 000 docs have three words or less"
    );
    let tests = Figures::per_thousand(all.tests, all.code);
    assert!(tests >= 800, "{tests} lines of tests for 1 000 of code");
}

/// Crates whose rules have tests beside them, with how many lines of them for 1 000 of code.
const TESTED: &[(&str, usize)] = &[("events", 800), ("actors", 520)];

#[test]
fn rules_have_tests_beside_them() {
    for (room, least) in TESTED {
        let mut figures = Figures::default();
        for (path, text) in rust_files() {
            if path.starts_with(root().join(room)) {
                figures.add(&path, &text);
            }
        }
        let tests = Figures::per_thousand(figures.tests, figures.code);
        println!("{room}: {tests} lines of tests for 1 000 of code");
        assert!(
            tests >= *least,
            "{room}: {tests} lines of tests for 1 000 of code, at least {least}"
        );
    }
}

#[test]
fn functions_are_found_and_measured() {
    let text = [
        "//! A file.",
        "",
        "/// Says something about it.",
        "pub fn long(a: u8) -> u8 {",
        "    let b = a;",
        "",
        "    b",
        "}",
        "",
        "/// Short.",
        "fn named(",
        "    a: u8,",
        ");",
        "",
        "impl A {",
        "    pub(super) async fn inner(&self) {",
        "        self.x.map_or(1, f).zip(2);",
        "    }",
        "}",
        "",
        "#[cfg(test)]",
        "mod tests {",
        "    fn test() {}",
        "}",
    ]
    .join("\n");
    let mut figures = Figures::default();
    figures.add(&root().join("src/x.rs"), &text);
    assert_eq!(
        (figures.functions, figures.docs, figures.short_docs),
        (2, 2, 1)
    );
    assert_eq!((figures.combinators, figures.tests), (2, 4));
}
