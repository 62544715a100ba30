//! Walks the tree: file length, `//!` headers, documented items, names that say nothing, actix in
//! its rooms, arrows.

use std::path::{Path, PathBuf};

/// Longest file, in lines of code: blank lines, comments and tests apart.
const LINES_MAX: usize = 400;
/// Columns of a line: rustfmt's, for comments and text as well.
const COLUMNS_MAX: usize = 100;
/// Longer lines that are left: tables, macros, and text that a line break would change. Never more.
const LONGER_LINES: usize = 180;
/// Names that say nothing about what a file does.
const SAYS_NOTHING: &[&str] = &[
    "manager",
    "service",
    "orchestrator",
    "daemon",
    "utils",
    "util",
    "helpers",
    "helper",
    "misc",
    "common",
];
/// Where actix may be named in `actors`.
const ACTIX_ROOMS: &[&str] = &[
    "host.rs",
    "directory.rs",
    "supervisor.rs",
    // A system for the tests beside them.
    "testbed_tests.rs",
];

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn rust_files() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["src", "actors", "events", "tests", "benches"]
        .map(|f| root().join(f))
        .into();
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs_err::read_to_string(&path).expect("readable source");
                found.push((path, text));
            }
        }
    }

    assert!(
        found.len() > 50,
        "the walk found {} files only",
        found.len()
    );
    found
}

/// Lines of code before the tests that a file ends with. A module of tests that lies in a file of
/// its own ends nothing: what comes after its name is code.
pub(crate) fn lines_of_code(text: &str) -> usize {
    let mut production = text;
    let mut named = 0; // lines that name such a module
    for (at, tests) in text.match_indices("\n#[cfg(test)]\nmod ") {
        let name = text[at + tests.len()..].lines().next();
        if name.is_some_and(|name| name.ends_with('{')) {
            production = &text[..at];
            break;
        }
        named += 2;
    }
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with("//");

    production.lines().map(str::trim).filter(is_code).count() - named
}

pub(crate) fn is_test(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|n| n.to_str())
        .unwrap_or_default();
    path.starts_with(root().join("tests")) || name == "tests.rs" || name == "golden.rs"
}

/// Files that are there for tests alone, beside those of `is_test`: the kits of the tables, the
/// samples of events, the scene and the fleet of the tests.
const KITS: &[&str] = &[
    "events/grid.rs",
    "events/scene.rs",
    "events/ways.rs",
    "events/samples",
    "events/bounds_tests.rs",
    "events/view/queue_tests.rs",
    "events/merge_queue/batch_tests.rs",
    "actors/driver",
];
/// Lines of test per hundred lines of code that a crate has at least, both without blank lines and
/// comments. They grow towards 80 and 50, and never fall.
const TESTED: &[(&str, usize)] = &[("events", 69), ("actors", 39)];

#[test]
fn rules_have_their_tests_beside_them() {
    let kits: Vec<PathBuf> = KITS.iter().map(|kit| root().join(kit)).collect();

    for (name, least) in TESTED {
        let (mut code, mut tests) = (0, 0);
        for (path, text) in rust_files() {
            if !path.starts_with(root().join(name)) {
                continue;
            }
            let whole = text.lines().map(str::trim);
            let whole = whole.filter(|line| !line.is_empty() && !line.starts_with("//"));
            let whole = whole.count();
            let is_kit = kits.iter().any(|kit| path.starts_with(kit));
            let rules = if is_test(&path) || is_kit || path.ends_with("ways.rs") {
                0
            } else {
                lines_of_code(&text)
            };
            code += rules;
            tests += whole - rules;
        }
        let share = tests * 100 / code;
        assert!(
            share >= *least,
            "{name} has {tests} lines of test beside {code} of code: {share} in a hundred, \
             {least} are asked for"
        );
    }
}

