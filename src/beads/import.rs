//! Issues as a batch of features.

use std::collections::{BTreeMap, BTreeSet};

use events::backlog::batch::COMMENTS_MAX;
use events::backlog::{BatchItem, Born, Remark};
use events::feature::command::COMMENT_MAX;
use events::feature::content::{
    DESCRIPTION_MAX, LABELS_MAX, PRIORITY_MAX, PRIORITY_USUAL, STEPS_MAX, TITLE_MAX,
};
use events::feature::{Content, FeatureType};
use events::steering;
use serde_json::Value;

use super::fitted::fitted;
use super::{BLOCKING, Issue, PARENT, sections, steps, text};

/// What an issue becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Its id in the file.
    pub id: String,
    /// The feature; what it depends on are ids of the file.
    pub item: BatchItem,
    /// What was said about it: author, text.
    pub comments: Vec<(String, String)>,
    /// Whether it is over: done, or deleted.
    pub closed: bool,
    /// Whether somebody works on it.
    pub under_way: bool,
    /// What of its line the feature cannot be, in words.
    pub fitted: Vec<String>,
}

/// Whose the issues are that somebody works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnderWay {
    /// Somebody else's, who goes on: a person says when they are this fleet's.
    Theirs,
    /// Those of a fleet that this one takes the place of: nobody works on them any more.
    Left,
}

impl Imported {
    /// The issue in a project to which what is under way there is this.
    pub fn among(mut self, under_way: UnderWay) -> Self {
        if self.under_way && under_way == UnderWay::Left {
            self.item.born = Born::Open;
        }
        self
    }
}

/// Statuses of issues that nobody is to work on although they are open, and what to say of them.
pub(super) const ASIDE: [(&str, &str); 5] = [
    ("in_progress", "in progress in Beads: somebody works on it"),
    ("blocked", "blocked in Beads"),
    ("deferred", "put off in Beads"),
    (
        "pinned",
        "pinned in Beads: it is kept open and not worked on",
    ),
    ("hooked", "on somebody's hook in Beads"),
];

fn born(status: &str) -> Born {
    let aside = ASIDE.iter().find(|(word, _)| *word == status);
    match (status, aside) {
        ("closed", _) => Born::Closed,
        ("tombstone", _) => Born::Withdrawn,
        (_, Some((_, why))) => Born::Aside((*why).to_owned()),
        (_, None) => Born::Open,
    }
}

/// The feature of an issue.
pub fn imported(issue: &Issue) -> Imported {
    let id = text(issue, "id").to_owned();
    let (description, steps) = described(issue);
    let labels = fitting_labels(issue);
    let priority = match issue.get("priority").map(Value::as_u64) {
        Some(Some(given)) => u8::try_from(given).unwrap_or(PRIORITY_MAX),
        Some(None) | None => PRIORITY_USUAL,
    };
    let status = text(issue, "status");
    let content = Content {
        title: title(issue),
        description: cut(&description, DESCRIPTION_MAX).to_owned(),
        steps,
        // The first label is what boards show as a badge.
        category: labels.first().cloned().unwrap_or_default(),
        labels: labels.into_iter().take(LABELS_MAX).collect(),
        priority: priority.min(PRIORITY_MAX),
        rank: 0,
        kind: match text(issue, "issue_type") {
            "bug" => FeatureType::Bug,
            "task" | "chore" | "spike" => FeatureType::Task,
            "epic" | "milestone" | "molecule" => FeatureType::Epic,
            _ => FeatureType::Feature,
        },
    };
    let raw = Some(Value::Object(issue.clone()).to_string());
    let born = born(status);
    let closed = born.is_over();
    let said = comments(issue);
    let fitted = fitted(issue, &content);
    let item = BatchItem {
        key: Some(id.clone()),
        depends_on: blockers(issue),
        raw,
        born,
        comments: remarks(&said),
        ..BatchItem::of(content)
    };

    Imported {
        id,
        item,
        comments: said,
        closed,
        under_way: status == "in_progress",
        fitted,
    }
}

/// What an issue is labelled with.
pub(super) fn labels(issue: &Issue) -> Vec<String> {
    strings(issue, "labels")
}

