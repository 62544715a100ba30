//! A repository that ZeroCoder worked on: its spec and its issues are taken over, and what of it
//! nobody reads any more is named.

use tracing::instrument;

use super::{Done, Operator, RequestContext};
use crate::api::{Adopted, ProjectChange};
use crate::beads;
use crate::beads::import::UnderWay;
use actors::rejection::Rejection;

/// Its folder.
const FOLDER: &str = "prompts";
/// Its spec there.
const SPEC: &str = "app_spec.txt";

impl Operator {
    /// Takes over what such a repository holds. Asked again it changes nothing.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn adopt(&self, context: &RequestContext, name: &str) -> Done<Adopted> {
        let project = Self::name(name)?;
        let branch = self.copied(&project).await?;
        let spec = self.read(&project, |view| Some(view.registered()?.spec))?;
        let repo = &self.core.world.repo;
        let mut adopted = Adopted::default();
        let mut unused = repo.list_files(&project, &branch, FOLDER).await?;

        if let Some(bytes) = repo
            .read_file(&project, &branch, &format!("{FOLDER}/{SPEC}"))
            .await?
        {
            let text = String::from_utf8(bytes).map_err(Rejection::invalid)?;
            unused.retain(|file| file != SPEC);
            if spec != Some(events::id::Digest::of(text.as_bytes())) {
                let change = ProjectChange {
                    spec: Some(text),
                    ..ProjectChange::default()
                };
                self.change_project(context, name, &change).await?;
                adopted.spec = true;
            }
        }
        if repo
            .read_file(&project, &branch, beads::PATH)
            .await?
            .is_some()
        {
            adopted.issues = Some(
                self.import_issues_of_repository(context, name, UnderWay::Left)
                    .await?,
            );
        }
        adopted.unused = unused
            .into_iter()
            .map(|file| format!("{FOLDER}/{file}"))
            .collect();

        Ok(adopted)
    }
}
