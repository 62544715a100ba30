//! `/projects`.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, delete, get, patch, post, put};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, Seen, ok, versioned};
use crate::api::ProblemShape;
use crate::api::{
    Board, NewProject, NewTarget, ProjectChange, ProjectShape, ProjectUsage, Written,
};
use crate::http::body::Json;
use crate::operator::{Operator, RequestContext, Wanted};

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

/// Every project, by its name.
#[utoipa::path(context_path = "/api/v1", tag = "projects", params(Seen), responses((status = 200, body = [ProjectShape])))]
#[get("/projects")]
pub(in crate::http) async fn list_projects(operator: Data<Operator>, seen: Query<Seen>) -> Answer {
    let operator = seen.look(&operator).await?;
    ok(operator.projects())
}

/// Register a project; its upstream has to answer.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 201, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects")]
pub(in crate::http) async fn add_project(
    operator: Data<Operator>,
    context: RequestContext,
    new: Json<NewProject>,
) -> Answer {
    Ok(HttpResponse::Created().json(operator.add_project(&context, new.into_inner()).await?))
}

/// What it uses: its containers now, its models and the way out so far, and disk.
#[utoipa::path(context_path = "/api/v1", tag = "projects", params(Seen),
    responses((status = 200, body = ProjectUsage), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/usage")]
pub(in crate::http) async fn show_usage(
    operator: Data<Operator>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    let operator = seen.look(&operator).await?;
    ok(operator.usage(&name).await?)
}

/// One project. The ETag is the version of its stream.
#[utoipa::path(context_path = "/api/v1", tag = "projects", params(Seen),
    responses((status = 200, body = ProjectShape), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}")]
pub(in crate::http) async fn show_project(
    operator: Data<Operator>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    let operator = seen.look(&operator).await?;
    let project = operator.project(&name)?;
    let version = project.version;
    versioned(project, version)
}

/// Change settings, target and spec; what is absent stays.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[patch("/projects/{p}")]
pub(in crate::http) async fn change_project(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
    change: Json<ProjectChange>,
) -> Answer {
    ok(operator.change_project(&context, &name, &change).await?)
}

/// Delete a stopped project. Its name is never used again, its log stays.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[delete("/projects/{p}")]
pub(in crate::http) async fn delete_project(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
) -> Answer {
    ok(operator.delete_project(&context, &name).await?)
}

/// Set how many agents work at once.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[put("/projects/{p}/target")]
pub(in crate::http) async fn set_target(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
    target: Json<NewTarget>,
) -> Answer {
    ok(operator.set_target(&context, &name, target.count).await?)
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
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
    starting: Query<Starting>,
) -> Answer {
    if starting.trial.unwrap_or(true) {
        operator.try_programs(&name).await?;
    }
    ok(operator.intend(&context, &name, Wanted::Start).await?)
}

/// Begin nothing new, end what runs, then stop.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/drain")]
pub(in crate::http) async fn drain_project(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
) -> Answer {
    ok(operator.intend(&context, &name, Wanted::Drain).await?)
}

/// Stop now; work in progress is secured first.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/stop")]
pub(in crate::http) async fn stop_project(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
) -> Answer {
    ok(operator.intend(&context, &name, Wanted::Stop).await?)
}

/// Have the spec of a repository that had a life of its own made a backlog; a new project's is by
/// itself.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/initialize")]
pub(in crate::http) async fn initialize_project(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
) -> Answer {
    ok(operator.intend(&context, &name, Wanted::Initialize).await?)
}

/// Have what is in trouble (a provider, the agent's tool, the setup) tried at once, without waiting
/// for the next probe.
#[utoipa::path(context_path = "/api/v1", tag = "projects",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/retry")]
pub(in crate::http) async fn retry_project(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
) -> Answer {
    ok(operator.intend(&context, &name, Wanted::Retry).await?)
}

/// The project on one page.
#[utoipa::path(context_path = "/api/v1", tag = "projects", params(Seen),
    responses((status = 200, body = Board), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/board")]
pub(in crate::http) async fn show_board(
    operator: Data<Operator>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    let operator = seen.look(&operator).await?;
    ok(operator.board(&name)?)
}
