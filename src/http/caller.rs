//! Who asks. On the operator's socket the kernel says which user is connected; only the owner of the server, and root, are heard.

use std::future::{Ready, ready};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use nix::unistd::{Uid, User, geteuid};

use super::office::Wish;
use super::problem::ApiProblem;

/// The user id of the process on the other end of a socket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) u32);

/// Whom the log names for what is asked.
#[derive(Debug, Clone)]
struct Caller(String);

fn denied(detail: &str) -> ApiProblem {
    ApiProblem { status: StatusCode::FORBIDDEN, code: "not_yours".to_owned(), detail: detail.to_owned() }
}

fn caller(peer: Option<Peer>) -> Result<Caller, ApiProblem> {
    let Peer(uid) = peer.ok_or_else(|| denied("the kernel does not say who is connected"))?;
    let uid = Uid::from_raw(uid);
    if uid != geteuid() && !uid.is_root() {
        return Err(denied("only the user who runs this server is heard here"));
    }
    let user = User::from_uid(uid).ok().flatten();
    Ok(Caller(user.map_or_else(|| format!("uid-{uid}"), |user| user.name)))
}

/// Lets through what the owner asks, and remembers who it was.
pub(super) async fn owner_only(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let caller = caller(request.conn_data::<Peer>().copied())?;
    request.extensions_mut().insert(caller);
    next.call(request).await
}

/// A write is a wish: of the caller, under the key it sent or a fresh one.
impl FromRequest for Wish {
    type Error = ApiProblem;
    type Future = Ready<Result<Self, ApiProblem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let Some(Caller(by)) = request.extensions().get::<Caller>().cloned() else {
            return ready(Err(denied("nobody is known to ask")));
        };
        let key = request.headers().get("idempotency-key").and_then(|value| value.to_str().ok());
        ready(Ok(match key {
            Some(key) => Self::keyed(&by, key),
            None => Self::fresh(&by),
        }))
    }
}
