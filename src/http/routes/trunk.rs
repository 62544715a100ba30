//! `/projects/{p}/trunk`.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{get, post};

use super::diff::{Diff, as_diff};
use super::{Answer, Seen, ok, versioned};
use crate::http::body::Json;
use crate::http::office::{Office, Wish};
use crate::http::problem::ProblemShape;
use crate::http::shapes::{ConflictShape, ScaffoldShape, Text, TrunkShape, Written};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(show_trunk)
        .service(approve_change)
        .service(refuse_change)
        .service(resume_queue)
        .service(undo_feature)
        .service(show_conflicts)
        .service(show_entry_diff)
        .service(scaffold);
}

/// The merge queue, and what waits for a person. The ETag is the version of its stream.
#[utoipa::path(context_path = "/api/v1", tag = "trunk", params(Seen),
    responses((status = 200, body = TrunkShape), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/trunk")]
pub(in crate::http) async fn show_trunk(
    office: Data<Office>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    seen.wait(&office).await?;
    let trunk = office.trunk(&name)?;
    let version = trunk.version;
    versioned(trunk, version)
}

/// What an entry changes, as a diff of at most one MiB; a held one is read before it is approved.
#[utoipa::path(context_path = "/api/v1", tag = "trunk", params(Diff),
    responses(
        (status = 200, body = String, content_type = "text/x-diff"),
        (status = "4XX", body = ProblemShape),
    ))]
#[get("/projects/{p}/trunk/{entry}/diff")]
pub(in crate::http) async fn show_entry_diff(
    office: Data<Office>,
    path: Path<(String, u64)>,
    diff: Query<Diff>,
) -> Answer {
    let (much, seen) = diff.into_inner().parts();
    seen.wait(&office).await?;
    as_diff(office.entry_diff(&path.0, path.1, much).await?)
}

/// Let an entry change the protected paths that it was held for.
#[utoipa::path(context_path = "/api/v1", tag = "trunk",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/trunk/{entry}/approve")]
pub(in crate::http) async fn approve_change(
    office: Data<Office>,
    wish: Wish,
    path: Path<(String, u64)>,
) -> Answer {
    ok(office.approve_change(&wish, &path.0, path.1).await?)
}

/// Send it back; the text says why, and the next coder reads it.
#[utoipa::path(context_path = "/api/v1", tag = "trunk",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/trunk/{entry}/refuse")]
pub(in crate::http) async fn refuse_change(
    office: Data<Office>,
    wish: Wish,
    path: Path<(String, u64)>,
    why: Json<Text>,
) -> Answer {
    ok(office
        .refuse_change(&wish, &path.0, path.1, &why.text)
        .await?)
}

/// Let the queue go on: what it waits for is tried now.
#[utoipa::path(context_path = "/api/v1", tag = "trunk",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/trunk/resume")]
pub(in crate::http) async fn resume_queue(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
) -> Answer {
    ok(office.resume_queue(&wish, &name).await?)
}

/// Take out what a closed feature brought, or bring back what was taken out.
#[utoipa::path(context_path = "/api/v1", tag = "trunk",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/{id}/undo")]
pub(in crate::http) async fn undo_feature(
    office: Data<Office>,
    wish: Wish,
    path: Path<(String, String)>,
) -> Answer {
    ok(office.undo(&wish, &path.0, &path.1).await?)
}

/// Work under way that would not merge with upstream as it is now.
#[utoipa::path(context_path = "/api/v1", tag = "trunk", params(Seen),
    responses((status = 200, body = [ConflictShape]), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/conflicts")]
pub(in crate::http) async fn show_conflicts(
    office: Data<Office>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    seen.wait(&office).await?;
    ok(office.conflicts(&name).await?)
}

/// Bring our part of the repository up to date, through the queue: a section of `AGENTS.md`, and a
/// `CLAUDE.md` where there is none.
#[utoipa::path(context_path = "/api/v1", tag = "trunk",
    responses((status = 200, body = ScaffoldShape), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/scaffold")]
pub(in crate::http) async fn scaffold(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
) -> Answer {
    ok(office.scaffold(&wish, &name).await?)
}
