//! One request of git: what is read of it, who turns a push down, and what git's own backend
//! answers.

use std::path::Path;
use std::process::Stdio;

use bytes::Bytes;
use futures::Stream;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout};

use super::incoming::{Head, Incoming};
use super::pack;
use super::unpacked::{Packed, Stored};
use crate::adapters::git::Git;
use crate::named;

/// Largest push or fetch request. It goes to disk as it comes.
pub const REQUEST_MAX: usize = 128 * 1024 * 1024;

/// Largest question of a fetch, unpacked: a million commits that it has.
const ASKED_MAX: usize = 64 * MIB;

/// Largest header part of the backend's answer.
pub(super) const HEAD_MAX: u64 = 16 * 1024;

const MIB: usize = 1024 * 1024;

/// One request below `/<project>.git/`.
#[derive(Debug)]
pub struct GateRequest {
    /// Bytes that it may bring, at most [`REQUEST_MAX`].
    pub room: usize,
    /// The path after the repository: `info/refs`, `git-upload-pack` or `git-receive-pack`.
    pub within: String,
    /// The query string.
    pub query: String,
    /// GET or POST.
    pub method: String,
    /// The header of that name.
    pub content_type: String,
    /// The header of that name.
    pub content_encoding: String,
    /// The header of that name: the protocol's version.
    pub git_protocol: String,
}

/// The gate's answer: its body comes as it is made.
pub struct GateAnswer {
    /// The status that HTTP has for it.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// What comes after them.
    pub body: GateBody,
    /// Bytes that a push brought to the backend: they are on disk, whatever it makes of them.
    pub brought: usize,
}

/// A body in one piece, or as the backend writes it.
pub enum GateBody {
    /// All of it.
    Whole(Vec<u8>),
    /// The backend's output.
    Streamed(BufReader<ChildStdout>),
}

/// Why a request has no answer of the gate.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// It is not one.
    #[error("only the smart protocol is spoken here")]
    NotFound,
    /// It cannot be read.
    #[error("{0}")]
    Invalid(String),
    /// It is larger than what is taken.
    #[error("{}", too_large(*.0))]
    TooLarge(usize),
    /// It stopped coming.
    #[error("the body did not come within {0} s: send it again")]
    Slow(u64),
    /// Try again.
    #[error("the git backend failed: {0}")]
    Backend(#[from] std::io::Error),
}

/// What whoever pushes too much is told.
fn too_large(room: usize) -> String {
    let (most, left) = (REQUEST_MAX / MIB, room / MIB);
    if room == ASKED_MAX {
        return format!("a fetch asks with at most {left} MiB, unpacked");
    }
    if room < REQUEST_MAX {
        return format!(
            "the push has more than the {left} MiB that are left of what this session may push: \
             what was pushed stays, keep large files out of the repository"
        );
    }
    format!(
        "the push has more than {most} MiB, which is as much as one may bring: push its commits in \
         parts, and keep large files out of the repository"
    )
}