/// Calls of the system whose errors name nothing: `named` makes them, and says what they were
/// about. Files are `fs_err`'s, which clippy sees to.
const NAMELESS: &[&str] = &[
    ".spawn()",
    ".output()",
    "UnixListener::bind(",
    "TcpListener::bind(",
    "unistd::chown(",
];

#[test]
fn what_the_system_refuses_is_named() {
    let ours = root().join("src");

    for (path, text) in rust_files() {
        if !path.starts_with(&ours) || is_test(&path) || path.ends_with("src/named.rs") {
            continue;
        }
        let production = text
            .split("\n#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        for call in NAMELESS {
            let mut lines = production.lines().enumerate();
            let nameless = lines.find(|(n, line)| {
                let after: String = production.lines().skip(n + 1).take(1).collect();
                line.contains(call) && !format!("{line}{after}").contains("about(")
            });
            let place = nameless.map(|(n, _)| format!("{}:{}", path.display(), n + 1));
            assert_eq!(place, None, "{call} says nothing of what it was about");
        }
    }
}

#[test]
fn lines_are_short() {
    let mut longer = Vec::new();

    for (path, text) in rust_files() {
        // A workspace of its own, which measures other people's code.
        if path.starts_with(root().join("benches/peers")) {
            continue;
        }
        let long = |line: &&str| line.chars().count() > COLUMNS_MAX;
        longer.extend(text.lines().filter(long).map(str::to_owned));
    }

    assert!(
        longer.len() <= LONGER_LINES,
        "{} lines are longer than {COLUMNS_MAX} columns, {LONGER_LINES} are left: break yours",
        longer.len()
    );
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut wrong = Vec::new();

    for (path, text) in rust_files() {
        let code = lines_of_code(&text);
        if code > LINES_MAX && !is_test(&path) {
            wrong.push(format!(
                "{} has {code} lines of code, at most {LINES_MAX} are allowed",
                path.display()
            ));
        }
        if !text.starts_with("//!") {
            wrong.push(format!(
                "{} does not begin with what it is and why",
                path.display()
            ));
        }
        let stem = path
            .file_stem()
            .and_then(|n| n.to_str())
            .unwrap_or_default();
        if SAYS_NOTHING.contains(&stem) {
            wrong.push(format!("{} has a name that says nothing", path.display()));
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn public_items_of_the_heart_and_the_ports_are_documented() {
    let mut wrong = Vec::new();

    for (path, text) in rust_files() {
        let heart = path.starts_with(root().join("events"))
            || path.starts_with(root().join("actors/ports"));
        if !heart || is_test(&path) {
            continue;
        }
        let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
        for (n, line) in lines.iter().enumerate() {
            let item = [
                "pub fn ",
                "pub struct ",
                "pub enum ",
                "pub trait ",
                "pub const ",
            ]
            .iter()
            .any(|p| line.starts_with(p))
                && !line.contains('$');
            let own = |l: &&&str| {
                l.starts_with("///") || (!l.is_empty() && !l.ends_with(['{', '}', ';']))
            };
            let mut above = lines[..n].iter().rev().take_while(own);
            let documented = above.any(|l| l.starts_with("///"));
            if item && !documented {
                wrong.push(format!(
                    "{}:{} is not documented: {line}",
                    path.display(),
                    n + 1
                ));
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Warnings and errors that are not counted: where, how many, and why each comes once. Whatever the
/// server fails at again and again goes through `Faults`.
const TOLD_ONCE: &[(&str, usize, &str)] = &[
    ("actors/faults.rs", 4, "what counts them"),
    (
        "actors/snapshots.rs",
        1,
        "books that were wrong are replaced, and an alarm is recorded",
    ),
    (
        "actors/pulse.rs",
        1,
        "once for each gap, when it is recorded",
    ),
    ("actors/rebuild.rs", 3, "at the start"),
    ("actors/supervisor.rs", 2, "at the end"),
    (
        "actors/tasks.rs",
        2,
        "a panic, six of which within a minute end the server; at the end",
    ),
    ("src/app.rs", 2, "at the end"),
    ("src/engine/caches.rs", 1, "at the start"),
    (
        "src/engine/process/container.rs",
        2,
        "once for each container, at its end",
    ),
    (
        "src/engine/process/group.rs",
        1,
        "once for each container, at its end",
    ),
    ("src/engine/process/engine.rs", 2, "at the start"),
    (
        "src/engine/process/record.rs",
        1,
        "once for each container, when it is found",
    ),
    (
        "src/http/server.rs",
        1,
        "once for each listener, at its end",
    ),
    (
        "src/operator/noise.rs",
        1,
        "counted there, first and each tenfold",
    ),
    ("src/private.rs", 1, "at the start"),
    ("src/token.rs", 1, "once for each state of the file"),
    (
        "src/log/ledger.rs",
        1,
        "once for each time that the clock was set back",
    ),
    (
        "src/log/queue.rs",
        1,
        "at the end: nothing can be recorded any more",
    ),
    ("src/log/sqlite/store.rs", 1, "at the start"),
];

#[test]
fn what_fails_again_and_again_is_told_by_those_who_count() {
    let mut found = std::collections::BTreeMap::new();

    for (path, text) in rust_files() {
        let path = path.strip_prefix(root()).expect("below the root");
        let acts = path.starts_with("src") || path.starts_with("actors");
        if !acts || is_test(&root().join(path)) {
            continue;
        }
        let code = text.split("\n#[cfg(test)]\nmod ").next();
        let lines = code.unwrap_or_default().lines().map(str::trim_start);
        let code = lines.filter(|line| !line.starts_with("//"));
        let macros = ["warn!(", "error!(", "Level::WARN", "Level::ERROR"];
        let told = code.filter(|line| macros.iter().any(|told| line.contains(told)));
        let path = path.to_str().expect("a path of ours").to_owned();
        found.extend(Some((path, told.count())).filter(|(_, count)| *count > 0));
    }

    let known = TOLD_ONCE
        .iter()
        .map(|(path, count, _)| ((*path).to_owned(), *count));
    let known: std::collections::BTreeMap<_, _> = known.collect();
    assert_eq!(
        found, known,
        "say it through `Faults` (a `Chore`), which counts; or it comes once, and stands here"
    );
}

#[test]
fn actix_lives_in_three_rooms_of_actors() {
    for (path, text) in rust_files() {
        let rooms = ACTIX_ROOMS
            .iter()
            .any(|room| path == root().join("actors").join(room));
        if path.starts_with(root().join("actors")) && !rooms {
            assert!(!text.contains("actix::"), "{} names actix", path.display());
        }
    }
}

/// The rooms of `src`, from top to bottom; those of one line stand beside each other. A room names
/// rooms of lines below its own, and none that names it back.
const STOREYS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["trial"],
    &["app"],
    &["http"],
    &["operator"],
    &["bundle"],
    &["replay"],
    &["runner", "script", "agent", "door"],
    &[
        "engine", "gate", "gateway", "egress", "log", "beads", "dialect",
    ],
    &["adapters"],
    &[
        "api",
        "data",
        "instance",
        "secrets",
        "telemetry",
        "token",
        "wire",
    ],
    &["foreign"],
    &["named", "private", "terminal", "heap"],
];

#[test]
fn rooms_of_src_name_what_is_below_them_alone() {
    let floor = |room: &str| STOREYS.iter().position(|storey| storey.contains(&room));
    let src = root().join("src");
    let mut arrows = std::collections::BTreeMap::new();
    let mut unknown = std::collections::BTreeSet::new();

    for (path, text) in rust_files() {
        let Ok(place) = path.strip_prefix(&src) else {
            continue;
        };
        let room = place.iter().next().and_then(|name| name.to_str());
        let room = room.unwrap_or_default().trim_end_matches(".rs");
        if room == "lib" {
            continue;
        }
        if floor(room).is_none() {
            unknown.insert(room.to_owned());
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for named in code.split("crate::").skip(1) {
            let named: String = named
                .chars()
                .take_while(|c| c.is_ascii_lowercase())
                .collect();
            if named != room && floor(&named).is_some() {
                arrows.insert((room.to_owned(), named), path.clone());
            }
        }
    }

    assert!(unknown.is_empty(), "no storey for {unknown:?}");
    let up = arrows
        .iter()
        .filter(|((from, to), _)| floor(from) > floor(to));
    let circles = arrows
        .iter()
        .filter(|((from, to), _)| arrows.contains_key(&(to.clone(), from.clone())));
    let wrong: Vec<_> = up.chain(circles).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whatever is added to an aggregate's events is a question to every fold of them.
#[test]
fn no_event_is_folded_into_nothing_unseen() {
    let aggregates = [
        "backlog",
        "container",
        "feature",
        "merge_queue",
        "node",
        "project",
        "subscription",
    ];
    let rooms = aggregates.map(|name| root().join("events").join(name));

    for (path, text) in rust_files() {
        if !rooms.iter().any(|room| path.starts_with(room)) {
            continue;
        }
        let blind = |line: &&str| line.trim_start().starts_with("_ => {}");
        let found = text.lines().find(blind);
        assert!(found.is_none(), "{}: {found:?}", path.display());
    }
}

/// What the operator needs of the world comes through ports: it names no product.
#[test]
fn the_operator_names_ports_and_words() {
    let rooms = [
        "adapters", "dialect", "door", "egress", "engine", "gate", "gateway", "log", "runner",
    ];
    let mut found = std::collections::BTreeSet::new();

    for (path, text) in rust_files() {
        let place = path.strip_prefix(root()).expect("below the root");
        if !place.starts_with("src/operator") {
            continue;
        }
        let code = text.split("\n#[cfg(test)]").next().unwrap_or_default();
        for named in code.split("crate::").skip(1) {
            let named: Vec<&str> = named.splitn(3, "::").collect();
            let [room, next, ..] = named[..] else {
                continue;
            };
            if rooms.contains(&room) {
                let next: String = next.chars().take_while(|c| c.is_alphanumeric()).collect();
                let place = place.to_str().expect("a path of ours").to_owned();
                found.insert((place, format!("crate::{room}::{next}")));
            }
        }
    }

    assert!(found.is_empty(), "ask for it through a port: {found:?}");
}

#[test]
fn the_operator_and_the_words_of_the_wire_know_no_product_of_http() {
    for (path, text) in rust_files() {
        let inside = ["src/operator", "src/api"].map(|room| path.starts_with(root().join(room)));
        if inside.contains(&true) {
            assert!(!text.contains("actix"), "{} names actix", path.display());
        }
    }
}

#[test]
fn arrows_go_one_way() {
    let manifest = |path: &str| fs_err::read_to_string(root().join(path)).expect("manifest");
    let heart = manifest("events/Cargo.toml");
    let dependencies = heart.split("[dev-dependencies]").next().unwrap_or_default();

    for forbidden in [
        "actors",
        "tokio",
        "actix",
        "sqlx",
        "rusqlite",
        "git2",
        "hyper",
        "nix",
        "getrandom",
    ] {
        assert!(
            !dependencies
                .lines()
                .any(|l| l.starts_with(&format!("{forbidden}."))),
            "events depends on {forbidden}"
        );
    }

    let acting = manifest("actors/Cargo.toml");

    for forbidden in [
        "supercargo",
        "sqlx",
        "rusqlite",
        "git2",
        "actix-web",
        "hyper",
        "clap",
        "nix",
    ] {
        assert!(
            !acting
                .lines()
                .any(|l| l.starts_with(&format!("{forbidden}."))),
            "actors depends on {forbidden}"
        );
    }
}
