//! A `mod.rs` wires: it declares, hands on, and has the essay of its folder. What acts or decides
//! is in a file that is named after it, where a reader looks for it.

use std::collections::BTreeSet;

use crate::house::{is_test, root, rust_files};

/// Lines of code in a `mod.rs`.
const WIRING_MAX: usize = 60;
/// Those that hold more, from before this was a rule. Move one into files named by concept, and
/// take it off; none is added.
const STILL_MORE: &[&str] = &[
    "src/agent/bd/mod.rs",
    "src/cli/mod.rs",
    "src/dialect/mod.rs",
    "src/engine/process/mod.rs",
    "src/operator/mod.rs",
    "src/runner/mod.rs",
];

#[test]
fn a_mod_file_is_wiring() {
    let mut more = BTreeSet::new();
    for (path, text) in rust_files() {
        let place = path.strip_prefix(root()).expect("below the root");
        let ours = ["src", "actors", "events"]
            .iter()
            .any(|room| place.starts_with(room));
        if !ours || is_test(&path) || !path.ends_with("mod.rs") {
            continue;
        }
        let code = text.split("\n#[cfg(test)]\nmod tests {").next();
        let lines = code.unwrap_or_default().lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
        if lines.count() > WIRING_MAX {
            more.insert(place.to_str().expect("a path of ours").to_owned());
        }
    }

    let known: BTreeSet<String> = STILL_MORE.iter().map(|path| (*path).to_owned()).collect();
    let new: Vec<_> = more.difference(&known).collect();
    assert!(
        new.is_empty(),
        "more than {WIRING_MAX} lines of code: {new:?}"
    );
    let mended: Vec<_> = known.difference(&more).collect();
    assert!(
        mended.is_empty(),
        "wiring only by now, take it off the list: {mended:?}"
    );
}
