//! `/projects/{p}/evidence`: what stands behind "done", and the texts that digests stand for.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ok};
use crate::api::EvidenceShape;
use crate::api::ProblemShape;
use crate::http::problem::ApiProblem;
use crate::operator::{About, Operator};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_evidence).service(show_evidence);
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Of this feature.
    feature: Option<String>,
    /// Of this entry of the merge queue.
    entry: Option<u64>,
}

/// The evidence for a feature, for a merge or, without either, for the project: specs, prompts,
/// verdicts, verifications, reports, ends of sessions. The newest thousand pieces, oldest first.
#[utoipa::path(context_path = "/api/v1", tag = "evidence", params(Asked),
    responses((status = 200, body = [EvidenceShape]), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/evidence")]
pub(in crate::http) async fn list_evidence(
    operator: Data<Operator>,
    name: Path<String>,
    asked: Query<Asked>,
) -> Answer {
    let about = match asked.into_inner() {
        Asked {
            feature: Some(_),
            entry: Some(_),
        } => {
            return Err(ApiProblem::invalid("name a feature or an entry, not both"));
        }
        Asked {
            feature: Some(id), ..
        } => About::Feature(id),
        Asked {
            entry: Some(entry), ..
        } => About::Entry(entry),
        Asked { .. } => About::Project,
    };

    ok(operator.evidence(&name, &about).await?)
}

/// The text that a digest of such a list stands for, as it was written: by agents and by people.
#[utoipa::path(context_path = "/api/v1", tag = "evidence",
    responses((status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = ProblemShape)))]
#[get("/evidence/{digest}")]
pub(in crate::http) async fn show_evidence(
    operator: Data<Operator>,
    digest: Path<String>,
) -> Answer {
    let text = operator.evidence_text(&digest).await?;
    // As text and nothing else: what an agent wrote is never interpreted.
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header(("x-content-type-options", "nosniff"))
        .body(text))
}
