//! Whatever file or folder a document names is there: a map that names what was moved leads a
//! reader who does not know the code astray.

use std::path::{Path, PathBuf};

use crate::house::root;

/// Folders of the tree that documents name paths of.
const TOPS: &[&str] = &[
    "src/",
    "actors/",
    "events/",
    "tests/",
    "docs/",
    "benches/",
    "docker/",
    "templates/",
    "examples/",
    ".ci/",
    ".github/",
];
/// Documents that a reader begins with; the folder `docs` comes on top.
const ENTRANCES: &[&str] = &[
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "AGENTS.md",
    "README.md",
    "SECURITY.md",
];
/// Paths that are found at least: fewer means that the search finds nothing.
const PATHS_MIN: usize = 100;

fn documents() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ENTRANCES.iter().map(|name| root().join(name)).collect();
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(&folder).expect("docs").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                found.push(path);
            }
        }
    }

    found
}

/// What stands between backticks and begins with a folder of the tree.
fn named(text: &str) -> Vec<String> {
    let mut paths = vec![];
    for quoted in text.split('`').skip(1).step_by(2) {
        let path = quoted
            .split([' ', ':', '*', '{', '<', '\n'])
            .next()
            .unwrap_or_default();
        let path = path.trim_end_matches(['/', ',', '.', ';']);
        if TOPS.iter().any(|top| path.starts_with(top)) {
            paths.push(path.to_owned());
        }
    }
    paths
}

/// The table of what is proved names tests as the test binary does, below `tests/it`.
fn is_a_test(path: &Path) -> bool {
    let Ok(path) = path.strip_prefix(root()) else {
        return false;
    };
    root()
        .join("tests/it")
        .join(path)
        .with_extension("rs")
        .exists()
}

/// Where the links to files of the tree lead.
fn linked(text: &str) -> Vec<String> {
    let mut paths = vec![];
    for (n, _) in text.match_indices("](") {
        let target = text[n + 2..].split([')', '#']).next().unwrap_or_default();
        if !target.is_empty() && !target.contains("://") && !target.contains(' ') {
            paths.push(target.to_owned());
        }
    }
    paths
}

#[test]
fn every_path_that_a_document_names_is_there() {
    let (mut missing, mut seen) = (vec![], 0);
    for document in documents() {
        let text = fs_err::read_to_string(&document).expect("a document");
        // Blocks of code have backticks of their own: what they print is nobody's path.
        let prose: String = text.split("```").step_by(2).collect();
        let folder = document.parent().unwrap_or(Path::new("."));

        let named = named(&prose).into_iter().map(|path| root().join(path));
        let linked = linked(&prose).into_iter().map(|path| folder.join(path));
        for path in named.chain(linked) {
            seen += 1;
            if !path.exists() && !is_a_test(&path) {
                missing.push(format!("{} names {}", document.display(), path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(seen >= PATHS_MIN, "only {seen} paths were found");
}

/// The map of ARCHITECTURE: a folder at the left margin, what is in it below.
#[test]
fn the_map_shows_what_there_is() {
    let text = fs_err::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE");
    let (_, map) = text.split_once("## The map").expect("the map");
    let map = map.split("```").nth(1).expect("a block");
    let (mut folder, mut missing, mut seen) = (String::new(), vec![], 0);

    for line in map.lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(first) = words.first() else {
            continue;
        };
        if !line.starts_with(' ') {
            folder = (*first).to_owned();
        }
        for word in words.iter().take_while(|word| word.ends_with('/')) {
            let path = match line.starts_with(' ') {
                true => root().join(&folder).join(word),
                false => root().join(word),
            };
            seen += 1;
            if !path.is_dir() {
                missing.push(path.display().to_string());
            }
        }
    }

    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(seen > 20, "only {seen} folders were found");
}

/// Whatever belongs at the top of the tree. `target` and `.git` are nobody's to commit.
const TOP: &[&str] = &[
    ".cargo",
    ".ci",
    ".clippy.toml",
    ".editorconfig",
    ".git",
    ".git-blame-ignore-revs",
    ".github",
    ".gitignore",
    ".rustfmt.toml",
    "AGENTS.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CLAUDE.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "actors",
    "benches",
    "book.toml",
    "build.rs",
    "deny.toml",
    "docker",
    "docs",
    "events",
    "examples",
    "justfile",
    "rust-toolchain.toml",
    "src",
    "target",
    "templates",
    "tests",
    "ui",
];

/// A test or a command of the manual that leaves something in the tree would have it committed.
#[test]
fn nothing_lies_at_the_top_of_the_tree_that_does_not_belong_there() {
    let entries = fs_err::read_dir(root()).expect("the tree").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let strange: Vec<_> = names.filter(|name| !TOP.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "what made these? {strange:?}");
}
