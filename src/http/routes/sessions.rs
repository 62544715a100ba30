//! `/sessions` and `/stats`.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, Seen, ok};
use crate::api::ProblemShape;
use crate::api::{Found, SessionShape, Stats};
use crate::operator::Operator;

/// Header with the number of the last chunk of a transcript's answer.
const LAST_CHUNK: &str = "x-last-chunk";

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(list_sessions)
        .service(show_session)
        .service(show_transcript)
        .service(find_transcripts)
        .service(show_stats);
}

/// The sessions of a project, the newest first: at most the newest thousand.
#[utoipa::path(context_path = "/api/v1", tag = "sessions", params(Seen),
    responses((status = 200, body = [SessionShape]), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/sessions")]
pub(in crate::http) async fn list_sessions(
    operator: Data<Operator>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    let operator = seen.look(&operator).await?;
    ok(operator.sessions(&name)?)
}

/// One session, over or not.
#[utoipa::path(context_path = "/api/v1", tag = "sessions", params(Seen),
    responses((status = 200, body = SessionShape), (status = "4XX", body = ProblemShape)))]
#[get("/sessions/{id}")]
pub(in crate::http) async fn show_session(
    operator: Data<Operator>,
    id: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    let operator = seen.look(&operator).await?;
    ok(operator.session(&id)?)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Chunks {
    /// Only what came after this chunk.
    #[serde(default)]
    after: u64,
}

/// What a session printed, as it came. The header `x-last-chunk` says where to go on.
#[utoipa::path(context_path = "/api/v1", tag = "sessions", params(Chunks),
    responses((status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = ProblemShape)))]
#[get("/sessions/{id}/transcript")]
pub(in crate::http) async fn show_transcript(
    operator: Data<Operator>,
    id: Path<String>,
    chunks: Query<Chunks>,
) -> Answer {
    let (bytes, last) = operator.transcript(&id, chunks.after).await?;
    // As text and nothing else: what an agent prints is never interpreted.
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((LAST_CHUNK, last.to_string()))
        .insert_header(("x-content-type-options", "nosniff"))
        .body(bytes))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// The text; case counts.
    find: String,
}

/// Lines of what a project's sessions printed that hold a text.
#[utoipa::path(context_path = "/api/v1", tag = "sessions", params(Wanted),
    responses((status = 200, body = Found), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{name}/transcripts")]
pub(in crate::http) async fn find_transcripts(
    operator: Data<Operator>,
    name: Path<String>,
    wanted: Query<Wanted>,
) -> Answer {
    ok(operator.find(&name, &wanted.find).await?)
}

/// Figures of the installation.
#[utoipa::path(context_path = "/api/v1", tag = "sessions", params(Seen), responses((status = 200, body = Stats)))]
#[get("/stats")]
pub(in crate::http) async fn show_stats(operator: Data<Operator>, seen: Query<Seen>) -> Answer {
    let operator = seen.look(&operator).await?;
    ok(operator.stats())
}
