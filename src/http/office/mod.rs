//! What an operator can do: commands to the hosts, and the books to read. Used by HTTP and by the
//! demo alike.

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
mod issues;
mod projects;
mod readers;
mod settle;
mod subscriptions;
mod trunk;
mod upstream;
mod usage;

use std::path::PathBuf;
use std::sync::Arc;

use actors::host::ExecuteError;
use actors::ports::engine::Engine;
use actors::supervisor::Core;
use events::cause::{Cause, Principal};
use events::id::{BerthNo, CommandId, FeatureId, ProjectName};
use events::log::Receipt;
use events::policy::AnyCommand;
use events::project;
use events::stream::{Position, StreamId, Version};
use events::view::ProjectBook;

use super::noise::Noises;
use super::problem::ApiProblem;
use super::shapes::Written;
use super::token::Token;

pub use claims::Holding;
pub use diffs::HowMuch;
pub use evidence::About;
pub use exchange::Exchange;
pub use issues::IssueNames;
pub use projects::Wanted;
pub use readers::Readers;
pub use subscriptions::Asked;

/// The operator's desk. Clones share everything.
#[derive(Clone)]
pub struct Office {
    /// What it works on.
    pub core: Core,
    /// What it may look at beside the books.
    pub premises: Premises,
}

/// What an operator may look at beside the books.
#[derive(Clone, Default)]
pub struct Premises {
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
}

/// One wish: who has it, and the id under which it is answered once.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Who.
    pub by: String,
    /// Under which id.
    pub id: CommandId,
    /// The version the stream must still have, if the caller looked at one.
    pub expect: Option<Version>,
}

impl Wish {
    /// A wish under a fresh id.
    pub fn fresh(by: &str) -> Self {
        let mut id = [0; 16];
        getrandom::fill(&mut id)
            .expect("a machine without randomness cannot tell one wish from another");
        Self {
            by: by.to_owned(),
            id: CommandId(id),
            expect: None,
        }
    }

    /// A wish under the caller's own key.
    pub fn keyed(by: &str, key: &str) -> Self {
        Self {
            by: by.to_owned(),
            id: CommandId::derived(&["operator", by, key]),
            expect: None,
        }
    }

    /// A further command of the same wish.
    fn part(&self, what: &str) -> CommandId {
        CommandId::derived(&["part", &self.id.to_string(), what])
    }
}

pub(super) type Done<T> = Result<T, ApiProblem>;

fn unknown_project() -> ApiProblem {
    let refusal = project::Refusal::UnknownProject;
    ApiProblem::not_found(
        events::aggregate::Refusal::code(&refusal),
        &refusal.to_string(),
    )
}

fn unknown_feature() -> ApiProblem {
    ApiProblem::not_found(
        "unknown_feature",
        "there is no such feature; `feature list` shows those there are",
    )
}

fn written(receipt: &Receipt) -> Written {
    Written {
        position: receipt.position.0,
        version: receipt.version.0,
        ids: vec![],
        notes: vec![],
    }
}

impl Office {
    /// Sends a command in the name of a wish. The version that the caller looked at is a premise of
    /// the first one.
    async fn tell(
        &self,
        wish: &Wish,
        id: CommandId,
        stream: StreamId,
        command: AnyCommand,
    ) -> Done<Receipt> {
        let cause = Cause {
            principal: Principal::Operator(wish.by.as_str().into()),
            correlation: wish.id,
            causation: None,
        };
        let premises = wish
            .expect
            .map(|version| (stream.clone(), version))
            .into_iter()
            .collect();
        let told = self
            .core
            .directory
            .execute(&stream, command, id, cause, premises)
            .await;
        let receipt = told.map_err(|error| match error {
            ExecuteError::Stale { stream: stale } if stale == stream && wish.expect.is_some() => {
                ApiProblem::moved(&stream)
            }
            other => other.into(),
        })?;
        self.core.projector.wait_for(receipt.position).await;
        Ok(receipt)
    }

    /// Where in the log a command was granted that came before under this id; none when none was.
    async fn answered(&self, id: CommandId) -> Done<Option<Position>> {
        let remembered = self.core.world.log.remembered(id).await;
        let remembered = remembered.map_err(|e| ExecuteError::Unavailable(e.to_string()))?;
        Ok(remembered.map(|known| known.receipt.position))
    }

    fn read<T>(&self, name: &ProjectName, read: impl FnOnce(&ProjectBook) -> Option<T>) -> Done<T> {
        self.core
            .projector
            .read(|books| books.projects.get(name).and_then(read))
            .ok_or_else(unknown_project)
    }

    pub(super) fn name(name: &str) -> Done<ProjectName> {
        name.parse().map_err(ApiProblem::invalid)
    }

    fn id(id: &str) -> Done<FeatureId> {
        id.parse().map_err(ApiProblem::invalid)
    }

    fn berth(n: u16) -> BerthNo {
        BerthNo(n)
    }
}
