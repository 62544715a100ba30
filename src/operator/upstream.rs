//! A project's upstream: look at it now, take a rewritten branch as it is, forget its host's keys.

use actors::upstream_poller::{Look, LookError};
use events::id::Sha;
use events::merge_queue::{self, Fault};
use events::policy::AnyCommand;
use events::project;
use events::stream::StreamId;
use tracing::instrument;

use super::hook_key::HookKey;
use super::{Done, Operator, RequestContext, written};
use crate::api::{HookShape, UpstreamShape, Written};
use crate::token::Token;
use actors::rejection::Rejection;

/// Looks at an upstream for one answer.
const LOOKS_MAX: usize = 3;

impl Operator {
    /// Where upstream is, as far as we know.
    pub async fn upstream(&self, name: &str) -> Done<UpstreamShape> {
        let name = Self::name(name)?;
        let host_keys = self.core.world.credentials.host_keys(&name)?;

        self.read(&name, |view| {
            let (registered, merge_queue) = (view.registered()?, &view.merge_queue.state);
            Some(UpstreamShape {
                git_url: registered.git_url.clone(),
                branch: merge_queue.branch.clone(),
                head: merge_queue.head.as_ref().map(ToString::to_string),
                trouble: merge_queue
                    .halt
                    .as_ref()
                    .map(|halt| format!("{} ({})", halt.fault.advice(), halt.reason)),
                host_keys,
            })
        })
    }

    /// Looks at upstream now. A merge queue that goes on meanwhile is looked at again; one that
    /// goes on and on looks at upstream itself.
    pub async fn fetch(&self, name: &str) -> Done<UpstreamShape> {
        let project = Self::name(name)?;
        self.copied(&project).await?;

        let poller = self.core.upstream_poller();
        for _ in 0..LOOKS_MAX {
            match poller.look(&project).await {
                Ok(Look::Recorded) => break,
                Ok(Look::Overtaken) => {}
                Err(LookError::NotCopied) => {
                    let why = LookError::NotCopied;
                    return Err(Rejection::not_found("not_copied", why));
                }
                Err(LookError::Execute(error)) => return Err(error.into()),
                Err(LookError::Repo(error)) => return Err(error.into()),
            }
        }
        self.upstream(name).await
    }

    /// What a forge is given, so that it can say when somebody pushed.
    pub fn hook(&self, name: &str) -> Done<HookShape> {
        let secret = self.hook_secret(name)?;
        self.read(&Self::name(name)?, |view| view.registered().map(|_| ()))?;
        Ok(HookShape {
            path: format!("/hooks/{name}"),
            secret,
        })
    }

    /// The secret of a name's hook, whether there is such a project or not.
    pub fn hook_secret(&self, name: &str) -> Done<String> {
        let name = Self::name(name)?;
        let token = self.deps.hooks.as_ref().and_then(Token::now);
        let token = token.ok_or_else(|| {
            Rejection::not_found(
                "no_hooks",
                "hooks are heard on a port, and this server has none",
            )
        })?;
        Ok(HookKey::of(&token).secret(&name))
    }

    /// Looks at upstream soon: somebody says that it moved. Who says the same again is not heard
    /// again.
    pub fn look_soon(&self, name: &str, body: &[u8]) -> Done<()> {
        let name = Self::name(name)?;
        self.read(&name, |view| view.registered().map(|_| ()))?;
        if self.deps.noises.hook(&name, body) {
            self.core.poll_requests.add(name);
        }
        Ok(())
    }

    /// Counts a hook whose proof does not hold, where there is such a project.
    pub fn refused_hook(&self, name: &str) {
        let Ok(name) = Self::name(name) else {
            return;
        };
        let known = self.read(&name, |view| view.registered().map(|_| ()));
        if known.is_ok() {
            self.deps.noises.refused_hook(&name);
        }
    }

    /// Takes upstream's rewritten branch as it is. The commit has to be the one that was shown.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn accept_upstream(
        &self,
        context: &RequestContext,
        name: &str,
        sha: &str,
    ) -> Done<Written> {
        let name = Self::name(name)?;
        let seen: Sha = sha.parse().map_err(Rejection::invalid)?;
        let (branch, fault) = self.read(&name, |view| {
            let merge_queue = &view.merge_queue.state;
            Some((
                merge_queue.branch.clone()?,
                merge_queue.halt.as_ref().map(|halt| halt.fault.clone()),
            ))
        })?;
        let command = merge_queue::Command::AcceptRewrite {
            seen: seen.clone(),
            by: context.by.clone(),
        };
        let told = written(
            &self
                .tell(
                    context,
                    context.id,
                    StreamId::MergeQueue(name.clone()),
                    AnyCommand::MergeQueue(command),
                )
                .await?,
        );

        // Recorded first: a gate that is behind what was recorded is brought there by the next
        // look.
        if let Some(Fault::Rewritten { lost, seen: at }) = fault
            && at == seen
        {
            self.core
                .world
                .repo
                .accept(&name, &branch, &lost, &seen)
                .await?;
        }
        Ok(told)
    }

    /// Follows upstream's branch, which is not there any more under its name, under another one:
    /// that which upstream names its own now, when none is given.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn follow_branch(
        &self,
        context: &RequestContext,
        name: &str,
        branch: Option<&str>,
    ) -> Done<UpstreamShape> {
        let project = Self::name(name)?;
        self.copied(&project).await?;
        let branch = match branch {
            Some(branch) => branch.to_owned(),
            None => {
                let url = self.read(&project, |view| Some(view.registered()?.git_url.clone()))?;
                self.core.world.repo.named(&project, &url).await?.branch
            }
        };
        let command = merge_queue::Command::FollowBranch {
            branch,
            by: context.by.clone(),
        };
        let stream = StreamId::MergeQueue(project);
        self.tell(context, context.id, stream, AnyCommand::MergeQueue(command))
            .await?;

        self.fetch(name).await
    }

    /// Upstream has another address from now on: it is looked at there, as of a new project.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn move_upstream(
        &self,
        context: &RequestContext,
        name: &str,
        git_url: &str,
    ) -> Done<UpstreamShape> {
        let project = Self::name(name)?;
        self.read(&project, |view| view.registered().map(|_| ()))?;
        let command = project::Command::Relocate {
            git_url: git_url.to_owned(),
            by: context.by.clone(),
        };

        // Its rules say what an address is, before anything is asked there.
        self.would_take(&project, &command)?;
        self.check_single(&project, git_url)?;
        self.check_upstream(&project, git_url).await?;
        let stream = StreamId::Project(project);
        self.tell(context, context.id, stream, AnyCommand::Project(command))
            .await?;

        self.fetch(name).await
    }

    /// Forgets the keys of upstream's host; the next connection pins what it sees.
    pub async fn forget_host_keys(&self, name: &str) -> Done<UpstreamShape> {
        let project = Self::name(name)?;
        self.read(&project, |view| view.registered().map(|_| ()))?;
        self.core.world.credentials.forget_host_keys(&project)?;
        self.fetch(name).await
    }
}
