//! Serves the connections of a door: who speaks, and what they may ask.

use std::time::Duration;

use actors::chores::Chore;
use actors::ports::transcripts::CHUNK_MAX;
use actors::rejection::Rejection;
use actors::sessions::wire::Problem;
use bytes::Bytes;
use events::holder::Role;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tracing::{Instrument, Span, debug, info_span};

use super::{Behind, Voice, features, git, mcp, models};
use crate::api::{PROBLEM_JSON, ProblemShape};
use crate::egress::{Barred, Proxy};

/// Largest backlog a door takes as JSON: 500 features fit.
const BACKLOG_MAX: usize = 16 * 1024 * 1024;
/// Largest other thing that is said: a report with a hundred findings fits.
const SPEECH_MAX: usize = 2 * 1024 * 1024;
/// The head of a request has to be there within this time.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// Bytes that a connection holds of what comes and what goes.
const BUFFER: usize = 64 * 1024;
/// Pause before the next try when no connection can be taken: the reason, too many open files,
/// takes time to pass.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections of one door that are served at once; more wait.
const CONNECTIONS_MAX: usize = 64;

/// What a door answers with.
pub(super) type Body = BoxBody<Bytes, std::io::Error>;
pub(super) type Answer = Result<Response<Body>, Problem>;

/// Accepts connections until its task is aborted; they end with it.
pub(super) async fn listen(listener: UnixListener, behind: Behind) {
    let mut connections = JoinSet::new();
    let faults = behind.sessions.directory.kernel().faults.clone();

    loop {
        while connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, _)) => {
                faults.well(None, Chore::AcceptAtDoors);
                connections.spawn(connection(stream, behind.clone()));
            }
            Err(error) => {
                faults.failing(None, Chore::AcceptAtDoors, &error.to_string());
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: UnixStream, behind: Behind) {
    let pid = stream
        .peer_cred()
        .ok()
        .and_then(|cred| cred.pid())
        .unwrap_or(0);
    let heard =
        behind.voice == Voice::Agent || behind.engine.is_main_process(&behind.name, pid).await;
    let service = service_fn(move |request| {
        let behind = behind.clone();
        let span = asked(&behind, &request);
        let answering = async move {
            let answer = if heard {
                route(&behind, request).await
            } else {
                Err(not_heard(pid))
            };
            let answer = answer.unwrap_or_else(|problem| refusal(&problem));

            debug!(status = answer.status().as_u16(), "answered");
            Ok::<_, std::convert::Infallible>(answer)
        };
        answering.instrument(span)
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        debug!(%error, "a connection of a door was cut");
    }
}

/// The span of a request: whose door, which of its sockets, and what is asked.
fn asked(behind: &Behind, request: &Request<Incoming>) -> Span {
    let socket = match behind.voice {
        Voice::Control => "control",
        Voice::Agent => "agent",
    };
    let (method, path) = (request.method(), request.uri().path());

    info_span!("door", session = %behind.session, socket, %method, path)
}

fn not_heard(pid: i32) -> Problem {
    let detail =
        format!("process {pid} is not the container's main process: only that is heard here");
    Problem {
        code: "not_heard".to_owned(),
        detail,
    }
}

/// The value of the query's one parameter, which is written before it as `name=`.
fn parameter(request: &Request<Incoming>, name: &str) -> Option<String> {
    let value = request.uri().query()?.strip_prefix(name)?;
    let value = percent_encoding::percent_decode_str(value);
    Some(value.decode_utf8_lossy().into_owned())
}

/// Takes a numbered chunk of what the session printed.
async fn output(behind: &Behind, request: Request<Incoming>) -> Answer {
    let seq = parameter(&request, "seq=").and_then(|n| n.parse().ok());
    let Some(seq) = seq else {
        return Err(problem(
            "invalid",
            "the number of the chunk is missing: /output?seq=N",
        ));
    };

    let bytes = behind.room.read(request, CHUNK_MAX).await?;
    json(behind.sessions.output(&behind.session, seq, &bytes).await)
}

async fn route(behind: &Behind, request: Request<Incoming>) -> Answer {
    if behind.voice == Voice::Agent
        && (request.method() == Method::CONNECT || request.uri().scheme().is_some())
    {
        return outside(behind, request).await;
    }

    let path = request.uri().path().to_owned();
    match (behind.voice, request.method(), path.as_str()) {
        (Voice::Control, &Method::POST, "/hello") => {
            json(behind.sessions.hello(&behind.session).await)
        }
        (Voice::Control, &Method::POST, "/beat") => json(behind.sessions.beat(&behind.session)),
        (Voice::Control, &Method::POST, "/output") => output(behind, request).await,
        (Voice::Control, &Method::POST, "/end") => {
            let ending = body(behind, request, SPEECH_MAX).await?;
            json(behind.sessions.end(&behind.session, &ending).await)
        }
        (Voice::Agent, &Method::POST, "/v1/say") => {
            let max = speech_max(behind)?;
            let say = body(behind, request, max).await?;
            json(behind.sessions.say(&behind.session, say).await)
        }
        (Voice::Agent, &Method::GET, "/v1/features") => {
            let status = parameter(&request, "status=");
            let list = features::list(&behind.sessions, &behind.session, status.as_deref());
            shown(&list?)
        }
        (Voice::Agent, &Method::GET, "/v1/feature") => {
            shown(&features::show(&behind.sessions, &behind.session, None)?)
        }
        (Voice::Agent, &Method::GET, path) if path.starts_with("/v1/features/") => {
            let id = path.strip_prefix("/v1/features/");
            shown(&features::show(&behind.sessions, &behind.session, id)?)
        }
        (Voice::Agent, _, "/mcp") => mcp::serve(behind, request).await,
        (Voice::Agent, _, path) if path.starts_with("/git/") => git::serve(behind, request).await,
        (Voice::Agent, _, path) if path.starts_with("/model/") => {
            models::serve(behind, request).await
        }
        (_, method, path) => Err(problem(
            "not_found",
            &format!("{method} {path} is not known at this door"),
        )),
    }
}

/// A request that wants out of the container.
async fn outside(behind: &Behind, request: Request<Incoming>) -> Answer {
    let proxy = Proxy {
        sessions: behind.sessions.clone(),
        session: behind.session.clone(),
        open: behind.open.clone(),
    };
    proxy.serve(request).await.map_err(|barred| match &barred {
        Barred::Denied(why) => problem("egress_denied", why),
        Barred::Failed(why) => problem("unreachable", why),
    })
}

pub(super) fn problem(code: &str, detail: &str) -> Problem {
    Problem {
        code: code.to_owned(),
        detail: detail.to_owned(),
    }
}

async fn body<T: DeserializeOwned>(
    behind: &Behind,
    request: Request<Incoming>,
    max: usize,
) -> Result<T, Problem> {
    let bytes = behind.room.read(request, max).await?;
    serde_json::from_slice(&bytes).map_err(|e| {
        problem(
            "invalid",
            &format!("the JSON is not what is expected here: {e}"),
        )
    })
}

/// Largest body that a session may speak in: a backlog for whoever makes one, a report for
/// everybody else.
pub(super) fn speech_max(behind: &Behind) -> Result<usize, Problem> {
    let role = behind
        .sessions
        .look(&behind.session, |_, job| job.role)
        .map_err(denied)?;
    Ok(match role {
        Role::Initializer => BACKLOG_MAX,
        Role::Coder | Role::Reviewer | Role::Overseer | Role::Verifier => SPEECH_MAX,
    })
}

pub(super) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed()
}