/// Serves one request to the gate of `project` below `gates`. `may_push` says of each ref whether
/// it may be written, or why not. The body is taken as it comes, and of a push that is turned down
/// nothing is kept.
pub async fn serve<S, E>(
    gates: &Path,
    project: &str,
    request: GateRequest,
    body: S,
    may_push: impl Fn(&str) -> Result<(), String>,
) -> Result<GateAnswer, GateError>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let pushing = request.within == "git-receive-pack";
    if !pushing && request.within != "git-upload-pack" && request.within != "info/refs" {
        return Err(GateError::NotFound);
    }

    if pushing && !request.content_encoding.is_empty() {
        let why = "a compressed push is not read".to_owned();
        return Err(GateError::Invalid(why));
    }

    let room = match pushing {
        true => request.room.min(REQUEST_MAX),
        false => ASKED_MAX,
    };
    let mut body = Incoming::new(body, room);

    let head = match pushing {
        true => Some(body.head().await?),
        false => None,
    };
    if let Some(Head { push, .. }) = &head
        && let Some(why) = refusal(push, may_push)
    {
        body.discard().await?;
        return Ok(refused(push, &why));
    }
    let first = match &head {
        Some(head) => head.bytes.as_slice(),
        None => &[],
    };
    let packed = match request.content_encoding.as_str() {
        "" | "identity" => Packed::Plain,
        "gzip" | "x-gzip" => Packed::Gzip,
        other => {
            let why = format!("a body in {other:?} is not read: send it plain or in gzip");
            return Err(GateError::Invalid(why));
        }
    };
    let asked = match (body.stored(first, packed, gates).await, &head) {
        (Err(GateError::TooLarge(_)), Some(head)) => {
            body.discard().await?;
            return Ok(refused(&head.push, &too_large(room)));
        }
        (stored, _) => stored?,
    };
    let brought = if pushing { asked.length } else { 0 };
    let mut child = backend(gates, project, &request, asked)?;
    let stdout = child
        .stdout
        .take()
        .ok_or_else(|| std::io::Error::other("no pipe"))?;

    let answer = answer(child, stdout).await?;
    Ok(GateAnswer { brought, ..answer })
}

/// Why a push is turned down, if one of its updates is not allowed.
fn refusal(push: &pack::Push, may_push: impl Fn(&str) -> Result<(), String>) -> Option<String> {
    let refusal = |update: &pack::Update| {
        if update.new.bytes().all(|b| b == b'0') {
            return Some("deleting is not allowed here".to_owned());
        }
        may_push(&update.name).err()
    };
    push.updates.iter().find_map(refusal)
}

/// The report that refuses a push, as git shows it to whoever pushed.
fn refused(push: &pack::Push, why: &str) -> GateAnswer {
    let kind = (
        "content-type".to_owned(),
        "application/x-git-receive-pack-result".to_owned(),
    );
    GateAnswer {
        status: 200,
        headers: vec![kind],
        body: GateBody::Whole(pack::refuse(push, why)),
        brought: 0,
    }
}

pub(super) fn backend(
    gates: &Path,
    project: &str,
    request: &GateRequest,
    asked: Stored,
) -> std::io::Result<Child> {
    let mut command = Git::new().command(None);

    command.args([
        "-c",
        "http.receivepack=true",
        "-c",
        "safe.directory=*",
        "http-backend",
    ]);
    command
        .env("GIT_PROJECT_ROOT", gates)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", format!("/{project}.git/{}", request.within))
        .env("QUERY_STRING", &request.query)
        .env("REQUEST_METHOD", &request.method)
        .env("CONTENT_TYPE", &request.content_type)
        .env("GIT_PROTOCOL", &request.git_protocol)
        .env("CONTENT_LENGTH", asked.length.to_string());
    command
        .stdin(asked.stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());

    named::spawn(&mut command)
}

/// Reads the CGI header part; the rest is streamed.
pub(super) async fn answer(mut child: Child, stdout: ChildStdout) -> std::io::Result<GateAnswer> {
    let mut reader = BufReader::new(stdout);
    let (mut status, mut headers) = (200, Vec::new());
    let mut line = String::new();
    let mut read = 0;

    loop {
        line.clear();
        let n = (&mut reader).take(HEAD_MAX).read_line(&mut line).await?;
        read += n as u64;
        if n == 0 || read > HEAD_MAX {
            return Err(std::io::Error::other(
                "the backend's answer has no end of its header",
            ));
        }
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        let Some((name, value)) = text.split_once(':') else {
            continue;
        };
        match name {
            "Status" => {
                status = value
                    .trim()
                    .split(' ')
                    .next()
                    .and_then(|code| code.parse().ok())
                    .unwrap_or(500)
            }
            _ => headers.push((name.to_owned(), value.trim().to_owned())),
        }
    }

    tokio::spawn(async move {
        if let Err(error) = child.wait().await {
            tracing::debug!(%error, "the git backend could not be waited for");
        }
    });
    Ok(GateAnswer {
        status,
        headers,
        body: GateBody::Streamed(reader),
        brought: 0,
    })
}
