//! Issues of Beads taken in, and features written out as such.

use std::collections::BTreeMap;

use actors::ports::repo::SideFile;
use events::backlog::{Batch, BatchItem};
use events::feature::event::Closing;
use events::feature::{self, Stage};
use events::id::{Digest, Epoch, FeatureId, ProjectName};
use events::policy::AnyCommand;
use events::stream::StreamId;
use events::view::ProjectBook;
use serde_json::Value;

use super::{Done, Office, Wish, unknown_project};
use crate::beads::export::{Beside, exported};
use crate::beads::import::{Imported, imported, ordered, resolved};
use crate::beads::{self, Issue};
use crate::http::problem::ApiProblem;
use crate::http::shapes::{BeadsPublished, BeadsTaken, LeftOut};

/// Issues that are admitted as one.
const AT_ONCE: usize = 200;
/// What ids of features begin with that came from a file.
const PREFIX: &str = "feat";

/// Where features of a project came from: their id in a file, and their line there.
type Origins = BTreeMap<FeatureId, (String, Issue)>;

impl Office {
    /// Takes in the issues of a file that are not there yet. Asked again with the same file it goes on where it was.
    pub async fn import_beads(&self, wish: &Wish, name: &str, text: &str) -> Done<BeadsTaken> {
        let project = Self::name(name)?;
        let issues = beads::read(text).map_err(ApiProblem::invalid)?;
        let file = Digest::of(text.as_bytes()).to_string();
        let mut known = self.known_issues(&project).await?;
        let all = issues.len();
        let (issues, left_out) = ordered(issues.iter().map(imported).collect());
        let new: Vec<Imported> = issues
            .iter()
            .filter(|issue| !known.contains_key(&issue.id))
            .cloned()
            .collect();
        for chunk in new.chunks(AT_ONCE) {
            let items = chunk
                .iter()
                .map(|issue| resolved(issue.item.clone(), &known))
                .collect();
            let batch = Batch {
                prefix: PREFIX.to_owned(),
                items,
            };
            let first = chunk
                .first()
                .map(|issue| issue.id.clone())
                .unwrap_or_default();
            let admit = Wish::keyed(&wish.by, &format!("beads {project} {file} {first}"));
            let written = self.add_features(&admit, name, &batch).await?;
            known.extend(chunk.iter().map(|issue| issue.id.clone()).zip(written.ids));
        }
        let ids: Vec<FeatureId> = new
            .iter()
            .filter_map(|issue| known.get(&issue.id)?.parse().ok())
            .collect();
        self.are_there(&project, &ids).await;
        let origins = self.origins(&project).await?;
        for (id, (name, _)) in &origins {
            if let Some(issue) = issues.iter().find(|issue| issue.id == *name) {
                self.finish_issue(wish, &project, id, issue).await?;
            }
        }
        let (taken, present) = (new.len(), all - new.len());
        let left_out = left_out
            .into_iter()
            .map(|(issue, on)| LeftOut { issue, on })
            .collect();
        Ok(BeadsTaken {
            taken,
            present,
            left_out,
        })
    }

    /// What was said about an issue, and that it is done: as far as that is missing, and while nobody has worked on it here. Each under an
    /// id of its own, so that a repetition changes nothing.
    async fn finish_issue(
        &self,
        wish: &Wish,
        project: &ProjectName,
        id: &FeatureId,
        issue: &Imported,
    ) -> Done<()> {
        let stream = StreamId::Feature(project.clone(), id.clone());
        let mut notes = self.read(project, |book| {
            let known = book.feature(id).filter(|known| {
                known.epoch == Epoch(0) && matches!(known.stage, Stage::Open { .. })
            });
            Some(known.map(|known| known.notes.clone()))
        })?;
        let Some(notes) = &mut notes else {
            return Ok(());
        };
        for (at, (by, text)) in issue.comments.iter().enumerate() {
            let by = if by.trim().is_empty() {
                wish.by.clone()
            } else {
                by.clone()
            };
            if let Some(there) = notes
                .iter()
                .position(|note| note.by == by && note.text == *text)
            {
                notes.remove(there);
                continue;
            }
            let said = Wish::keyed(&wish.by, &format!("beads {id} comment {at} {by} {text}"));
            let command = feature::Command::Comment {
                by,
                text: text.clone(),
            };
            self.tell(&said, said.id, stream.clone(), AnyCommand::Feature(command))
                .await?;
        }
        if issue.closed {
            let command = feature::Command::Close {
                closing: Closing::DoneElsewhere,
                by: wish.by.clone(),
            };
            let closed = Wish::keyed(&wish.by, &format!("beads {id} closed"));
            self.tell(&closed, closed.id, stream, AnyCommand::Feature(command))
                .await?;
        }
        Ok(())
    }

    /// Returns when these features exist: they are created one by one after their batch was admitted.
    async fn are_there(&self, project: &ProjectName, ids: &[FeatureId]) {
        let mut changes = self.core.projector.changes();
        loop {
            changes.mark_unchanged();
            let there = self.core.projector.read(|books| {
                let book = books.projects.get(project);
                book.is_some_and(|book| ids.iter().all(|id| book.feature(id).is_some()))
            });
            if there {
                return;
            }
            changes.changed().await;
        }
    }

