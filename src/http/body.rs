//! A JSON body: an object and nothing else. Deserializers take a list for a struct, field by field; here that is a mistake.

use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
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

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let object = web::Json::<Map<String, Value>>::from_request(request, payload);
        Box::pin(async move {
            let object = object.await?.into_inner();
            let shape = serde_json::from_value(Value::Object(object));
            let wrong = |e| ApiProblem::invalid(format!("the JSON is not what is expected here: {e}"));
            Ok(Self(shape.map_err(wrong)?))
        })
    }
}
