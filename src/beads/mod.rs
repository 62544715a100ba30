//! Beads' `issues.jsonl`: one issue a line, read into features and written from them. It is an interchange format: whatever a line holds
//! that is not ours is kept and comes out again as it was.

pub mod export;
pub mod import;
mod steps;
pub mod sync;

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
/// Between parent and child the parent is a heading: it waits for nothing of ours, and its children not for it.
const PARENT: &str = "parent-child";

/// One issue as its line has it.
pub type Issue = Map<String, Value>;

/// Reads the lines of a file, bare or in an envelope; answers the issues, and what is wrong with the first line that is none.
pub fn read(text: &str) -> Result<Vec<Issue>, String> {
    let mut issues = Vec::new();
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    for (at, line) in lines {
        let value: Value =
            serde_json::from_str(line).map_err(|e| format!("line {}: {e}", at + 1))?;
        for issue in opened(value) {
            match issue {
                // Memories and whatever else an export may hold are no issues.
                Value::Object(issue) if issue.get("_type").is_none_or(|kind| kind == "issue") => {
                    issues.push(issue)
                }
                Value::Object(_) => {}
                _ => return Err(format!("line {}: an issue is a JSON object", at + 1)),
            }
        }
    }
    for issue in &issues {
        let named = issue
            .get("id")
            .and_then(Value::as_str)
            .is_some_and(|id| !id.is_empty());
        if !named {
            return Err(format!(
                "an issue has no id: {}",
                Value::Object(issue.clone())
            ));
        }
    }
    Ok(issues)
}

/// What an envelope holds, or the value itself: one issue or a list of them.
fn opened(value: Value) -> Vec<Value> {
    match value {
        Value::Object(mut envelope)
            if envelope.contains_key("schema_version") && envelope.contains_key("data") =>
        {
            envelope.remove("data").map(opened).unwrap_or_default()
        }
        Value::Array(issues) => issues,
        other => vec![other],
    }
}

fn text<'a>(issue: &'a Issue, key: &str) -> &'a str {
    issue.get(key).and_then(Value::as_str).unwrap_or_default()
}
