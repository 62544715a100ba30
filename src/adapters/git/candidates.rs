//! What is asked of candidates: built on upstream or on each other, tried beside everything, and
//! whether our own part of a branch is as it should be.

use actors::ports::PortError;
use actors::ports::repo::{Base, Built, Looked, MergeSpec, Merges};
use async_trait::async_trait;
use events::claims::refs;
use events::id::{Epoch, FeatureId, ProjectName, Sha};
use events::merge_queue::Collision;
use events::merge_queue::event::FILES_MAX;

use super::build::{Plan, finish, mergeable, plan};
use super::merge::{Merged, Sides};
use super::{Gates, oid, scaffold, trouble};

#[async_trait]
impl Merges for Gates {
    async fn build(
        &self,
        project: &ProjectName,
        url: &str,
        branch: &str,
        spec: &MergeSpec,
    ) -> Result<Built, PortError> {
        let seen = spec.on == Base::Seen && self.holds(project, spec.base.as_ref()).await?;
        if !seen && spec.on != Base::Candidate {
            let looked = self
                .look_upstream(project, url, branch, spec.base.as_ref())
                .await?;
            if looked != Looked::At(spec.base.clone()) {
                return Ok(Built::Moved(looked));
            }
        }

        self.build_on(project, spec).await
    }

    async fn collisions(
        &self,
        project: &ProjectName,
        base: &Sha,
        works: &[(FeatureId, Epoch)],
    ) -> Result<Vec<Collision>, PortError> {
        let ours = oid(base)?;
        let mut found = Vec::new();

        for (feature, epoch) in works {
            let reference = refs::work(feature, *epoch);
            let pushed = self
                .with(project, move |repository| {
                    mergeable(repository, ours, &reference)
                })
                .await?;
            let Some(theirs) = pushed else {
                continue;
            };
            let sides = Sides {
                fork: None,
                ours,
                theirs,
            };
            if let Merged::Conflict { mut paths, .. } = self.merge(project, sides).await? {
                paths.truncate(FILES_MAX);
                found.push(Collision {
                    feature: feature.clone(),
                    epoch: *epoch,
                    paths,
                });
            }
        }

        Ok(found)
    }

    async fn needs_scaffold(&self, project: &ProjectName, branch: &str) -> Result<bool, PortError> {
        let branch = format!("refs/heads/{branch}");
        self.with(project, move |repository| {
            let tree = repository
                .find_reference(&branch)
                .and_then(|reference| reference.peel_to_tree())
                .map_err(trouble)?;
            Ok(scaffold::tree(repository, Some(&tree))? != tree.id())
        })
        .await
    }
}

impl Gates {
    /// Builds what is asked for on a base that the gate holds.
    async fn build_on(&self, project: &ProjectName, spec: &MergeSpec) -> Result<Built, PortError> {
        let wanted = spec.clone();
        let planned = self
            .with(project, move |repository| plan(repository, &wanted))
            .await?;
        let (tree, parents) = match planned {
            Plan::Nothing => return Ok(Built::Nothing),
            Plan::Tree(tree, parents) => (tree, parents),
            Plan::Merge(sides, parents) => match self.merge(project, sides).await? {
                Merged::Tree(tree) => (tree, parents),
                Merged::Conflict { paths, why } => return Ok(Built::Conflict { paths, why }),
            },
        };
        let spec = spec.clone();

        self.with(project, move |repository| {
            finish(repository, &spec, tree, &parents)
        })
        .await
    }
}
