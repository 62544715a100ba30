//! `/projects`.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, delete, get, patch, post, put};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, Seen, ok, versioned};
use crate::http::body::Json;
use crate::http::office::{Office, Wanted, Wish};
use crate::http::problem::ProblemShape;
use crate::http::shapes::{
    Board, NewProject, NewTarget, ProjectChange, ProjectShape, ProjectUsage, Written,
};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(list_projects)
        .service(add_project)
        .service(show_project)
        .service(change_project)
        .service(delete_project)
        .service(set_target)
        .service(start_project)
        .service(drain_project)
        .service(stop_project)
        .service(initialize_project)
        .service(retry_project)
        .service(show_board)
        .service(show_usage);
}

/// All projects.
#[utoipa::path(context_path = "/api/v1", tag = "projects", params(Seen), responses((status = 200, body = [ProjectShape])))]
#[get("/projects")]
pub(in crate::http) async fn list_projects(office: Data<Office>, seen: Query<Seen>) -> Answer {
    seen.wait(&office).await?;
    ok(office.projects())
}

/// Register a project; its upstream has to answer.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 201, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects")]
pub(in crate::http) async fn add_project(
    office: Data<Office>,
    wish: Wish,
    new: Json<NewProject>,
) -> Answer {
    Ok(HttpResponse::Created().json(office.add_project(&wish, new.into_inner()).await?))
}

/// What it uses: its containers now, its models and the way out so far, and disk.
#[utoipa::path(context_path = "/api/v1", tag = "projects", params(Seen),
    responses((status = 200, body = ProjectUsage), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/usage")]
pub(in crate::http) async fn show_usage(
    office: Data<Office>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    seen.wait(&office).await?;
    ok(office.usage(&name).await?)
}

/// One project. The ETag is the version of its stream.
#[utoipa::path(context_path = "/api/v1", tag = "projects", params(Seen),
    responses((status = 200, body = ProjectShape), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}")]
pub(in crate::http) async fn show_project(
    office: Data<Office>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    seen.wait(&office).await?;
    let project = office.project(&name)?;
    let version = project.version;
    versioned(project, version)
}

/// Change settings, target and spec; what is absent stays.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[patch("/projects/{p}")]
pub(in crate::http) async fn change_project(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
    change: Json<ProjectChange>,
) -> Answer {
    ok(office.change_project(&wish, &name, &change).await?)
}

/// Delete a stopped project. Its name is never used again, its log stays.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[delete("/projects/{p}")]
pub(in crate::http) async fn delete_project(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
) -> Answer {
    ok(office.delete_project(&wish, &name).await?)
}

/// Set how many agents work at once.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[put("/projects/{p}/target")]
pub(in crate::http) async fn set_target(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
    target: Json<NewTarget>,
) -> Answer {
    ok(office.set_target(&wish, &name, target.count).await?)
}

/// How a project is started.
#[derive(Debug, Deserialize, IntoParams)]
pub(in crate::http) struct Starting {
    /// Whether the programs that the project needs are sought where they will run, and the
    /// start refused when one is missing. Yes when nothing is said.
    trial: Option<bool>,
}

/// Begin to work.
#[utoipa::path(context_path = "/api/v1", tag = "projects", params(Starting),
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/start")]
pub(in crate::http) async fn start_project(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
    starting: Query<Starting>,
) -> Answer {
    if starting.trial.unwrap_or(true) {
        office.try_programs(&name).await?;
    }
    ok(office.intend(&wish, &name, Wanted::Start).await?)
}

/// Begin nothing new, end what runs, then stop.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/drain")]
pub(in crate::http) async fn drain_project(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
) -> Answer {
    ok(office.intend(&wish, &name, Wanted::Drain).await?)
}

/// Stop now; work in progress is secured first.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/stop")]
pub(in crate::http) async fn stop_project(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
) -> Answer {
    ok(office.intend(&wish, &name, Wanted::Stop).await?)
}

/// Have the spec of a repository that had a life of its own made a backlog; a new project's is by
/// itself.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/initialize")]
pub(in crate::http) async fn initialize_project(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
) -> Answer {
    ok(office.intend(&wish, &name, Wanted::Initialize).await?)
}

/// Have what is in trouble (a provider, the agent's tool, the setup) tried at once, without waiting
/// for the next probe.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/retry")]
pub(in crate::http) async fn retry_project(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
) -> Answer {
    ok(office.intend(&wish, &name, Wanted::Retry).await?)
}

/// The project on one page.
#[utoipa::path(context_path = "/api/v1", tag = "projects", params(Seen),
    responses((status = 200, body = Board), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/board")]
pub(in crate::http) async fn show_board(
    office: Data<Office>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    seen.wait(&office).await?;
    ok(office.board(&name)?)
}
