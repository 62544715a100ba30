//! Smart HTTP to a project's gate: git's own backend behind our check of who may push what. Doors and the main port both end here.

mod pack;

use std::io::{Seek, Write};
use std::path::Path;
use std::process::Stdio;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout};

use crate::adapters::git::Git;

/// Largest push or fetch request.
pub const REQUEST_MAX: usize = 128 * 1024 * 1024;
/// Largest header part of the backend's answer.
const HEAD_MAX: u64 = 16 * 1024;

/// One request below `/<project>.git/`.
#[derive(Debug, Default)]
pub struct GateRequest {
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
    /// At most [`REQUEST_MAX`] bytes.
    pub body: Bytes,
}

/// The gate's answer: its body comes as it is made.
pub struct GateAnswer {
    /// HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// What comes after them.
    pub body: GateBody,
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
    /// Try again.
    #[error("the git backend failed: {0}")]
    Backend(#[from] std::io::Error),
}

/// Serves one request to the gate of `project` below `gates`. `may_push` says of each ref whether it may be written, or why not.
pub async fn serve(
    gates: &Path,
    project: &str,
    mut request: GateRequest,
    may_push: impl Fn(&str) -> Result<(), String>,
) -> Result<GateAnswer, GateError> {
    let pushing = request.within == "git-receive-pack";
    if !pushing && request.within != "git-upload-pack" && request.within != "info/refs" {
        return Err(GateError::NotFound);
    }
    if pushing && let Some(report) = check_push(&request, may_push)? {
        let kind = (
            "content-type".to_owned(),
            "application/x-git-receive-pack-result".to_owned(),
        );
        return Ok(GateAnswer {
            status: 200,
            headers: vec![kind],
            body: GateBody::Whole(report),
        });
    }
    let body = std::mem::take(&mut request.body);
    let length = body.len();
    let asked = tokio::task::spawn_blocking(move || stored(&body))
        .await
        .map_err(std::io::Error::other)??;
    let mut child = backend(gates, project, &request, (asked, length))?;
    let stdout = child
        .stdout
        .take()
        .ok_or_else(|| std::io::Error::other("no pipe"))?;
    Ok(answer(child, stdout).await?)
}

/// The report that refuses a push, if one of its updates is not allowed.
fn check_push(
    request: &GateRequest,
    may_push: impl Fn(&str) -> Result<(), String>,
) -> Result<Option<Vec<u8>>, GateError> {
    if !request.content_encoding.is_empty() {
        return Err(GateError::Invalid(
            "a compressed push is not read".to_owned(),
        ));
    }
    let push = pack::parse(&request.body).map_err(GateError::Invalid)?;
    let refusal = |update: &pack::Update| {
        if update.new.bytes().all(|b| b == b'0') {
            return Some("deleting is not allowed here".to_owned());
        }
        may_push(&update.name).err()
    };
    Ok(push
        .updates
        .iter()
        .find_map(refusal)
        .map(|why| pack::refuse(&push, &why)))
}

/// The request's body as a file without a name. The backend waits in a busy loop for the rest of a body that ends early: from a file it has
/// all of it, also when this server is killed meanwhile.
fn stored(body: &[u8]) -> std::io::Result<Stdio> {
    if body.is_empty() {
        return Ok(Stdio::null());
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(body)?;
    file.rewind()?;
    Ok(file.into())
}

fn backend(
    gates: &Path,
    project: &str,
    request: &GateRequest,
    (body, length): (Stdio, usize),
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
        .env("HTTP_CONTENT_ENCODING", &request.content_encoding)
        .env("GIT_PROTOCOL", &request.git_protocol)
        .env("CONTENT_LENGTH", length.to_string());
    command
        .stdin(body)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

/// Reads the CGI header part; the rest is streamed.
async fn answer(mut child: Child, stdout: ChildStdout) -> std::io::Result<GateAnswer> {
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
    })
}
