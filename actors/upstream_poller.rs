//! Looks after the upstreams of running projects while nothing is queued: an entry on its way looks
//! by itself. What is seen becomes a command to the merge queue; that nothing has changed is no
//! fact, so it is recorded nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use events::cause::{Cause, Principal};
use events::id::{CommandId, Digest, ProjectName, Sha, Timestamp};
use events::merge_queue::Command;
use events::policy::{AnyCommand, upkeep};
use events::project::{self, Repository};
use events::stream::{Position, StreamId, Version};
use events::view::ProjectView;
use tokio::task::JoinSet;

use crate::chores::Chore;
use crate::directory::Directory;
use crate::effects::{halt, told};
use crate::faults::Faults;
use crate::host::ExecuteError;
use crate::poll_requests::PollRequests;
use crate::ports::PortError;
use crate::ports::repo::{Contents, Looked, Upstream};
use crate::projector::Projector;

/// An upstream as it was when it was last looked at.
#[derive(Debug, Clone, PartialEq)]
struct Followed {
    url: String,
    branch: String,
    head: Option<Sha>,
    /// The merge queue that says so: what is seen is about this version and no other.
    version: Version,
    position: Position,
    correlation: CommandId,
}

/// What became of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// What is new, if anything, is recorded.
    Recorded,
    /// The merge queue went on meanwhile, so what was seen is old.
    Overtaken,
}

