//! The git CLI in a hardened environment: no user or system configuration, no prompt, no hooks, a
//! deadline.

use crate::named;
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use actors::ports::PortError;

/// A transport command that takes longer has failed; it is tried again later.
const DEADLINE: Duration = Duration::from_secs(120);
/// Most bytes of a failed command's message that are kept.
const SAID_MAX: usize = 600;

/// How a command ended.
#[derive(Debug)]
pub enum Ended {
    /// By itself.
    In(std::process::Output),
    /// It had not when its time was over, and was killed.
    Late,
}

/// The git CLI.
#[derive(Debug, Clone)]
pub struct Git {
    program: OsString,
}

impl Default for Git {
    fn default() -> Self {
        Self::new()
    }
}

impl Git {
    /// The git found on the path.
    pub fn new() -> Self {
        Self::at("git")
    }

    /// This git.
    pub fn at(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
        }
    }

    /// A hardened command, in `folder` or nowhere in particular.
    pub fn command(&self, folder: Option<&Path>) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(&self.program);
        command.env_clear();
        command.env(
            "PATH",
            std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into()),
        );
        command
            .env("HOME", "/nonexistent")
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0");
        for setting in [
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "protocol.ext.allow=never",
            "gc.auto=0",
        ] {
            command.args(["-c", setting]);
        }

        if let Some(folder) = folder {
            command.arg("-C").arg(folder);
        }

        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end and answers what it printed; a failure carries what it said.
    pub async fn run(
        &self,
        folder: Option<&Path>,
        args: &[&str],
        environment: Vec<(String, OsString)>,
    ) -> Result<String, PortError> {
        let what = args.first().copied().unwrap_or("git");
        let output = match self.end(folder, args, environment).await? {
            Ended::In(output) => output,
            Ended::Late => {
                return Err(PortError::Transient(format!(
                    "git {what} took longer than {} s",
                    DEADLINE.as_secs()
                )));
            }
        };
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }

        let said = String::from_utf8_lossy(&output.stderr);
        let said: String = said.trim().chars().take(SAID_MAX).collect();

        Err(PortError::Transient(format!("git {what}: {said}")))
    }

    /// Runs a command to its end, whatever that is.
    pub async fn end(
        &self,
        folder: Option<&Path>,
        args: &[&str],
        environment: Vec<(String, OsString)>,
    ) -> Result<Ended, PortError> {
        let mut command = self.command(folder);
        let output = named::output(command.envs(environment).args(args));

        match tokio::time::timeout(DEADLINE, output).await {
            Ok(Ok(output)) => Ok(Ended::In(output)),
            Ok(Err(e)) => Err(PortError::Permanent(format!(
                "git cannot be run, {e}: install git"
            ))),
            Err(_) => Ok(Ended::Late),
        }
    }
}
