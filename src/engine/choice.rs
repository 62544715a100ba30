//! Which engine runs the fleet: the one asked for, or Docker when it answers and its image is there
//! or can be built from what it has, else processes. Whatever is chosen is said, with the reason.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use actors::ports::engine::Engine;
use anyhow::{Context, bail};
use clap::ValueEnum;

use super::caches::Caches;
use super::docker::{self, DockerEngine, image, probe};
use super::process::{ProcessEngine, Sandbox, reach};

/// The engine asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum EngineChoice {
    /// Docker where it is ready, else processes
    #[default]
    Auto,
    /// Docker, or nothing
    Docker,
    /// Processes of this host
    Process,
}

/// How engines are set up.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct EngineArgs {
    /// What runs the containers
    #[arg(long, value_enum, default_value_t = EngineChoice::Auto, env = "SUPERCARGO_ENGINE")]
    pub engine: EngineChoice,
    /// Image of the containers (Docker); without it the full agent image where the engine has it,
    /// else the light one
    #[arg(long, env = "SUPERCARGO_IMAGE")]
    pub image: Option<String>,
    /// Use no sandbox, even where one works (processes)
    #[arg(long)]
    pub no_sandbox: bool,
    /// Let agents that are not the scripted one run without a sandbox (processes)
    #[arg(long)]
    pub allow_unisolated: bool,
}

/// The engine that was chosen.
pub struct Chosen {
    /// It.
    pub engine: Arc<dyn Engine>,
    /// What has to be said about it, one line each.
    pub said: Vec<String>,
}

/// Where an engine finds what it needs.
pub struct Place<'a> {
    /// The data folder.
    pub data: &'a Path,
    /// Doors of the sessions.
    pub doors: PathBuf,
    /// Our own binary, where slots can run it.
    pub binary: PathBuf,
    /// Whose containers are ours.
    pub instance: &'a str,
}

/// Chooses an engine.
pub async fn choose(args: &EngineArgs, place: Place<'_>) -> anyhow::Result<Chosen> {
    let why_not = match args.engine {
        EngineChoice::Process => None,
        EngineChoice::Docker => {
            let (engine, said) = in_docker(args, &place).await.context("--engine docker")?;
            return Ok(Chosen { engine, said });
        }
        EngineChoice::Auto => match in_docker(args, &place).await {
            Ok((engine, said)) => return Ok(Chosen { engine, said }),
            Err(why) => Some(format!(
                "containers are processes of this host, because {why:#}"
            )),
        },
    };
    let sandbox = if args.no_sandbox {
        Sandbox::Plain
    } else {
        Sandbox::probe()
    };

    reach::above(place.data)?;
    let engine = ProcessEngine::new(place.data, place.binary, sandbox, args.allow_unisolated)?;
    let said = why_not
        .into_iter()
        .chain(sandbox.warning().map(str::to_owned))
        .collect();

    Ok(Chosen {
        engine: Arc::new(engine),
        said,
    })
}

async fn in_docker(
    args: &EngineArgs,
    place: &Place<'_>,
) -> anyhow::Result<(Arc<dyn Engine>, Vec<String>)> {
    let docker = docker::connect().await?;
    docker::refuse_rootless(&docker).await?;
    let mut said = Vec::new();

    let image = match &args.image {
        Some(image) => image.as_str(),
        None => image::first_of(&docker, &[image::FULL, image::IMAGE])
            .await?
            .unwrap_or(image::IMAGE),
    };
    if !image::has(&docker, image).await? {
        if image != image::IMAGE {
            bail!("there is no image {image}: `docker pull` or build it");
        }
        let Some(base) = image::first_of(&docker, &[image::BASE, image::IMPORTED_BASE]).await?
        else {
            bail!("there is no image {image}: `supercargo image build` makes it");
        };
        image::build(&docker, image::Stage::Light, base, image, |line| {
            tracing::debug!(line, "building the agent image")
        })
        .await?;
        said.push(format!("built the image {image} on {base}"));
    }

    let binaries = place
        .binary
        .parent()
        .context("the runner lies in a folder")?;
    probe::runner_works(&docker, place.instance, image, binaries).await?;
    let caches = Caches::of(place.data);
    let engine = DockerEngine::new(
        docker,
        place.instance,
        image,
        binaries.to_owned(),
        place.doors.clone(),
        caches,
    );

    Ok((Arc::new(engine), said))
}
