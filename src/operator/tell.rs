//! Telling a command to its host, for whoever asks: once, for a project that is there, and answered
//! when the projections have it.

use actors::host::ExecuteError;
use actors::rejection::Rejection;
use events::cause::{Cause, Principal};
use events::id::{CommandId, FeatureId, ProjectName, SlotNo};
use events::log::Receipt;
use events::policy::AnyCommand;
use events::project;
use events::stream::{Position, StreamId};
use events::view::ProjectView;

use super::{Done, Operator, RequestContext, unknown_project};

impl Operator {
    /// Sends a command for a request. The version that the caller looked at is a precondition of
    /// the first one. A command for a project that is not there is answered so, whatever it is
    /// about.
    pub(super) async fn tell(
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
    pub(super) async fn answered(&self, id: CommandId) -> Done<Option<Position>> {
        let remembered = self.core.world.log.remembered(id).await;
        let remembered = remembered.map_err(|e| ExecuteError::Unavailable(e.to_string()))?;
        Ok(remembered.map(|known| known.receipt.position))
    }

    pub(super) fn read<T>(
        &self,
        name: &ProjectName,
        read: impl FnOnce(&ProjectView) -> Option<T>,
    ) -> Done<T> {
        self.core
            .projector
            .read(|projections| projections.projects.get(name).and_then(read))
            .ok_or_else(unknown_project)
    }

    pub(super) fn name(name: &str) -> Done<ProjectName> {
        name.parse().map_err(Rejection::invalid)
    }

    pub(super) fn id(id: &str) -> Done<FeatureId> {
        id.parse().map_err(Rejection::invalid)
    }

    pub(super) fn slot(n: u16) -> SlotNo {
        SlotNo(n)
    }
}
