//! Who asks. On the operator's socket the kernel says which user is connected, and only the owner
//! of the server and root are heard; on a port it is whoever [`Access`] lets in.

use std::future::{Ready, ready};

use ::events::id::{CommandId, Timestamp};
use ::events::stream::Version;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, IF_MATCH, ORIGIN,
    SEC_WEBSOCKET_PROTOCOL,
};
use actix_web::http::uri::Authority;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use nix::unistd::{Uid, User, geteuid};
use tracing::field::display;
use tracing::{Instrument, Span, debug, info_span};

use super::access::{Access, RequestHead};
use super::problem::{self, ApiProblem};
use super::routes::SIGN_IN;
use crate::operator::{Operator, RequestContext};

/// Longest key of a request, in bytes.
const KEY_MAX: usize = 255;

/// How a server is reached.
#[derive(Debug, Clone)]
pub(super) enum Listener {
    /// Over the socket in the data folder.
    Socket,
    /// Over a port.
    Port(Access),
}

/// The user id of the process on the other end of a socket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) u32);

/// Whether all of it is only shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadOnly(pub(super) bool);

/// What is posted and changes nothing.
const LOOKS: &[&str] = &[
    SIGN_IN,
    "/api/v1/session/link",
    "/api/v1/log/verify",
    "/api/v1/log/audit",
];

/// Why everything else is refused then.
const SHOWN_ONLY: &str = "what is shown here was unpacked from a bundle, or forked to be looked \
                          at: nothing is changed in it";

/// Whom the log names for what is asked.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// The name.
    pub(super) by: String,
    /// The id of this request, and of its command unless the caller brought a key of its own.
    fresh: CommandId,
}

fn denied(detail: &str) -> ApiProblem {
    ApiProblem {
        status: StatusCode::FORBIDDEN,
        code: "not_yours".to_owned(),
        detail: detail.to_owned(),
    }
}

fn owner(peer: Option<Peer>) -> Result<String, ApiProblem> {
    let Peer(uid) = peer.ok_or_else(|| denied("the kernel does not say who is connected"))?;
    let uid = Uid::from_raw(uid);
    if uid != geteuid() && !uid.is_root() {
        return Err(denied("only the user who runs this server is heard here"));
    }
    let user = User::from_uid(uid).ok().flatten();
    Ok(match user {
        Some(user) => user.name,
        None => format!("uid-{uid}"),
    })
}

/// Lets in whoever may come in, and remembers who it was.
pub(super) async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let by = match request
        .app_data::<Data<Listener>>()
        .map(|listener| listener.get_ref())
    {
        Some(Listener::Socket) => owner(request.conn_data::<Peer>().copied())?,
        Some(Listener::Port(access)) => {
            let headers = request.headers();
            let head = RequestHead {
                path: request.path(),
                target: request.uri().authority().map(Authority::as_str),
                host: one(headers, HOST)?,
                origin: one(headers, ORIGIN)?,
                content_type: one(headers, CONTENT_TYPE)?,
                authorization: one(headers, AUTHORIZATION)?,
                protocols: one(headers, SEC_WEBSOCKET_PROTOCOL)?,
                cookie: one(headers, COOKIE)?,
                now: now(&request),
            };
            access.admit(request.method(), &head)?
        }
        None => return Err(denied("this server has no listener").into()),
    };
    if changes_what_is_shown(&request) {
        return Err(ApiProblem::conflict("read_only", SHOWN_ONLY).into());
    }
    let is_git = request.path().starts_with("/git/");
    let fresh = RequestContext::fresh(&by);
    let span = info_span!("request", id = %fresh.id, method = %request.method(),
        path = request.path(), by);
    request.extensions_mut().insert(Caller {
        by,
        fresh: fresh.id,
    });

    let answering = async {
        let response = next.call(request).await?;
        debug!(status = response.status().as_u16(), "answered");
        Ok::<_, actix_web::Error>(response)
    };
    let response = answering.instrument(span).await?;

    // What git answers is git's; every other error is a problem, whoever made it.
    Ok(match is_git {
        true => response.map_into_boxed_body(),
        false => problem::as_problem(response),
    })
}

/// Whether a request wants to change what can only be looked at.
fn changes_what_is_shown(request: &ServiceRequest) -> bool {
    let shown = request.app_data::<Data<ReadOnly>>();
    let is_read_only = shown.is_some_and(|shown| shown.0);
    is_read_only && !request.method().is_safe() && !LOOKS.contains(&request.path())
}

/// The server's time.
fn now(request: &ServiceRequest) -> Timestamp {
    match request.app_data::<Data<Operator>>() {
        Some(operator) => operator.core.world.clock.now(),
        None => Timestamp(i64::MAX),
    }
}

/// A header that decides who gets in has one value that can be read, or none: of two, each reader
/// would take another.
fn one(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, ApiProblem> {
    let mut values = headers.get_all(&name);
    let (first, second) = (values.next(), values.next());
    let ambiguous = || ApiProblem {
        status: StatusCode::BAD_REQUEST,
        code: "ambiguous_header".to_owned(),
        detail: format!("the header {name} is there more than once or is not text"),
    };
    match (first, second) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| ambiguous()),
        (Some(_), Some(_)) => Err(ambiguous()),
    }
}

fn known(request: &HttpRequest) -> Result<Caller, ApiProblem> {
    request
        .extensions()
        .get::<Caller>()
        .cloned()
        .ok_or_else(|| denied("nobody is known to ask"))
}

impl FromRequest for Caller {
    type Error = ApiProblem;
    type Future = Ready<Result<Self, ApiProblem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(known(request))
    }
}

/// A write is a request: of the caller, under the key it sent or a fresh one, about the version it
/// looked at.
impl FromRequest for RequestContext {
    type Error = ApiProblem;
    type Future = Ready<Result<Self, ApiProblem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(context(request))
    }
}

fn context(request: &HttpRequest) -> Result<RequestContext, ApiProblem> {
    let Caller { by, fresh } = known(request)?;
    let header = |name: &str| match request.headers().get(name) {
        None => Ok(None),
        Some(value) => value
            .to_str()
            .map(Some)
            .map_err(|_| ApiProblem::invalid(format!("the header {name} is not text"))),
    };
    let context = match header("idempotency-key")? {
        Some(key) if key.is_empty() || key.len() > KEY_MAX => {
            return Err(ApiProblem::invalid(format!(
                "Idempotency-Key has {} bytes, 1 to {KEY_MAX} are allowed",
                key.len()
            )));
        }
        Some(key) => RequestContext::keyed(&by, key),
        None => RequestContext {
            by,
            id: fresh,
            expect: None,
        },
    };
    if context.id != fresh {
        // The id that the log has, and everything that follows from this request.
        Span::current().record("id", display(context.id));
    }

    let expect = match header(IF_MATCH.as_str())? {
        None | Some("*") => None,
        Some(tag) => {
            let version = tag
                .trim()
                .trim_start_matches('"')
                .trim_end_matches('"')
                .parse();
            Some(Version(version.map_err(|_| {
                ApiProblem::invalid(format!("If-Match {tag} is no version of a stream"))
            })?))
        }
    };
    Ok(RequestContext { expect, ..context })
}
