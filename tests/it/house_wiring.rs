//! A `mod.rs` wires: it declares, hands on, and has the essay of its folder. What acts or decides
//! is in a file that is named after it, where a reader looks for it.

use crate::house::{is_test, root, rust_files};

/// Lines of code in a `mod.rs`.
const WIRING_MAX: usize = 60;

#[test]
fn a_mod_file_is_wiring() {
    let (mut more, mut seen) = (vec![], 0);
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
        let lines = lines.count();
        seen += 1;
        if lines > WIRING_MAX {
            more.push(format!("{} has {lines}", place.display()));
        }
    }

    assert!(seen > 30, "only {seen} files were found");
    assert!(
        more.is_empty(),
        "more than {WIRING_MAX} lines of code: {more:?}"
    );
}
