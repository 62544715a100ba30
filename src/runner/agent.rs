//! Launches an agent in its own process group, streams what it prints, and ends it when asked to.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actors::sessions::wire::SessionBrief;
use events::settings::Dialect;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::dialect::{self, Launch, Listener, Surroundings};
use crate::engine::process::LAUNCH;
use crate::foreign;
use crate::named;

use super::cache;
use super::output::{Heard, Output};
use super::tree::{Tree, git_environment, home};

/// After the process has ended, a child of it may hold its output open; it is waited for this long.
pub(super) const DRAIN: Duration = Duration::from_secs(2);

/// A running agent.
pub(super) struct Agent {
    child: Child,
    readers: Vec<JoinHandle<()>>,
    heard: Heard,
}

/// How an agent ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    /// Why it was asked to, if it was for a reason that counts.
    pub(super) stop: Option<Stop>,
    /// What it called a failure itself.
    pub(super) failure: Option<String>,
}

/// Why an agent was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The server, the wall limit, or the absence of a server.
    Asked,
    /// Its model's context is full.
    Full,
}

impl Agent {
    /// Starts the agent of the brief with its prompt.
    pub(super) fn launch(
        brief: &SessionBrief,
        tree: &Tree,
        url: &str,
        output: &Output,
    ) -> Result<Self, String> {
        let spec = brief.agent.as_ref().ok_or("the brief names no agent")?;
        let prompt = tree.slot.join("prompt.md");
        let stdin = foreign::write(&prompt, brief.prompt.as_bytes())
            .map_err(|e| format!("the prompt: {e}"))?
            .into_file();
        let home = home(&tree.slot);
        let around = Surroundings {
            home: &home,
            tree: &tree.path,
            url,
            models: brief.models.as_ref(),
        };
        let mut command = match (dialect::launch(spec, &around)?, spec.dialect, &spec.command) {
            (Some(launch), _, _) => vendor(&launch)?,
            (None, Dialect::Command, Some(line)) => shell(line),
            (None, Dialect::Command, None) => return Err("the agent has no command".to_owned()),
            (None, Dialect::Unset, _) => return Err("no agent was chosen".to_owned()),
            (None, _, _) => {
                let binary = std::env::current_exe().map_err(|e| format!("our own binary: {e}"))?;
                let mut command = Command::new(binary);
                command.arg("script");
                command
            }
        };
        command.stdin(stdin).env("SUPERCARGO_PROMPT", &prompt);

        Self::start(command, brief, tree, url, output)
            .map_err(|why| format!("{}: {why}", spec.dialect.name()))
    }

    /// Starts a shell command in the tree.
    pub(super) fn shell(
        line: &str,
        tree: &Tree,
        brief: &SessionBrief,
        url: &str,
        output: &Output,
    ) -> Result<Self, String> {
        let mut command = shell(line);
        command.stdin(Stdio::null());
        Self::start(command, brief, tree, url, output)
    }

    fn start(
        mut command: Command,
        brief: &SessionBrief,
        tree: &Tree,
        url: &str,
        output: &Output,
    ) -> Result<Self, String> {
        let bin = tools(tree).map_err(|e| format!("the tools folder: {e}"))?;
        let path =
            std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());

        // What the dialect set comes last, so it is taken over what every agent gets.
        let own: Vec<_> = command
            .as_std()
            .get_envs()
            .map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)))
            .collect();
        let home = home(&tree.slot);
        let around = Surroundings {
            home: &home,
            tree: &tree.path,
            url,
            models: brief.models.as_ref(),
        };

        command
            .env_clear()
            .envs(git_environment(&tree.slot))
            .envs(environment(brief, url))
            .envs(surroundings(tree, url));
        command.envs(dialect::model_environment(&around)?);
        command.envs(
            own.into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        command
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("SUPERCARGO_PROMPT", tree.slot.join("prompt.md"));
        command
            .current_dir(&tree.path)
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = named::spawn(&mut command)
            .map_err(|e| format!("the agent could not be started: {e}"))?;
        let dialect = match &brief.agent {
            Some(agent) => agent.dialect,
            None => Dialect::Command,
        };
        let heard = Arc::new(Mutex::new(Some(Listener::new(dialect))));
        let readers = child
            .stdout
            .take()
            .map(|s| output.take(s, heard.clone()))
            .into_iter();
        let readers = readers
            .chain(child.stderr.take().map(|s| output.take(s, Arc::default())))
            .collect();

        Ok(Self {
            child,
            readers,
            heard,
        })
    }

    /// Waits for its end. May be dropped and called again.
    pub(super) async fn wait(&mut self) -> Result<Ended, String> {
        let status = self
            .child
            .wait()
            .await
            .map_err(|e| format!("the agent could not be waited for: {e}"))?;

        for reader in &mut self.readers {
            if tokio::time::timeout(DRAIN, &mut *reader).await.is_err() {
                reader.abort();
            }
        }

        let heard = self
            .heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let failure = heard.and_then(Listener::failure);

        Ok(Ended {
            code: status.code(),
            signal: status.signal(),
            stop: None,
            failure,
        })
    }

    /// Asks its group to end, and ends it after the grace.
    pub(super) async fn stop(&mut self, grace: Duration) -> Result<Ended, String> {
        self.signal(Signal::SIGTERM);
        if let Ok(ended) = tokio::time::timeout(grace, self.wait()).await {
            return ended;
        }
        self.signal(Signal::SIGKILL);
        self.wait().await
    }

    fn signal(&self, signal: Signal) {
        let group = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = group
            && let Err(error) = killpg(Pid::from_raw(group), signal)
        {
            eprintln!("the agent's group was gone: {error}");
        }
    }
}

