//! Performs what is owed: commands go to their hosts, effects go through ports, and every outcome
//! comes back as a command.
//!
//! Each effect observes first and is harmless when repeated: a clone completes a clone, a candidate
//! has fixed dates, a push carries its expected old value. So "at least once" is enough, and a
//! crash between the act and its record loses nothing.

pub(crate) mod ids;
mod merge;
pub(crate) mod merge_plan;
mod prompt;
mod story;

use std::sync::Arc;

use events::backlog::Origin;
use events::cause::{Cause, Principal};
use events::feature;
use events::id::{CommandId, Digest, Epoch, FeatureId, ProjectName, Sha, SlotNo};
use events::merge_queue::{self};
use events::policy::{AnyCommand, Effect, Owed, foresee};
use events::project;
use events::stream::{Position, StreamId, Version};
use events::view::{Grant, ProjectView, Subject};
use tracing::field::{Empty, display};
use tracing::{Span, debug, instrument};

use ids::{act_id, build_key, publish_key};
use merge_plan::{Publication, answered, moved, publication, spec};
pub(crate) use merge_plan::{halt, told};
use story::{belongs_to, granted, newest, source};

use crate::admissions::admission;
use crate::batches::Batches;
use crate::claims::queue::{Asking, ClaimQueue};
use crate::directory::Directory;
use crate::host::ExecuteError;
use crate::ports::PortError;
use crate::ports::blobs::Blobs;
use crate::ports::prompts::{Prompts, Told};
use crate::ports::repo::{ClaimWork, Contents, Merges, Published, Upstream};
use crate::projector::Projector;
use crate::prompt_context::prompt_context;

/// What became of something owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Performed {
    /// Recorded up to here.
    Recorded(Position),
    /// Nothing to do as the projections stand, or a precondition moved: planned again when they
    /// move.
    Nothing,
    /// Turned down by the rules, and why.
    Refused(String),
    /// A technical failure, and which; try again.
    Failed(String),
}

/// The hands of the policies. Clones share them.
#[derive(Clone)]
pub struct Effects {
    /// The way to the hosts of all streams.
    pub directory: Directory,
    /// The projections of all projects.
    pub projector: Projector,
    /// Who gets the next feature.
    pub claim_queue: ClaimQueue,
    /// Upstreams.
    pub upstream: Arc<dyn Upstream>,
    /// Candidates.
    pub merges: Arc<dyn Merges>,
    /// The work that claims pushed.
    pub work: Arc<dyn ClaimWork>,
    /// What the gates hold.
    pub contents: Arc<dyn Contents>,
    /// The store of large content.
    pub blobs: Arc<dyn Blobs>,
    /// The batch that features are made of.
    pub(crate) batches: Batches,
    /// Prompts.
    pub prompts: Arc<dyn Prompts>,
}

/// Files of the verification that a reviewer is told by name.
const CHECKS_NAMED_MAX: usize = 30;

enum Trouble {
    Execute(ExecuteError),
    Port(PortError),
    Nothing,
}
impl From<ExecuteError> for Trouble {
    fn from(e: ExecuteError) -> Self {
        Self::Execute(e)
    }
}
impl From<PortError> for Trouble {
    fn from(e: PortError) -> Self {
        Self::Port(e)
    }
}
type Outcome = Result<Position, Trouble>;

