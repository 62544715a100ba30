//! The end of a demo: what was started is ended, what is waited for is shown, and a second request
//! ends at once. A start looks for demos whose server died, and ends and removes what they left.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use actors::ports::engine::{Engine, Unreachable};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::{DataFolder, InstanceLock, Ownership};
use crate::engine::caches::Caches;
use crate::engine::docker::{self, DockerEngine, image};
use crate::engine::process::{ProcessEngine, Sandbox};
use crate::foreign;

/// How temporary folders of demos begin.
pub(super) const PREFIX: &str = "supercargo-try-";
/// In a folder that stays although its demo is over: somebody has to look at it.
const KEPT: &str = "kept";
/// In a folder of a demo: the name of the engine that runs it.
const ENGINE: &str = "engine";
/// A log's id is far shorter.
const ID_MAX: usize = 1024;
/// An engine is asked to end what is left for this long.
const LEFT_WITHIN: Duration = Duration::from_secs(60);

/// What asks a demo to end.
pub(super) struct Asked {
    signals: [Signal; 3],
}

impl Asked {
    /// Listens from here on.
    pub(super) fn listen() -> std::io::Result<Self> {
        let signals = [
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        ];
        Ok(Self { signals })
    }

    /// Returns when it is asked for, once each time.
    pub(super) async fn again(&mut self) {
        let [terminate, interrupt, hangup] = &mut self.signals;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Writes down which engine runs the demo in this folder.
pub(super) fn runs_on(data: &Path, engine: &dyn Engine) -> std::io::Result<()> {
    fs_err::write(data.join(ENGINE), engine.name())
}

/// Keeps this folder from being removed by the next demo.
pub(super) fn keep(data: &Path) -> std::io::Result<()> {
    fs_err::write(data.join(KEPT), "")
}

/// Ends and removes every container of an engine's installation.
///
/// # Errors
/// What is left, by name.
pub(super) async fn end_all(engine: &dyn Engine) -> Result<(), Unreachable> {
    let ended = async {
        for seen in engine.list().await? {
            engine.stop(&seen.name, 0).await?;
            engine.remove(&seen.name).await?;
        }
        Ok(())
    };
    let late = || Unreachable(format!("its containers stay after {LEFT_WITHIN:?}"));
    tokio::time::timeout(LEFT_WITHIN, ended)
        .await
        .unwrap_or_else(|_| Err(late()))
}

/// Ends and removes what dead demos left in this folder for temporary things; answers what has to
/// be said about it.
pub(super) async fn after_dead_demos(temporary: &Path) -> Vec<String> {
    let mut said = Vec::new();

    for entry in fs_err::read_dir(temporary).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let path = entry.path();
        if !name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) || !is_dead_demo(&path) {
            continue;
        }
        match removed(&path).await {
            Ok(true) => said.push(format!("removed {}: its demo had died", path.display())),
            Ok(false) => {}
            Err(why) => said.push(format!("{} of a dead demo stays: {why:#}", path.display())),
        }
    }

    said
}

/// Whether this is a folder of ours in which a demo was begun that nobody wants to look at.
fn is_dead_demo(path: &Path) -> bool {
    let own = nix::unistd::geteuid().as_raw();
    let found = fs_err::symlink_metadata(path);
    found.is_ok_and(|found| found.is_dir() && found.uid() == own)
        && path.join("lock").exists()
        && !path.join(KEPT).exists()
}

/// What a demo wrote down about itself; nothing, when it did not come so far.
fn noted(path: &Path, name: &str) -> anyhow::Result<String> {
    match foreign::read(&path.join(name), ID_MAX) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        // What it left running is found by this: its folder stays.
        Err(error) => Err(error.into()),
    }
}

/// Removes a demo; false when its server lives.
async fn removed(path: &Path) -> anyhow::Result<bool> {
    let data = DataFolder::make(path)?;
    let Ok(_lock) = InstanceLock::take(&data, Ownership::Respect) else {
        return Ok(false);
    };
    let binary = path.join("bin/supercargo");
    let processes = ProcessEngine::new(data.path(), binary, Sandbox::Plain, false)?;
    end_all(&processes).await?;

    let (engine, id) = (noted(path, ENGINE)?, noted(path, "log.id")?);
    if !engine.starts_with("process") && !id.is_empty() {
        match docker::connect().await {
            Ok(docker) => end_all(&of_docker(docker, &id, &data)).await?,
            // A demo that did not come so far as to choose its engine has no container.
            Err(_) if engine.is_empty() => {}
            Err(error) => return Err(error.into()),
        }
    }
    foreign::remove(path)?;
    Ok(true)
}

fn of_docker(docker: bollard::Docker, id: &str, data: &DataFolder) -> DockerEngine {
    let path = data.path();
    let (binaries, doors) = (path.join("bin"), path.join("d"));
    DockerEngine::new(docker, id, image::IMAGE, binaries, doors, Caches::of(path))
}
