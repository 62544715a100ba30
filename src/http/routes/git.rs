//! `/git/{project}.git`: the gate, for people and their own agents. The user name says whose claim
//! it is, the password is the token.

use std::cell::RefCell;
use std::path::PathBuf;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload, ServiceConfig, resource, route};
use actix_web::{HttpRequest, HttpResponse};
use tokio_util::io::ReaderStream;

use super::Answer;
use crate::gate::{self, GateBody, GateError, GateRequest};
use crate::http::caller::Caller;
use crate::http::problem::ApiProblem;
use crate::operator::Operator;

/// Where the gates are.
#[derive(Debug, Clone)]
pub(in crate::http) struct Gates(pub(in crate::http) PathBuf);

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(resource("/git/{project}.git/{within:.*}").route(route().to(serve)));
}

async fn serve(
    operator: Data<Operator>,
    gates: Data<Gates>,
    caller: Caller,
    request: HttpRequest,
    path: Path<(String, String)>,
    body: Payload,
) -> Answer {
    let (project, within) = path.into_inner();
    let shape = operator.project(&project)?;
    let name = shape.name.parse().map_err(ApiProblem::invalid)?;
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let asked = GateRequest {
        room: gate::REQUEST_MAX,
        within,
        query: request.query_string().to_owned(),
        method: request.method().to_string(),
        content_type: header("content-type"),
        content_encoding: header("content-encoding"),
        git_protocol: header("git-protocol"),
    };
    let denied = RefCell::new(Vec::new());
    let may_push = |reference: &str| {
        let may = operator.may_push(&caller.by, &name, reference);
        denied.borrow_mut().extend(
            may.as_ref()
                .err()
                .map(|why| (reference.to_owned(), why.clone())),
        );
        may
    };
    let answer = gate::serve(&gates.0, &project, asked, body, may_push).await;
    operator
        .denied(&caller.by, &name, &denied.into_inner())
        .await;
    let answer = answer.map_err(|error| match &error {
        GateError::NotFound => ApiProblem::not_found("not_found", &error.to_string()),
        GateError::Invalid(why) => ApiProblem::invalid(why),
        GateError::TooLarge(_) => ApiProblem::too_large(&error.to_string()),
        GateError::Slow(_) => ApiProblem::timed_out(&error.to_string()),
        GateError::Backend(_) => ApiProblem::unavailable("gate_unavailable", &error.to_string()),
    })?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = HttpResponse::build(status);

    for header in answer.headers {
        response.append_header(header);
    }

    Ok(match answer.body {
        GateBody::Whole(bytes) => response.body(bytes),
        GateBody::Streamed(reader) => response.streaming(ReaderStream::new(reader)),
    })
}
