//! The verifier: runs the recorded command on a candidate that no agent has touched, and reports
//! what it came to.

use crate::named;
use actors::sessions::wire::{Ending, SessionBrief, Verification};
use events::id::Digest;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::Instant;

use super::agent::surroundings;
use super::cache;
use super::output::Output;
use super::tree::{Tree, git_environment};
use super::{Terminate, nothing};

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
    let trouble = |why: String| Ending {
        trouble: Some(why),
        ..nothing()
    };
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
        .arg(line(brief))
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

    let run = async {
        let (log, tail) = digest(stdout, output).await;
        child
            .wait()
            .await
            .map(|status| (status.code().unwrap_or(-1), log, tail))
    };
    let (exit, log, tail) = tokio::select! {
        ran = run => match ran {
            Ok(ran) => ran,
            Err(e) => return trouble(format!("the verification could not be waited for: {e}")),
        },
        () = tokio::time::sleep_until(deadline) => (TIMED_OUT, Digest::of(b""), "the verification \
            took too long".to_owned()),
        _ = terminate.recv() => return Ending { interrupted: true, ..nothing() },
        () = cache::disk_is_full(tree.cache.as_deref()) => return trouble(super::DISK_FULL.to_owned()),
    };
    output.note(&format!("\nverification ended with exit code {exit}\n"));

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

/// What is run: the setup of a fresh clone belongs to it, for a candidate that cannot be set up is
/// one that does not work.
fn line(brief: &SessionBrief) -> String {
    let verify = &brief.prompt;
    match &brief.setup {
        Some(setup) => format!("( {setup}\n) 2>&1 && {{ {verify}\n}} 2>&1"),
        None => format!("{{ {verify}\n}} 2>&1"),
    }
}

/// Streams the log, and answers the digest of all of it and its last part.
async fn digest(mut stdout: impl AsyncRead + Unpin, output: &Output) -> (Digest, String) {
    let mut hasher = blake3::Hasher::new();
    let mut tail: Vec<u8> = Vec::new();

    let mut buffer = vec![0; 32 * 1024];
    while let Ok(n) = stdout.read(&mut buffer).await {
        if n == 0 {
            break;
        }
        let bytes = &buffer[..n];
        hasher.update(bytes);
        output.note(&String::from_utf8_lossy(bytes));
        tail.extend_from_slice(bytes);
        let over = tail.len().saturating_sub(TAIL);
        tail.drain(..over);
    }

    (
        Digest(*hasher.finalize().as_bytes()),
        String::from_utf8_lossy(&tail).into_owned(),
    )
}