    /// The ids that issues have in a file, and the features that they are: those that were imported, and our own.
    pub(super) async fn known_issues(
        &self,
        project: &ProjectName,
    ) -> Done<BTreeMap<String, String>> {
        let origins = self.origins(project).await?;
        let mut known: BTreeMap<String, String> = self.read(project, |book| {
            book.registered().map(|_| {
                book.known()
                    .map(|(id, ..)| (id.to_string(), id.to_string()))
                    .collect()
            })
        })?;
        known.extend(
            origins
                .into_iter()
                .map(|(id, (issue, _))| (issue, id.to_string())),
        );
        Ok(known)
    }

    /// The lines that features were imported from.
    pub(super) async fn origins(&self, project: &ProjectName) -> Done<Origins> {
        let places: Vec<(FeatureId, Digest, u64)> = self.read(project, |book| {
            book.registered()?;
            Some(
                book.backlog
                    .state
                    .ids
                    .iter()
                    .map(|(id, origin)| (id.clone(), origin.batch, origin.index.into()))
                    .collect(),
            )
        })?;
        let mut batches: BTreeMap<Digest, Vec<BatchItem>> = BTreeMap::new();
        let mut origins = Origins::new();
        for (id, digest, index) in places {
            if let std::collections::btree_map::Entry::Vacant(slot) = batches.entry(digest) {
                let bytes = self.core.world.blobs.get(digest).await?;
                let batch: Batch = serde_json::from_slice(&bytes).map_err(ApiProblem::invalid)?;
                slot.insert(batch.items);
            }
            let item = usize::try_from(index)
                .ok()
                .and_then(|index| batches.get(&digest)?.get(index));
            if let Some(raw) = item.and_then(|item| item.raw.as_ref())
                && let Ok(Value::Object(issue)) = serde_json::from_str(raw)
                && let Some(name) = issue.get("id").and_then(Value::as_str).map(str::to_owned)
            {
                origins.insert(id, (name, issue));
            }
        }
        Ok(origins)
    }

    /// The issues that the repository holds.
    pub async fn issues_of_repository(&self, name: &str) -> Done<String> {
        let project = Self::name(name)?;
        let branch = self.read(&project, |book| Some(book.trunk.state.branch.clone()))?;
        let branch = branch
            .ok_or_else(|| ApiProblem::not_found("not_copied", "upstream was not copied yet"))?;
        let found = self
            .core
            .world
            .repo
            .read_file(&project, &branch, beads::PATH)
            .await?;
        let bytes = found.ok_or_else(|| {
            ApiProblem::not_found(
                "no_issues",
                &format!("the repository holds no {}", beads::PATH),
            )
        })?;
        String::from_utf8(bytes).map_err(ApiProblem::invalid)
    }

    /// Publishes every feature upstream, on a branch beside the trunk.
    pub async fn publish_beads(&self, name: &str) -> Done<BeadsPublished> {
        let project = Self::name(name)?;
        let text = self.export_beads(name).await?;
        let url = self.read(&project, |book| Some(book.registered()?.git_url.clone()))?;
        let at = self.core.world.clock.now();
        let file = SideFile {
            branch: beads::BRANCH.to_owned(),
            path: beads::PATH.to_owned(),
            bytes: text.into_bytes(),
            at,
        };
        let (sha, changed) = self
            .core
            .world
            .repo
            .publish_file(&project, &url, &file)
            .await?;
        Ok(BeadsPublished {
            branch: beads::BRANCH.to_owned(),
            sha: sha.to_string(),
            changed,
        })
    }

    /// Every feature as a line of `issues.jsonl`, sorted by id.
    pub async fn export_beads(&self, name: &str) -> Done<String> {
        let project = Self::name(name)?;
        let origins = self.origins(&project).await?;
        let found = self.core.projector.read(|books| {
            books
                .projects
                .get(&project)
                .map(|book| lines(book, &origins))
        });
        found.ok_or_else(unknown_project)
    }
}

fn lines(book: &ProjectBook, origins: &Origins) -> String {
    let named = |id: &FeatureId| {
        origins
            .get(id)
            .map_or_else(|| id.to_string(), |(name, _)| name.clone())
    };
    let mut issues: BTreeMap<String, Issue> = BTreeMap::new();
    for (id, known, tracked) in book.known() {
        let name = named(id);
        let depends_on: Vec<String> = book.backlog.state.dependencies(id).map(&named).collect();
        let made = crate::http::shapes::time(tracked.made);
        let changed = crate::http::shapes::time(tracked.changed);
        let raw = origins.get(id).map(|(_, issue)| issue);
        let beside = Beside {
            id: &name,
            raw,
            depends_on: &depends_on,
            times: (&made, &changed),
        };
        issues.insert(name.clone(), exported(known, beside));
    }
    issues
        .into_values()
        .map(|issue| format!("{}\n", Value::Object(issue)))
        .collect()
}
