//! What an operator can do: commands to the hosts, and the projections to read. Used by HTTP and by
//! the demo alike.

mod adopt;
mod attempt;
mod beads;
mod beads_sync;
mod claims;
mod copied;
mod diffs;
mod evidence;
mod exchange;
mod features;
mod fitness;
mod fleet;
mod ground;
pub mod hook_key;
mod integrity;
mod issues;
mod merge_queue;
pub mod noise;
mod past;
mod projects;
mod readers;
mod settle;
mod subscriptions;
mod upstream;
mod usage;

use std::path::PathBuf;
use std::sync::Arc;

use actors::host::ExecuteError;
use actors::ports::engine::Engine;
use actors::rejection::Rejection;
use actors::supervisor::Core;
use events::cause::{Cause, Principal};
use events::id::{CommandId, FeatureId, ProjectName, SlotNo};
use events::log::Receipt;
use events::policy::AnyCommand;
use events::stream::{Position, StreamId, Version};
use events::view::ProjectView;
use events::{feature, project};

use crate::api::Written;
use crate::token::Token;
use noise::Noises;

pub use claims::Holding;
pub use diffs::HowMuch;
pub use evidence::About;
pub use exchange::Exchange;
pub use ground::Ground;
pub use integrity::Walks;
pub use issues::IssueNames;
pub use past::Past;
pub use projects::Wanted;
pub use readers::Readers;
pub use subscriptions::Asked;

/// The operator's verbs. Clones share everything.
#[derive(Clone)]
pub struct Operator {
    /// What it works on.
    pub core: Core,
    /// What it may look at beside the projections.
    pub deps: OperatorDeps,
}

/// What an operator may look at beside the projections.
#[derive(Clone, Default)]
pub struct OperatorDeps {
    /// What runs the containers, once the fleet has begun.
    pub engine: Option<Arc<dyn Engine>>,
    /// The data folder.
    pub data: PathBuf,
    /// What secrets of hooks are made of, where there is a token.
    pub hooks: Option<Token>,
    /// What led to nothing.
    pub noises: Arc<Noises>,
    /// Who reads which subscription.
    pub readers: Arc<Readers>,
    /// Ids that features had where they were imported from.
    pub issues: Arc<IssueNames>,
    /// The past that was looked at.
    pub past: Past,
    /// Turns for walks over the log.
    pub walks: Walks,
}

/// One request: who has it, and the id under which it is answered once.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The name of whoever asks, as the log has it.
    pub by: String,
    /// Under which id.
    pub id: CommandId,
    /// The version the stream must still have, if the caller looked at one.
    pub expect: Option<Version>,
}

impl RequestContext {
    /// A request under a fresh id.
    pub fn fresh(by: &str) -> Self {
        let mut id = [0; 16];
        getrandom::fill(&mut id)
            .expect("a machine without randomness cannot tell one request from another");
        Self {
            by: by.to_owned(),
            id: CommandId(id),
            expect: None,
        }
    }

    /// A request under the caller's own key.
    pub fn keyed(by: &str, key: &str) -> Self {
        Self {
            by: by.to_owned(),
            id: CommandId::derived(&["operator", by, key]),
            expect: None,
        }
    }

    /// A further command of the same request.
    fn part(&self, what: &str) -> CommandId {
        CommandId::derived(&["part", &self.id.to_string(), what])
    }
}

pub(super) type Done<T> = Result<T, Rejection>;

fn unknown_project() -> Rejection {
    ExecuteError::refused(&project::Refusal::UnknownProject).into()
}

fn unknown_feature() -> Rejection {
    ExecuteError::refused(&feature::Refusal::UnknownFeature).into()
}

fn written(receipt: &Receipt) -> Written {
    Written {
        position: receipt.position.0,
        version: receipt.version.0,
        ids: vec![],
        notes: vec![],
    }
}

/// What a person said of something, as it is recorded: words, and no more of them than are kept,
/// for nobody who speaks is cut without a word.
fn said(what: &str, text: &str, max: usize) -> Done<String> {
    if text.trim().is_empty() {
        let why = format!("the {what} is empty: say it in words, for whoever reads it later");
        return Err(Rejection::invalid(why));
    }
    if text.len() > max {
        let length = text.len();
        let why = format!("the {what} has {length} bytes, at most {max} are allowed");
        return Err(Rejection::invalid(why));
    }

    Ok(text.to_owned())
}

impl Operator {
    /// Sends a command for a request. The version that the caller looked at is a precondition of
    /// the first one. A command for a project that is not there is answered so, whatever it is
    /// about.
    async fn tell(
        &self,
        context: &RequestContext,
        id: CommandId,
        stream: StreamId,
        command: AnyCommand,
    ) -> Done<Receipt> {
        let registers = matches!(
            command,
            AnyCommand::Project(project::Command::Register { .. })
        );
        if !registers {
            self.check_project(&stream, id).await?;
        }

        let cause = Cause {
            principal: Principal::Operator(context.by.as_str().into()),
            correlation: context.id,
            causation: None,
        };
        let preconditions = context
            .expect
            .map(|version| (stream.clone(), version))
            .into_iter()
            .collect();
        let told = self
            .core
            .directory
            .execute(&stream, command, id, cause, preconditions)
            .await;
        let receipt = told.map_err(|error| match error {
            ExecuteError::Stale { stream: stale }
                if stale == stream && context.expect.is_some() =>
            {
                Rejection::moved(&stream)
            }
            other => other.into(),
        })?;
        self.core.projector.wait_for(receipt.position).await;

        Ok(receipt)
    }

    /// Whether the project of a stream is there. What was granted before is answered again after
    /// it was deleted.
    async fn check_project(&self, stream: &StreamId, id: CommandId) -> Done<()> {
        let Some(name) = stream.project() else {
            return Ok(());
        };
        let there = self.read(name, |view| view.registered().map(|_| ()));
        if there.is_err() && self.answered(id).await?.is_none() {
            return Err(unknown_project());
        }

        Ok(())
    }

    /// Where in the log a command was granted that came before under this id; none when none was.
    async fn answered(&self, id: CommandId) -> Done<Option<Position>> {
        let remembered = self.core.world.log.remembered(id).await;
        let remembered = remembered.map_err(|e| ExecuteError::Unavailable(e.to_string()))?;
        Ok(remembered.map(|known| known.receipt.position))
    }

    fn read<T>(&self, name: &ProjectName, read: impl FnOnce(&ProjectView) -> Option<T>) -> Done<T> {
        self.core
            .projector
            .read(|projections| projections.projects.get(name).and_then(read))
            .ok_or_else(unknown_project)
    }

    pub(super) fn name(name: &str) -> Done<ProjectName> {
        name.parse().map_err(Rejection::invalid)
    }

    fn id(id: &str) -> Done<FeatureId> {
        id.parse().map_err(Rejection::invalid)
    }

    fn slot(n: u16) -> SlotNo {
        SlotNo(n)
    }
}
