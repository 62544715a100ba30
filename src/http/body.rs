//! Bodies of requests. A JSON one is an object and nothing else. Deserializers take a list for a
//! struct, field by field; here that is a mistake.
//!
//! All of them together have their room in memory and each has its time: whoever finds no room
//! waits, and what stops coming is given up.

use std::ops::Deref;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{FromRequest, HttpRequest, web};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::BODY_MAX;
use super::problem::ApiProblem;

/// The body of a request, read as a shape.
pub(super) struct Json<T>(T);

impl<T> Json<T> {
    /// The shape.
    pub(super) fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Json<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let object = web::Json::<Map<String, Value>>::from_request(request, payload);
        let length = announced(request, BODY_MAX);
        Box::pin(async move {
            let _room = room(length).await?;
            let object = within(object).await??.into_inner();
            let shape = serde_json::from_value(Value::Object(object));
            let wrong =
                |e| ApiProblem::invalid(format!("the JSON is not what is expected here: {e}"));
            Ok(Self(shape.map_err(wrong)?))
        })
    }
}

/// Bytes in one unit of room.
const UNIT: usize = 1024;
/// Room that the bodies of all requests share.
static ROOM: Semaphore = Semaphore::const_new(256 * 1024 * 1024 / UNIT);
/// Room that bodies share of which it is not known yet who sent them: apart from that of operators,
/// so that a stranger who sends slowly holds up strangers alone.
static STRANGERS_ROOM: Semaphore = Semaphore::const_new(64 * 1024 * 1024 / UNIT);
/// A body has to be there within this time: eight MiB over a slow line.
const BODY_WITHIN: Duration = Duration::from_secs(60);

/// How long a body says it is, or may be when it does not say.
fn announced(request: &HttpRequest, most: usize) -> usize {
    let header = request.headers().get(CONTENT_LENGTH);
    let said: Option<usize> = header.and_then(|value| value.to_str().ok()?.parse().ok());
    said.unwrap_or(most).min(most)
}

/// Room for a body. A semaphore that is never closed always grants it in the end.
async fn room(length: usize) -> Result<SemaphorePermit<'static>, ApiProblem> {
    let units = u32::try_from(length.div_ceil(UNIT)).unwrap_or(u32::MAX);
    let waited = tokio::time::timeout(BODY_WITHIN, ROOM.acquire_many(units)).await;
    match waited {
        Ok(Ok(room)) => Ok(room),
        Ok(Err(_)) | Err(_) => Err(busy()),
    }
}

fn busy() -> ApiProblem {
    ApiProblem::unavailable("busy", "too much is being sent at once; try again")
}

async fn within<T>(reading: impl Future<Output = T>) -> Result<T, ApiProblem> {
    let read = tokio::time::timeout(BODY_WITHIN, reading).await;
    read.map_err(|_| {
        let seconds = BODY_WITHIN.as_secs();
        ApiProblem::timed_out(&format!("the body did not come within {seconds} s"))
    })
}

/// The body of a request that proves by its body who sent it, of at most so many bytes. It takes
/// room for what came alone, whatever it says will come, and does not wait for room.
pub(super) async fn of_a_stranger(body: Payload, most: usize) -> Result<Bytes, ApiProblem> {
    within(collected(body, most)).await?
}

async fn collected(mut body: Payload, most: usize) -> Result<Bytes, ApiProblem> {
    let mut bytes = BytesMut::new();
    let mut room = STRANGERS_ROOM.try_acquire_many(0).map_err(|_| busy())?;

    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|e| ApiProblem::invalid(format!("the body was cut: {e}")))?;
        if bytes.len() + chunk.len() > most {
            let detail = format!("at most {most} bytes are taken at once");
            return Err(ApiProblem::too_large(&detail));
        }
        bytes.extend_from_slice(&chunk);
        let missing = bytes.len().div_ceil(UNIT) - room.num_permits();
        let units = u32::try_from(missing).unwrap_or(u32::MAX);
        let more = STRANGERS_ROOM.try_acquire_many(units);
        room.merge(more.map_err(|_| busy())?);
    }

    Ok(bytes.freeze())
}
