//! What an operator can do: commands to the hosts, and the books to read. Used by HTTP and by the demo alike.

use actors::admissions::{admission, admitted_before};
use actors::host::ExecuteError;
use actors::supervisor::Core;
use events::backlog::Batch;
use events::cause::{Cause, Principal};
use events::feature;
use events::id::{CommandId, Digest, FeatureId, ProjectName};
use events::log::Receipt;
use events::policy::AnyCommand;
use events::project;
use events::stream::StreamId;
use events::view::ProjectBook;

use super::problem::ApiProblem;
use super::shapes::{self, FeatureShape, NewFeature, NewProject, ProjectChange, ProjectShape, Written};

/// Largest spec, in bytes.
const SPEC_MAX: usize = 1024 * 1024;

/// The operator's desk. Clones share everything.
#[derive(Clone)]
pub struct Office {
    /// What it works on.
    pub core: Core,
}

/// One wish: who has it, and the id under which it is answered once.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Who.
    pub by: String,
    /// Under which id.
    pub id: CommandId,
}

impl Wish {
    /// A wish under a fresh id.
    pub fn fresh(by: &str) -> Self {
        let mut id = [0; 16];
        getrandom::fill(&mut id).expect("a machine without randomness cannot tell one wish from another");
        Self { by: by.to_owned(), id: CommandId(id) }
    }

    /// A wish under the caller's own key.
    pub fn keyed(by: &str, key: &str) -> Self {
        Self { by: by.to_owned(), id: CommandId::derived(&["operator", by, key]) }
    }

    /// A further command of the same wish.
    fn part(&self, what: &str) -> CommandId {
        CommandId::derived(&["part", &self.id.to_string(), what])
    }
}

type Done<T> = Result<T, ApiProblem>;

fn unknown_project() -> ApiProblem {
    let refusal = project::Refusal::UnknownProject;
    ApiProblem::not_found(events::aggregate::Refusal::code(&refusal), &refusal.to_string())
}

fn written(receipt: &Receipt) -> Written {
    Written { position: receipt.position.0, version: receipt.version.0, ids: vec![] }
}

impl Office {
    async fn tell(&self, wish: &Wish, id: CommandId, stream: StreamId, command: AnyCommand) -> Done<Receipt> {
        let cause = Cause { principal: Principal::Operator(wish.by.clone()), correlation: wish.id, causation: None };
        let receipt = self.core.directory.execute(&stream, command, id, cause, vec![]).await?;
        self.core.projector.wait_for(receipt.position).await;
        Ok(receipt)
    }

    fn read<T>(&self, name: &ProjectName, read: impl FnOnce(&ProjectBook) -> Option<T>) -> Done<T> {
        self.core.projector.read(|books| books.projects.get(name).and_then(read)).ok_or_else(unknown_project)
    }

    fn name(name: &str) -> Done<ProjectName> {
        name.parse().map_err(ApiProblem::invalid)
    }

    /// Registers a project whose upstream answers, and writes its spec.
    pub async fn add_project(&self, wish: &Wish, new: NewProject) -> Done<Written> {
        let name = Self::name(&new.name)?;
        let spec = new.spec.as_deref().map(check_spec).transpose()?;
        let register = project::Command::Register { git_url: new.git_url.clone(), kind: new.kind };
        // Decided here first, so that a refused registration does not ask upstream anything.
        let state = self.core.projector.read(|books| books.projects.get(&name).map(|b| b.project.state.clone()));
        let decided = events::aggregate::Aggregate::decide(&state.unwrap_or_default(), &register, self.core.world.clock.now());
        decided.map_err(|r| {
            let code = events::aggregate::Refusal::code(&r);
            ExecuteError::Refused { code, message: r.to_string() }
        })?;
        self.core.world.repo.probe(&new.git_url).await.map_err(|error| ApiProblem {
            code: "upstream_unreachable".to_owned(),
            ..ApiProblem::invalid(format!("{} does not answer as a git repository: {error}", new.git_url))
        })?;
        let stream = StreamId::Project(name.clone());
        let receipt = self.tell(wish, wish.id, stream, AnyCommand::Project(register)).await?;
        match spec {
            Some(text) => self.write_spec(wish, &name, text).await,
            None => Ok(written(&receipt)),
        }
    }

    async fn write_spec(&self, wish: &Wish, name: &ProjectName, text: &str) -> Done<Written> {
        let bytes = text.len() as u64;
        let digest = self.core.world.blobs.put(text.as_bytes().to_vec()).await?;
        let command = project::Command::WriteSpec { digest, bytes };
        let receipt = self.tell(wish, wish.part("spec"), StreamId::Project(name.clone()), AnyCommand::Project(command)).await?;
        Ok(written(&receipt))
    }

