//! Features as Beads prints its issues: a line for people, JSON in the shape of Beads' own, and
//! which of them a filter names.

use serde_json::{Value, json};

use super::args::Filter;
use crate::api::FeatureShape;

/// Where a feature stands, in Beads' words.
pub(super) fn status(feature: &FeatureShape) -> &'static str {
    match feature.status.as_str() {
        "open" | "epic" => "open",
        "asked" | "blocked" | "quarantined" => "blocked",
        "closed" | "withdrawn" => "closed",
        _ => "in_progress",
    }
}

pub(super) fn issue(feature: &FeatureShape) -> Value {
    let content = &feature.content;
    let description = crate::beads::joined(&content.description, &content.steps);
    let dependencies: Vec<Value> = feature
        .blockers
        .iter()
        .map(|on| json!({"issue_id": feature.id, "depends_on_id": on, "type": "blocks"}))
        .collect();
    json!({
        "id": feature.id, "title": content.title, "description": description, "status": status(feature),
        "priority": content.priority, "issue_type": content.kind, "labels": content.labels,
        "assignee": feature.holder, "dependencies": dependencies, "comments": feature.notes,
    })
}

pub(super) fn line(feature: &FeatureShape) -> String {
    format!(
        "{} [P{}] [{}] {}",
        feature.id,
        feature.content.priority,
        status(feature),
        feature.content.title
    )
}

pub(super) fn list(features: &[FeatureShape], as_json: bool) -> String {
    if as_json {
        return Value::Array(features.iter().map(issue).collect()).to_string();
    }
    features.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// One feature with its text.
pub(super) fn whole(feature: &FeatureShape) -> String {
    let described = crate::beads::joined(&feature.content.description, &feature.content.steps);
    format!("{}\n\n{described}", line(feature))
}

impl Filter {
    /// Whether a feature is one of those that are asked for; `closed` says whether closed ones are
    /// meant when no status is named.
    pub(super) fn names(&self, feature: &FeatureShape, closed: bool) -> bool {
        self.names_status(feature, closed)
            && self.names_content(feature)
            && self.names_holder(feature)
            && (self.id.is_empty() || self.id.contains(&feature.id))
    }

    fn names_status(&self, feature: &FeatureShape, closed: bool) -> bool {
        let status = status(feature);
        if self.status.is_empty() {
            return closed || self.all || status != "closed";
        }
        self.status
            .iter()
            .any(|wanted| wanted == status || wanted == "all")
    }

    fn names_content(&self, feature: &FeatureShape) -> bool {
        let content = &feature.content;
        let wanted = self.priority.unwrap_or(content.priority);
        let least = self.priority_min.unwrap_or(u8::MIN);
        let most = self.priority_max.unwrap_or(u8::MAX);
        if content.priority != wanted || !(least..=most).contains(&content.priority) {
            return false;
        }

        let kind = serde_json::to_value(content.kind).unwrap_or_default();
        if self.kind.as_ref().is_some_and(|wanted| kind != **wanted) {
            return false;
        }

        let labels = &content.labels;
        let all = self.label.iter().all(|label| labels.contains(label));
        let any = self.label_any.is_empty() || self.label_any.iter().any(|l| labels.contains(l));
        all && any
            && holds(&content.title, self.title.as_deref())
            && holds(&content.description, self.desc_contains.as_deref())
    }

    fn names_holder(&self, feature: &FeatureShape) -> bool {
        let holder = feature.holder.as_deref();
        if self.no_assignee && holder.is_some() {
            return false;
        }
        match self.assignee.as_deref() {
            Some(wanted) => holder == Some(wanted),
            None => true,
        }
    }

    /// The first of these, as many as are asked for; `usual` when nothing is said.
    pub(super) fn limited(&self, mut found: Vec<FeatureShape>, usual: usize) -> Vec<FeatureShape> {
        match self.limit.unwrap_or(usual) {
            0 => {}
            most => found.truncate(most),
        }
        found
    }
}

/// Whether a text holds words, whatever their case.
pub(super) fn holds(text: &str, words: Option<&str>) -> bool {
    match words {
        Some(words) => text.to_lowercase().contains(&words.to_lowercase()),
        None => true,
    }
}
