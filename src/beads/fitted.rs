//! What of an issue a feature cannot be as its line has it, in words: nothing is changed without
//! being said. The line itself is kept whole and goes out again as it came.

use events::feature::Content;
use events::feature::content::{DESCRIPTION_MAX, PRIORITY_MAX, TITLE_MAX};
use serde_json::Value;

use super::import::{ASIDE, described, labels, title};
use super::{Issue, text};

/// Statuses that stand for work that is open, closed or deleted.
const STATUSES: [&str; 4] = ["", "open", "closed", "tombstone"];
/// Types of issues that are one of ours, or that are read as one.
const TYPES: [&str; 9] = [
    "",
    "feature",
    "bug",
    "task",
    "chore",
    "spike",
    "epic",
    "milestone",
    "molecule",
];

/// What became another thing, or was left out, when this issue was made this feature.
pub(super) fn fitted(issue: &Issue, content: &Content) -> Vec<String> {
    let mut said = vec![];

    let given = text(issue, "title").trim();
    if given.is_empty() {
        said.push("it has no title: its id is taken".to_owned());
    } else if title(issue) != given {
        said.push(format!(
            "its title is on one line of at most {TITLE_MAX} characters now"
        ));
    }

    let whole = described(issue).0;
    if whole.len() > DESCRIPTION_MAX {
        said.push(format!(
            "its text has {} bytes, of which the first {DESCRIPTION_MAX} are taken",
            whole.len()
        ));
    }

    if let Some(given) = issue.get("priority").filter(|given| !given.is_null())
        && given.as_u64() != Some(u64::from(content.priority))
    {
        said.push(format!(
            "priority {} is none of 0 to {PRIORITY_MAX}: {} is taken",
            shown(given),
            content.priority
        ));
    }

    let status = text(issue, "status");
    let is_aside = ASIDE.iter().any(|(known, _)| *known == status);
    if !STATUSES.contains(&status) && !is_aside {
        said.push(format!(
            "the status \"{}\" is not known: it is taken as open",
            shown(&Value::from(status))
        ));
    }

    let kind = text(issue, "issue_type");
    if !TYPES.contains(&kind) {
        said.push(format!(
            "the type \"{}\" is not known: it is taken as a feature",
            shown(&Value::from(kind))
        ));
    }

    let left = labels(issue).len() - content.labels.len();
    if left > 0 {
        said.push(format!("{left} of its labels are left out"));
    }

    said
}

/// A value as it is repeated to whoever sent it: its beginning, without quotation marks.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beads::import::imported;

    fn said(line: &Value) -> Vec<String> {
        imported(line.as_object().expect("an issue")).fitted
    }

    #[test]
    fn what_a_line_says_that_a_feature_cannot_be_is_told() {
        let long = "t".repeat(TITLE_MAX + 1);
        let text = "d".repeat(DESCRIPTION_MAX + 1);
        let labels: Vec<String> = (0..100).map(|n| format!("l{n}")).collect();

        for (line, expected) in [
            (serde_json::json!({"title": "A"}), ""),
            (
                serde_json::json!({"title": "A", "priority": 2, "issue_type": "spike"}),
                "",
            ),
            (serde_json::json!({"title": "A", "status": "hooked"}), ""),
            (serde_json::json!({"title": "A", "priority": null}), ""),
            (serde_json::json!({"title": " "}), "no title"),
            (serde_json::json!({"title": "A\nB"}), "on one line"),
            (serde_json::json!({"title": long}), "at most"),
            (
                serde_json::json!({"title": "A", "description": text}),
                "bytes",
            ),
            (
                serde_json::json!({"title": "A", "priority": 9}),
                "priority 9",
            ),
            (
                serde_json::json!({"title": "A", "priority": -1}),
                "priority -1",
            ),
            (
                serde_json::json!({"title": "A", "priority": "P1"}),
                "priority P1",
            ),
            (
                serde_json::json!({"title": "A", "status": "odd"}),
                "\"odd\" is not known",
            ),
            (
                serde_json::json!({"title": "A", "issue_type": "saga"}),
                "\"saga\" is not known",
            ),
            (
                serde_json::json!({"title": "A", "labels": labels}),
                "labels are left out",
            ),
        ] {
            let mut line = line;
            line["id"] = "bd-1".into();
            let said = said(&line).join("; ");
            assert_eq!(said.is_empty(), expected.is_empty(), "{line}: {said}");
            assert!(said.contains(expected), "{said}");
        }
    }
}
