//! git through the agent's voice: a session reads its own project's gate and writes only the branch
//! of the claim it holds.

use futures::TryStreamExt;
use http_body_util::{BodyDataStream, BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Request, Response};
use tokio_util::io::ReaderStream;

use super::Behind;
use super::serve::{Answer, full, problem};
use crate::gate::{self, GateAnswer, GateBody, GateError, GateRequest};

/// Serves one request under `/git/<project>.git/`.
pub(super) async fn serve(behind: &Behind, request: Request<Incoming>) -> Answer {
    let denied = |d: actors::rejection::Rejection| problem("not_found", &d.to_string());
    let project = behind.sessions.gate_of(&behind.session).map_err(denied)?;
    let within = request
        .uri()
        .path()
        .strip_prefix(&format!("/git/{project}.git/"))
        .map(str::to_owned);
    let Some(within) = within else {
        return Err(problem(
            "not_found",
            "this session reads its own project's repository only",
        ));
    };

    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let asked = GateRequest {
        room: behind.sessions.room_to_push(&behind.session),
        within,
        query: request.uri().query().unwrap_or_default().to_owned(),
        method: request.method().to_string(),
        content_type: header("content-type"),
        content_encoding: header("content-encoding"),
        git_protocol: header("git-protocol"),
    };
    let turn = behind.room.gate().await?;
    let body = BodyDataStream::new(request.into_body());
    let may_push = |name: &str| {
        behind
            .sessions
            .may_push(&behind.session, name)
            .map_err(|denied| {
                // Late or foreign: it is counted and recorded with whatever else the session was
                // denied.
                behind
                    .sessions
                    .turned_down(&behind.session, &format!("git push {name}"));
                denied.to_string()
            })
    };
    let answer = gate::serve(&behind.gates, project.as_str(), asked, body, may_push).await;
    drop(turn);
    if let Ok(answer) = &answer {
        behind.sessions.pushed(&behind.session, answer.brought);
    }

    into_response(answer.map_err(|error| match &error {
        GateError::NotFound => problem("not_found", &error.to_string()),
        GateError::Invalid(why) => problem("invalid", why),
        GateError::TooLarge(_) => problem("too_large", &error.to_string()),
        GateError::Slow(_) => problem("timed_out", &error.to_string()),
        GateError::Backend(_) => problem("later", &error.to_string()),
    })?)
}

fn into_response(answer: GateAnswer) -> Answer {
    let mut response = Response::builder().status(answer.status);

    for (name, value) in answer.headers {
        response = response.header(name, value);
    }

    let body = match answer.body {
        GateBody::Whole(bytes) => full(bytes),
        GateBody::Streamed(reader) => {
            StreamBody::new(ReaderStream::new(reader).map_ok(Frame::data)).boxed()
        }
    };

    response.body(body).map_err(|e| {
        problem(
            "later",
            &format!("the git backend's answer makes no sense: {e}"),
        )
    })
}
