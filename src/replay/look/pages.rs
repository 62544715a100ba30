//! Events of the log, a page at a time: whoever steps along it looks at the same ones again and
//! again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use actors::rejection::Rejection;
use events::envelope::Envelope;
use events::stream::Position;
use serde_json::Value;

use super::super::document::Subject;
use super::super::recorded::{Recorded, unread};
use crate::api::{shown, time};

/// Events of a page.
const PAGE: u64 = 250;
/// Pages that are kept; with payloads as large as they may be, a quarter of a gigabyte.
const PAGES_MAX: usize = 16;
/// Longest summary, in bytes, before the part that goes beyond it.
const SUMMARY_MAX: usize = 200;

/// An event in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLine {
    /// Its position.
    pub position: Position,
    /// The time when it was recorded, RFC 3339.
    pub at: String,
    /// Its stream.
    pub stream: String,
    /// Its type.
    pub kind: String,
    /// The values of its payload, as many as a line may have.
    pub summary: String,
    /// Whether it is of what is looked at.
    pub is_of_subject: bool,
}

impl EventLine {
    /// The line of an event.
    pub(super) fn of(envelope: &Envelope, subject: &Subject) -> Self {
        let mut summary = String::new();
        summarise(&mut summary, "", &shown::data(envelope));
        Self {
            position: envelope.position,
            at: time(envelope.at),
            stream: envelope.stream.to_string(),
            kind: envelope.kind.to_string(),
            summary,
            is_of_subject: subject.is_of(envelope),
        }
    }
}

/// Adds the values within a value, each behind its name, until there are enough.
fn summarise(summary: &mut String, name: &str, value: &Value) {
    if summary.len() > SUMMARY_MAX {
        return;
    }

    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                summarise(summary, name, value);
            }
        }
        Value::Array(items) => add(summary, name, &format!("[{}]", items.len())),
        Value::String(text) => {
            let head: String = text.chars().take(SUMMARY_MAX).collect();
            add(summary, name, &head);
        }
        Value::Bool(_) | Value::Number(_) => add(summary, name, &value.to_string()),
    }
}

fn add(summary: &mut String, name: &str, value: &str) {
    if !summary.is_empty() {
        summary.push(' ');
    }
    summary.push_str(&format!("{name}={value}"));
}

type Kept = VecDeque<(u64, Arc<Vec<Envelope>>)>;

/// Pages of a log.
pub(super) struct Pages {
    recorded: Recorded,
    /// Whole ones alone, which stay as they are; the one that was used last at the end.
    kept: Mutex<Kept>,
}

impl Pages {
    /// No pages yet, of this log.
    pub(super) fn of(recorded: Recorded) -> Self {
        Self {
            recorded,
            kept: Mutex::default(),
        }
    }

    /// The events after the first position through the second, as far as the log has them.
    pub(super) async fn between(
        &self,
        (after, through): (Position, Position),
    ) -> Result<Vec<Envelope>, Rejection> {
        let mut found = Vec::new();
        for number in after.0 / PAGE..through.0.div_ceil(PAGE) {
            let page = self.page(number).await?;
            let within = page.iter();
            let within = within.filter(|one| after < one.position && one.position <= through);
            found.extend(within.cloned());
        }
        Ok(found)
    }

    /// The event at a position; none before the first one.
    pub(super) async fn event(&self, position: Position) -> Result<Option<Envelope>, Rejection> {
        let Some(before) = position.0.checked_sub(1) else {
            return Ok(None);
        };
        let mut found = self.between((Position(before), position)).await?;
        Ok(found.pop())
    }

    async fn page(&self, number: u64) -> Result<Arc<Vec<Envelope>>, Rejection> {
        if let Some(page) = self.used(number) {
            return Ok(page);
        }

        let (after, wanted) = (Position(number * PAGE), PAGE as usize);
        let read = self.recorded.log().read_all(after, wanted).await;
        let page = Arc::new(read.map_err(unread)?);
        if page.len() == wanted {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_back((number, page.clone()));
            if kept.len() > PAGES_MAX {
                kept.pop_front();
            }
        }
        Ok(page)
    }

    fn used(&self, number: u64) -> Option<Arc<Vec<Envelope>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, _)| *known == number)?;
        let found = kept.remove(place)?;
        let page = found.1.clone();
        kept.push_back(found);
        Some(page)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_summary_has_the_values_and_an_end() {
        let table = [
            (json!({}), ""),
            (
                json!({"epoch": 1, "holder": {"n": 3, "agent": null}}),
                "epoch=1 n=3",
            ),
            (
                json!({"all": [1, 2], "is_green": true}),
                "all=[2] is_green=true",
            ),
        ];
        for (data, expected) in table {
            let mut summary = String::new();
            summarise(&mut summary, "", &data);
            assert_eq!(summary, expected);
        }

        let mut long = String::new();
        let fields = (0..500).map(|n| (format!("f{n}"), json!("x".repeat(1_000))));
        summarise(&mut long, "", &Value::Object(fields.collect()));
        assert!(long.len() < 2 * SUMMARY_MAX + 10, "{}", long.len());
    }
}
