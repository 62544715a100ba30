//! `/projects/{p}/beads`.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, get, post};

use super::{Answer, Seen, ok};
use crate::api::ProblemShape;
use crate::api::{Adopted, BeadsFile, BeadsPublished, BeadsSynced, BeadsTaken};
use crate::beads::import::UnderWay;
use crate::http::body::Json;
use crate::operator::{Operator, RequestContext};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(export_beads)
        .service(import_beads)
        .service(publish_beads)
        .service(sync_beads)
        .service(adopt);
}

/// Every feature as a line of Beads' `issues.jsonl`.
#[utoipa::path(context_path = "/api/v1", tag = "beads", params(Seen),
    responses((status = 200, body = String, content_type = "application/jsonl"), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/beads")]
pub(in crate::http) async fn export_beads(
    operator: Data<Operator>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    let operator = seen.look(&operator).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/jsonl")
        .body(operator.export_beads(&name).await?))
}

/// Take in the issues that are not there yet: those of the body, or those of the repository.
#[utoipa::path(context_path = "/api/v1", tag = "beads",
    responses((status = 200, body = BeadsTaken), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/beads")]
pub(in crate::http) async fn import_beads(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
    file: Json<BeadsFile>,
) -> Answer {
    ok(match &file.text {
        Some(text) => {
            operator
                .import_beads(&context, &name, text, UnderWay::Theirs)
                .await?
        }
        None => {
            operator
                .import_issues_of_repository(&context, &name, UnderWay::Theirs)
                .await?
        }
    })
}

/// Publish them upstream on the branch `beads-sync`; nothing is published when nothing changed.
#[utoipa::path(context_path = "/api/v1", tag = "beads",
    responses((status = 200, body = BeadsPublished), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/beads/publish")]
pub(in crate::http) async fn publish_beads(operator: Data<Operator>, name: Path<String>) -> Answer {
    ok(operator.publish_beads(&name).await?)
}

/// Take what others changed on the branch `beads-sync` since it was written, then write it again.
/// What changed on both sides stays as it is here.
#[utoipa::path(context_path = "/api/v1", tag = "beads",
    responses((status = 200, body = BeadsSynced), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/beads/sync")]
pub(in crate::http) async fn sync_beads(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
) -> Answer {
    ok(operator.sync_beads(&context, &name).await?)
}

/// Take over what a repository of ZeroCoder holds: its spec and its issues; files that nobody reads
/// any more are named.
#[utoipa::path(context_path = "/api/v1", tag = "beads",
    responses((status = 200, body = Adopted), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/adopt")]
pub(in crate::http) async fn adopt(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
) -> Answer {
    ok(operator.adopt(&context, &name).await?)
}
