//! The agent image: built from the Dockerfile inside the binary, on a base that may have been
//! imported.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, bail};
use bollard::Docker;
use bollard::query_parameters::{BuildImageOptions, CreateImageOptions};
use futures::StreamExt;

/// The light agent image.
pub const IMAGE: &str = concat!("supercargo-agent:light-", env!("CARGO_PKG_VERSION"));
/// The image with the agent CLIs.
pub const FULL: &str = concat!("supercargo-agent:full-", env!("CARGO_PKG_VERSION"));
/// What it is built on, unless told otherwise.
pub const BASE: &str = "debian:bookworm-slim";
/// The base that `docker/import-base` makes.
pub const IMPORTED_BASE: &str = "supercargo-base:debian";

/// An image has to be fetched within this time.
const PULL_WITHIN: Duration = Duration::from_secs(1800);

const DOCKERFILE: &str = include_str!("../../../docker/agent.Dockerfile");

/// Whether the engine has this image.
pub async fn has(docker: &Docker, image: &str) -> anyhow::Result<bool> {
    match docker.inspect_image(image).await {
        Ok(_) => Ok(true),
        Err(error) if super::status(&error) == Some(404) => Ok(false),
        Err(error) => Err(error).with_context(|| format!("looking for the image {image}")),
    }
}

/// The first of these images that the engine has.
pub async fn first_of<'a>(docker: &Docker, images: &[&'a str]) -> anyhow::Result<Option<&'a str>> {
    for image in images {
        if has(docker, image).await? {
            return Ok(Some(image));
        }
    }
    Ok(None)
}

/// How much of the Dockerfile is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// git, a shell and a user.
    Light,
    /// That, build tools and the agent CLIs.
    Full,
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Full => "full",
        }
    }

    /// What the image is called, unless told otherwise.
    pub fn image(self) -> &'static str {
        match self {
            Self::Light => IMAGE,
            Self::Full => FULL,
        }
    }
}

/// Builds `image` on `base`; `told` hears each line of the build. A base that is not there is
/// fetched by the engine, if it can.
pub async fn build(
    docker: &Docker,
    stage: Stage,
    base: &str,
    image: &str,
    mut told: impl FnMut(&str),
) -> anyhow::Result<()> {
    let mut context = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(DOCKERFILE.len() as u64);
    header.set_mode(0o644);
    context.append_data(&mut header, "Dockerfile", DOCKERFILE.as_bytes())?;
    let options = BuildImageOptions {
        dockerfile: "Dockerfile".to_owned(),
        t: Some(image.to_owned()),
        target: stage.name().to_owned(),
        buildargs: Some(HashMap::from([("BASE_IMAGE".to_owned(), base.to_owned())])),
        rm: true,
        forcerm: true,
        ..BuildImageOptions::default()
    };
    let body = bollard::body_full(context.into_inner()?.into());

    let mut lines = docker.build_image(options, None, Some(body));
    while let Some(line) = lines.next().await {
        let line = line.with_context(|| format!("building {image} on {base}"))?;
        if let Some(error) = line.error_detail.and_then(|detail| detail.message) {
            bail!("building {image} on {base}: {error}");
        }
        for text in [line.stream, line.status].into_iter().flatten() {
            let text = text.trim_end();
            if !text.is_empty() {
                told(text);
            }
        }
    }

    Ok(())
}

/// Fetches an image; its progress goes to the server's log.
///
/// # Errors
/// What the engine said, with the image's name and what to do.
pub async fn pull(docker: &Docker, image: &str) -> anyhow::Result<()> {
    let options = CreateImageOptions {
        from_image: Some(image.to_owned()),
        ..CreateImageOptions::default()
    };
    let mut lines = docker.create_image(Some(options), None, None);
    let fetched = async {
        while let Some(line) = lines.next().await {
            let line = line.with_context(|| {
                format!("fetching {image}: load it into the engine, or choose another image")
            })?;
            if let Some(status) = line.status {
                tracing::info!(image, status, "fetching an image");
            }
        }
        Ok(())
    };

    tokio::time::timeout(PULL_WITHIN, fetched)
        .await
        .with_context(|| format!("fetching {image} took too long"))?
}
