//! `/projects/{p}/queue`.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{get, post};

use super::diff::{Diff, as_diff};
use super::{Answer, Seen, ok, versioned};
use crate::api::ProblemShape;
use crate::api::{ConflictShape, MergeQueueShape, ScaffoldShape, Text, Written};
use crate::http::body::Json;
use crate::operator::{Operator, RequestContext};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(show_queue)
        .service(approve_change)
        .service(refuse_change)
        .service(resume_queue)
        .service(undo_feature)
        .service(show_conflicts)
        .service(show_entry_diff)
        .service(scaffold);
}

/// The merge queue, and what waits for a person. The ETag is the version of its stream.
#[utoipa::path(context_path = "/api/v1", tag = "merge queue", params(Seen),
    responses((status = 200, body = MergeQueueShape), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/queue")]
pub(in crate::http) async fn show_queue(
    operator: Data<Operator>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    let operator = seen.look(&operator).await?;
    let merge_queue = operator.merge_queue(&name)?;
    let version = merge_queue.version;
    versioned(merge_queue, version)
}

/// What an entry changes, as a diff of at most one MiB; a held one is read before it is approved.
#[utoipa::path(context_path = "/api/v1", tag = "merge queue", params(Diff),
    responses(
        (status = 200, body = String, content_type = "text/x-diff"),
        (status = "4XX", body = ProblemShape),
    ))]
#[get("/projects/{p}/queue/{entry}/diff")]
pub(in crate::http) async fn show_entry_diff(
    operator: Data<Operator>,
    path: Path<(String, u64)>,
    diff: Query<Diff>,
) -> Answer {
    let (much, seen) = diff.into_inner().parts();
    let operator = seen.look(&operator).await?;
    as_diff(operator.entry_diff(&path.0, path.1, much).await?)
}

/// Let an entry change the protected paths that it was held for.
#[utoipa::path(context_path = "/api/v1", tag = "merge queue",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/queue/{entry}/approve")]
pub(in crate::http) async fn approve_change(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, u64)>,
) -> Answer {
    ok(operator.approve_change(&context, &path.0, path.1).await?)
}

/// Send it back; the text says why, and the next coder reads it.
#[utoipa::path(context_path = "/api/v1", tag = "merge queue",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/queue/{entry}/refuse")]
pub(in crate::http) async fn refuse_change(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, u64)>,
    why: Json<Text>,
) -> Answer {
    ok(operator
        .refuse_change(&context, &path.0, path.1, &why.text)
        .await?)
}

/// Let the queue go on: what it waits for is tried now.
#[utoipa::path(context_path = "/api/v1", tag = "merge queue",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/queue/resume")]
pub(in crate::http) async fn resume_queue(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
) -> Answer {
    ok(operator.resume_queue(&context, &name).await?)
}

/// Take out what a closed feature brought, or bring back what was taken out.
#[utoipa::path(context_path = "/api/v1", tag = "merge queue",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/{id}/undo")]
pub(in crate::http) async fn undo_feature(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, String)>,
) -> Answer {
    ok(operator.undo(&context, &path.0, &path.1).await?)
}

/// Work under way that would not merge with upstream as it is now.
#[utoipa::path(context_path = "/api/v1", tag = "merge queue", params(Seen),
    responses((status = 200, body = [ConflictShape]), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/conflicts")]
pub(in crate::http) async fn show_conflicts(
    operator: Data<Operator>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    let operator = seen.look(&operator).await?;
    ok(operator.conflicts(&name).await?)
}

/// Bring our part of the repository up to date, through the queue: a section of `AGENTS.md`, and a
/// `CLAUDE.md` where there is none.
#[utoipa::path(context_path = "/api/v1", tag = "merge queue",
    responses((status = 200, body = ScaffoldShape), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/scaffold")]
pub(in crate::http) async fn scaffold(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
) -> Answer {
    ok(operator.scaffold(&context, &name).await?)
}
