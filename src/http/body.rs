//! Bodies of requests. A JSON one is an object and nothing else. Deserializers take a list for a struct, field by field; here that is a mistake.

use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

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
        Box::pin(async move {
            let object = object.await?.into_inner();
            let shape = serde_json::from_value(Value::Object(object));
            let wrong =
                |e| ApiProblem::invalid(format!("the JSON is not what is expected here: {e}"));
            Ok(Self(shape.map_err(wrong)?))
        })
    }
}

/// A body as it is, of at most so many bytes.
pub(super) async fn bounded(body: Payload, most: usize) -> Result<Bytes, ApiProblem> {
    let too_large = |_| ApiProblem {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        code: "too_large".to_owned(),
        detail: format!("at most {most} bytes are taken at once"),
    };
    let read = body.to_bytes_limited(most).await.map_err(too_large)?;
    read.map_err(|e| ApiProblem::invalid(format!("the body was cut: {e}")))
}
