//! `/log`: how far it is sealed, and walks over all of it.

use std::convert::Infallible;

use actix_web::web::{Bytes, Data, ServiceConfig};
use actix_web::{HttpResponse, get, post};
use futures::StreamExt;

use super::{Answer, ok};
use crate::api::{LogShape, ProblemShape, WalkStep};
use crate::http::walks::{self, WalkKind};
use crate::operator::Operator;

/// Lines of JSON.
const NDJSON: &str = "application/x-ndjson";

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(show_log)
        .service(verify_log)
        .service(audit_log);
}

/// The log, and how far it is sealed.
#[utoipa::path(context_path = "/api/v1", tag = "events",
    responses((status = 200, body = LogShape), (status = "4XX", body = ProblemShape)))]
#[get("/log")]
pub(in crate::http) async fn show_log(operator: Data<Operator>) -> Answer {
    ok(operator.log())
}

/// Walk the chain and the seals: a line now and then, and what was found in the last.
#[utoipa::path(context_path = "/api/v1", tag = "events",
    responses((status = 200, body = WalkStep, content_type = "application/x-ndjson"),
        (status = "4XX", body = ProblemShape)))]
#[post("/log/verify")]
pub(in crate::http) async fn verify_log(operator: Data<Operator>) -> Answer {
    walk(&operator, WalkKind::Verify).await
}

/// Check every invariant over all events: a line now and then, and what was found in the last.
#[utoipa::path(context_path = "/api/v1", tag = "events",
    responses((status = 200, body = WalkStep, content_type = "application/x-ndjson"),
        (status = "4XX", body = ProblemShape)))]
#[post("/log/audit")]
pub(in crate::http) async fn audit_log(operator: Data<Operator>) -> Answer {
    walk(&operator, WalkKind::Audit).await
}

async fn walk(operator: &Operator, kind: WalkKind) -> Answer {
    let steps = walks::walk(operator, kind).await?;
    let lines = steps.map(|step| {
        // A step of numbers and words is always written.
        let line = serde_json::to_string(&step).unwrap_or_default();
        Ok::<Bytes, Infallible>(format!("{line}\n").into())
    });
    Ok(HttpResponse::Ok().content_type(NDJSON).streaming(lines))
}