/// Those of its labels that a feature may have.
fn fitting_labels(issue: &Issue) -> Vec<String> {
    let mut labels = labels(issue);
    labels.retain(|label| label.len() <= TITLE_MAX && !label.trim().is_empty());
    labels
}

/// An issue's text, as long as it is: its description with what Beads keeps beside it, and the
/// numbered lines at the description's end as steps.
pub(super) fn described(issue: &Issue) -> (String, Vec<String>) {
    let (description, steps) = steps::split(text(issue, "description"));
    let fits = steps.iter().map(String::len).sum::<usize>() <= STEPS_MAX;
    let said = steps.iter().all(|step| !step.trim().is_empty());
    let (description, steps) = if fits && said {
        (description, steps)
    } else {
        (text(issue, "description").to_owned(), vec![])
    };
    let whole = sections::joined(&description, issue);
    (whole, steps)
}

/// The comments that a feature begins with: the newest that fit, each cut to the length that one
/// may have.
fn remarks(comments: &[(String, String)]) -> Vec<Remark> {
    let first = comments.len().saturating_sub(COMMENTS_MAX);
    let newest = comments.iter().skip(first);
    newest
        .map(|(by, text)| Remark {
            by: author(by).to_owned(),
            text: cut(text, COMMENT_MAX).to_owned(),
        })
        .collect()
}

/// The name of who said something; the tracker's where the line names nobody.
fn author(by: &str) -> &str {
    if by.trim().is_empty() {
        "beads"
    } else {
        cut(by, TITLE_MAX)
    }
}

/// The longest beginning of at most `max` bytes that ends between two characters.
fn cut(text: &str, max: usize) -> &str {
    let end = text.floor_char_boundary(max);
    &text[..end]
}

pub(super) fn title(issue: &Issue) -> String {
    let title = one_line(text(issue, "title"));
    if title.is_empty() {
        one_line(text(issue, "id"))
    } else {
        title
    }
}

/// A text without line breaks and other control characters, as long as a title may be.
fn one_line(text: &str) -> String {
    let plain = steering::one_line(text);
    plain.trim().chars().take(TITLE_MAX).collect()
}

/// What an issue lists under a key.
fn list<'a>(issue: &'a Issue, key: &str) -> &'a [Value] {
    match issue.get(key) {
        Some(Value::Array(all)) => all,
        Some(_) | None => &[],
    }
}

fn strings(issue: &Issue, key: &str) -> Vec<String> {
    let all = list(issue, key).iter().filter_map(Value::as_str);
    all.map(str::to_owned).collect()
}

/// The issues that this one waits for, each once.
pub(super) fn blockers(issue: &Issue) -> Vec<String> {
    let edges = list(issue, "dependencies").iter();
    let edges = edges.filter_map(Value::as_object);
    let ids: BTreeSet<String> = edges.filter_map(blocker).collect();

    ids.into_iter().collect()
}

/// What an edge of an issue makes it wait for; nothing where it says something else.
pub(super) fn blocker(edge: &Issue) -> Option<String> {
    let kind = text(edge, "type");
    let holds = BLOCKING.contains(&kind) && kind != PARENT;
    let id = text(edge, "depends_on_id");

    (holds && !id.is_empty()).then(|| id.to_owned())
}

fn comments(issue: &Issue) -> Vec<(String, String)> {
    let all = list(issue, "comments").iter().filter_map(Value::as_object);
    all.map(|c| (text(c, "author").to_owned(), text(c, "text").to_owned()))
        .filter(|(_, text)| !text.trim().is_empty())
        .collect()
}

/// The order in which features can be taken in: each after those that it depends on. Dependencies
/// that the file does not hold, and those of a circle, are answered beside it: they are left out.
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

/// Dependencies as ids of features, where those are known already: what is named like an issue of
/// the file is that issue.
pub fn resolved(mut item: BatchItem, known: &BTreeMap<String, String>) -> BatchItem {
    item.depends_on = item
        .depends_on
        .into_iter()
        .map(|on| known.get(&on).cloned().unwrap_or(on))
        .collect();
    item
}
