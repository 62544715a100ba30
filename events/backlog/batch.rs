//! A batch of features as it is handed in: content, and dependencies by key. Ids are drawn from its
//! digest, so that a batch that is read again after a crash names the same features.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::backlog::event::Edge;
use crate::feature::content::Content;
use crate::id::{Digest, FeatureId, base32};

/// Most features in one batch: its ids and edges have to fit one event.
pub const BATCH_MAX: usize = 500;
/// Features that one session may bring into the backlog one by one: an agent that goes in circles
/// does not fill it.
pub const BROUGHT_MAX: u32 = 30;
/// Most dependencies in one batch, for the same reason.
pub const EDGES_MAX: usize = 600;
/// Largest encoded batch, in bytes.
pub const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most features that an import from another tracker brings as one: its admission is recorded in
/// parts, in one append.
pub const IMPORT_MAX: usize = 10_000;
/// Most dependencies of an import.
pub const IMPORT_EDGES_MAX: usize = 20_000;
/// Most comments that an imported feature begins with; they are recorded in one append with its
/// creation.
pub const COMMENTS_MAX: usize = 100;

/// Where an imported feature begins.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Born {
    /// Open, as every feature that is handed in here.
    #[default]
    Open,
    /// Done before it came here: nobody may ever claim it.
    Closed,
    /// Deleted before it came here: it is kept so that an export keeps it deleted.
    Withdrawn,
    /// Open, and nobody works on it before a person says so; the reason.
    Aside(String),
}

impl Born {
    /// Whether it begins as features usually do.
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }

    /// Whether it was over before it came.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Closed | Self::Withdrawn)
    }
}

/// A comment that an imported feature begins with.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// The name of who said it.
    pub by: String,
    /// At most 16 KiB.
    pub text: String,
}

/// One feature to be.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchItem {
    /// A name for it within the batch, for dependencies.
    #[serde(default)]
    pub key: Option<String>,
    /// What is to be done.
    pub content: Content,
    /// Keys of this batch or ids of the backlog.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// The record that it was made from in another tracker, as JSON: what is not ours in it is
    /// kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Where it begins; only an import brings features that are not open.
    #[serde(default, skip_serializing_if = "Born::is_open")]
    pub born: Born,
    /// What was said about it before it came; only an import brings any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Remark>,
}

impl BatchItem {
    /// An open feature with this content that depends on nothing.
    pub fn of(content: Content) -> Self {
        Self {
            key: None,
            content,
            depends_on: vec![],
            raw: None,
            born: Born::Open,
            comments: vec![],
        }
    }

    /// Whether it is as agents and people hand features in: without a life before.
    fn is_new(&self) -> bool {
        self.raw.is_none() && self.born.is_open() && self.comments.is_empty()
    }
}

/// Features handed in together.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// What the ids begin with, `feat` if nothing is said.
    #[serde(default = "default_prefix")]
    pub prefix: String,
    /// The features, in order.
    pub items: Vec<BatchItem>,
}

fn default_prefix() -> String {
    "feat".to_owned()
}

/// Why a batch is not acceptable as it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchRefusal {
    /// It is empty or too large.
    #[error("the batch has {found} features, 1 to {max} are allowed")]
    Count {
        /// Of them.
        found: usize,
        /// The bound.
        max: usize,
    },
    /// Too many edges.
    #[error("the batch has {found} dependencies, at most {max} are allowed")]
    Edges {
        /// Of them.
        found: usize,
        /// The bound.
        max: usize,
    },
    /// The prefix makes no id.
    #[error("the prefix \"{0}\" is not 1 to 20 characters of a-z, 0-9 and '-'")]
    Prefix(String),
    /// An item breaks a bound.
    #[error("feature {index} (\"{title}\"): {why}")]
    Item {
        /// From 1.
        index: usize,
        /// Its title.
        title: String,
        /// The bound that it passes, in words.
        why: String,
    },
    /// Two items share a key.
    #[error("the key \"{0}\" is used twice")]
    Key(String),
    /// A dependency leads nowhere.
    #[error(
        "feature {index} depends on \"{on}\", which is neither a key of the batch nor an id of the \
         backlog"
    )]
    Dependency {
        /// From 1.
        index: usize,
        /// The name that stands for no feature.
        on: String,
    },
}

/// Fewest characters of the drawn part of an id.
const DRAWN_MIN: usize = 5;
/// Longest drawn part.
const DRAWN_MAX: usize = 40;

impl Batch {
    /// A batch of one feature.
    pub fn single(content: Content, depends_on: Vec<String>) -> Self {
        Self {
            prefix: default_prefix(),
            items: vec![BatchItem {
                depends_on,
                ..BatchItem::of(content)
            }],
        }
    }