    /// Changes settings, target and spec; what is absent stays.
    pub async fn change_project(&self, wish: &Wish, name: &str, change: &ProjectChange) -> Done<Written> {
        let name = Self::name(name)?;
        let settings = self.read(&name, |book| Some(book.registered()?.settings.clone()))?;
        let spec = change.spec.as_deref().map(check_spec).transpose()?;
        let stream = StreamId::Project(name.clone());
        let settings = Box::new(change.apply(settings));
        let command = AnyCommand::Project(project::Command::ChangeSettings { settings });
        let mut last = written(&self.tell(wish, wish.part("settings"), stream.clone(), command).await?);
        if let Some(count) = change.target {
            let command = AnyCommand::Project(project::Command::SetTarget { count });
            last = written(&self.tell(wish, wish.part("target"), stream, command).await?);
        }
        match spec {
            Some(text) => self.write_spec(wish, &name, text).await,
            None => Ok(last),
        }
    }

    /// Starts, drains or stops a project.
    pub async fn intend(&self, wish: &Wish, name: &str, verb: &str) -> Done<Written> {
        let name = Self::name(name)?;
        let by = wish.by.clone();
        let has_features = self.read(&name, |book| Some(!book.backlog.state.ids.is_empty()))?;
        let command = match verb {
            "start" => project::Command::Start { by, has_features },
            "drain" => project::Command::Drain { by },
            "stop" => project::Command::Stop { by },
            other => return Err(ApiProblem::not_found("not_found", &format!("a project cannot {other}"))),
        };
        let receipt = self.tell(wish, wish.id, StreamId::Project(name), AnyCommand::Project(command)).await?;
        Ok(written(&receipt))
    }

    /// Adds a batch of features, as one.
    pub async fn add_features(&self, wish: &Wish, name: &str, batch: &Batch) -> Done<Written> {
        let name = Self::name(name)?;
        let registered = self.read(&name, |book| Some(book.registered().is_some()))?;
        if !registered {
            return Err(unknown_project());
        }
        batch.check().map_err(ApiProblem::invalid)?;
        let bytes = serde_json::to_vec(batch).map_err(ApiProblem::invalid)?;
        let digest = Digest::of(&bytes);
        let unavailable = |e: events::log::ReadError| ApiProblem::from(ExecuteError::Unavailable(e.to_string()));
        if let Some((receipt, admitted)) = admitted_before(&*self.core.world.log, wish.id).await.map_err(unavailable)? {
            if admitted.batch != digest {
                return Err(ExecuteError::IdReused.into());
            }
            let ids = admitted.ids.iter().map(ToString::to_string).collect();
            return Ok(Written { ids, ..written(&receipt) });
        }
        let command = self.read(&name, |book| Some(admission(book, digest, batch)))?.map_err(ApiProblem::invalid)?;
        self.core.world.blobs.put(bytes).await?;
        let ids = match &command {
            events::backlog::Command::Admit { ids, .. } => ids.iter().map(ToString::to_string).collect(),
            _ => vec![],
        };
        let receipt = self.tell(wish, wish.id, StreamId::Backlog(name), AnyCommand::Backlog(command)).await?;
        Ok(Written { ids, ..written(&receipt) })
    }

    /// Adds one feature.
    pub async fn add_feature(&self, wish: &Wish, name: &str, new: NewFeature) -> Done<Written> {
        self.add_features(wish, name, &Batch::single(new.content, new.depends_on)).await
    }

    /// Says something about a feature, or answers its question.
    pub async fn speak(&self, wish: &Wish, name: &str, id: &str, text: &str, answer: bool) -> Done<Written> {
        let name = Self::name(name)?;
        let id: FeatureId = id.parse().map_err(ApiProblem::invalid)?;
        let (by, text) = (wish.by.clone(), text.to_owned());
        let command = if answer { feature::Command::Answer { by, text } } else { feature::Command::Comment { by, text } };
        let receipt = self.tell(wish, wish.id, StreamId::Feature(name, id), AnyCommand::Feature(command)).await?;
        Ok(written(&receipt))
    }

    /// All projects.
    pub fn projects(&self) -> Vec<ProjectShape> {
        self.core.projector.read(|books| books.projects.values().filter_map(shapes::project).collect())
    }

    /// One project.
    pub fn project(&self, name: &str) -> Done<ProjectShape> {
        self.read(&Self::name(name)?, shapes::project)
    }

    /// A project's features, in the order of the queue.
    pub fn features(&self, name: &str) -> Done<Vec<FeatureShape>> {
        self.read(&Self::name(name)?, |book| book.registered().map(|_| shapes::features(book)))
    }

    /// One feature.
    pub fn feature(&self, name: &str, id: &str) -> Done<FeatureShape> {
        let id: FeatureId = id.parse().map_err(ApiProblem::invalid)?;
        let shape = self.read(&Self::name(name)?, |book| {
            book.registered()?;
            Some(book.feature(&id).map(|known| shapes::feature(&id, known)))
        })?;
        shape.ok_or_else(|| {
            ApiProblem::not_found("unknown_feature", "there is no such feature; `feature list` shows those there are")
        })
    }
}

fn check_spec(text: &str) -> Done<&str> {
    if text.trim().is_empty() || text.len() > SPEC_MAX {
        return Err(ApiProblem::invalid(format!("the spec is empty or above {SPEC_MAX} bytes")));
    }
    Ok(text)
}
