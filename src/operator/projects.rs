//! Projects: register, change, start, drain, stop, delete.

use actors::host::ExecuteError;
use actors::ports::models::Listed;
use events::agent::RoleAgents;
use events::aggregate::Aggregate;
use events::egress::EgressRule;
use events::id::ProjectName;
use events::log::Receipt;
use events::policy::AnyCommand;
use events::project;
use events::settings::{AgentSpec, Settings};
use events::stream::StreamId;
use tracing::instrument;

use super::{Done, Operator, RequestContext, written};
use crate::api::{self, CredentialShape, NewProject, ProjectChange, ProjectShape, Written};
use crate::secrets::{holds_a_secret, split_credentials};
use actors::rejection::Rejection;

/// Largest spec, in bytes.
const SPEC_MAX: usize = 1024 * 1024;

/// What is wanted of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// That it works.
    Start,
    /// That it begins nothing new and then stops.
    Drain,
    /// That it stops now.
    Stop,
    /// That its spec is made a backlog.
    Initialize,
    /// That what is in trouble is tried at once.
    Retry,
}

impl Operator {
    /// Registers a project whose upstream answers, and writes its spec.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn add_project(&self, context: &RequestContext, new: NewProject) -> Done<Written> {
        let name = Self::name(&new.name)?;
        let spec = new.spec.as_deref().map(check_spec).transpose()?;

        // What is embedded in the URL leaves it before anything else happens.
        let (git_url, embedded) = split_credentials(&new.git_url);
        let credential = new
            .credential
            .as_ref()
            .and_then(CredentialShape::credential)
            .or(embedded);
        let register = project::Command::Register {
            git_url: git_url.clone(),
            kind: new.kind,
        };

        // A refused registration does not ask upstream anything.
        self.would_take(&name, &register)?;
        self.check_single(&name, &git_url)?;
        let credentials = &self.core.world.credentials;

        if credential.is_some()
            && let Err(error) = credentials.keep_credential(&name, credential.as_ref())
        {
            credentials.forget_project(&name)?;
            return Err(error.into());
        }
        if let Err(problem) = self.check_upstream(&name, &git_url).await {
            // Nothing is registered, so nothing is kept.
            self.core.world.credentials.forget_project(&name)?;
            return Err(problem);
        }

        let receipt = self.register(context, &name, &git_url, register).await?;
        let last = match spec {
            Some(text) => self.write_spec(context, &name, text).await?,
            None => written(&receipt),
        };
        let notes = self.first_look(&name).await;

