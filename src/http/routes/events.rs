//! `/events`: the log, read by position.

use ::events::envelope::Envelope;
use ::events::log::{EventLog, ReadError};
use ::events::stream::Position;
use actix_web::get;
use actix_web::web::{Data, Path, Query, ServiceConfig};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ok, within_log};
use crate::api::ProblemShape;
use crate::api::{EventPage, EventShape};
use crate::http::problem::ApiProblem;
use crate::operator::Operator;

/// Most events in one answer, and how many when nothing is said.
const LIMIT_MAX: usize = 1000;
/// Most events looked at for one answer: a filter that matches little goes on from `next`.
const SCAN_MAX: usize = 20_000;
/// Events read at once.
const BATCH: usize = 1000;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_events).service(show_event);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only events after this position, the oldest first.
    #[serde(default)]
    after: u64,
    /// Only events before this position, the newest first; `next` is where that goes on.
    before: Option<u64>,
    /// Only events of this stream.
    stream: Option<String>,
    /// Only events of this project's streams.
    project: Option<String>,
    /// Only events of these names, with commas between them; one that ends with a dot stands for
    /// all that begin with it.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Only events that this principal is behind.
    principal: Option<String>,
    /// Only events of this story.
    correlation: Option<String>,
    /// At most this many, 1 to 1000.
    limit: Option<usize>,
    /// Wait until there is one to look at.
    #[serde(default)]
    wait: bool,
}

impl Filter {
    fn matches(&self, envelope: &Envelope) -> bool {
        let is = |wanted: &Option<String>, found: &dyn Fn() -> Option<String>| {
            wanted.is_none() || *wanted == found()
        };
        let cause = &envelope.cause;

        is(&self.stream, &|| Some(envelope.stream.to_string()))
            && is(&self.project, &|| {
                envelope.stream.project().map(ToString::to_string)
            })
            && is(&self.correlation, &|| Some(cause.correlation.to_string()))
            && is(&self.principal, &|| Some(cause.principal.to_string()))
            && self.names(&envelope.kind)
    }

    /// Whether an event's name is wanted.
    fn names(&self, kind: &str) -> bool {
        let Some(wanted) = &self.kind else {
            return true;
        };
        wanted
            .split(',')
            .any(|name| name == kind || (name.ends_with('.') && kind.starts_with(name)))
    }

    /// Most events of the answer.
    fn limit(&self) -> Result<usize, ApiProblem> {
        let limit = self.limit.unwrap_or(LIMIT_MAX);
        if limit == 0 || limit > LIMIT_MAX {
            let why = format!("limit is {limit}, 1 to {LIMIT_MAX} are allowed");
            return Err(ApiProblem::invalid(why));
        }
        Ok(limit)
    }
}

fn unavailable(error: ReadError) -> ApiProblem {
    ApiProblem::unavailable("log_unavailable", &error.to_string())
}

/// Events in the log's order.
#[utoipa::path(context_path = "/api/v1", tag = "events", params(Filter),
    responses((status = 200, body = EventPage), (status = "4XX", body = ProblemShape)))]
#[get("/events")]
pub(in crate::http) async fn list_events(
    operator: Data<Operator>,
    filter: Query<Filter>,
) -> Answer {
    let limit = filter.limit()?;
    if filter.before.is_some() && (filter.after > 0 || filter.wait) {
        let why = "before= looks back: it goes neither with after= nor with wait=";
        return Err(ApiProblem::invalid(why));
    }

    within_log(&operator, filter.after).await?;
    if filter.wait {
        operator
            .core
            .projector
            .wait_for(Position(filter.after.saturating_add(1)))
            .await;
    }

    let log = operator.core.world.log.as_ref();
    let (events, next) = match filter.before {
        Some(before) => backwards(log, &filter, Position(before), limit).await?,
        None => forwards(log, &filter, limit).await?,
    };
    let head = log.head().await.map_err(unavailable)?.position.0;

    ok(EventPage {
        events,
        next: next.0,
        head,
    })
}

/// Events after a position that match, and the last one that was looked at.
async fn forwards(
    log: &dyn EventLog,
    filter: &Filter,
    limit: usize,
) -> Result<(Vec<EventShape>, Position), ApiProblem> {
    let (mut next, mut events, mut scanned) = (Position(filter.after), Vec::new(), 0);

    while events.len() < limit && scanned < SCAN_MAX {
        let batch = log.read_all(next, BATCH).await.map_err(unavailable)?;
        scanned += batch.len();
        for envelope in &batch {
            if events.len() == limit {
                break;
            }
            next = envelope.position;
            if filter.matches(envelope) {
                events.push(EventShape::from(envelope));
            }
        }
        if batch.len() < BATCH {
            break;
        }
    }

    Ok((events, next))
}

/// Events before a position that match, and the first one that was looked at.
async fn backwards(
    log: &dyn EventLog,
    filter: &Filter,
    before: Position,
    limit: usize,
) -> Result<(Vec<EventShape>, Position), ApiProblem> {
    let head = log.head().await.map_err(unavailable)?.position;
    let mut next = Position(before.0.min(head.0.saturating_add(1)));
    let (mut events, mut scanned) = (Vec::new(), 0);

    while events.len() < limit && scanned < SCAN_MAX && next.0 > 1 {
        let first = next.0.saturating_sub(1 + BATCH as u64);
        let count = usize::try_from(next.0 - 1 - first).unwrap_or(BATCH);
        let batch = log.read_all(Position(first), count).await;
        let batch = batch.map_err(unavailable)?;
        scanned += count;
        for envelope in batch.iter().rev() {
            if events.len() == limit {
                break;
            }
            next = envelope.position;
            if filter.matches(envelope) {
                events.push(EventShape::from(envelope));
            }
        }
    }

    Ok((events, next))
}

/// One event.
#[utoipa::path(context_path = "/api/v1", tag = "events",
    responses((status = 200, body = EventShape), (status = "4XX", body = ProblemShape)))]
#[get("/events/{position}")]
pub(in crate::http) async fn show_event(operator: Data<Operator>, position: Path<u64>) -> Answer {
    let before = Position(position.saturating_sub(1));
    let found = operator
        .core
        .world
        .log
        .read_all(before, 1)
        .await
        .map_err(unavailable)?;
    match found
        .first()
        .filter(|envelope| envelope.position.0 == *position)
    {
        Some(envelope) => ok(EventShape::from(envelope)),
        None => Err(ApiProblem::not_found(
            "unknown_event",
            &format!("there is no event at position {position}"),
        )),
    }
}
