//! A session's model through the agent's voice: the gateway behind the door.

use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Request, Response};

use futures::TryStreamExt;

use super::Behind;
use super::serve::{Answer, problem};
use crate::gateway::{GatewayError, ModelRequest, REQUEST_MAX};

/// The provider that is asked, and the way below it with its query.
fn asked(uri: &hyper::Uri) -> Option<(String, String)> {
    let whole = uri.path_and_query()?.as_str();
    let (provider, rest) = whole.strip_prefix("/model/")?.split_once('/')?;
    Some((provider.to_owned(), format!("/{rest}")))
}

/// Serves one request under `/model/<provider>/`.
pub(super) async fn serve(behind: &Behind, request: Request<Incoming>) -> Answer {
    let Some((provider, rest)) = asked(request.uri()) else {
        return Err(problem("not_found", "write /model/PROVIDER/…"));
    };
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let told = |error: GatewayError| match &error {
        GatewayError::Refused(why) => problem("not_found", why),
        GatewayError::Unreachable(..) => problem("later", &error.to_string()),
    };
    let mut asked = ModelRequest {
        method,
        provider,
        rest,
        headers,
        body: Bytes::new(),
    };

    // Whether it may ask at all is known before the first byte of the body is read.
    let (gateway, sessions) = (&behind.gateway, &behind.sessions);
    gateway
        .check(sessions, &behind.session, &asked)
        .map_err(told)?;
    let body = behind.room.read(request, REQUEST_MAX).await?;
    asked.body = Bytes::clone(&body);
    let answer = gateway.serve(sessions, &behind.session, asked).await;
    drop(body);
    let answer = answer.map_err(told)?;
    let mut response = Response::new(StreamBody::new(answer.body.map_ok(Frame::data)).boxed());
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;

    Ok(response)
}
