//! Names of places in the log: which stream, which version in it, which position in the whole.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{BadId, FeatureId, NodeName, ProjectName, SlotNo, SubscriptionName};

/// The events of one aggregate instance, `category-key`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum StreamId {
    /// `project-<name>`
    Project(ProjectName),
    /// `backlog-<project>`
    Backlog(ProjectName),
    /// `feature-<project>/<id>`
    Feature(ProjectName, FeatureId),
    /// `container-<project>/<n>`: a slot
    Container(ProjectName, SlotNo),
    /// `trunk-<project>`
    MergeQueue(ProjectName),
    /// `node-<id>`
    Node(NodeName),
    /// `subscription-<name>`
    Subscription(SubscriptionName),
}

impl StreamId {
    /// The part before the first dash.
    pub fn category(&self) -> &'static str {
        match self {
            Self::Project(_) => "project",
            Self::Backlog(_) => "backlog",
            Self::Feature(..) => "feature",
            Self::Container(..) => "container",
            Self::MergeQueue(_) => "trunk",
            Self::Node(_) => "node",
            Self::Subscription(_) => "subscription",
        }
    }

    /// The project it belongs to; none for those of the installation.
    pub fn project(&self) -> Option<&ProjectName> {
        match self {
            Self::Project(p)
            | Self::Backlog(p)
            | Self::MergeQueue(p)
            | Self::Feature(p, _)
            | Self::Container(p, _) => Some(p),
            Self::Node(_) | Self::Subscription(_) => None,
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let category = self.category();
        match self {
            Self::Project(key) | Self::Backlog(key) | Self::MergeQueue(key) => {
                write!(f, "{category}-{key}")
            }
            Self::Node(key) => write!(f, "{category}-{key}"),
            Self::Subscription(key) => write!(f, "{category}-{key}"),
            Self::Feature(project, id) => write!(f, "{category}-{project}/{id}"),
            Self::Container(project, n) => write!(f, "{category}-{project}/{n}"),
        }
    }
}

impl FromStr for StreamId {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = || BadId::Other(text.to_owned(), "stream name (category-key)");
        let (category, key) = text.split_once('-').ok_or_else(bad)?;
        let pair = || key.split_once('/').ok_or_else(bad);

        Ok(match category {
            "project" => Self::Project(key.parse()?),
            "backlog" => Self::Backlog(key.parse()?),
            "trunk" => Self::MergeQueue(key.parse()?),
            "node" => Self::Node(key.parse()?),
            "subscription" => Self::Subscription(key.parse()?),
            "feature" => Self::Feature(pair()?.0.parse()?, pair()?.1.parse()?),
            "container" => Self::Container(pair()?.0.parse()?, number(pair()?.1).ok_or_else(bad)?),
            _ => return Err(bad()),
        })
    }
}

/// A number as it is written here: one spelling for each.
fn number(text: &str) -> Option<SlotNo> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let plain = digits && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok())?.map(SlotNo)
}

impl TryFrom<String> for StreamId {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}
impl From<StreamId> for String {
    fn from(id: StreamId) -> String {
        id.to_string()
    }
}

/// Place within a stream, from 1; 0 is "no event yet".
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub u64);

/// Place in the whole log, from 1, gapless; 0 is "before everything".
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub u64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for name in [
            "project-a",
            "backlog-a-b",
            "feature-a-b/feat-x.1",
            "container-p/3",
            "trunk-p",
            "node-n-1",
            "subscription-chat",
        ] {
            assert_eq!(name.parse::<StreamId>().expect(name).to_string(), name);
        }

        for bad in [
            "",
            "project",
            "feature-a",
            "container-p/x",
            "container-p/+3",
            "container-p/03",
            "container-p/",
            "other-a",
            "project-A",
        ] {
            assert!(bad.parse::<StreamId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_slot_has_one_spelling() {
        for (name, wanted) in [
            ("container-p/0", Some(0)),
            ("container-p/10", Some(10)),
            ("container-p/65535", Some(65_535)),
            ("container-p/65536", None),
            ("container-p/00", None),
            ("container-p/1/2", None),
        ] {
            let slot = match name.parse() {
                Ok(StreamId::Container(_, n)) => Some(n.0),
                Ok(_) | Err(_) => None,
            };
            assert_eq!(slot, wanted, "{name}");
        }
        let stream: StreamId = "trunk-p".parse().expect("a stream");
        assert_eq!(String::from(stream.clone()), "trunk-p");
        assert_eq!(StreamId::try_from("trunk-p".to_owned()), Ok(stream));
    }
}
