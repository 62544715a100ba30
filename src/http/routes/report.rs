//! What happened between two instants, of one project or of all: the morning page.

use ::events::report::Scope;
use actix_web::get;
use actix_web::web::{Data, Path, Query, ServiceConfig};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ok};
use crate::api::{ProblemShape, ReportShape};
use crate::http::problem::ApiProblem;
use crate::operator::Operator;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(show_report).service(show_report_of_all);
}

/// How far is looked back where nobody says.
const SINCE: &str = "8h";

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// How long before the end (`8h`, `90m`, `2d`), a time in RFC 3339, or a position; eight hours
    /// without it.
    since: Option<String>,
    /// How long ago it ends, a time in RFC 3339, or a position; now without it.
    until: Option<String>,
}

async fn report(operator: &Operator, scope: Scope, asked: &Asked) -> Answer {
    let since = asked.since.as_deref().unwrap_or(SINCE);
    ok(operator
        .report(scope, since, asked.until.as_deref())
        .await?)
}

/// What happened in a project between two instants, in sentences that cite the log.
#[utoipa::path(context_path = "/api/v1", tag = "past", params(Asked),
    responses((status = 200, body = ReportShape), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/report")]
pub(in crate::http) async fn show_report(
    operator: Data<Operator>,
    name: Path<String>,
    asked: Query<Asked>,
) -> Answer {
    let name = name.parse().map_err(ApiProblem::invalid)?;
    report(&operator, Scope::Project(name), &asked).await
}

/// What happened in all projects and to the server between two instants.
#[utoipa::path(context_path = "/api/v1", tag = "past", params(Asked),
    responses((status = 200, body = ReportShape), (status = "4XX", body = ProblemShape)))]
#[get("/report")]
pub(in crate::http) async fn show_report_of_all(
    operator: Data<Operator>,
    asked: Query<Asked>,
) -> Answer {
    report(&operator, Scope::All, &asked).await
}
