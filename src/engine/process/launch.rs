//! The birth of a container: the server learns which process its main process is from the kernel
//! and over pipes of its own, writes that down, and only then lets the runner begin. A runner whose
//! server dies before that reads an end and goes: nothing can run that no record names.

use std::process::Stdio;
use std::time::Duration;

use actors::ports::engine::StartError;
use events::container::Class;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::sandbox::Sandbox;
use crate::engine::pidfd::Held;
use crate::engine::stat::Stat;
use crate::named;

/// A runner has to say that it is there within this time.
const SAID_WITHIN: Duration = Duration::from_secs(20);
/// As much as a sandbox or a runner may say before a container has begun.
const SAID_MAX: usize = 64 * 1024;
/// A launch that failed has to be gone within this time.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// What the sandbox says about its child.
#[derive(Deserialize)]
struct Info {
    #[serde(rename = "child-pid")]
    child_pid: i32,
}

/// A process that waits for the word to begin.
pub(super) struct Waiting {
    /// Our child: the main process, or its sandbox.
    pub(super) child: Child,
    /// The main process.
    pub(super) main: Held,
    /// The way to it.
    pub(super) pipes: Pipes,
}

/// What a server and a runner that has not begun say to each other.
pub(super) struct Pipes {
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: ChildStderr,
}

/// Starts this command; answers when its main process is known and waits.
pub(super) async fn waiting(sandbox: Sandbox, mut command: Command) -> Result<Waiting, StartError> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let spawned = named::spawn(&mut command);
    let mut child = spawned.map_err(|e| StartError::failed(Class::Spawn, e))?;
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
        return Err(failed(child, None, "it has no pipes".to_owned()).await);
    };
    let mut pipes = Pipes {
        stdin,
        stdout,
        stderr,
    };

    let finding = main_process(sandbox, &child, &mut pipes);
    let found = tokio::time::timeout(SAID_WITHIN, finding).await;
    match found.unwrap_or_else(|_| Err(late())) {
        Ok(main) => Ok(Waiting { child, main, pipes }),
        Err(why) => {
            // Without its pipe a runner that waits for the word goes by itself.
            drop(pipes);
            Err(failed(child, None, why).await)
        }
    }
}

impl Waiting {
    /// Ends it before it has begun; answers that, with the reason.
    pub(super) async fn given_up(self, why: String) -> StartError {
        drop(self.pipes);
        failed(self.child, Some(self.main), why).await
    }
}

impl Pipes {
    /// Gives the word, and hears that the runner has begun.
    ///
    /// # Errors
    /// What it said instead.
    pub(super) async fn begin(self) -> Result<(), String> {
        let heard = tokio::time::timeout(SAID_WITHIN, self.word()).await;
        heard.unwrap_or_else(|_| Err(late()))
    }

    async fn word(mut self) -> Result<(), String> {
        let given = self.stdin.write_all(b"\n").await;
        let heard = self.stdout.read(&mut [0; 8]).await;
        if given.is_ok() && matches!(heard, Ok(n) if n > 0) {
            return Ok(());
        }
        let said = text(self.stderr).await;
        Err(format!("the runner ended at once: {}", said.trim()))
    }
}

/// The container's main process: our child itself, or that of the sandbox which is our child.
async fn main_process(sandbox: Sandbox, child: &Child, pipes: &mut Pipes) -> Result<Held, String> {
    // Our child was not waited for: its pid is its own.
    let own = child.id().and_then(|id| i32::try_from(id).ok());
    let own = own.ok_or("it ended at once")?;
    let pid = match sandbox {
        Sandbox::Plain => own,
        Sandbox::Bubblewrap => said_by_sandbox(&mut pipes.stderr).await?,
    };
    let held = Held::of(pid).map_err(|e| format!("process {pid}: {e}"))?;
    let held = held.ok_or_else(|| format!("process {pid} ended at once"))?;

    let parent = Stat::of(pid).map(|stat| stat.parent);
    let is_ours = sandbox == Sandbox::Plain || parent == Some(own);
    if is_ours && held.alive() {
        Ok(held)
    } else {
        Err(format!("process {pid} is not the child of the sandbox"))
    }
}

async fn said_by_sandbox(pipe: &mut ChildStderr) -> Result<i32, String> {
    let mut said = Vec::new();
    let mut buffer = [0; 4096];

    loop {
        // Words of the sandbox itself may come before what it says about its child.
        let object = said.iter().position(|byte| *byte == b'{');
        let mut infos = serde_json::Deserializer::from_slice(&said[object.unwrap_or(said.len())..])
            .into_iter::<Info>();
        if let Some(Ok(info)) = infos.next() {
            return Ok(info.child_pid);
        }
        let read = pipe.read(&mut buffer).await.map_err(|e| e.to_string())?;
        if read == 0 || said.len() + read > SAID_MAX {
            let said = String::from_utf8_lossy(&said);
            return Err(format!("the sandbox ended at once: {}", said.trim()));
        }
        said.extend_from_slice(&buffer[..read]);
    }
}

async fn text(pipe: impl AsyncRead + Unpin) -> String {
    let mut said = Vec::new();
    let read = pipe.take(SAID_MAX as u64).read_to_end(&mut said).await;
    match read {
        Ok(_) => String::from_utf8_lossy(&said).into_owned(),
        Err(error) => format!("(it cannot be heard: {error})"),
    }
}

fn late() -> String {
    format!("it said nothing within {} s", SAID_WITHIN.as_secs())
}

/// Ends a launch that failed, and answers why it did; also that it stays, if it does.
async fn failed(mut child: Child, main: Option<Held>, why: String) -> StartError {
    if let Some(main) = &main {
        main.signal(rustix::process::Signal::KILL);
    }
    if tokio::time::timeout(GONE_WITHIN, child.wait())
        .await
        .is_ok()
    {
        return StartError::failed(Class::Runner, why);
    }
    let killed = child.kill().await;
    let stays = killed.map_or_else(|e| e.to_string(), |()| "it was killed".to_owned());
    StartError::failed(Class::Runner, format!("{why}; and it did not go: {stays}"))
}
