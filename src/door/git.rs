//! Smart HTTP to the project's gate: git's own backend behind our check of who may push what.
//!
//! Reading is for the session's own project; writing only to the branch of the claim it holds, checked on every push.

use std::process::Stdio;

use bytes::Bytes;
use futures::TryStreamExt;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Request, Response, StatusCode};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdout};
use tokio_util::io::ReaderStream;

use super::Behind;
use super::pack::{self, Push};
use super::serve::{Answer, Body, full, problem, read};
use crate::adapters::git::Git;

/// Largest push or fetch request.
const REQUEST_MAX: usize = 128 * 1024 * 1024;
/// Largest header part of the backend's answer.
const HEAD_MAX: u64 = 16 * 1024;

/// Serves one request under `/git/<project>.git/`.
pub(super) async fn serve(behind: &Behind, request: Request<Incoming>) -> Answer {
    let denied = |d: actors::sessions::Denied| problem("not_found", &d.to_string());
    let project = behind.sessions.gate_of(&behind.session).map_err(denied)?;
    let path = request.uri().path().trim_start_matches("/git").to_owned();
    let within = path.strip_prefix(&format!("/{project}.git/")).map(str::to_owned);
    let Some(within) = within else { return Err(problem("not_found", "this session reads its own project's repository only")) };
    let query = request.uri().query().unwrap_or_default().to_owned();
    let pushing = within == "git-receive-pack";
    let known = pushing || within == "git-upload-pack" || within == "info/refs";
    if !known {
        return Err(problem("not_found", "only the smart protocol is spoken here"));
    }
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let environment = [
        ("GIT_PROJECT_ROOT", behind.gates.display().to_string()),
        ("GIT_HTTP_EXPORT_ALL", "1".to_owned()),
        ("PATH_INFO", path),
        ("QUERY_STRING", query),
        ("REQUEST_METHOD", request.method().to_string()),
        ("CONTENT_TYPE", header("content-type")),
        ("HTTP_CONTENT_ENCODING", header("content-encoding")),
        ("GIT_PROTOCOL", header("git-protocol")),
    ];
    let encoded = header("content-encoding");
    let body = read(request, REQUEST_MAX).await?;
    if pushing && let Some(refused) = check_push(behind, &body, &encoded)? {
        return Ok(refused);
    }
    let internal = |e: std::io::Error| problem("later", &format!("the git backend failed: {e}"));
    let mut child = backend(&environment, body.len()).map_err(internal)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else { return Err(problem("internal", "no pipes")) };
    tokio::spawn(async move {
        if let Err(error) = stdin.write_all(&body).await {
            tracing::debug!(%error, "the git backend stopped reading");
        }
    });
    answer(child, stdout).await.map_err(internal)
}

/// The answer that refuses a push, if one of its updates is not allowed.
fn check_push(behind: &Behind, body: &Bytes, encoded: &str) -> Result<Option<Response<Body>>, actors::sessions::wire::Problem> {
    if !encoded.is_empty() {
        return Err(problem("invalid", "a compressed push is not read"));
    }
    let push = pack::parse(body).map_err(|why| problem("invalid", &why))?;
    let refused = push.updates.iter().find_map(|update| refusal(behind, update));
    Ok(refused.map(|why| report(&push, &why)))
}

fn refusal(behind: &Behind, update: &pack::Update) -> Option<String> {
    if update.new.bytes().all(|b| b == b'0') {
        return Some("deleting is not allowed here".to_owned());
    }
    behind.sessions.may_push(&behind.session, &update.name).err().map(|denied| denied.to_string())
}

fn report(push: &Push, why: &str) -> Response<Body> {
    let mut response = Response::new(full(pack::refuse(push, why)));
    let kind = hyper::header::HeaderValue::from_static("application/x-git-receive-pack-result");
    response.headers_mut().insert("content-type", kind);
    response
}

fn backend(environment: &[(&str, String)], length: usize) -> std::io::Result<Child> {
    let mut command = Git::new().command(None);
    command.args(["-c", "http.receivepack=true", "-c", "safe.directory=*", "http-backend"]);
    command.envs(environment.iter().map(|(name, value)| (*name, value.as_str())));
    command.env("CONTENT_LENGTH", length.to_string());
    command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn()
}

/// Reads the CGI header part, then streams the rest.
async fn answer(mut child: Child, stdout: ChildStdout) -> std::io::Result<Response<Body>> {
    let mut reader = BufReader::new(stdout);
    let mut response = Response::builder().status(StatusCode::OK);
    let mut line = String::new();
    let mut read = 0;
    loop {
        line.clear();
        let n = (&mut reader).take(HEAD_MAX).read_line(&mut line).await?;
        read += n as u64;
        if n == 0 || read > HEAD_MAX {
            return Err(std::io::Error::other("the backend's answer has no end of its header"));
        }
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        let Some((name, value)) = text.split_once(':') else { continue };
        response = match name {
            "Status" => response.status(value.trim().split(' ').next().unwrap_or("500")),
            _ => response.header(name, value.trim()),
        };
    }
    tokio::spawn(async move {
        if let Err(error) = child.wait().await {
            tracing::debug!(%error, "the git backend could not be waited for");
        }
    });
    let stream = ReaderStream::new(reader).map_ok(Frame::data);
    response.body(StreamBody::new(stream).boxed()).map_err(std::io::Error::other)
}
