//! `/timeline` and `/position`: the run as a whole, and where in it a time is.

use actix_web::get;
use actix_web::web::{Data, Query, ServiceConfig};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ok};
use crate::api::{Instant, ProblemShape, TimelineShape};
use crate::http::problem::ApiProblem;
use crate::operator::Operator;

/// Shares of time in one answer.
const SHARES_MAX: usize = 400;
/// Shares when nothing is said.
const SHARES_USUAL: usize = 160;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(show_timeline).service(show_position);
}

#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Part {
    /// Only events of this project.
    project: Option<String>,
    /// From this position or time on; from the first event without it.
    from: Option<String>,
    /// Through this position or time; through the newest event without it.
    to: Option<String>,
    /// Equal shares of time, 1 to 400.
    buckets: Option<usize>,
}

/// The run: how many events when, and what a person would look for.
#[utoipa::path(context_path = "/api/v1", tag = "past", params(Part),
    responses((status = 200, body = TimelineShape), (status = "4XX", body = ProblemShape)))]
#[get("/timeline")]
pub(in crate::http) async fn show_timeline(operator: Data<Operator>, part: Query<Part>) -> Answer {
    let shares = part.buckets.unwrap_or(SHARES_USUAL);
    if !(1..=SHARES_MAX).contains(&shares) {
        let why = format!("buckets={shares}: 1 to {SHARES_MAX} are allowed");
        return Err(ApiProblem::invalid(why));
    }

    let between = (part.from.as_deref(), part.to.as_deref());
    let timeline = operator.timeline(part.project.as_deref(), between, shares);
    ok(timeline.await?)
}

#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct When {
    /// A time in RFC 3339, or a position.
    at: String,
}

/// The last event that is not after a time.
#[utoipa::path(context_path = "/api/v1", tag = "past", params(When),
    responses((status = 200, body = Instant), (status = "4XX", body = ProblemShape)))]
#[get("/position")]
pub(in crate::http) async fn show_position(operator: Data<Operator>, when: Query<When>) -> Answer {
    let recorded = operator.recorded();
    let position = recorded.position_of(&when.at).await?;
    let at = recorded.time_of(position).await?;
    ok(Instant::of(position, at))
}
