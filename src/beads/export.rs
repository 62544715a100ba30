//! Features as issues: what a line held before is kept, what is ours is written over it.

use std::collections::BTreeMap;

use events::backlog::{Born, Remark};
use events::feature::{FeatureType, Known, Stage};
use serde_json::{Map, Value, json};

use super::{Issue, import, sections, steps};

/// What has to be known beside the feature itself.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// Its id in the file.
    pub id: &'a str,
    /// Its line when it was imported, if it was.
    pub raw: Option<&'a Issue>,
    /// The features that it depends on, as ids of the file.
    pub depends_on: &'a [String],
    /// Those that it was admitted with: of what its line names beside them, this project knows
    /// nothing, and it stays.
    pub admitted: &'a [String],
    /// When it was made and when it changed last, RFC 3339.
    pub times: (&'a str, &'a str),
}

/// The issue of a feature.
pub fn exported(known: &Known, beside: Beside<'_>) -> Issue {
    let mut issue = beside.raw.cloned().unwrap_or_else(|| fresh(beside));
    let before = beside.raw.map(import::imported);
    let content = &known.content;

    let same = |is: &dyn Fn(&import::Imported) -> bool| before.as_ref().is_some_and(is);
    if !same(&|b| b.item.content.title == content.title) {
        issue.insert("title".to_owned(), content.title.clone().into());
    }

    if !same(&|b| {
        (&b.item.content.description, &b.item.content.steps)
            == (&content.description, &content.steps)
    }) {
        let description = sections::split(&content.description, &mut issue);
        let text = steps::joined(&description, &content.steps);
        issue.insert("description".to_owned(), text.into());
    }

    if !same(&|b| b.item.content.priority == content.priority) {
        issue.insert("priority".to_owned(), content.priority.into());
    }

    if !same(&|b| b.item.content.kind == content.kind) {
        issue.insert("issue_type".to_owned(), kind(content.kind).into());
    }

    if !same(&|b| {
        (&b.item.content.labels, &b.item.content.category) == (&content.labels, &content.category)
    }) {
        issue.insert(
            "labels".to_owned(),
            labels(&content.category, &content.labels).into(),
        );
    }

    write_status(&mut issue, known, before.as_ref(), beside);
    write_dependencies(&mut issue, beside);
    write_comments(&mut issue, known, before.as_ref(), beside);

    issue
}

fn fresh(beside: Beside<'_>) -> Issue {
    let (made, changed) = beside.times;
    Map::from_iter([
        ("id".to_owned(), beside.id.into()),
        ("created_at".to_owned(), made.into()),
        ("updated_at".to_owned(), changed.into()),
    ])
}

fn kind(kind: FeatureType) -> &'static str {
    match kind {
        FeatureType::Feature => "feature",
        FeatureType::Task => "task",
        FeatureType::Bug => "bug",
        FeatureType::Epic => "epic",
    }
}

fn labels(category: &str, labels: &[String]) -> Vec<String> {
    let mut all = labels.to_vec();
    if !category.is_empty() && !labels.iter().any(|label| label == category) {
        all.insert(0, category.to_owned());
    }
    all
}

/// Where a feature stands, in Beads' words.
pub fn status(known: &Known) -> &'static str {
    match &known.stage {
        Stage::Open { question: Some(_) } => "blocked",
        Stage::Open { question: None } if known.aside.is_some() => "blocked",
        Stage::Open { question: None } if known.blockers.is_empty() => "open",
        Stage::Open { question: None } | Stage::Quarantined { .. } => "blocked",
        Stage::Claimed { .. }
        | Stage::Submitted { .. }
        | Stage::Approved { .. }
        | Stage::Merging { .. } => "in_progress",
        Stage::Closed { .. } => "closed",
        Stage::Withdrawn => "tombstone",
    }
}

/// A status is written when it is another one; what waits for others is open in a file that has its
/// dependencies beside it.
fn write_status(
    issue: &mut Issue,
    known: &Known,
    before: Option<&import::Imported>,
    beside: Beside<'_>,
) {
    let now = match status(known) {
        "blocked" if matches!(known.stage, Stage::Open { question: None }) => "open",
        other => other,
    };
    let born = match now {
        "closed" => Born::Closed,
        "tombstone" => Born::Withdrawn,
        _ => Born::Open,
    };
    // Every status of the file that is not over is one that work can begin from: it stays until
    // work has begun.
    let same = |before: &import::Imported| match &before.item.born {
        Born::Open | Born::Aside(_) => !born.is_over(),
        over => *over == born,
    };
    if before.is_some_and(same) && now != "in_progress" && now != "blocked" {
        return;
    }

    issue.insert("status".to_owned(), now.into());
    issue.remove("closed_at");
    issue.remove("deleted_at");
    match born {
        Born::Open | Born::Aside(_) => {}
        Born::Closed => drop(issue.insert("closed_at".to_owned(), beside.times.1.into())),
        Born::Withdrawn => {
            issue.insert("deleted_at".to_owned(), beside.times.1.into());
            let kind = issue.get("issue_type").cloned();
            issue.extend(kind.map(|kind| ("original_type".to_owned(), kind)));
        }
    }
}

/// What was taken away here is taken away there, and what was added is added. What a line waits for
/// beside that is others': issues of elsewhere, or a circle that was left out.
fn write_dependencies(issue: &mut Issue, beside: Beside<'_>) {
    let gone = |id: &String| beside.admitted.contains(id) && !beside.depends_on.contains(id);
    let named = import::blockers(issue);
    let mut new = beside.depends_on.iter().filter(|id| !named.contains(id));
    if !named.iter().any(gone) && new.clone().next().is_none() {
        return;
    }

    let dependencies = issue
        .entry("dependencies")
        .or_insert_with(|| Value::Array(vec![]));
    let Some(list) = dependencies.as_array_mut() else {
        return;
    };

    list.retain(|edge| match edge.as_object().and_then(import::blocker) {
        Some(id) => !gone(&id),
        None => true,
    });
    list.extend(
        new.by_ref()
            .map(|id| json!({"issue_id": beside.id, "depends_on_id": id, "type": "blocks"})),
    );
}

/// What was said since comes after what the file had.
fn write_comments(
    issue: &mut Issue,
    known: &Known,
    before: Option<&import::Imported>,
    beside: Beside<'_>,
) {
    // As the feature has them: what was longer than a comment may be was cut.
    let had: &[Remark] = match before {
        Some(before) => &before.item.comments,
        None => &[],
    };
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for remark in had {
        *counted.entry(&remark.text).or_default() += 1;
    }

    let mut new = Vec::new();
    for note in &known.notes {
        match counted.get_mut(note.text.as_str()) {
            Some(left) if *left > 0 => *left -= 1,
            _ => new.push(json!({
                "issue_id": beside.id, "author": note.by, "text": note.text,
                "created_at": beside.times.1,
            })),
        }
    }
    if new.is_empty() {
        return;
    }

    if let Some(list) = issue
        .entry("comments")
        .or_insert_with(|| Value::Array(vec![]))
        .as_array_mut()
    {
        list.extend(new);
    }
}