/// A vendor's tool, with the files it needs.
fn vendor(launch: &Launch) -> Result<Command, String> {
    for (path, content) in &launch.files {
        let folder = path
            .parent()
            .ok_or_else(|| format!("{} has no folder", path.display()))?;
        let written =
            fs_err::create_dir_all(folder).and_then(|()| foreign::write(path, content.as_bytes()));
        written.map_err(|e| format!("{}: {e}", path.display()))?;
    }

    let mut command = Command::new(&launch.program);

    command.args(&launch.arguments).envs(
        launch
            .environment
            .iter()
            .map(|(name, value)| (*name, value)),
    );
    Ok(command)
}

/// Where tools find the way out and their caches, whoever runs them.
pub(super) fn surroundings(tree: &Tree, url: &str) -> Vec<(&'static str, String)> {
    way_out(url)
        .into_iter()
        .chain(
            tree.cache
                .as_deref()
                .into_iter()
                .flat_map(cache::environment),
        )
        .collect()
}

/// The way out, under every name that tools look for.
fn way_out(url: &str) -> Vec<(&'static str, String)> {
    let proxies = [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ]
    .map(|name| (name, url.to_owned()));
    let own = ["NO_PROXY", "no_proxy"].map(|name| (name, "127.0.0.1,localhost,::1".to_owned()));
    proxies.into_iter().chain(own).collect()
}

fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(line);
    command
}

/// A folder with our binary under its name, so that agents find the verbs.
fn tools(tree: &Tree) -> std::io::Result<std::path::PathBuf> {
    let bin = tree.slot.join("bin");
    fs_err::create_dir_all(&bin)?;
    for name in ["supercargo", "bd"] {
        let link = bin.join(name);
        if !link.exists() {
            fs_err::os::unix::fs::symlink(std::env::current_exe()?, &link)?;
        }
    }

    // Some agents run their commands in a login shell, which sets the path anew and then reads
    // this.
    let profile = home(&tree.slot).join(".profile");
    if !profile.exists() {
        let line = format!("PATH=\"{}:$PATH\"\n", bin.display());
        foreign::write(&profile, line.as_bytes())?;
    }

    Ok(bin)
}

fn environment(brief: &SessionBrief, url: &str) -> Vec<(&'static str, String)> {
    let text = |value: Option<String>| value.unwrap_or_default();

    vec![
        (LAUNCH, std::env::var(LAUNCH).unwrap_or_default()),
        ("SUPERCARGO_URL", url.to_owned()),
        ("SUPERCARGO_SESSION", brief.session.to_string()),
        ("SUPERCARGO_ROLE", brief.role.name().to_owned()),
        ("SUPERCARGO_PROJECT", brief.project.to_string()),
        (
            "SUPERCARGO_FEATURE",
            text(brief.feature.as_ref().map(ToString::to_string)),
        ),
        ("SUPERCARGO_CLAIM", text(brief.epoch.map(|e| e.to_string()))),
        ("SUPERCARGO_BRANCH", text(brief.branch.clone())),
        (
            "SUPERCARGO_SHA",
            text(brief.sha.as_ref().map(ToString::to_string)),
        ),
        ("SUPERCARGO_VERIFY", text(brief.verify.clone())),
        (
            "SUPERCARGO_MODEL",
            text(brief.agent.as_ref().and_then(|a| a.model.clone())),
        ),
    ]
}
