//! Questions about the past: a state, what changed, why, and why not. All of them are answered from
//! the log alone. Expressions are for the command line: what evaluates them has no bound on its
//! stack, its time and its memory, and a server may not be ended by a question.

use ::events::id::ProjectName;
use ::events::stream::StreamId;
use actix_web::get;
use actix_web::web::{Data, Path, Query, ServiceConfig};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ok};
use crate::api::{Change, ProblemShape, StateShape, WhyNotShape, WhyShape};
use crate::http::problem::ApiProblem;
use crate::operator::Operator;
use crate::replay::{AboutKind, DeedKind, Subject, View, question, wish};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(show_state)
        .service(show_changes)
        .service(show_why)
        .service(show_why_not);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Whose {
    /// One stream, such as `feature-zoo/feat-cp7ce`.
    stream: Option<String>,
    /// One project; every project where neither is named.
    project: Option<String>,
    /// The view of the project; the folded states of its streams without it.
    view: Option<View>,
    /// A position, or a time in RFC 3339; the newest position without it.
    at: Option<String>,
}

/// A subject, from the names of a request.
fn subject(stream: Option<&str>, project: Option<&str>, view: View) -> Result<Subject, ApiProblem> {
    match (stream, project) {
        (Some(_), Some(_)) => Err(ApiProblem::invalid("a stream or a project, not both")),
        (Some(stream), None) => {
            let stream: StreamId = stream.parse().map_err(ApiProblem::invalid)?;
            Ok(Subject::Stream(stream))
        }
        (None, Some(project)) => {
            let project: ProjectName = project.parse().map_err(ApiProblem::invalid)?;
            Ok(Subject::Project(project, view))
        }
        (None, None) => Ok(Subject::Projects),
    }
}

/// What was so: the folded state of a stream, or a view of a project, after a position.
#[utoipa::path(context_path = "/api/v1", tag = "past", params(Whose),
    responses((status = 200, body = StateShape), (status = "4XX", body = ProblemShape)))]
#[get("/state")]
pub(in crate::http) async fn show_state(operator: Data<Operator>, whose: Query<Whose>) -> Answer {
    let view = whose.view.unwrap_or(View::State);
    let subject = subject(whose.stream.as_deref(), whose.project.as_deref(), view)?;
    let recorded = operator.recorded();
    let position = recorded.position_or_newest(whose.at.as_deref()).await?;
    ok(recorded.state(&subject, position).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Between {
    /// The earlier instant: a position, or a time in RFC 3339.
    from: String,
    /// The later one; the newest position without it.
    to: Option<String>,
    /// One stream.
    stream: Option<String>,
    /// One project; every project where neither is named.
    project: Option<String>,
}

/// What is different at a later instant, stream by stream, each change with the event that made it.
/// Taken in their order, each in the state of its stream, they lead from the first to the second.
#[utoipa::path(context_path = "/api/v1", tag = "past", params(Between),
    responses((status = 200, body = [Change]), (status = "4XX", body = ProblemShape)))]
#[get("/changes")]
pub(in crate::http) async fn show_changes(
    operator: Data<Operator>,
    between: Query<Between>,
) -> Answer {
    let subject = subject(
        between.stream.as_deref(),
        between.project.as_deref(),
        View::State,
    )?;
    let recorded = operator.recorded();
    let instants = (Some(between.from.as_str()), between.to.as_deref());
    let instants = recorded.between(instants).await?;
    ok(recorded.changes(&subject, instants).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct About {
    /// What is asked about; `merge` is an entry of the merge queue.
    about: AboutKind,
    /// The id of the feature or session, the number of the slot or entry.
    id: Option<String>,
    /// A position, or a time in RFC 3339; now without it.
    at: Option<String>,
}

/// Why something is as it is and what it waits for, in sentences that cite the log.
#[utoipa::path(context_path = "/api/v1", tag = "past", params(About),
    responses((status = 200, body = WhyShape), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/why")]
pub(in crate::http) async fn show_why(
    operator: Data<Operator>,
    name: Path<String>,
    about: Query<About>,
) -> Answer {
    let question = question(&name, about.about, about.id.as_deref())?;
    ok(operator.why(&question, about.at.as_deref()).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wished {
    /// The kind of deed that is wished for.
    deed: DeedKind,
    /// The id of the feature, the number of the slot or of the entry of the merge queue.
    id: Option<String>,
    /// Whoever would claim: a slot's number, or the name of somebody outside; the fleet without it.
    by: Option<String>,
    /// A position, or a time in RFC 3339; now without it.
    at: Option<String>,
}

/// What would come of a wish: the events, the refusal, or what is missing. Nothing is done.
#[utoipa::path(context_path = "/api/v1", tag = "past", params(Wished),
    responses((status = 200, body = WhyNotShape), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/why-not")]
pub(in crate::http) async fn show_why_not(
    operator: Data<Operator>,
    name: Path<String>,
    wished: Query<Wished>,
) -> Answer {
    let (id, by) = (wished.id.as_deref(), wished.by.as_deref());
    let wish = wish(&name, wished.deed, id, by)?;
    ok(operator.why_not(&wish, wished.at.as_deref()).await?)
}
