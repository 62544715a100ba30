//! `supercargo image …`: the image that containers are made from.

use anyhow::Context;
use clap::Subcommand;

use crate::engine::docker::{self, image};
use crate::terminal::{mention, say};

/// Verbs on images.
#[derive(Debug, Subcommand)]
pub(super) enum ImageCommand {
    /// Build the agent image
    Build {
        /// What to build it on; without it the first of Debian's slim image and an imported base
        /// that the engine has
        #[arg(long)]
        base: Option<String>,
        /// With build tools, Node, Python and the agent CLIs: for agents of vendors
        #[arg(long)]
        full: bool,
        /// Its name
        #[arg(long)]
        image: Option<String>,
    },
}

pub(super) async fn run(command: ImageCommand) -> anyhow::Result<()> {
    let ImageCommand::Build {
        base,
        full,
        image: name,
    } = command;
    let stage = if full {
        image::Stage::Full
    } else {
        image::Stage::Light
    };

    let name = name.unwrap_or_else(|| stage.image().to_owned());
    let docker = docker::connect()
        .await
        .context("an image is built by Docker")?;
    let base = match &base {
        Some(base) => base.as_str(),
        None => image::first_of(&docker, &[image::BASE, image::IMPORTED_BASE])
            .await?
            .unwrap_or(image::BASE),
    };
    let built = image::build(&docker, stage, base, &name, |line| {
        mention!("{line}");
    })
    .await;

    built.with_context(|| {
        format!(
            "where no registry is reachable, docker/import-base makes a base from Debian's \
                 packages; tried {base}"
        )
    })?;
    say!("{name} is ready, built on {base}")?;

    Ok(())
}