    /// Bounds of a batch that an agent or a person hands in, as far as they need no backlog.
    pub fn check(&self) -> Result<(), BatchRefusal> {
        for (item, index) in self.items.iter().zip(1..) {
            if !item.is_new() {
                return Err(BatchRefusal::Item {
                    index,
                    title: item.content.title.clone(),
                    why: "only an import brings a state, comments or a record from elsewhere"
                        .to_owned(),
                });
            }
        }
        self.check_bounds(BATCH_MAX, EDGES_MAX)
    }

    /// Bounds of an import from another tracker, as far as they need no backlog.
    pub fn check_import(&self) -> Result<(), BatchRefusal> {
        for (item, index) in self.items.iter().zip(1..) {
            if item.comments.len() > COMMENTS_MAX {
                return Err(BatchRefusal::Item {
                    index,
                    title: item.content.title.clone(),
                    why: format!(
                        "it has {} comments, at most {COMMENTS_MAX} are allowed",
                        item.comments.len()
                    ),
                });
            }
        }

        self.check_bounds(IMPORT_MAX, IMPORT_EDGES_MAX)
    }

    fn check_bounds(&self, most: usize, most_edges: usize) -> Result<(), BatchRefusal> {
        let found = self.items.len();
        if !(1..=most).contains(&found) {
            return Err(BatchRefusal::Count { found, max: most });
        }

        let found: usize = self.items.iter().map(|i| i.depends_on.len()).sum();
        if found > most_edges {
            let max = most_edges;
            return Err(BatchRefusal::Edges { found, max });
        }

        if self.prefix.len() > 20 || format!("{}-x", self.prefix).parse::<FeatureId>().is_err() {
            return Err(BatchRefusal::Prefix(self.prefix.clone()));
        }

        let mut keys = BTreeSet::new();

        for (item, index) in self.items.iter().zip(1..) {
            let told = |why| BatchRefusal::Item {
                index,
                title: item.content.title.clone(),
                why,
            };
            item.content.check().map_err(told)?;
            if let Some(key) = &item.key
                && !keys.insert(key.clone())
            {
                return Err(BatchRefusal::Key(key.clone()));
            }
        }

        Ok(())
    }

    /// The ids of the items, one for each, drawn from the seed; lengthened where `taken` knows the
    /// short form, and drawn anew where it knows all of them.
    pub fn draw_ids(&self, seed: Digest, taken: impl Fn(&FeatureId) -> bool) -> Vec<FeatureId> {
        let mut used = BTreeSet::new();
        let mut drawn = Vec::with_capacity(self.items.len());

        for index in 0..self.items.len() as u64 {
            let free = |id: &FeatureId| !taken(id) && !used.contains(id);
            let id = (0..).find_map(|round| self.candidates(seed, index, round).find(free));
            used.extend(id.clone());
            drawn.extend(id);
        }

        drawn
    }

    /// Ids of an item in one round of drawing, the shortest first.
    fn candidates(&self, seed: Digest, index: u64, round: u64) -> impl Iterator<Item = FeatureId> {
        let mut bytes = seed.0.to_vec();
        bytes.extend_from_slice(&index.to_le_bytes());
        // The first round has always been drawn without its number.
        if round > 0 {
            bytes.extend_from_slice(&round.to_le_bytes());
        }

        let text = base32(&Digest::of(&bytes).0);
        let lengths = DRAWN_MIN..=text.len().min(DRAWN_MAX);
        lengths
            .filter_map(move |length| format!("{}-{}", self.prefix, &text[..length]).parse().ok())
    }

    /// The edges of the batch under its drawn ids.
    pub fn edges(
        &self,
        ids: &[FeatureId],
        exists: impl Fn(&FeatureId) -> bool,
    ) -> Result<Vec<Edge>, BatchRefusal> {
        let keyed = self
            .items
            .iter()
            .zip(ids)
            .filter_map(|(item, id)| Some((item.key.as_deref()?, id)));
        let by_key: BTreeMap<&str, &FeatureId> = keyed.collect();
        let mut edges = BTreeSet::new();

        for ((item, id), index) in self.items.iter().zip(ids).zip(1..) {
            for on in &item.depends_on {
                let found = match by_key.get(on.as_str()) {
                    Some(id) => Some((*id).clone()),
                    None => on.parse().ok().filter(&exists),
                };
                let on = found.ok_or_else(|| BatchRefusal::Dependency {
                    index,
                    on: on.clone(),
                })?;
                edges.insert(Edge {
                    feature: id.clone(),
                    on,
                });
            }
        }

        Ok(edges.into_iter().collect())
    }
}
