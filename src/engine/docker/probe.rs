//! Whether the runner works in an image, learned by running it there: one container, hardened as
//! any other, that says its version and is removed. An image whose C library does not fit, or which
//! has another processor's programs, is refused by name at the start instead of losing session
//! after session.

use std::path::Path;

use anyhow::{Context, bail};
use bollard::Docker;
use bollard::container::AttachContainerResults;
use bollard::query_parameters::{
    AttachContainerOptions, CreateContainerOptions, RemoveContainerOptions,
};
use futures::StreamExt;

use super::{ACT_WITHIN, ASK_WITHIN, contract, status, within};
use crate::engine::seek;

/// What a probe prints when all is well, for a build of this name and version.
fn expected() -> String {
    format!("supercargo {}", env!("CARGO_PKG_VERSION"))
}

/// Runs the runner of the folder `binaries` in `image`, for the installation `instance`.
///
/// # Errors
/// What it said and how it ended, when that is not its version.
pub async fn runner_works(
    docker: &Docker,
    instance: &str,
    image: &str,
    binaries: &Path,
) -> anyhow::Result<()> {
    let name = format!("supercargo-probe.{instance}");
    // One that a killed server left behind.
    remove(docker, &name).await?;
    let said = said(
        docker,
        &name,
        contract::probe(instance, image, binaries, &["--version"]),
    )
    .await;
    let removed = remove(docker, &name).await;
    let (code, said) = said.with_context(|| format!("trying the runner in the image {image}"))?;
    removed?;
    if code == Some(0) && said.trim() == expected() {
        return Ok(());
    }

    let code = code.map_or_else(|| "unknown".to_owned(), |code| code.to_string());

    bail!(
        "the runner does not work in the image {image}: `supercargo --version` ended with exit \
         code {code} and said \"{}\"; \
         take an image with the C library of Debian 12 or newer (glibc ≥ 2.36) on this machine's \
         processor",
        said.trim()
    )
}

/// Whether a shell in `image` finds a program.
///
/// # Errors
/// When the engine or the shell gives no answer.
pub(super) async fn finds(
    docker: &Docker,
    instance: &str,
    image: &str,
    binaries: &Path,
    program: &str,
) -> anyhow::Result<bool> {
    let name = format!("supercargo-probe.{instance}");
    remove(docker, &name).await?;
    let body = contract::probe(instance, image, binaries, &["seek", "--", program]);
    let said = said(docker, &name, body).await;
    let removed = remove(docker, &name).await;
    let (_, said) = said.with_context(|| format!("looking for {program} in the image {image}"))?;
    removed?;

    Ok(seek::found(&said)?)
}

async fn remove(docker: &Docker, name: &str) -> anyhow::Result<()> {
    let options = RemoveContainerOptions {
        force: true,
        v: true,
        ..RemoveContainerOptions::default()
    };

    match within(
        ACT_WITHIN,
        "removing a probe",
        docker.remove_container(name, Some(options)),
    )
    .await?
    {
        // Gone, or just being removed by somebody else.
        Err(error) if !matches!(status(&error), Some(404 | 409)) => {
            Err(error).context("removing a probe")
        }
        _ => Ok(()),
    }
}

/// Exit code of a container and all that it printed.
async fn said(
    docker: &Docker,
    name: &str,
    body: bollard::models::ContainerCreateBody,
) -> anyhow::Result<(Option<i64>, String)> {
    let options = CreateContainerOptions {
        name: Some(name.to_owned()),
        ..CreateContainerOptions::default()
    };

    within(
        ACT_WITHIN,
        "making a probe",
        docker.create_container(Some(options), body),
    )
    .await??;
    let options = AttachContainerOptions {
        stdout: true,
        stderr: true,
        stream: true,
        ..AttachContainerOptions::default()
    };
    let attached = within(
        ASK_WITHIN,
        "listening to a probe",
        docker.attach_container(name, Some(options)),
    )
    .await??;
    let AttachContainerResults {
        mut output,
        input: _input,
    } = attached;

    // An engine that cannot execute the binary at all says so here.
    within(
        ACT_WITHIN,
        "starting a probe",
        docker.start_container(name, None),
    )
    .await??;
    let mut said = String::new();
    let listened = async {
        while let Some(Ok(part)) = output.next().await {
            said.push_str(&String::from_utf8_lossy(part.as_ref()));
        }
    };
    tokio::time::timeout(ACT_WITHIN, listened)
        .await
        .context("it did not end")?;
    let found = within(
        ASK_WITHIN,
        "inspecting a probe",
        docker.inspect_container(name, None),
    )
    .await??;

    Ok((found.state.and_then(|state| state.exit_code), said))
}