        Ok(Written { notes, ..last })
    }

    /// Whether the rules of a project would take a command as things are, before anything outside
    /// is asked about it.
    pub(super) fn would_take(&self, name: &ProjectName, command: &project::Command) -> Done<()> {
        let state = self.core.projector.read(|projections| {
            let view = projections.projects.get(name);
            view.map(|view| view.project.state.clone())
        });
        let decided = state
            .unwrap_or_default()
            .decide(command, self.core.world.clock.now());
        decided.map_err(|refusal| ExecuteError::refused(&refusal))?;
        Ok(())
    }

    /// Registers the project, unless another one on the same upstream was faster: nobody else
    /// registers meanwhile.
    async fn register(
        &self,
        context: &RequestContext,
        name: &ProjectName,
        git_url: &str,
        register: project::Command,
    ) -> Done<Receipt> {
        let _turn = self.core.registering.lock().await;
        if let Err(problem) = self.check_single(name, git_url) {
            self.core.world.credentials.forget_project(name)?;
            return Err(problem);
        }

        let stream = StreamId::Project(name.clone());
        self.tell(context, context.id, stream, AnyCommand::Project(register))
            .await
    }

    async fn write_spec(
        &self,
        context: &RequestContext,
        name: &ProjectName,
        text: &str,
    ) -> Done<Written> {
        let bytes = text.len() as u64;
        let digest = self.core.world.blobs.put(text.as_bytes().to_vec()).await?;
        let command = project::Command::WriteSpec { digest, bytes };
        let receipt = self
            .tell(
                context,
                context.part("spec"),
                StreamId::Project(name.clone()),
                AnyCommand::Project(command),
            )
            .await?;

        Ok(written(&receipt))
    }

    /// Whether the models that a change asks for can be asked: an agent without its model would
    /// fail session after session. Answers what could not be checked.
    async fn check_models(&self, change: &ProjectChange, now: &Settings) -> Done<Vec<String>> {
        let models = &self.core.world.models;
        let before = agents(Some(&now.agent), Some(&now.agents));
        let mut unchecked = vec![];

        for agent in agents(change.agent.as_ref(), change.agents.as_ref()) {
            let Some(provider) = agent.provider() else {
                continue;
            };
            models.protocol(provider).map_err(Rejection::invalid)?;
            let Some(model) = agent.model.as_deref().filter(|_| !before.contains(&agent)) else {
                continue;
            };
            let listed = match agent.model_id() {
                Some(id) => models.listed(provider, id).await,
                None => Listed::Unchecked("it is a name of the tool's own".to_owned()),
            };
            match listed {
                Listed::Known => {}
                Listed::Unknown { similar } => {
                    return Err(Rejection::invalid(format!(
                        "the provider {provider} has no model \"{model}\"; it has {}",
                        similar.join(", ")
                    )));
                }
                Listed::Unchecked(why) => unchecked.push(format!(
                    "unchecked: whether the provider {provider} has a model \"{model}\" ({why})"
                )),
            }
        }

        unchecked.dedup();
        Ok(unchecked)
    }

    /// Adds the rules of these presets, each rule once. What a preset said is recorded: a preset
    /// that changes later changes no project.
    fn add_presets(&self, rules: &mut Vec<EgressRule>, names: &[String]) -> Done<()> {
        if names.is_empty() {
            return Ok(());
        }
        let Some(presets) = &self.deps.presets else {
            return Err(Rejection::invalid("this server keeps no egress presets"));
        };

        for rule in presets.rules(names).map_err(Rejection::invalid)? {
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
        Ok(())
    }

    /// Changes settings, target and spec; what is absent stays.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn change_project(
        &self,
        context: &RequestContext,
        name: &str,
        change: &ProjectChange,
    ) -> Done<Written> {
        let name = Self::name(name)?;
        let settings = self.read(&name, |view| Some(view.registered()?.settings.clone()))?;
        let spec = change.spec.as_deref().map(check_spec).transpose()?;
        let notes = self.check_models(change, &settings).await?;
        check_commands(change)?;
        let stream = StreamId::Project(name.clone());

        if let Some(credential) = &change.credential {
            self.core
                .world
                .credentials
                .keep_credential(&name, credential.credential().as_ref())?;
        }

        let mut settings = change.apply(settings);
        self.add_presets(&mut settings.egress, &change.egress_presets)?;
        let settings = Box::new(settings);
        let command = AnyCommand::Project(project::Command::ChangeSettings { settings });
        let mut last = written(
            &self
                .tell(context, context.part("settings"), stream.clone(), command)
                .await?,
        );

        if let Some(count) = change.target {
            let command = AnyCommand::Project(project::Command::SetTarget { count });
            last = written(
                &self
                    .tell(context, context.part("target"), stream, command)
                    .await?,
            );
        }

        if let Some(text) = spec {
            last = self.write_spec(context, &name, text).await?;
        }

        Ok(Written { notes, ..last })
    }

    /// Does one of the things that need nothing but to be wanted.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn intend(
        &self,
        context: &RequestContext,
        name: &str,
        wanted: Wanted,
    ) -> Done<Written> {
        let name = Self::name(name)?;
        let by = context.by.clone();
        let has_features = self.read(&name, |view| Some(!view.backlog.state.ids.is_empty()))?;

        if wanted == Wanted::Retry
            && let Some(written) = self.retry_merge_queue(context, &name).await?
        {
            return Ok(written);
        }
        if wanted == Wanted::Start {
            self.check_upstream_before_start(&name).await?;
        }

        let command = match wanted {
            Wanted::Start => project::Command::Start { by, has_features },
            Wanted::Drain => project::Command::Drain { by },
            Wanted::Stop => project::Command::Stop { by },
            Wanted::Initialize => project::Command::AskInitialization,
            Wanted::Retry => project::Command::AskProbe { by },
        };
        let receipt = self
            .tell(
                context,
                context.id,
                StreamId::Project(name),
                AnyCommand::Project(command),
            )
            .await?;

        Ok(written(&receipt))
    }

    /// Sets how many slots are wanted.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn set_target(
        &self,
        context: &RequestContext,
        name: &str,
        count: u16,
    ) -> Done<Written> {
        let command = AnyCommand::Project(project::Command::SetTarget { count });

        Ok(written(
            &self
                .tell(
                    context,
                    context.id,
                    StreamId::Project(Self::name(name)?),
                    command,
                )
                .await?,
        ))
    }

    /// Deletes a stopped project; its name is never used again, and its log stays.
    #[instrument(level = "debug", skip_all, fields(request = %context.id, by = %context.by))]
    pub async fn delete_project(&self, context: &RequestContext, name: &str) -> Done<Written> {
        let name = Self::name(name)?;
        let command = AnyCommand::Project(project::Command::Delete {
            by: context.by.clone(),
        });
        let receipt = self
            .tell(
                context,
                context.id,
                StreamId::Project(name.clone()),
                command,
            )
            .await?;
        self.core.world.credentials.keep_credential(&name, None)?;
        if let Some(engine) = &self.deps.engine {
            engine
                .forget_all_but(
                    &self
                        .core
                        .projector
                        .read(|projections| projections.registered_names()),
                )
                .await;
        }

        Ok(written(&receipt))
    }

    /// Every project, by its name.
    pub fn projects(&self) -> Vec<ProjectShape> {
        let known = self.core.projector.read(|projections| {
            let projections = projections.projects.values();
            projections.filter_map(api::project).collect::<Vec<_>>()
        });
        known
            .into_iter()
            .map(|shape| self.with_faults(shape))
            .collect()
    }

    /// What the projections do not hold: what is owed to a project and cannot be done.
    pub(super) fn with_faults(&self, mut shape: ProjectShape) -> ProjectShape {
        if let Ok(name) = shape.name.parse() {
            shape.add_needs(&self.core.faults.needs_you(&name), &name);
        }
        shape
    }

    /// One project.
    pub fn project(&self, name: &str) -> Done<ProjectShape> {
        let shape = self.read(&Self::name(name)?, api::project)?;
        Ok(self.with_faults(shape))
    }
}

