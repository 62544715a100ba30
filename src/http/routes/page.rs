//! The board page, the API's own description, and whether the server is there.

use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpResponse, get};

use super::Answer;
use crate::http::openapi;
use crate::http::problem::ApiProblem;
use crate::operator::Operator;

/// One file, nothing fetched: script and style are inside.
const PAGE: &str = include_str!("../board.html");
/// Only what is inside the page runs, and it speaks to this server alone.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(board)
        .service(description)
        .service(alive)
        .service(ready);
}

#[get("/")]
async fn board() -> Answer {
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("content-security-policy", POLICY))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("referrer-policy", "no-referrer"))
        .body(PAGE))
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
