//! Refusals and errors as RFC 9457 problems: a status, a stable code, and what to do next.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use actors::rejection::{Rejection, RejectionKind};

use crate::api::{PROBLEM_JSON, ProblemShape};

/// The code that makes git ask for user and password.
pub(super) const NO_PASSWORD: &str = "no_password";

/// A problem with its status.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail} ({code})")]
pub struct ApiProblem {
    /// The status that HTTP has for it.
    pub status: StatusCode,
    /// The stable code, for programs.
    pub code: String,
    /// The message, for people to read.
    pub detail: String,
}

impl ApiProblem {
    /// A problem of the caller's making.
    pub fn invalid(detail: impl std::fmt::Display) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: "invalid".to_owned(),
            detail: detail.to_string(),
        }
    }

    /// Not as things are.
    pub fn conflict(code: &str, detail: impl std::fmt::Display) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            code: code.to_owned(),
            detail: detail.to_string(),
        }
    }

    /// More than what is taken.
    pub fn too_large(detail: &str) -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            code: "too_large".to_owned(),
            detail: detail.to_owned(),
        }
    }

    /// A body that stopped coming.
    pub fn timed_out(detail: &str) -> Self {
        Self {
            status: StatusCode::REQUEST_TIMEOUT,
            code: "timed_out".to_owned(),
            detail: detail.to_owned(),
        }
    }

    /// Something that is not possible right now.
    pub fn unavailable(code: &str, detail: &str) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: code.to_owned(),
            detail: detail.to_owned(),
        }
    }

    /// Something that is not there.
    pub fn not_found(code: &str, detail: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: code.to_owned(),
            detail: detail.to_owned(),
        }
    }
}

/// The one table from kinds of rejections to statuses of HTTP.
fn status(kind: RejectionKind) -> StatusCode {
    match kind {
        RejectionKind::NotFound => StatusCode::NOT_FOUND,
        RejectionKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        RejectionKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        RejectionKind::Conflict | RejectionKind::Stale => StatusCode::CONFLICT,
        RejectionKind::Moved => StatusCode::PRECONDITION_FAILED,
        RejectionKind::Later => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl From<Rejection> for ApiProblem {
    fn from(rejection: Rejection) -> Self {
        Self {
            status: status(rejection.kind),
            code: rejection.code.into_owned(),
            detail: rejection.message,
        }
    }
}

impl ResponseError for ApiProblem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let shape = ProblemShape::of(self.status.as_u16(), &self.code, &self.detail);
        let mut response = HttpResponse::build(self.status);

        if self.status == StatusCode::UNAUTHORIZED {
            // git asks for a password only when it is told to; a browser must not.
            let scheme = if self.code == NO_PASSWORD {
                "Basic realm=\"supercargo\""
            } else {
                "Bearer"
            };
            response.insert_header(("www-authenticate", scheme));
        }

        response
            .content_type(PROBLEM_JSON)
            .body(serde_json::to_vec(&shape).unwrap_or_default())
    }
}

/// JSON that is not what a route expects.
pub(super) fn bad_json(error: JsonPayloadError, _request: &HttpRequest) -> actix_web::Error {
    let detail = format!("the JSON is not what is expected here: {error}");
    let (status, code) = match &error {
        JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
            (StatusCode::PAYLOAD_TOO_LARGE, "too_large")
        }
        JsonPayloadError::ContentType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json"),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
    };

    ApiProblem {
        status,
        code: code.to_owned(),
        detail,
    }
    .into()
}

/// An error of the framework as a problem like any other.
pub(super) fn as_problem<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE);

    let told = kind.is_some_and(|kind| kind.as_bytes() == PROBLEM_JSON.as_bytes());
    if told || !(status.is_client_error() || status.is_server_error()) {
        return response.map_into_boxed_body();
    }

    let words = status.canonical_reason().unwrap_or("refused");
    let asked = format!(
        "{} {}",
        response.request().method(),
        response.request().path()
    );
    let problem = ApiProblem {
        status,
        code: words.to_lowercase().replace(' ', "_"),
        detail: format!("{asked}: {words}"),
    };
    let allowed = response.headers().get(ALLOW).cloned();
    let mut told = problem.error_response();

    if let Some(allowed) = allowed {
        told.headers_mut().insert(ALLOW, allowed);
    }

    response.into_response(told)
}

/// A path that names nothing that could be.
pub(super) fn bad_path(error: PathError, _request: &HttpRequest) -> actix_web::Error {
    ApiProblem::invalid(error).into()
}

/// A query that is not what a route expects.
pub(super) fn bad_query(error: QueryPayloadError, _request: &HttpRequest) -> actix_web::Error {
    ApiProblem::invalid(error).into()
}

/// A path that is no route.
pub(super) fn no_such_route(request: &HttpRequest) -> ApiProblem {
    let asked = format!("{} {} is not known here", request.method(), request.path());
    ApiProblem::not_found("not_found", &asked)
}
