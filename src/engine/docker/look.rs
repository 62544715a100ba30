//! Looking at containers: by name, by label, and what an inspection says of how one stands.

use actors::ports::engine::{ContainerName, Status, Unreachable};
use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum, ContainerSummary};
use bollard::query_parameters::{ListContainersOptions, RemoveContainerOptions};
use events::container::Exit;

use super::told::ours;
use super::{
    ACT_WITHIN, ASK_WITHIN, DockerEngine, Found, SIGNAL_BASE, SIGNAL_MAX, contract, status,
    unreachable, within,
};

impl DockerEngine {
    /// The container of this name, if it is there and ours.
    pub(super) async fn inspect(
        &self,
        name: &ContainerName,
    ) -> Result<Option<ContainerInspectResponse>, Unreachable> {
        Ok(match self.look(name).await? {
            Found::Ours(found) => Some(*found),
            Found::Nothing | Found::Foreign => None,
        })
    }

    pub(super) async fn look(&self, name: &ContainerName) -> Result<Found, Unreachable> {
        let docker_name = self.docker_name(name);
        let asked = self.docker.inspect_container(&docker_name, None);

        match within(ASK_WITHIN, "inspecting a container", asked).await? {
            Ok(found) => Ok(if owner(&found) == Some(&self.instance) {
                Found::Ours(Box::new(found))
            } else {
                Found::Foreign
            }),
            Err(error) if status(&error) == Some(404) => self.look_by_label(name).await,
            Err(error) => Err(unreachable("inspecting a container", error)),
        }
    }

    /// A name can be changed by hand; labels cannot.
    pub(super) async fn look_by_label(&self, name: &ContainerName) -> Result<Found, Unreachable> {
        let mut filters = ours(&self.instance);

        filters
            .entry("label".to_owned())
            .or_default()
            .push(format!("{}={name}", contract::NAME));
        let options = ListContainersOptions {
            all: true,
            filters: Some(filters),
            ..ListContainersOptions::default()
        };
        let listed = within(
            ASK_WITHIN,
            "listing containers",
            self.docker.list_containers(Some(options)),
        )
        .await?;
        let listed = listed.map_err(|e| unreachable("listing containers", e))?;
        let Some(id) = listed.into_iter().find_map(|summary| summary.id) else {
            return Ok(Found::Nothing);
        };

        match within(
            ASK_WITHIN,
            "inspecting a container",
            self.docker.inspect_container(&id, None),
        )
        .await?
        {
            Ok(found) => Ok(Found::Ours(Box::new(found))),
            Err(error) if status(&error) == Some(404) => Ok(Found::Nothing),
            Err(error) => Err(unreachable("inspecting a container", error)),
        }
    }

    pub(super) async fn removed(&self, id: &str) -> Result<(), Unreachable> {
        let options = RemoveContainerOptions {
            force: true,
            v: true,
            ..RemoveContainerOptions::default()
        };
        let asked = self.docker.remove_container(id, Some(options));
        match within(ACT_WITHIN, "removing a container", asked).await? {
            Ok(()) => Ok(()),
            Err(error) if status(&error) == Some(404) => Ok(()),
            Err(error) => Err(unreachable("removing a container", error)),
        }
    }
}

/// Our name of a container that is listed, by its label.
pub(super) fn name_of(listed: &ContainerSummary) -> Option<ContainerName> {
    ContainerName::parse(listed.labels.as_ref()?.get(contract::NAME)?)
}

/// The installation that a container belongs to, by its label.
fn owner(found: &ContainerInspectResponse) -> Option<&String> {
    let labels = found.config.as_ref()?.labels.as_ref()?;
    labels.get(contract::INSTANCE)
}

/// What an inspection says about an end. Neither 0 nor 137 proves anything: it is evidence beside
/// the rest.
pub(super) fn exit_of(found: &ContainerInspectResponse) -> Exit {
    let state = found.state.clone().unwrap_or_default();
    let code = state.exit_code.and_then(|code| i32::try_from(code).ok());
    let signal = code
        .map(|code| code - SIGNAL_BASE)
        .filter(|signal| (1..=SIGNAL_MAX).contains(signal));
    Exit {
        code,
        oom: state.oom_killed.unwrap_or(false),
        signal,
    }
}

pub(super) fn status_of(found: &ContainerInspectResponse) -> Status {
    match found.state.as_ref().and_then(|state| state.status) {
        Some(ContainerStateStatusEnum::CREATED) => Status::Created,
        Some(
            ContainerStateStatusEnum::EXITED
            | ContainerStateStatusEnum::DEAD
            | ContainerStateStatusEnum::REMOVING,
        ) => Status::Exited(exit_of(found)),
        _ => Status::Running,
    }
}
