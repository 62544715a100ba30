//! `/session`: a browser comes in, asks who it is, and leaves.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Answer, ok};
use crate::api::ProblemShape;
use crate::http::body::Json;
use crate::http::caller::Caller;
use crate::http::problem::ApiProblem;
use crate::http::signin::{STAYS_MS, SignIn, cookie_name};
use crate::operator::Operator;

/// The address at which a browser comes in.
pub(in crate::http) const SIGN_IN: &str = "/api/v1/session";

/// How browsers come in, where they do.
pub(in crate::http) struct SignInHere(pub(in crate::http) Option<SignIn>);

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(open_session)
        .service(show_session_of_browser)
        .service(close_session)
        .service(make_link);
}

/// What a browser brings.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Coming {
    /// The code of a link, which is good once, or the token.
    code: String,
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::http) struct Me {
    /// The name that the log has for what is asked.
    name: String,
    /// What may be asked: all of it.
    scopes: Vec<String>,
}

impl Me {
    fn of(name: String) -> Self {
        Self {
            name,
            scopes: vec!["all".to_owned()],
        }
    }
}

/// A link for a browser.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::http) struct Link {
    /// What stands behind the address of the server: it signs in once.
    path: String,
}

/// Signs a browser in.
#[utoipa::path(context_path = "/api/v1", tag = "session", request_body = Coming,
    responses((status = 201, body = Me), (status = "4XX", body = ProblemShape)))]
#[post("/session")]
pub(in crate::http) async fn open_session(
    operator: Data<Operator>,
    here: Data<SignInHere>,
    caller: Caller,
    request: HttpRequest,
    coming: Json<Coming>,
) -> Answer {
    let signin = known(&here)?;
    let now = operator.core.world.clock.now();
    let followed = signin.follow(&coming.code, &caller.by, now);
    let value = followed.ok_or_else(|| ApiProblem {
        status: StatusCode::UNAUTHORIZED,
        code: "code_not_valid".to_owned(),
        detail: "that link was followed already, or is of an earlier start of this server: \
                 `supercargo sign-in` prints another"
            .to_owned(),
    })?;

    let cookie = cookie(&request, &value, STAYS_MS);
    let mut response = HttpResponse::Created();
    Ok(response.cookie(cookie).json(Me::of(caller.by)))
}

/// Who is signed in.
#[utoipa::path(context_path = "/api/v1", tag = "session",
    responses((status = 200, body = Me), (status = "4XX", body = ProblemShape)))]
#[get("/session")]
pub(in crate::http) async fn show_session_of_browser(caller: Caller) -> Answer {
    ok(Me::of(caller.by))
}

/// Signs a browser out.
#[utoipa::path(context_path = "/api/v1", tag = "session",
    responses((status = 204), (status = "4XX", body = ProblemShape)))]
#[delete("/session")]
pub(in crate::http) async fn close_session(request: HttpRequest) -> Answer {
    let mut response = HttpResponse::NoContent();
    Ok(response.cookie(cookie(&request, "", 0)).finish())
}

/// Makes a link that signs a browser in, once.
#[utoipa::path(context_path = "/api/v1", tag = "session",
    responses((status = 201, body = Link), (status = "4XX", body = ProblemShape)))]
#[post("/session/link")]
pub(in crate::http) async fn make_link(here: Data<SignInHere>) -> Answer {
    let code = known(&here)?.code();
    let path = format!("/sign-in#code={code}");
    Ok(HttpResponse::Created().json(Link { path }))
}

fn known(here: &SignInHere) -> Result<&SignIn, ApiProblem> {
    here.0.as_ref().ok_or_else(|| {
        ApiProblem::unavailable("no_port", "this server listens on no port for browsers")
    })
}

/// The cookie of this server. It goes to no other site and no script reads it.
fn cookie(request: &HttpRequest, value: &str, stays_ms: u64) -> Cookie<'static> {
    let port = request.app_config().local_addr().port();
    let seconds = i64::try_from(stays_ms / 1_000).unwrap_or(i64::MAX);

    Cookie::build(cookie_name(port), value.to_owned())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(Duration::seconds(seconds))
        .finish()
}
