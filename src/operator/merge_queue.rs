//! The merge queue: look at it, let an entry through or not, take a feature's work out again.

use events::bounds::REASON_MAX;
use events::id::{CommandId, ProjectName};
use events::merge_queue::{self, EntryKind, Fault};
use events::policy::{AnyCommand, integrate};
use events::stream::StreamId;
use tracing::instrument;

use super::{Done, Operator, RequestContext, said, unknown_feature, written};
use crate::api::{self, ConflictShape, MergeQueueShape, ScaffoldShape, Written};
use actors::rejection::Rejection;

/// What a person asks of the queue itself goes before the work of agents.
const ASKED_FOR: u8 = 0;

impl Operator {
    /// The merge queue.
    pub fn merge_queue(&self, name: &str) -> Done<MergeQueueShape> {
        self.read(&Self::name(name)?, |view| {
            view.registered().map(|_| api::merge_queue(view))
        })
    }

    /// Brings our part of the repository up to date, through the queue; nothing is queued when it
    /// is.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn scaffold(&self, context: &RequestContext, name: &str) -> Done<ScaffoldShape> {
        let project = Self::name(name)?;
        let branch = self.copied(&project).await?;
        let needed = self
            .core
            .world
            .repo
            .needs_scaffold(&project, &branch)
            .await?;

        // Asked again under the same key, it answers as the first time.
        let queued = needed || self.answered(context.id).await?.is_some();

        if needed {
            self.to_merge_queue(
                context,
                name,
                merge_queue::Command::Enqueue {
                    kind: EntryKind::Scaffold,
                    priority: ASKED_FOR,
                },
            )
            .await?;
        }

        Ok(ScaffoldShape { queued })
    }

    /// Work that is under way and would not merge with upstream as it is now: merged in memory,
    /// when it is asked for.
    pub async fn conflicts(&self, name: &str) -> Done<Vec<ConflictShape>> {
        let project = Self::name(name)?;
        let (head, works) = self.read(&project, |view| {
            view.registered()?;
            let underway = view
                .known()
                .filter(|(_, known, _)| known.stage.is_underway());
            let works: Vec<_> = underway
                .map(|(id, known, _)| (id.clone(), known.epoch))
                .collect();
            Some((view.merge_queue.state.head.clone(), works))
        })?;
        let Some(head) = head else { return Ok(vec![]) };
        let found = self
            .core
            .world
            .repo
            .collisions(&project, &head, &works)
            .await?;

        Ok(found
            .into_iter()
            .map(|found| ConflictShape {
                feature: found.feature.to_string(),
                paths: found.paths,
            })
            .collect())
    }

    /// Lets an entry change the protected paths that it was held for.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn approve_change(
        &self,
        context: &RequestContext,
        name: &str,
        entry: u64,
    ) -> Done<Written> {
        let command = merge_queue::Command::ApproveChange {
            entry,
            by: context.by.clone(),
        };
        self.to_merge_queue(context, name, command).await
    }

    /// Sends it back, with a reason that the next coder reads.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn refuse_change(
        &self,
        context: &RequestContext,
        name: &str,
        entry: u64,
        why: &str,
    ) -> Done<Written> {
        let command = merge_queue::Command::RefuseChange {
            entry,
            by: context.by.clone(),
            why: said("reason", why, REASON_MAX)?,
        };
        self.to_merge_queue(context, name, command).await
    }

    /// Lets the queue go on at once: what it waits for is tried now, and verifiers that were lost
    /// count from nothing. Where upstream was in trouble it is looked at first: what a look shows
    /// to be as it was, is not ended by a word.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn resume_queue(&self, context: &RequestContext, name: &str) -> Done<Written> {
        let project = Self::name(name)?;
        if self.halt(&project)?.is_some() && self.answered(context.id).await?.is_none() {
            self.fetch(name).await?;
            let halt = self.halt(&project)?;
            let same =
                halt.filter(|(fault, idle)| *idle || matches!(fault, Fault::Rewritten { .. }));
            if let Some((fault, _)) = same {
                let why = format!(
                    "upstream was looked at now, and is as it was: {}",
                    fault.advice()
                );
                return Err(Rejection::conflict("halted", why));
            }
        }

        self.to_merge_queue(context, name, merge_queue::Command::Unhalt)
            .await
    }

    /// What is wrong with upstream, and whether nothing is queued that would find out by itself
    /// that it is right again.
    fn halt(&self, project: &ProjectName) -> Done<Option<(Fault, bool)>> {
        self.read(project, |view| {
            view.registered()?;
            let state = &view.merge_queue.state;
            let halt = state.halt.as_ref();
            Some(halt.map(|halt| (halt.fault.clone(), state.queue.is_empty())))
        })
    }

    /// Has a trunk that is red looked at at once. Answers when nothing else of the project is in
    /// trouble.
    pub(super) async fn retry_merge_queue(
        &self,
        context: &RequestContext,
        project: &ProjectName,
    ) -> Done<Option<Written>> {
        let (red, outside) = self.read(project, |view| {
            let registered = view.registered()?;
            let red = view.merge_queue.state.health.red.is_some();
            Some((red, !registered.troubles.is_empty()))
        })?;
        if !red {
            return Ok(None);
        }

        let id = CommandId::derived(&["retry trunk", &context.id.to_string()]);
        let stream = StreamId::MergeQueue(project.clone());
        let command = AnyCommand::MergeQueue(merge_queue::Command::Unhalt);
        let receipt = self.tell(context, id, stream, command).await?;

        Ok((!outside).then(|| written(&receipt)))
    }

    async fn to_merge_queue(
        &self,
        context: &RequestContext,
        name: &str,
        command: merge_queue::Command,
    ) -> Done<Written> {
        let stream = StreamId::MergeQueue(Self::name(name)?);
        Ok(written(
            &self
                .tell(context, context.id, stream, AnyCommand::MergeQueue(command))
                .await?,
        ))
    }

    /// Takes out what a closed feature brought, or brings back what was taken out, through the
    /// queue like everything else.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn undo(&self, context: &RequestContext, name: &str, id: &str) -> Done<Written> {
        let id = Self::id(id)?;
        let found = self.read(&Self::name(name)?, |view| {
            view.registered()?;
            Some(view.feature(&id).map(|_| integrate::undoing(view, &id)))
        })?;
        let kind = found.ok_or_else(unknown_feature)?.ok_or_else(|| {
            let why = "only what was merged can be undone, and only while nobody works on it again \
                       can that be undone";
            Rejection::unfit("not_merged", why)
        })?;

        self.to_merge_queue(
            context,
            name,
            merge_queue::Command::Enqueue {
                kind,
                priority: ASKED_FOR,
            },
        )
        .await
    }
}
