//! Issues of Beads taken in, and features written out as such.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use actors::admissions::all_made;
use actors::ports::repo::{Onto, SideFile};
use events::backlog::{Batch, BatchItem, BatchRefusal, Remark};
use events::feature::event::Closing;
use events::feature::{self, Stage};
use events::id::{Digest, Epoch, FeatureId, ProjectName};
use events::policy::AnyCommand;
use events::stream::StreamId;
use events::view::ProjectView;
use serde_json::Value;
use tracing::instrument;

use super::{Done, Operator, RequestContext, unknown_project};
use crate::api::{BeadsPublished, BeadsTaken, Fitted, LeftOut, ProjectChange};
use crate::beads::export::{Beside, exported};
use crate::beads::import::{Imported, UnderWay, imported, ordered, resolved};
use crate::beads::read::newest;
use crate::beads::{self, Issue};
use actors::rejection::Rejection;

/// What ids of features begin with that came from a file.
const PREFIX: &str = "feat";

/// Where features of a project came from.
type Origins = BTreeMap<FeatureId, Origin>;

/// Where a feature came from.
pub(super) struct Origin {
    /// Its id in the file.
    pub(super) name: String,
    /// Its line there.
    pub(super) issue: Issue,
    /// What it was admitted with, as ids of the file or of features.
    depends_on: Vec<String>,
}