/// All agents that these name.
fn agents<'a>(agent: Option<&'a AgentSpec>, roles: Option<&'a RoleAgents>) -> Vec<&'a AgentSpec> {
    let roles = roles.map(|roles| [&roles.initializer, &roles.reviewer, &roles.overseer]);
    let roles = roles.into_iter().flatten().flatten();
    agent.into_iter().chain(roles).collect()
}

/// Refuses commands with keys in them: settings are kept in the log, in clear and for good.
fn check_commands(change: &ProjectChange) -> Done<()> {
    let roles = change
        .agents
        .iter()
        .flat_map(|agents| [&agents.initializer, &agents.reviewer, &agents.overseer])
        .flatten();
    let agents = change.agent.iter().chain(roles);

    let of_agents = agents.filter_map(|agent| agent.command.as_ref());
    for command in of_agents.chain(&change.setup).chain(&change.verify) {
        if holds_a_secret(command) {
            let detail = "a command holds what looks like a key or a password, and would be kept \
                          in the log for good: give keys of models in the server's environment or \
                          providers.json, and let a command read others from a file of its image";
            return Err(Rejection::unfit("secret_in_command", detail));
        }
    }

    Ok(())
}

fn check_spec(text: &str) -> Done<&str> {
    if text.trim().is_empty() || text.len() > SPEC_MAX {
        return Err(Rejection::invalid(format!(
            "the spec is empty or above {SPEC_MAX} bytes"
        )));
    }
    Ok(text)
}
