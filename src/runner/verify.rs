//! The verifier: runs the recorded command on a candidate that no agent has touched, and reports
//! what it came to.

use crate::named;
use actors::sessions::wire::{Ending, SessionBrief, Verification};
use events::id::Digest;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::agent::{DRAIN, surroundings};
use super::cache;
use super::ending::{nothing, trouble};
use super::output::Output;
use super::session::Terminate;
use super::tree::{Tree, git_environment};
use super::watch::DISK_FULL;

/// The exit code of a run that took too long, as `timeout` has it.
const TIMED_OUT: i32 = 124;
/// Bytes of the log that travel with the evidence.
const TAIL: usize = 4096;

/// Runs the brief's command line in the tree.
pub(super) async fn run(
    brief: &SessionBrief,
    tree: &Tree,
    url: &str,
    output: &Output,
    deadline: Instant,
    terminate: &mut Terminate,
) -> Ending {
    let tree_id = match tree
        .id()
        .await
        .and_then(|id| id.parse().map_err(|e: events::id::BadId| e.to_string()))
    {
        Ok(id) => id,
        Err(why) => return trouble(why),
    };
    let mut command = Command::new("sh");

    command
        .arg("-c")
        .arg(line(brief.setup.as_deref(), &brief.prompt))
        .current_dir(&tree.path)
        .process_group(0)
        .kill_on_drop(true);
    command
        .envs(git_environment(&tree.slot))
        .envs(surroundings(tree, url))
        .env("SUPERCARGO_URL", url);
    command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped());
    let mut child = match named::spawn(&mut command) {
        Ok(child) => child,
        Err(e) => return trouble(format!("the verification could not be started: {e}")),
    };
    let Some(stdout) = child.stdout.take() else {
        return trouble("no pipe".to_owned());
    };

    let mut log = Log::new(output);
    let exit = tokio::select! {
        ran = ran(&mut child, stdout, &mut log) => match ran {
            Ok(exit) => exit,
            Err(e) => return trouble(format!("the verification could not be waited for: {e}")),
        },
        () = tokio::time::sleep_until(deadline) => {
            let minutes = brief.wall_ms / 60_000;
            log.add(format!("\nthe verification was ended: it took longer than {minutes} min\n").as_bytes());
            TIMED_OUT
        }
        _ = terminate.recv() => return Ending { interrupted: true, ..nothing() },
        () = cache::disk_is_full(tree.cache.as_deref()) => return trouble(DISK_FULL.to_owned()),
    };
    output.note(&format!("\nverification ended with exit code {exit}\n"));
    let (log, tail) = log.end();

    Ending {
        exit_code: Some(exit),
        verification: Some(Verification {
            tree: tree_id,
            exit,
            log,
            tail,
        }),
        ..nothing()
    }
}

/// What is printed where the setup fails, before its exit code: the verification says nothing then.
const NOT_SET_UP: &str =
    "the setup command failed, so the verification command was not run; exit code";

/// What is run: the setup of a fresh clone belongs to it, for a candidate that cannot be set up is
/// one that does not work.
fn line(setup: Option<&str>, verify: &str) -> String {
    let verification = format!("{{ {verify}\n}} 2>&1");
    match setup {
        Some(setup) => format!(
            "( {setup}\n) 2>&1 || {{ exit=$?; echo \"{NOT_SET_UP} $exit\"; exit $exit; }}\n\
             {verification}"
        ),
        None => verification,
    }
}

/// Waits for the shell, whose exit alone decides. What it leaves running may hold its output: that
/// is read for a moment more, and ends with this session.
async fn ran(
    child: &mut Child,
    stdout: impl AsyncRead + Unpin,
    log: &mut Log<'_>,
) -> std::io::Result<i32> {
    let over = Notify::new();
    let waiting = async {
        let status = child.wait().await;
        over.notify_one();
        status
    };
    let reading = async {
        let drained = async {
            over.notified().await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            () = log.read(stdout) => {}
            () = drained => {}
        }
    };

    let (status, ()) = tokio::join!(waiting, reading);
    status.map(|status| status.code().unwrap_or(-1))
}

/// What a verification printed: shown as it comes, its digest and its last part kept.
struct Log<'a> {
    output: &'a Output,
    hasher: blake3::Hasher,
    tail: Vec<u8>,
}

impl<'a> Log<'a> {
    fn new(output: &'a Output) -> Self {
        Self {
            output,
            hasher: blake3::Hasher::new(),
            tail: Vec::new(),
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.output.note(&String::from_utf8_lossy(bytes));

        self.tail.extend_from_slice(bytes);
        let over = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..over);
    }

    /// Reads to the end. May be dropped: what was read is there.
    async fn read(&mut self, mut stdout: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 32 * 1024];

        while let Ok(n) = stdout.read(&mut buffer).await {
            if n == 0 {
                break;
            }
            self.add(&buffer[..n]);
        }
    }

    fn end(self) -> (Digest, String) {
        (
            Digest(*self.hasher.finalize().as_bytes()),
            String::from_utf8_lossy(&self.tail).into_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setup_that_fails_is_told_from_a_verification_that_does() {
        for (setup, verify, exit, told) in [
            (Some("exit 3"), "exit 0", 3, true),
            (Some("missing-tool"), "exit 0", 127, true),
            (Some("true # a remark"), "exit 4", 4, false),
            (Some("cd /; export A=1"), "test -z \"$A\"", 0, false),
            (None, "exit 5", 5, false),
        ] {
            let output = std::process::Command::new("sh")
                .args(["-c", &line(setup, verify)])
                .output()
                .expect("run");
            let printed = String::from_utf8_lossy(&output.stdout);
            assert_eq!(output.status.code(), Some(exit), "{setup:?} {verify}");
            assert_eq!(printed.contains(NOT_SET_UP), told, "{printed}");
        }
    }
}