impl Operator {
    /// Takes in the issues of a file that are not there yet, as one batch or not at all.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn import_beads(
        &self,
        context: &RequestContext,
        name: &str,
        text: &str,
        under_way: UnderWay,
    ) -> Done<BeadsTaken> {
        let project = Self::name(name)?;
        let issues = beads::read(text).map_err(Rejection::invalid)?;
        let (issues, twice) = newest(issues);
        let known = self.known_issues(&project).await?;

        let (issues, left_out) = ordered(issues.iter().map(imported).collect());
        let issues = issues.into_iter().map(|issue| issue.among(under_way));
        let (present, new): (Vec<Imported>, Vec<Imported>) =
            issues.partition(|issue| known.contains_key(&issue.id));
        self.admit_issues(context, name, text, (&new, &known))
            .await?;

        // An earlier request for the same may have been cut while its features were made.
        let there = present
            .iter()
            .filter_map(|issue| known.get(&issue.id)?.parse().ok());
        self.settle(&project, &there.collect()).await?;
        self.finish_issues(context, &project, &present).await?;

        let fitted = new.iter().flat_map(fitted).collect();
        let left_out = left_out
            .into_iter()
            .map(|(issue, on)| LeftOut { issue, on })
            .collect();
        Ok(BeadsTaken {
            taken: new.len(),
            present: present.len(),
            twice,
            left_out,
            fitted,
        })
    }

    /// Admits issues as one batch, and returns when all its features exist.
    async fn admit_issues(
        &self,
        context: &RequestContext,
        name: &str,
        file: &str,
        (new, known): (&[Imported], &BTreeMap<String, String>),
    ) -> Done<()> {
        if new.is_empty() {
            return Ok(());
        }
        let items = new.iter().map(|issue| resolved(issue.item.clone(), known));
        let batch = Batch {
            prefix: PREFIX.to_owned(),
            items: items.collect(),
        };
        batch
            .check_import()
            .map_err(|refusal| Rejection::invalid(of_issue(&refusal, new)))?;

        // The same file asked for again, while its first answer is on its way, is the same batch.
        let file = Digest::of(file.as_bytes());
        let admit =
            RequestContext::keyed(&context.by, &format!("beads {name} {file} {}", new.len()));
        let written = self.admit(&admit, name, &batch).await?;

        let parsed = written.ids.iter().filter_map(|id| id.parse().ok());
        let ids: Vec<FeatureId> = parsed.collect();
        all_made(&self.core.projector, &Self::name(name)?, &ids).await;
        Ok(())
    }

    /// Completes issues that an earlier import began.
    async fn finish_issues(
        &self,
        context: &RequestContext,
        project: &ProjectName,
        present: &[Imported],
    ) -> Done<()> {
        let by_name: BTreeMap<&str, &Imported> = present
            .iter()
            .map(|issue| (issue.id.as_str(), issue))
            .collect();

        for (id, origin) in &self.origins(project).await? {
            if let Some(issue) = by_name.get(origin.name.as_str()) {
                self.finish_issue(context, project, id, issue).await?;
            }
        }

        Ok(())
    }

    /// What was said about an issue, and that it is done: as far as that is missing, and while
    /// nobody has worked on it here. Each under an id of its own, so that a repetition changes
    /// nothing.
    async fn finish_issue(
        &self,
        context: &RequestContext,
        project: &ProjectName,
        id: &FeatureId,
        issue: &Imported,
    ) -> Done<()> {
        let stream = StreamId::Feature(project.clone(), id.clone());
        let mut notes = self.read(project, |view| {
            let known = view.feature(id).filter(|known| {
                known.epoch == Epoch(0) && matches!(known.stage, Stage::Open { .. })
            });
            Some(known.map(|known| known.notes.clone()))
        })?;
        let Some(notes) = &mut notes else {
            return Ok(());
        };

        for (at, Remark { by, text }) in issue.item.comments.iter().enumerate() {
            if let Some(there) = notes
                .iter()
                .position(|note| note.by == *by && note.text == *text)
            {
                notes.remove(there);
                continue;
            }
            let said =
                RequestContext::keyed(&context.by, &format!("beads {id} comment {at} {by} {text}"));
            let command = feature::Command::Comment {
                by: by.clone(),
                text: text.clone(),
            };
            self.tell(&said, said.id, stream.clone(), AnyCommand::Feature(command))
                .await?;
        }

        if issue.closed {
            let command = feature::Command::Close {
                closing: Closing::DoneElsewhere,
                by: context.by.clone(),
            };
            let closed = RequestContext::keyed(&context.by, &format!("beads {id} closed"));
            self.tell(&closed, closed.id, stream, AnyCommand::Feature(command))
                .await?;
        }

        Ok(())
    }

    /// The ids that issues have in a file, and the features that they are: those that were
    /// imported, and our own.
    pub(super) async fn known_issues(
        &self,
        project: &ProjectName,
    ) -> Done<BTreeMap<String, String>> {
        let origins = self.origins(project).await?;
        let mut known: BTreeMap<String, String> = self.read(project, |view| {
            view.registered().map(|_| {
                view.known()
                    .map(|(id, ..)| (id.to_string(), id.to_string()))
                    .collect()
            })
        })?;

        known.extend(
            origins
                .into_iter()
                .map(|(id, origin)| (origin.name, id.to_string())),
        );
        Ok(known)
    }

    /// The lines that features were imported from.
    pub(super) async fn origins(&self, project: &ProjectName) -> Done<Origins> {
        let places: Vec<(FeatureId, Digest, u64)> = self.read(project, |view| {
            view.registered()?;
            Some(
                view.backlog
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
            let items = match batches.entry(digest) {
                Entry::Occupied(read) => read.into_mut(),
                Entry::Vacant(place) => {
                    let bytes = self.core.world.blobs.get(digest).await?;
                    let batch: Batch =
                        serde_json::from_slice(&bytes).map_err(Rejection::invalid)?;
                    place.insert(batch.items)
                }
            };
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            if let Some(item) = items.get(index)
                && let Some(origin) = origin(item)
            {
                origins.insert(id, origin);
            }
        }

        Ok(origins)
    }

    /// Takes in the issues that the repository holds; from then on the two are kept in step, unless
    /// a person has said otherwise.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn import_issues_of_repository(
        &self,
        context: &RequestContext,
        name: &str,
        under_way: UnderWay,
    ) -> Done<BeadsTaken> {
        let text = self.issues_of_repository(name).await?;
        let taken = self.import_beads(context, name, &text, under_way).await?;

        let settings = self.read(&Self::name(name)?, |view| {
            Some(view.registered()?.settings.clone())
        })?;
        if settings.sync_issues.is_none() {
            let change = ProjectChange {
                sync_issues: Some(true),
                ..ProjectChange::default()
            };
            self.change_project(&RequestContext::fresh(&context.by), name, &change)
                .await?;
        }

        Ok(taken)
    }

    /// The issues that the repository holds.
    pub async fn issues_of_repository(&self, name: &str) -> Done<String> {
        let project = Self::name(name)?;
        let branch = self.copied(&project).await?;
        let found = self
            .core
            .world
            .repo
            .read_file(&project, &branch, beads::PATH)
            .await?;
        let bytes = found.ok_or_else(|| {
            Rejection::not_found(
                "no_issues",
                format!("the repository holds no {}", beads::PATH),
            )
        })?;
        let text = beads::decoded(&bytes)
            .map_err(|why| Rejection::invalid(format!("{}: {why}", beads::PATH)))?;

        Ok(text.to_owned())
    }

    /// Publishes every feature upstream, on a branch beside the trunk.
    pub async fn publish_beads(&self, name: &str) -> Done<BeadsPublished> {
        self.publish_onto(name, Onto::Anything).await
    }

    /// The same, on top of what was looked at before.
    pub(super) async fn publish_onto(&self, name: &str, onto: Onto) -> Done<BeadsPublished> {
        let project = Self::name(name)?;
        self.copied(&project).await?;
        let text = self.export_beads(name).await?;
        let url = self.read(&project, |view| Some(view.registered()?.git_url.clone()))?;
        let at = self.core.world.clock.now();
        let file = SideFile {
            branch: beads::BRANCH.to_owned(),
            path: beads::PATH.to_owned(),
            bytes: text.into_bytes(),
            at,
            onto,
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
        let found = self.core.projector.read(|projections| {
            projections
                .projects
                .get(&project)
                .map(|view| lines(view, &origins))
        });
        found.ok_or_else(unknown_project)
    }
}

/// Why a file cannot be taken in: a person knows its issues by their ids, not by their places in a
/// batch.
fn of_issue(refusal: &BatchRefusal, new: &[Imported]) -> String {
    let named = |index: usize| {
        let issue = index.checked_sub(1).and_then(|place| new.get(place));
        issue
            .map_or("an issue", |issue| issue.id.as_str())
            .to_owned()
    };

    match refusal {
        BatchRefusal::Count { found, max } => {
            format!("it brings {found} new issues, at most {max} are taken in at once: split it")
        }
        BatchRefusal::Edges { found, max } => format!(
            "its new issues wait {found} times for others, at most {max} times are taken in at \
             once: split it"
        ),
        BatchRefusal::Item { index, why, .. } => format!("{}: {why}", named(*index)),
        BatchRefusal::Dependency { index, on } => {
            format!("{} waits for {on}, which is nowhere", named(*index))
        }
        BatchRefusal::Prefix(_) | BatchRefusal::Key(_) => refusal.to_string(),
    }
}

/// What a feature is otherwise than its issue.
fn fitted(issue: &Imported) -> impl Iterator<Item = Fitted> {
    issue.fitted.iter().map(|what| Fitted {
        issue: issue.id.clone(),
        what: what.clone(),
    })
}

/// Where an item came from, if that was a file.
fn origin(item: &BatchItem) -> Option<Origin> {
    let Ok(Value::Object(issue)) = serde_json::from_str(item.raw.as_ref()?) else {
        return None;
    };
    let name = issue.get("id").and_then(Value::as_str)?.to_owned();

    Some(Origin {
        name,
        issue,
        depends_on: item.depends_on.clone(),
    })
}

fn lines(view: &ProjectView, origins: &Origins) -> String {
    let named = |id: &FeatureId| match origins.get(id) {
        Some(origin) => origin.name.clone(),
        None => id.to_string(),
    };
    // A dependency of a batch is an item of the same file, or a feature that was there before.
    let of_file = |on: &String| match on.parse::<FeatureId>() {
        Ok(id) if origins.contains_key(&id) => named(&id),
        _ => on.clone(),
    };
    let mut issues: BTreeMap<String, Issue> = BTreeMap::new();

    for (id, known, tracked) in view.known() {
        // Of two features that were made of one id, by an earlier release, the second comes out
        // under its own.
        let name = Some(named(id)).filter(|name| !issues.contains_key(name));
        let name = name.unwrap_or_else(|| id.to_string());
        let depends_on: Vec<String> = view.backlog.state.dependencies(id).map(&named).collect();
        let made = crate::api::time(tracked.made);
        let changed = crate::api::time(tracked.changed);
        let origin = origins.get(id);
        let admitted: Vec<String> = origin
            .map(|origin| origin.depends_on.iter().map(of_file).collect())
            .unwrap_or_default();
        let beside = Beside {
            id: &name,
            raw: origin.map(|origin| &origin.issue),
            depends_on: &depends_on,
            admitted: &admitted,
            times: (&made, &changed),
        };
        issues.insert(name.clone(), exported(known, beside));
    }

    issues
        .into_values()
        .map(|issue| format!("{}\n", Value::Object(issue)))
        .collect()
}
