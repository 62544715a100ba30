//! The fingerprint of the rules: a hash over every source file of this crate. State that was folded
//! by other rules must not be taken for state folded by these, and nobody has to remember to raise
//! a number.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

#[expect(
    clippy::disallowed_methods,
    reason = "the build reads the sources, the rules do not"
)]
fn sources(folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_test = path
            .file_stem()
            .is_some_and(|stem| stem == "tests" || stem == "golden" || stem == "grid");
        if path.is_dir() && !is_test {
            sources(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
            found.insert(path.display().to_string(), std::fs::read(&path)?);
        }
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    let mut found = BTreeMap::new();
    sources(Path::new("."), &mut found)?;

    let mut halves = [0_u64; 2];
    for (half, salt) in halves.iter_mut().zip(0_u8..) {
        let mut hasher = DefaultHasher::new();
        (salt, &found).hash(&mut hasher);
        *half = hasher.finish();
    }

    println!("cargo::rerun-if-changed=.");
    println!(
        "cargo::rustc-env=REDUCER_FINGERPRINT={:016x}{:016x}",
        halves[0], halves[1]
    );

    Ok(())
}