impl Effects {
    /// Performs one owed thing.
    #[instrument(name = "effect", skip_all, fields(
        %project, effect = owed.errand().name, command = Empty, correlation = Empty,
    ))]
    pub async fn perform(&self, project: &ProjectName, owed: Owed) -> Performed {
        let outcome = match owed {
            Owed::Tell(tell) => {
                belongs_to(tell.cause.correlation);
                Span::current().record("command", display(tell.id));
                let told = self.directory.tell(*tell).await;
                told.map(|r| r.position).map_err(Trouble::from)
            }
            Owed::Do(effect) => {
                if let Ok((_, correlation)) = self.view(project, |view| source(view, &effect)) {
                    belongs_to(correlation);
                }
                self.act(project, effect).await
            }
        };

        let performed = match outcome {
            Ok(position) => Performed::Recorded(position),
            Err(Trouble::Nothing | Trouble::Execute(ExecuteError::Stale { .. })) => {
                Performed::Nothing
            }
            Err(Trouble::Execute(error @ ExecuteError::Refused { .. })) => {
                Performed::Refused(error.to_string())
            }
            Err(Trouble::Execute(error)) => Performed::Failed(error.to_string()),
            Err(Trouble::Port(error)) => Performed::Failed(error.to_string()),
        };
        debug!(?performed);
        performed
    }

    async fn act(&self, project: &ProjectName, effect: Effect) -> Outcome {
        match effect {
            Effect::Clone { url, attempt } => self.clone_upstream(project, &url, attempt).await,
            Effect::Admit { batch } => self.admit(project, batch).await,
            Effect::Create {
                id,
                origin,
                blockers,
            } => self.create(project, id, origin, blockers).await,
            Effect::ClaimFor {
                n,
                version,
                feature,
            } => self.claim(project, n, version, feature).await,
            Effect::Assign { grant, version } => self.assign(project, grant, version).await,
            Effect::Secure {
                feature,
                epoch,
                reported,
            } => self.secure(project, feature, epoch, reported).await,
            Effect::Build { entry, .. } => self.build(project, entry).await,
            Effect::Probe { base } => self.probe(project, base).await,
            Effect::Publish { entry, .. } => self.publish(project, entry).await,
        }
    }

    fn view<T>(
        &self,
        project: &ProjectName,
        read: impl FnOnce(&ProjectView) -> Option<T>,
    ) -> Result<T, Trouble> {
        self.projector
            .read(|projections| projections.projects.get(project).and_then(read))
            .ok_or(Trouble::Nothing)
    }

    /// Sends the outcome of an effect, as what follows from the newest event of the stream; its id
    /// holds the effect's key, so a repeated effect records once.
    async fn record(&self, stream: StreamId, command: AnyCommand, key: &[&str]) -> Outcome {
        let last = self.projector.read(|projections| {
            let view = projections.projects.get(stream.project()?)?;
            let place = |position, correlation| Some((position, correlation));
            match &stream {
                StreamId::Project(_) => place(view.project.position, view.project.correlation),
                StreamId::Backlog(_) => place(view.project.position, view.project.correlation),
                StreamId::Feature(_, f) => {
                    view.features.get(f).map(|t| (t.position, t.correlation))
                }
                StreamId::Container(_, n) => view.slots.get(n).map(|t| (t.position, t.correlation)),
                StreamId::MergeQueue(_) => {
                    place(view.merge_queue.position, view.merge_queue.correlation)
                }
                StreamId::Node(_) | StreamId::Subscription(_) => None,
            }
        });

        self.record_after(last, stream, command, key).await
    }

    /// Sends the outcome of an effect, as what follows from the event of this place and story.
    async fn record_after(
        &self,
        event: Option<(Position, CommandId)>,
        stream: StreamId,
        command: AnyCommand,
        key: &[&str],
    ) -> Outcome {
        let id = act_id(&stream, key);
        Span::current().record("command", display(id));
        let (causation, correlation) = match event {
            Some((position, correlation)) if position.0 > 0 => (Some(position), correlation),
            Some(_) | None => (None, id),
        };
        let cause = Cause {
            principal: Principal::Policy("effects".into()),
            correlation,
            causation,
        };

        Ok(self
            .directory
            .execute(&stream, command, id, cause, vec![])
            .await?
            .position)
    }

    async fn clone_upstream(&self, project: &ProjectName, url: &str, attempt: u32) -> Outcome {
        let copied = match self.upstream.copy(project, url).await {
            Ok(copied) => {
                let survey = self.contents.survey(project, &copied.branch).await;
                survey.map(|survey| (copied, survey))
            }
            Err(error) => Err(error),
        };
        let command = match copied {
            Ok((copied, survey)) => project::Command::RecordClone {
                branch: copied.branch,
                head: copied.head,
                setup: survey.setup,
            },
            Err(error) => project::Command::FailClone {
                reason: error.to_string(),
            },
        };
        let key = ["clone", &attempt.to_string()];

        self.record(
            StreamId::Project(project.clone()),
            AnyCommand::Project(command),
            &key,
        )
        .await
    }

    async fn admit(&self, project: &ProjectName, digest: Digest) -> Outcome {
        let batch = self.batches.read(self.blobs.as_ref(), digest).await?;
        batch
            .check()
            .map_err(|refusal| PortError::Permanent(refusal.to_string()))?;
        let admission = self.view(project, |view| {
            Some(admission(view, digest, &batch, digest))
        })?;
        let command = admission.map_err(|refusal| PortError::Permanent(refusal.to_string()))?;
        self.record(
            StreamId::Backlog(project.clone()),
            AnyCommand::Backlog(command),
            &["admit", &digest.to_string()],
        )
        .await
    }

    async fn create(
        &self,
        project: &ProjectName,
        id: FeatureId,
        origin: Origin,
        blockers: Vec<FeatureId>,
    ) -> Outcome {
        let batch = self.batches.read(self.blobs.as_ref(), origin.batch).await?;
        let index = usize::try_from(origin.index).unwrap_or(usize::MAX);
        let item = batch.items.get(index).cloned().ok_or_else(|| {
            PortError::Permanent(format!(
                "batch {} has no item {}",
                origin.batch, origin.index
            ))
        })?;
        let command = feature::Command::Create {
            content: item.content,
            batch: origin.batch,
            blockers,
            born: item.born,
            comments: item.comments,
        };
        let admitted = self.view(project, |view| Some(newest(&view.backlog)))?;
        let stream = StreamId::Feature(project.clone(), id);
        let command = AnyCommand::Feature(command);

        self.record_after(Some(admitted), stream, command, &["create"])
            .await
    }

    async fn claim(
        &self,
        project: &ProjectName,
        n: SlotNo,
        version: Version,
        feature: Option<FeatureId>,
    ) -> Outcome {
        let asking = Asking::of_slot(project, (n, version), feature);
        belongs_to(asking.id);

        self.claim_queue
            .claim(asking)
            .await?
            .map(|granted| granted.receipt.position)
            .ok_or(Trouble::Nothing)
    }

    async fn assign(&self, project: &ProjectName, grant: Grant, version: Version) -> Outcome {
        let spec = self.spec(project).await?;
        let (mut told, mut assignment) = self.view(project, |view| prompt_context(view, &grant))?;
        told.spec = spec;
        told.remarks = self.remarks(project).await?;
        told.remarks.extend(self.weakened(project, &grant).await?);
        let prompt = match &grant.subject {
            Subject::Verification(_) | Subject::Head => told.verify,
            Subject::Claim(..)
            | Subject::Review(..)
            | Subject::Initialization
            | Subject::Oversight => self.prompt(project, &told).await?,
        };
        assignment.prompt_digest = self.blobs.put(prompt.into_bytes()).await?;
        let stream = StreamId::Container(project.clone(), grant.slot_session.n);
        let command = events::container::Command::Assign {
            assignment: Box::new(assignment),
        };

        // The assignment follows from what was granted, and not from what the slot did before.
        let granted = self.view(project, |view| granted(view, &grant.subject))?;
        let key = [
            "assign",
            grant.slot_session.session.as_str(),
            &version.0.to_string(),
        ];
        let command = AnyCommand::Container(command);

        self.record_after(Some(granted), stream, command, &key)
            .await
    }

    /// What an agent would stumble over: parts of the tree that are not fetched into a container.
    async fn remarks(&self, project: &ProjectName) -> Result<Vec<String>, Trouble> {
        let branch = self.view(project, |view| view.merge_queue.state.branch.clone())?;
        let mut remarks = Vec::new();

        if self
            .contents
            .read_file(project, &branch, ".gitmodules")
            .await?
            .is_some()
        {
            remarks.push(
                "this repository has submodules: they are not fetched, their folders are \
                          empty here"
                    .to_owned(),
            );
        }

        let attributes = self
            .contents
            .read_file(project, &branch, ".gitattributes")
            .await?
            .unwrap_or_default();
        if String::from_utf8_lossy(&attributes).contains("filter=lfs") {
            remarks.push(
                "large files are kept with git-lfs: they are not fetched, there are only \
                       pointers to them here"
                    .to_owned(),
            );
        }

        Ok(remarks)
    }

    /// What a reviewer has to look at first: work that changes what it is judged by.
    async fn weakened(
        &self,
        project: &ProjectName,
        grant: &Grant,
    ) -> Result<Option<String>, Trouble> {
        let Subject::Review(id, _) = &grant.subject else {
            return Ok(None);
        };

        let (submission, verify) = self.view(project, |view| {
            let submission = view.feature(id)?.submission()?.clone();
            Some((submission, view.registered()?.settings.verify.clone()))
        })?;
        let (base, sha) = (submission.base.as_ref(), &submission.sha);
        let checks = self.contents.checks(project, base, sha, verify.as_deref());
        let named: Vec<String> = checks.await?.into_iter().take(CHECKS_NAMED_MAX).collect();

        Ok((!named.is_empty()).then(|| {
            format!(
                "this submission changes what its own verification runs or obeys: {}. Look at that \
                 first: a test that was taken out, a \
                 command that was made to succeed or a check that was loosened lets everything \
                 pass that comes after. Reject it unless \
                 the feature asks for exactly that",
                named.join(", ")
            )
        }))
    }

    async fn spec(&self, project: &ProjectName) -> Result<String, Trouble> {
        let digest = self.view(project, |view| Some(view.registered()?.spec))?;
        let bytes = match digest {
            Some(digest) => self.blobs.get(digest).await?,
            None => Vec::new(),
        };
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn secure(
        &self,
        project: &ProjectName,
        feature: FeatureId,
        epoch: Epoch,
        reported: bool,
    ) -> Outcome {
        let sha = self.work.work_head(project, &feature, epoch).await?;
        let command = if reported {
            feature::Command::SecureWork { epoch, sha }
        } else {
            let why =
                "the session vanished before it reported; what it had pushed is kept".to_owned();
            feature::Command::LoseWork {
                epoch,
                last_sha: sha,
                why,
            }
        };

        let key = ["secure", &epoch.to_string()];

        self.record(
            StreamId::Feature(project.clone(), feature),
            AnyCommand::Feature(command),
            &key,
        )
        .await
    }
}
