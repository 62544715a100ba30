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
    let head = operator.core.world.log.head().await;
    let head =
        head.map_err(|error| ApiProblem::unavailable("log_unavailable", &error.to_string()))?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "status": "ready", "head": head.position.0 })))
}
