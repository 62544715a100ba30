//! Features: admit, edit, discuss, close, reopen, depend, withdraw.

use std::collections::{BTreeMap, BTreeSet};

use actors::admissions::{admission, admitted_before, seed};
use actors::host::ExecuteError;
use events::aggregate::Refusal;
use events::backlog::{self, Batch};
use events::feature::event::Closing;
use events::feature::{self, COMMENT_MAX, Stage};
use events::id::{Digest, FeatureId, ProjectName};
use events::log::Receipt;
use events::policy::AnyCommand;
use events::stream::{Position, StreamId};
use events::view::ProjectView;
use tracing::instrument;

use super::{Done, Operator, RequestContext, said, unknown_feature, unknown_project, written};
use crate::api::{
    self, Dependency, FeatureChange, FeatureShape, How, NewFeature, Requeued, Written,
};
use actors::rejection::Rejection;

/// How often ids are drawn anew because somebody else drew one of them meanwhile: five letters are
/// thirty million, so that once is rare.
const REDRAWN_MAX: u32 = 5;

impl Operator {
    /// Adds a batch of features, as one.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn add_features(
        &self,
        context: &RequestContext,
        name: &str,
        batch: &Batch,
    ) -> Done<Written> {
        batch.check().map_err(Rejection::invalid)?;
        self.admit(context, name, batch).await
    }

    /// Adds a batch that is within its bounds.
    pub(super) async fn admit(
        &self,
        context: &RequestContext,
        name: &str,
        batch: &Batch,
    ) -> Done<Written> {
        let name = Self::name(name)?;
        let registered = self.read(&name, |view| Some(view.registered().is_some()))?;
        if !registered {
            return Err(unknown_project());
        }

        let bytes = serde_json::to_vec(batch).map_err(Rejection::invalid)?;
        let digest = Digest::of(&bytes);

        if let Some(admitted) = admitted_before(&self.core.directory, context.id).await? {
            if admitted.batch != digest {
                return Err(ExecuteError::IdReused.into());
            }
            let made: BTreeSet<FeatureId> = admitted.ids.iter().cloned().collect();
            self.settle(&name, &made).await?;
            let ids = admitted.ids.iter().map(ToString::to_string).collect();
            return Ok(Written {
                ids,
                notes: vec![],
                ..written(&admitted.receipt)
            });
        }

        self.core.world.blobs.put(bytes).await?;
        let (receipt, ids) = self.draw_and_admit(context, &name, digest, batch).await?;

        // Whoever reads what was answered finds it, whether a server runs or not.
        let made: BTreeSet<FeatureId> = ids.iter().cloned().collect();
        self.settle(&name, &made).await?;

        Ok(Written {
            ids: ids.iter().map(ToString::to_string).collect(),
            notes: vec![],
            ..written(&receipt)
        })
    }

    /// Draws ids and admits. Somebody may have drawn one of them at the same moment, whose admission
    /// is not to be seen yet: then others are drawn.
    async fn draw_and_admit(
        &self,
        context: &RequestContext,
        name: &ProjectName,
        digest: Digest,
        batch: &Batch,
    ) -> Done<(Receipt, Vec<FeatureId>)> {
        let taken = backlog::Refusal::Reused { id: String::new() }.code();
        let mut attempt = 0;

        loop {
            let seed = seed(digest, context.id, attempt);
            let drawn = self.read(name, |view| Some(admission(view, digest, batch, seed)))?;
            let command = drawn.map_err(Rejection::invalid)?;
            let ids = match &command {
                backlog::Command::Admit { ids, .. } => ids.clone(),
                backlog::Command::AddDependency { .. }
                | backlog::Command::RemoveDependency { .. }
                | backlog::Command::Withdraw { .. } => vec![],
            };

            let stream = StreamId::Backlog(name.clone());
            let admitted = self
                .tell(context, context.id, stream, AnyCommand::Backlog(command))
                .await;
            match admitted {
                Err(refused) if refused.code == taken && attempt < REDRAWN_MAX => attempt += 1,
                admitted => return admitted.map(|receipt| (receipt, ids)),
            }
        }
    }

    /// Adds one feature.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn add_feature(
        &self,
        context: &RequestContext,
        name: &str,
        new: NewFeature,
    ) -> Done<Written> {
        self.add_features(context, name, &Batch::single(new.content, new.depends_on))
            .await
    }

    async fn to_feature(
        &self,
        context: &RequestContext,
        name: &str,
        id: &str,
        command: feature::Command,
    ) -> Done<Written> {
        let stream = StreamId::Feature(Self::name(name)?, Self::id(id)?);
        Ok(written(
            &self
                .tell(context, context.id, stream, AnyCommand::Feature(command))
                .await?,
        ))
    }

    /// Says something about a feature.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn comment(
        &self,
        context: &RequestContext,
        name: &str,
        id: &str,
        text: &str,
    ) -> Done<Written> {
        let by = context.by.clone();
        let text = said("comment", text, COMMENT_MAX)?;
        self.to_feature(context, name, id, feature::Command::Comment { by, text })
            .await
    }

    /// Answers a feature's question, so that work goes on.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn answer(
        &self,
        context: &RequestContext,
        name: &str,
        id: &str,
        text: &str,
    ) -> Done<Written> {
        let by = context.by.clone();
        let text = said("answer", text, COMMENT_MAX)?;
        self.to_feature(context, name, id, feature::Command::Answer { by, text })
            .await
    }

    /// Changes what a feature asks for or its place in the queue; what is absent stays.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn change_feature(
        &self,
        context: &RequestContext,
        name: &str,
        id: &str,
        change: FeatureChange,
    ) -> Done<Written> {
        let about_place = change.is_about_its_place();
        let content = change.apply(self.feature(name, id)?.content);
        let command = match about_place {
            true => feature::Command::Rank {
                priority: content.priority,
                rank: content.rank,
            },
            false => feature::Command::Edit { content },
        };

        self.to_feature(context, name, id, command).await
    }

    /// Closes a feature by hand.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn close(
        &self,
        context: &RequestContext,
        name: &str,
        id: &str,
        how: How,
    ) -> Done<Written> {
        let closing = match how {
            How::DoneElsewhere => Closing::DoneElsewhere,
            How::WontDo => Closing::WontDo,
        };

        self.to_feature(
            context,
            name,
            id,
            feature::Command::Close {
                closing,
                by: context.by.clone(),
            },
        )
        .await
    }

    /// Opens a closed feature again.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn reopen(
        &self,
        context: &RequestContext,
        name: &str,
        id: &str,
        why: &str,
    ) -> Done<Written> {
        let by = context.by.clone();
        let why = said("reason", why, COMMENT_MAX)?;
        self.to_feature(context, name, id, feature::Command::Reopen { why, by })
            .await
    }

    /// Takes a feature out of quarantine, with its bounds counted anew.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn requeue(&self, context: &RequestContext, name: &str, id: &str) -> Done<Written> {
        self.to_feature(
            context,
            name,
            id,
            feature::Command::Requeue {
                by: context.by.clone(),
            },
        )
        .await
    }

    /// Takes every feature of a project out of quarantine, in the order of their ids, and says
    /// which. One that somebody else took out in the same instant is left as they wanted it. Asked
    /// again under the same key it answers as the first time, goes on where that one was cut off,
    /// and touches nothing that came into quarantine since.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn requeue_all(&self, context: &RequestContext, name: &str) -> Done<Requeued> {
        let project = Self::name(name)?;
        let all = self.read(&project, |view| {
            Some(view.backlog.state.ids.keys().cloned().collect::<Vec<_>>())
        })?;
        let before = self.requeued_under(context, &all).await?;
        let first = before.values().min().copied();
        let due = self.read(&project, |view| {
            let ids = all.iter();
            let due = ids.filter(|id| before.contains_key(*id) || is_due(view, id, first));
            Some(due.map(ToString::to_string).collect::<Vec<_>>())
        })?;

        let mut ids = vec![];
        for id in due {
            let context = RequestContext {
                id: context.part(&id),
                expect: None,
                ..context.clone()
            };
            match self.requeue(&context, name, &id).await {
                Ok(_) => ids.push(id),
                Err(problem) if problem.code == "not_quarantined" => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(Requeued { ids })
    }

    /// What was taken out of quarantine when this request came before, with where in the log.
    async fn requeued_under(
        &self,
        context: &RequestContext,
        ids: &[FeatureId],
    ) -> Done<BTreeMap<FeatureId, Position>> {
        let mut known = BTreeMap::new();
        for id in ids {
            if let Some(at) = self.answered(context.part(id.as_str())).await? {
                known.insert(id.clone(), at);
            }
        }
        Ok(known)
    }

    /// Takes a feature out of the backlog; its refs and its history stay.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn withdraw(&self, context: &RequestContext, name: &str, id: &str) -> Done<Written> {
        let command = feature::Command::Withdraw {
            by: context.by.clone(),
        };
        let done = self.to_feature(context, name, id, command).await;

        // One that was admitted and never came to exist leaves the backlog all the same.
        let (project, feature) = (Self::name(name)?, Self::id(id)?);

        let admitted = self.read(&project, |view| {
            Some(view.backlog.state.ids.contains_key(&feature) && view.feature(&feature).is_none())
        })?;
        if let (Err(problem), false) = (&done, admitted) {
            return Err(problem.clone());
        }

        let command = AnyCommand::Backlog(backlog::Command::Withdraw { id: feature });
        let context = RequestContext {
            expect: None,
            ..context.clone()
        };
        let stream = StreamId::Backlog(project);
        let left = self
            .tell(&context, context.part("backlog"), stream, command)
            .await?;

        Ok(done.unwrap_or_else(|_| written(&left)))
    }

    /// Adds or removes a dependency between two features.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn depend(
        &self,
        context: &RequestContext,
        name: &str,
        id: &str,
        wanted: &Dependency,
    ) -> Done<Written> {
        let edge = backlog::event::Edge {
            feature: Self::id(id)?,
            on: Self::id(&wanted.on)?,
        };
        let command = match wanted.remove {
            true => backlog::Command::RemoveDependency { edge },
            false => backlog::Command::AddDependency { edge },
        };
        let project = Self::name(name)?;
        self.read(&project, |view| view.registered().map(|_| ()))?;
        let waiting = BTreeSet::from([Self::id(id)?]);
        let stream = StreamId::Backlog(project.clone());
        let command = AnyCommand::Backlog(command);
        let receipt = self.tell(context, context.id, stream, command).await?;
        self.settle(&project, &waiting).await?;

        Ok(written(&receipt))
    }

    /// A project's features, in the order of the queue.
    pub fn features(&self, name: &str) -> Done<Vec<FeatureShape>> {
        self.read(&Self::name(name)?, |view| {
            view.registered().map(|_| api::features(view))
        })
    }

    /// One feature.
    pub fn feature(&self, name: &str, id: &str) -> Done<FeatureShape> {
        let id = Self::id(id)?;
        let shape = self.read(&Self::name(name)?, |view| {
            view.registered()?;
            Some(shown(view, &id))
        })?;
        shape.ok_or_else(unknown_feature)
    }
}

/// A feature with the sessions that worked on it; none where the project has no such feature.
fn shown(view: &ProjectView, id: &FeatureId) -> Option<FeatureShape> {
    let tracked = view.features.get(id)?;
    let shape = api::feature(view, id, tracked.state.known()?, tracked.version);
    let sessions = api::sessions_on(view, id);

    Some(FeatureShape { sessions, ..shape })
}

/// Whether a feature is in quarantine, and was before the request was granted first.
fn is_due(view: &ProjectView, id: &FeatureId, first: Option<Position>) -> bool {
    let Some(tracked) = view.features.get(id) else {
        return false;
    };
    let Some(known) = tracked.state.known() else {
        return false;
    };
    let was_before = match first {
        Some(first) => tracked.position < first,
        None => true,
    };

    was_before && matches!(known.stage, Stage::Quarantined { .. })
}
