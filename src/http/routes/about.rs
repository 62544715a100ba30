//! The API's own description, and whether the server is there.

use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpResponse, get};

use super::Answer;
use crate::http::openapi;
use crate::http::problem::ApiProblem;
use crate::operator::Operator;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(description).service(alive).service(ready);
}

#[get("/openapi.json")]
async fn description() -> Answer {
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .body(openapi::document()))
}

#[get("/healthz")]
async fn alive() -> Answer {
    Ok(HttpResponse::Ok().json(serde_json::json!({ "status": "alive" })))
}

#[get("/readyz")]
async fn ready(operator: Data<Operator>) -> Answer {
    let unavailable =
        |why: &dyn std::fmt::Display| ApiProblem::unavailable("log_unavailable", &why.to_string());
    let log = &operator.core.world.log;
    log.ready().await.map_err(|error| unavailable(&error))?;
    let head = log.head().await.map_err(|error| unavailable(&error))?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "status": "ready", "head": head.position.0 })))
}
