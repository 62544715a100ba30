//! `/projects/{p}/containers`.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{get, post};

use super::{Answer, Seen, ok};
use crate::http::office::{Office, Wish};
use crate::http::problem::ProblemShape;
use crate::http::shapes::{BerthShape, Written};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(list_containers)
        .service(show_container)
        .service(stop_container)
        .service(restart_container);
}

/// The berths of a project.
#[utoipa::path(context_path = "/api/v1", tag = "containers", params(Seen),
    responses((status = 200, body = [BerthShape]), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/containers")]
pub(in crate::http) async fn list_containers(
    office: Data<Office>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    seen.wait(&office).await?;
    ok(office.berths(&name)?)
}

/// One berth.
#[utoipa::path(context_path = "/api/v1", tag = "containers", params(Seen),
    responses((status = 200, body = BerthShape), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/containers/{n}")]
pub(in crate::http) async fn show_container(
    office: Data<Office>,
    path: Path<(String, u16)>,
    seen: Query<Seen>,
) -> Answer {
    seen.wait(&office).await?;
    ok(office.show_berth(&path.0, path.1)?)
}

/// Take it out of service: what runs in it is secured and ended, nothing new is begun.
#[utoipa::path(context_path = "/api/v1", tag = "containers",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/containers/{n}/stop")]
pub(in crate::http) async fn stop_container(
    office: Data<Office>,
    wish: Wish,
    path: Path<(String, u16)>,
) -> Answer {
    ok(office.stop_berth(&wish, &path.0, path.1).await?)
}

/// Put it back into service; one in service ends its session and goes on with the next job.
#[utoipa::path(context_path = "/api/v1", tag = "containers",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/containers/{n}/restart")]
pub(in crate::http) async fn restart_container(
    office: Data<Office>,
    wish: Wish,
    path: Path<(String, u16)>,
) -> Answer {
    ok(office.restart_berth(&wish, &path.0, path.1).await?)
}
