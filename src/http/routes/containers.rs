//! `/projects/{p}/containers`.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{get, post};

use super::{Answer, Seen, ok};
use crate::api::ProblemShape;
use crate::api::{SlotShape, Written};
use crate::operator::{Operator, RequestContext};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(list_containers)
        .service(show_container)
        .service(stop_container)
        .service(restart_container);
}

/// The slots of a project.
#[utoipa::path(context_path = "/api/v1", tag = "containers", params(Seen),
    responses((status = 200, body = [SlotShape]), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/containers")]
pub(in crate::http) async fn list_containers(
    operator: Data<Operator>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    let operator = seen.look(&operator).await?;
    ok(operator.slots(&name)?)
}

/// One slot.
#[utoipa::path(context_path = "/api/v1", tag = "containers", params(Seen),
    responses((status = 200, body = SlotShape), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/containers/{n}")]
pub(in crate::http) async fn show_container(
    operator: Data<Operator>,
    path: Path<(String, u16)>,
    seen: Query<Seen>,
) -> Answer {
    let operator = seen.look(&operator).await?;
    ok(operator.show_slot(&path.0, path.1)?)
}

/// Take it out of service: what runs in it is secured and ended, nothing new is begun.
#[utoipa::path(context_path = "/api/v1", tag = "containers",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/containers/{n}/stop")]
pub(in crate::http) async fn stop_container(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, u16)>,
) -> Answer {
    ok(operator.stop_slot(&context, &path.0, path.1).await?)
}

/// Put it back into service; one in service ends its session and goes on with the next job.
#[utoipa::path(context_path = "/api/v1", tag = "containers",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/containers/{n}/restart")]
pub(in crate::http) async fn restart_container(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, u16)>,
) -> Answer {
    ok(operator.restart_slot(&context, &path.0, path.1).await?)
}