/// What a session's request was turned down for, as it goes over the wire.
pub(super) fn denied(rejection: Rejection) -> Problem {
    let code = if rejection.is_passing() {
        LATER
    } else {
        &rejection.code
    };
    problem(code, &rejection.message)
}

fn json<T: Serialize>(answer: Result<T, Rejection>) -> Answer {
    shown(&answer.map_err(denied)?)
}

fn shown<T: Serialize>(value: &T) -> Answer {
    let bytes = serde_json::to_vec(value).map_err(|e| problem("internal", &e.to_string()))?;
    Ok(answer_with(StatusCode::OK, bytes))
}

/// The code of answers that are worth the same request again.
const LATER: &str = "later";

fn answer_with(status: StatusCode, bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(full(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(
        "content-type",
        hyper::header::HeaderValue::from_static("application/json"),
    );
    response
}

fn refusal(problem: &Problem) -> Response<Body> {
    let status = match problem.code.as_str() {
        LATER => StatusCode::SERVICE_UNAVAILABLE,
        "not_found" => StatusCode::NOT_FOUND,
        "invalid" => StatusCode::BAD_REQUEST,
        "too_large" => StatusCode::PAYLOAD_TOO_LARGE,
        "timed_out" => StatusCode::REQUEST_TIMEOUT,
        "not_heard" | "egress_denied" => StatusCode::FORBIDDEN,
        "unreachable" => StatusCode::BAD_GATEWAY,
        _ => StatusCode::CONFLICT,
    };
    let shape = ProblemShape::of(status.as_u16(), &problem.code, &problem.detail);
    let mut response = answer_with(status, serde_json::to_vec(&shape).unwrap_or_default());
    let kind = hyper::header::HeaderValue::from_static(PROBLEM_JSON);
    response.headers_mut().insert("content-type", kind);

    response
}