/// Why a look came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookError {
    /// There is no such project, or its upstream was not copied yet.
    #[error("upstream was not copied yet")]
    NotCopied,
    /// What was taken in could not be looked at.
    #[error("{0}")]
    Repo(#[from] PortError),
    /// What was seen could not be recorded.
    #[error("{0}")]
    Execute(#[from] ExecuteError),
}

/// The poller of one installation. Clones share everything.
#[derive(Clone)]
pub struct UpstreamPoller {
    /// The way to the hosts of all streams.
    pub directory: Directory,
    /// The projections of all projects.
    pub projector: Projector,
    /// The repositories, through git.
    pub upstream: Arc<dyn Upstream>,
    /// What the gates hold.
    pub contents: Arc<dyn Contents>,
    /// Who is to be looked at without delay.
    pub poll_requests: PollRequests,
    /// What cannot be recorded.
    pub faults: Arc<Faults>,
}

fn upstream(view: &ProjectView) -> Option<Followed> {
    let merge_queue = &view.merge_queue.state;
    let url = view.registered()?.git_url.clone();
    Some(Followed {
        url,
        branch: merge_queue.branch.clone()?,
        head: merge_queue.head.clone(),
        version: view.merge_queue.version,
        position: view.merge_queue.position,
        correlation: view.merge_queue.correlation,
    })
}

impl UpstreamPoller {
    /// Looks until its task is ended.
    pub async fn run(self) {
        let clock = self.directory.kernel().clock.clone();
        let mut changes = self.projector.changes();
        let mut due: BTreeMap<ProjectName, Timestamp> = BTreeMap::new();
        let mut looking: JoinSet<ProjectName> = JoinSet::new();
        let mut underway: BTreeSet<ProjectName> = BTreeSet::new();

        // What was said to have moved while it was looked at: that look may have been too early.
        let mut again: BTreeSet<ProjectName> = BTreeSet::new();

        loop {
            changes.mark_unchanged();
            let now = clock.now();
            let watched = self.watched();
            due.retain(|name, _| watched.contains(name));
            for name in watched {
                due.entry(name.clone())
                    .or_insert_with(|| now.plus_ms(self.pause(&name, now)));
            }
            let over: Vec<_> = due
                .iter()
                .filter(|(name, at)| **at <= now && !underway.contains(*name))
                .map(|(n, _)| n.clone())
                .collect();
            for name in over {
                underway.insert(name.clone());
                looking.spawn(self.clone().looked(name));
            }
            let next = due
                .iter()
                .filter(|(name, _)| !underway.contains(*name))
                .map(|(_, at)| *at)
                .min();
            tokio::select! {
                () = changes.changed() => {}
                () = clock.sleep_until_some(next) => {}
                names = self.poll_requests.taken() => {
                    again.extend(names.intersection(&underway).cloned());
                    due.extend(names.into_iter().map(|name| (name, clock.now())));
                }
                Some(Ok(name)) = looking.join_next() => {
                    underway.remove(&name);
                    self.poll_requests.looked(name.clone());
                    let now = clock.now();
                    let pause = if again.remove(&name) { 0 } else { self.pause(&name, now) };
                    due.insert(name, now.plus_ms(pause));
                }
            }
        }
    }

    /// Looks, and says when that comes to nothing.
    async fn looked(self, name: ProjectName) -> ProjectName {
        let looked = self.look(&name).await.map(|_| ());
        self.faults.went(Some(&name), Chore::Watch, looked);
        name
    }

    fn watched(&self) -> BTreeSet<ProjectName> {
        self.projector.read(|projections| {
            projections
                .projects
                .values()
                .filter(|view| upkeep::is_watched(view))
                .map(|view| view.name.clone())
                .collect()
        })
    }

    fn pause(&self, name: &ProjectName, now: Timestamp) -> u64 {
        self.projector
            .read(|projections| match projections.projects.get(name) {
                Some(view) => upkeep::look_again_ms(view, now),
                None => 0,
            })
    }

    /// Looks at one upstream now and records what is new.
    pub async fn look(&self, name: &ProjectName) -> Result<Look, LookError> {
        let followed = self
            .projector
            .read(|projections| projections.projects.get(name).and_then(upstream))
            .ok_or(LookError::NotCopied)?;
        let Followed {
            url, branch, head, ..
        } = &followed;

        let looked = self.upstream.look(name, url, branch, head.as_ref()).await;
        if let Ok(Looked::Further { seen, .. }) = &looked {
            self.suggest_setup(name, branch, seen).await?;
        }

        let command = match looked {
            Ok(looked) => told(looked, |seen, files| Command::Follow {
                from: head.clone(),
                seen,
                files,
            }),
            Err(error) => halt("looking at upstream", &error),
        };
        self.record(name, &followed, command).await
    }

    /// Records what the lock files suggest that somebody brought to an upstream that was empty when
    /// it was copied. What sessions of ours merge is no news to them.
    async fn suggest_setup(
        &self,
        name: &ProjectName,
        branch: &str,
        seen: &Sha,
    ) -> Result<(), LookError> {
        let open = self.projector.read(|projections| {
            let project = &projections.projects.get(name)?.project;
            let registered = project.state.registered()?;
            let was_empty = matches!(registered.repository, Repository::Cloned { head: None, .. });
            let wanting = was_empty && registered.settings.setup.is_none();
            wanting.then_some((project.version, project.position, project.correlation))
        });
        let Some((version, position, correlation)) = open else {
            return Ok(());
        };
        let survey = self.contents.survey(name, branch).await?;
        if survey.setup.is_none() {
            return Ok(());
        }

        let stream = StreamId::Project(name.clone());
        let command = project::Command::RecordClone {
            branch: branch.to_owned(),
            head: Some(seen.clone()),
            setup: survey.setup,
        };
        let parts = ["watch", &stream.to_string(), &version.to_string(), "setup"];
        let id = CommandId::derived(&parts);
        let cause = Cause {
            principal: Principal::Policy("watch".into()),
            correlation,
            causation: Some(position),
        };
        let command = AnyCommand::Project(command);
        let told = self.directory.execute(&stream, command, id, cause, vec![]);
        match told.await {
            // Somebody set one in the same instant.
            Ok(_) | Err(ExecuteError::Refused { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn record(
        &self,
        name: &ProjectName,
        followed: &Followed,
        command: Command,
    ) -> Result<Look, LookError> {
        let stream = StreamId::MergeQueue(name.clone());
        let version = followed.version;
        let body = Digest::of(format!("{command:?}").as_bytes()).to_string();
        let id = CommandId::derived(&["watch", &stream.to_string(), &version.0.to_string(), &body]);
        let cause = Cause {
            principal: Principal::Policy("watch".into()),
            correlation: followed.correlation,
            causation: Some(followed.position),
        };
        let preconditions = vec![(stream.clone(), version)];

        match self
            .directory
            .execute(
                &stream,
                AnyCommand::MergeQueue(command),
                id,
                cause,
                preconditions,
            )
            .await
        {
            Ok(receipt) => {
                self.projector.wait_for(receipt.position).await;
                Ok(Look::Recorded)
            }
            Err(ExecuteError::Stale { .. }) => Ok(Look::Overtaken),
            Err(error) => Err(error.into()),
        }
    }
}
