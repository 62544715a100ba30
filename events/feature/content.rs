//! What a feature asks for: its text and its place in the queue.

use serde::{Deserialize, Serialize};

use crate::steering::steers;

/// Longest title, in characters.
pub const TITLE_MAX: usize = 200;
/// Longest description, in bytes. The content of one feature has to fit one event beside its steps.
pub const DESCRIPTION_MAX: usize = 32 * 1024;
/// Longest text of all steps together, in bytes.
pub const STEPS_MAX: usize = 16 * 1024;
/// Most steps: each takes some bytes of the event beside its text.
pub const STEPS_COUNT_MAX: usize = 500;
/// Lowest priority.
pub const PRIORITY_MAX: u8 = 4;
/// The priority when nothing is said.
pub const PRIORITY_USUAL: u8 = 2;
/// Most labels.
pub const LABELS_MAX: usize = 20;

/// What kind of work it is.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureType {
    /// Something new.
    #[default]
    Feature,
    /// Something to be done that nobody sees.
    Task,
    /// Something wrong.
    Bug,
    /// A heading: not claimable, not counted.
    Epic,
}

/// A feature's content.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Content {
    /// 1 to 200 characters.
    pub title: String,
    /// Free text.
    pub description: String,
    /// How to do it or to see that it is done, in order.
    pub steps: Vec<String>,
    /// Shown as a badge.
    pub category: String,
    /// At most 20.
    pub labels: Vec<String>,
    /// 0 (first) to 4 (last); 2 when nothing is said.
    #[serde(deserialize_with = "priority")]
    pub priority: u8,
    /// Order within the priority, ascending.
    pub rank: i64,
    /// Kind of work.
    #[serde(rename = "type")]
    pub kind: FeatureType,
}

/// Accepts 0 to 4 and `"P0"` to `"P4"`.
fn priority<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Number(u8),
        Text(String),
    }

    let number = match Form::deserialize(from)? {
        Form::Number(n) => n,
        Form::Text(t) => match t.as_bytes() {
            [b'P' | b'p', digit @ b'0'..=b'4'] => digit - b'0',
            _ => {
                return Err(serde::de::Error::custom(format!(
                    "priority \"{t}\": use 0 to 4 or P0 to P4"
                )));
            }
        },
    };
    Ok(number)
}

impl Default for Content {
    fn default() -> Self {
        Self {
            title: String::new(),
            description: String::new(),
            steps: vec![],
            category: String::new(),
            labels: vec![],
            priority: PRIORITY_USUAL,
            rank: 0,
            kind: FeatureType::Feature,
        }
    }
}

impl Content {
    /// A content with this title and the usual priority.
    pub fn titled(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            ..Self::default()
        }
    }

    /// Says which bound is broken, if one is.
    pub fn check(&self) -> Result<(), String> {
        self.check_title()?;
        self.check_text()?;
        self.check_place()
    }

    fn check_title(&self) -> Result<(), String> {
        let length = self.title.trim().chars().count();
        if length == 0 || self.title.chars().count() > TITLE_MAX {
            return Err(format!(
                "the title has {length} characters, 1 to {TITLE_MAX} are allowed"
            ));
        }

        if self.title.chars().any(steers) {
            return Err(
                "the title is one line: no line breaks, tabs, control characters or turns of the \
                 writing direction"
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn check_text(&self) -> Result<(), String> {
        let description = self.description.len();
        if description > DESCRIPTION_MAX {
            return Err(format!(
                "the description has {description} bytes, at most {DESCRIPTION_MAX} are allowed"
            ));
        }

        let steps: usize = self.steps.iter().map(String::len).sum();
        if steps > STEPS_MAX {
            return Err(format!(
                "the steps have {steps} bytes, at most {STEPS_MAX} are allowed"
            ));
        }

        let blank = |text: &String| text.trim().is_empty();
        if self.steps.iter().any(blank) || self.labels.iter().any(blank) {
            return Err("a step or a label is empty: leave it out".to_owned());
        }

        let count = self.steps.len();
        if count > STEPS_COUNT_MAX {
            return Err(format!(
                "there are {count} steps, at most {STEPS_COUNT_MAX} are allowed"
            ));
        }
        Ok(())
    }

    fn check_place(&self) -> Result<(), String> {
        if self.priority > PRIORITY_MAX {
            return Err(format!(
                "priority {} is not one of 0 to {PRIORITY_MAX}",
                self.priority
            ));
        }

        if self.labels.len() > LABELS_MAX
            || self.labels.iter().any(|l| l.len() > TITLE_MAX)
            || self.category.len() > TITLE_MAX
        {
            return Err(format!(
                "at most {LABELS_MAX} labels of {TITLE_MAX} bytes, and a category as short, are \
                 allowed"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
