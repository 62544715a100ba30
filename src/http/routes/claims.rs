//! Claims by people and their own agents.

use actix_web::web::{Data, Path, ServiceConfig};
use actix_web::{HttpResponse, post};

use super::{Answer, ok};
use crate::api::ProblemShape;
use crate::api::{ClaimShape, Heartbeat, Leased, NewClaim, Release, Submission, Written};
use crate::http::body::Json;
use crate::operator::{Holding, Operator, RequestContext};

pub(super) fn configure(config: &mut ServiceConfig) {
    // The next one first: `claim` would pass for the id of a feature otherwise.
    config
        .service(claim_next)
        .service(claim_one)
        .service(heartbeat)
        .service(release)
        .service(submit);
}

/// Claim the best feature that is ready.
#[utoipa::path(context_path = "/api/v1", tag = "claims", responses(
    (status = 200, body = ClaimShape), (status = 204, description = "nothing is ready"), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/claim")]
pub(in crate::http) async fn claim_next(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
    new: Json<NewClaim>,
) -> Answer {
    match operator
        .claim(&context, &name, None, new.holder.as_deref())
        .await?
    {
        Some(claim) => ok(claim),
        None => Ok(HttpResponse::NoContent().finish()),
    }
}

/// Claim a certain feature.
#[utoipa::path(context_path = "/api/v1", tag = "claims",
    responses((status = 200, body = ClaimShape), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/{id}/claim")]
pub(in crate::http) async fn claim_one(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, String)>,
    new: Json<NewClaim>,
) -> Answer {
    match operator
        .claim(&context, &path.0, Some(&path.1), new.holder.as_deref())
        .await?
    {
        Some(claim) => ok(claim),
        None => Ok(HttpResponse::NoContent().finish()),
    }
}

/// A sign of life: the lease begins anew.
#[utoipa::path(context_path = "/api/v1", tag = "claims",
    responses((status = 200, body = Leased), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/{id}/heartbeat")]
pub(in crate::http) async fn heartbeat(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, String)>,
    beat: Json<Heartbeat>,
) -> Answer {
    let holding = Holding {
        project: &path.0,
        feature: &path.1,
        epoch: beat.epoch,
        holder: beat.holder.as_deref(),
    };
    ok(operator.heartbeat(&context, &holding)?)
}

/// Give it back; what was pushed is recorded as safe first.
#[utoipa::path(context_path = "/api/v1", tag = "claims",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/{id}/release")]
pub(in crate::http) async fn release(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, String)>,
    back: Json<Release>,
) -> Answer {
    let holding = Holding {
        project: &path.0,
        feature: &path.1,
        epoch: back.epoch,
        holder: back.holder.as_deref(),
    };
    ok(operator.release(&context, &holding, &back.reason).await?)
}

/// Hand in a pushed commit.
#[utoipa::path(context_path = "/api/v1", tag = "claims",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/{id}/submit")]
pub(in crate::http) async fn submit(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, String)>,
    work: Json<Submission>,
) -> Answer {
    let holding = Holding {
        project: &path.0,
        feature: &path.1,
        epoch: work.epoch,
        holder: work.holder.as_deref(),
    };
    ok(operator.submit(&context, &holding, &work.sha).await?)
}
