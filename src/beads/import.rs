//! Issues as a batch of features.

use std::collections::{BTreeMap, BTreeSet};

use events::backlog::BatchItem;
use events::feature::content::{LABELS_MAX, PRIORITY_MAX, PRIORITY_USUAL, TITLE_MAX};
use events::feature::{Content, FeatureType};
use serde_json::Value;

use super::{BLOCKING, Issue, PARENT, steps, text};

/// What an issue becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Its id in the file.
    pub id: String,
    /// The feature; what it depends on are ids of the file.
    pub item: BatchItem,
    /// What was said about it: author, text.
    pub comments: Vec<(String, String)>,
    /// Whether it is done.
    pub closed: bool,
}

/// The feature of an issue.
pub fn imported(issue: &Issue) -> Imported {
    let id = text(issue, "id").to_owned();
    let (description, steps) = steps::split(text(issue, "description"));
    let labels: Vec<String> = strings(issue, "labels")
        .into_iter()
        .filter(|label| label.len() <= TITLE_MAX)
        .collect();
    let priority = issue
        .get("priority")
        .and_then(Value::as_u64)
        .map_or(PRIORITY_USUAL, |p| u8::try_from(p).unwrap_or(PRIORITY_MAX));
    let status = text(issue, "status");
    let content = Content {
        title: title(issue),
        description,
        steps,
        // The first label is what boards show as a badge.
        category: labels.first().cloned().unwrap_or_default(),
        labels: labels.into_iter().take(LABELS_MAX).collect(),
        // What was put off comes last.
        priority: if matches!(status, "deferred" | "pinned" | "hooked") {
            PRIORITY_MAX
        } else {
            priority.min(PRIORITY_MAX)
        },
        rank: 0,
        kind: match text(issue, "issue_type") {
            "bug" => FeatureType::Bug,
            "task" | "chore" | "spike" => FeatureType::Task,
            "epic" | "milestone" | "molecule" => FeatureType::Epic,
            _ => FeatureType::Feature,
        },
    };
    let raw = Some(Value::Object(issue.clone()).to_string());
    let item = BatchItem {
        key: Some(id.clone()),
        content,
        depends_on: blockers(issue),
        raw,
    };
    Imported {
        id,
        item,
        comments: comments(issue),
        closed: status == "closed",
    }
}

fn title(issue: &Issue) -> String {
    let title: String = text(issue, "title")
        .trim()
        .chars()
        .take(TITLE_MAX)
        .collect();
    if title.is_empty() {
        text(issue, "id").chars().take(TITLE_MAX).collect()
    } else {
        title
    }
}

fn strings(issue: &Issue, key: &str) -> Vec<String> {
    let all = issue
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn blockers(issue: &Issue) -> Vec<String> {
    let all = issue
        .get("dependencies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object);
    let holds = |kind: &str| BLOCKING.contains(&kind) && kind != PARENT;
    let mut ids: Vec<String> = all
        .filter(|d| holds(text(d, "type")))
        .map(|d| text(d, "depends_on_id").to_owned())
        .filter(|id| !id.is_empty())
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

fn comments(issue: &Issue) -> Vec<(String, String)> {
    let all = issue
        .get("comments")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object);
    all.map(|c| (text(c, "author").to_owned(), text(c, "text").to_owned()))
        .filter(|(_, text)| !text.trim().is_empty())
        .collect()
}

/// The order in which features can be taken in: each after those that it depends on. Dependencies that the file does not hold, and those
/// of a circle, are answered beside it: they are left out.
pub fn ordered(mut issues: Vec<Imported>) -> (Vec<Imported>, Vec<(String, String)>) {
    let known: BTreeSet<String> = issues.iter().map(|issue| issue.id.clone()).collect();
    let mut left_out = Vec::new();
    for issue in &mut issues {
        let (kept, missing) = issue
            .item
            .depends_on
            .drain(..)
            .partition(|on| known.contains(on) && *on != issue.id);
        issue.item.depends_on = kept;
        left_out.extend(missing.into_iter().map(|on: String| (issue.id.clone(), on)));
    }
    let mut waiting: Vec<Imported> = issues;
    let (mut done, mut ordered) = (BTreeSet::new(), Vec::new());
    while !waiting.is_empty() {
        let (mut ready, mut rest): (Vec<Imported>, Vec<Imported>) = waiting
            .into_iter()
            .partition(|issue| issue.item.depends_on.iter().all(|on| done.contains(on)));
        if ready.is_empty() {
            // A circle: its first issue is taken without what it waits for.
            let mut first = rest.remove(0);
            let waits: Vec<String> = first
                .item
                .depends_on
                .iter()
                .filter(|on| !done.contains(*on))
                .cloned()
                .collect();
            first.item.depends_on.retain(|on| done.contains(on));
            left_out.extend(waits.into_iter().map(|on| (first.id.clone(), on)));
            ready.push(first);
        }
        done.extend(ready.iter().map(|issue| issue.id.clone()));
        ordered.extend(ready);
        waiting = rest;
    }
    (ordered, left_out)
}

/// Dependencies as ids of features, where those are known already.
pub fn resolved(mut item: BatchItem, known: &BTreeMap<String, String>) -> BatchItem {
    item.depends_on = item
        .depends_on
        .into_iter()
        .map(|on| known.get(&on).cloned().unwrap_or(on))
        .collect();
    item
}
