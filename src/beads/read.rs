//! The lines of a file as issues: what is no issue is told from what is broken, and a mistake is
//! named by its line.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Issue, text};

/// The byte order mark that some editors put in front of UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A file's text, without the byte order mark; says which line is not UTF-8.
pub fn decoded(bytes: &[u8]) -> Result<&str, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("the file is UTF-16: save it as UTF-8".to_owned());
    }

    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)),
        Err(e) => {
            let before = bytes.get(..e.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(format!("line {line} is not UTF-8: save the file as UTF-8"))
        }
    }
}

/// The issues of a file, bare or in an envelope; says what is wrong with the first line that is
/// broken. Header lines, memories and whatever else an export holds beside issues are passed over.
pub fn read(file: &str) -> Result<Vec<Issue>, String> {
    let file = file.strip_prefix(BYTE_ORDER_MARK).unwrap_or(file);
    let mut issues = Vec::new();

    for (line, number) in file.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let value: Value = serde_json::from_str(line).map_err(|e| unreadable(number, &e))?;
        for value in opened(value) {
            issues.extend(issue(value).map_err(|why| format!("line {number}: {why}"))?);
        }
    }
    Ok(issues)
}

/// Where in the file a line stopped being JSON; a parser that sees one line counts lines anew.
fn unreadable(line: usize, error: &serde_json::Error) -> String {
    let said = error.to_string();
    let what = said
        .rsplit_once(" at line ")
        .map_or(&*said, |(what, _)| what);
    format!("line {line}, column {}: {what}", error.column())
}

/// An envelope's content, or the value itself: one issue or a list of them.
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

/// The issue that a value is; none where it is something else that an export holds.
fn issue(value: Value) -> Result<Option<Issue>, String> {
    let Value::Object(object) = value else {
        return Err("an issue is a JSON object".to_owned());
    };
    if object.get("_type").is_some_and(|kind| kind != "issue") {
        return Ok(None);
    }

    if text(&object, "id").is_empty() {
        // A header tells of the file: all its fields are the tool's own.
        let is_header = !object.is_empty() && object.keys().all(|key| key.starts_with('_'));
        return if is_header {
            Ok(None)
        } else {
            Err("an issue has no id".to_owned())
        };
    }
    Ok(Some(object))
}

/// Each id once. Where a file holds one twice, as after a merge of two branches, the line that was
/// changed last counts, and the later one of two that were changed at once; the ids that were there
/// more than once come beside.
pub fn newest(issues: Vec<Issue>) -> (Vec<Issue>, Vec<String>) {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<Issue> = Vec::with_capacity(issues.len());
    let mut twice = Vec::new();

    for issue in issues {
        let id = text(&issue, "id").to_owned();
        match places.get(&id) {
            Some(place) => {
                if changed(&issue) >= changed(&kept[*place]) {
                    kept[*place] = issue;
                }
                twice.push(id);
            }
            None => {
                places.insert(id, kept.len());
                kept.push(issue);
            }
        }
    }
    twice.sort();
    twice.dedup();
    (kept, twice)
}

/// When a line says that it was changed last; never, where it says nothing readable.
fn changed(issue: &Issue) -> Option<jiff::Timestamp> {
    text(issue, "updated_at").parse().ok()
}
