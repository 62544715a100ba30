//! Beads' `issues.jsonl`: one issue a line, read into features and written from them. It is an
//! interchange format: whatever a line holds that is not ours is kept and comes out again as it
//! was.
//!
//! The format is that of the tool's own types (`internal/types/types.go` and `docs/JSON_SCHEMA.md`
//! of Beads): the fields of an issue, statuses with tombstones of deleted issues, header lines
//! without an issue, and the envelope `{schema_version, data}`.

pub mod export;
mod fitted;
pub mod import;
pub mod read;
mod sections;
mod steps;
pub mod sync;

pub use read::{decoded, read};
pub use steps::joined;

#[cfg(test)]
mod sync_tests;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

/// Where a repository keeps its issues.
pub const PATH: &str = ".beads/issues.jsonl";
/// The branch that an export is published on.
pub const BRANCH: &str = "beads-sync";
/// Dependencies that hold an issue up; other kinds are kept and do not.
const BLOCKING: [&str; 4] = ["blocks", "conditional-blocks", "waits-for", "parent-child"];
/// Between parent and child the parent is a heading: it waits for nothing of ours, and its children
/// not for it.
const PARENT: &str = "parent-child";

/// One issue as its line has it.
pub type Issue = Map<String, Value>;

fn text<'a>(issue: &'a Issue, key: &str) -> &'a str {
    issue.get(key).and_then(Value::as_str).unwrap_or_default()
}
