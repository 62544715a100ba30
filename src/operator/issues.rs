//! Ids that features had in the tracker that they were imported from, beside the ids that they have
//! here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use events::backlog::Batch;
use events::id::{Digest, FeatureId};
use serde_json::{Map, Value};

use super::{Done, Operator};
use crate::api::FeatureShape;
use actors::rejection::Rejection;

/// Batches whose names are kept: those of a few projects that are looked at. A batch never changes.
const BATCHES_MAX: usize = 64;

/// Names in a batch, by place.
type Names = Arc<BTreeMap<u32, String>>;

/// The names that imported batches brought, as they were looked up.
#[derive(Debug, Default)]
pub struct IssueNames(Mutex<BTreeMap<Digest, Names>>);

impl IssueNames {
    fn known(&self, batch: Digest) -> Option<Names> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&batch).cloned()
    }

    fn keep(&self, batch: Digest, names: &Names) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= BATCHES_MAX {
            all.clear();
        }
        all.insert(batch, names.clone());
    }
}

/// The name in an imported line.
fn name(raw: &str) -> Option<String> {
    let issue: Map<String, Value> = serde_json::from_str(raw).ok()?;
    issue.get("id")?.as_str().map(str::to_owned)
}

fn names(batch: &Batch) -> BTreeMap<u32, String> {
    let places = batch.items.iter().zip(0..);
    let named = places.filter_map(|(item, at)| Some((at, name(item.raw.as_ref()?)?)));
    named.collect()
}

impl Operator {
    /// All features of a project, each with the id it had where it was imported from.
    pub async fn features_with_issues(&self, project: &str) -> Done<Vec<FeatureShape>> {
        let mut shapes = self.features(project)?;
        for shape in &mut shapes {
            shape.issue = self.issue(project, &shape.id).await?;
        }
        Ok(shapes)
    }

    /// One feature, with the id it had where it was imported from.
    pub async fn feature_with_issue(&self, project: &str, id: &str) -> Done<FeatureShape> {
        let mut shape = self.feature(project, id)?;
        shape.issue = self.issue(project, id).await?;
        Ok(shape)
    }

    async fn issue(&self, project: &str, id: &str) -> Done<Option<String>> {
        let id: FeatureId = Self::id(id)?;
        let origin = self.read(&Self::name(project)?, |view| {
            let origin = view.backlog.state.ids.get(&id);
            Some(origin.map(|origin| (origin.batch, origin.index)))
        })?;
        let Some((batch, place)) = origin else {
            return Ok(None);
        };
        let names = self.names_in(batch).await?;
        Ok(names.get(&place).cloned())
    }

    async fn names_in(&self, digest: Digest) -> Done<Names> {
        if let Some(known) = self.deps.issues.known(digest) {
            return Ok(known);
        }
        let bytes = self.core.world.blobs.get(digest).await?;
        let batch: Batch = serde_json::from_slice(&bytes).map_err(Rejection::invalid)?;
        let found = Arc::new(names(&batch));
        self.deps.issues.keep(digest, &found);
        Ok(found)
    }
}
