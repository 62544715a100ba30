//! `/subscriptions`: readers outside of us whose place in the log we keep.

use ::events::id::ReaderId;
use ::events::stream::Position;
use actix_web::web::{Data, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, delete, get, post};
use actors::rejection::Rejection;
use serde::Deserialize;
use utoipa::IntoParams;

use super::live::{Subscribers, upgrade};
use super::presence::Presence;
use super::{Answer, ok, versioned};
use crate::api::ProblemShape;
use crate::api::{Again, Delivery, NewSubscription, SetAside, SubscriptionShape, Taken, Written};
use crate::http::body::Json;
use crate::http::problem::ApiProblem;
use crate::operator::{Asked, Operator, RequestContext};

/// Most events in one delivery, and how many when nothing is said.
const LIMIT_MAX: usize = 100;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(list_subscriptions)
        .service(subscribe)
        .service(show_subscription)
        .service(unsubscribe);
    config
        .service(deliver)
        .service(hold)
        .service(acknowledge)
        .service(park)
        .service(replay);
}

/// All subscriptions.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions", responses((status = 200, body = Vec<SubscriptionShape>)))]
#[get("/subscriptions")]
pub(in crate::http) async fn list_subscriptions(operator: Data<Operator>) -> Answer {
    ok(operator.subscriptions())
}

/// Give a reader a name and a place.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/subscriptions")]
pub(in crate::http) async fn subscribe(
    operator: Data<Operator>,
    context: RequestContext,
    new: Json<NewSubscription>,
) -> Answer {
    ok(operator.subscribe(&context, &new).await?)
}

/// One subscription.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions",
    responses((status = 200, body = SubscriptionShape), (status = "4XX", body = ProblemShape)))]
#[get("/subscriptions/{name}")]
pub(in crate::http) async fn show_subscription(
    operator: Data<Operator>,
    name: Path<String>,
) -> Answer {
    let shape = operator.subscription(&name)?;
    let version = shape.version;
    versioned(shape, version)
}

/// End a subscription.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[delete("/subscriptions/{name}")]
pub(in crate::http) async fn unsubscribe(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
) -> Answer {
    ok(operator.unsubscribe(&context, &name).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Who asks: up to 64 of A-Z, a-z, 0-9, '.', '_' and '-'. One reader at a time gets the events
    /// of a subscription, another is refused with `read_by_another`. A reader keeps its turn by
    /// asking, acknowledging or parking at least once in 60 seconds, or by a connection to
    /// `hold`. All that give no name are one reader.
    #[param(value_type = Option<String>)]
    reader: Option<ReaderId>,
    /// Go on looking after this position; nothing before the checkpoint is looked at.
    from: Option<u64>,
    /// At most this many, 1 to 100.
    limit: Option<usize>,
    /// Wait for the turn and for an event, 30 seconds at most: without one, ask again.
    #[serde(default)]
    wait: bool,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Told {
    /// Who says it, as it asked. Refused with `lease_lost` where another has the turn meanwhile.
    #[param(value_type = Option<String>)]
    reader: Option<ReaderId>,
}

/// What the reader gets next.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions", params(Wanted),
    responses((status = 200, body = Delivery), (status = "4XX", body = ProblemShape)))]
#[get("/subscriptions/{name}/next")]
pub(in crate::http) async fn deliver(
    operator: Data<Operator>,
    name: Path<String>,
    wanted: Query<Wanted>,
) -> Answer {
    let limit = wanted.limit.unwrap_or(LIMIT_MAX);
    if limit == 0 || limit > LIMIT_MAX {
        return Err(ApiProblem::invalid(format!(
            "limit is {limit}, 1 to {LIMIT_MAX} are allowed"
        )));
    }

    let asked = Asked {
        reader: wanted.reader.clone().unwrap_or_default(),
        from: wanted.from.map(Position),
        limit,
        wait: wanted.wait,
    };
    ok(operator.deliver(&name, asked).await?)
}

/// A reader that is there, for as long as this connection stands.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions", params(Told),
    responses((status = 101, description = "WebSocket without messages; while pings are answered \
                                            the reader keeps its turn, and when the connection \
                                            ends the next one has it at once"),
              (status = "4XX", body = ProblemShape)))]
#[get("/subscriptions/{name}/hold")]
pub(in crate::http) async fn hold(
    request: HttpRequest,
    body: Payload,
    operator: Data<Operator>,
    subscribers: Data<Subscribers>,
    name: Path<String>,
    told: Query<Told>,
) -> Answer {
    operator.subscription(&name)?;
    let subscriber = subscribers.admit()?;
    let (response, session, messages) = upgrade(&request, body)?;
    let presence = Presence {
        operator: operator.get_ref().clone(),
        name: name.parse().map_err(Rejection::invalid)?,
        reader: told.into_inner().reader.unwrap_or_default(),
        session,
    };

    actix_web::rt::spawn(async move {
        let _subscriber = subscriber;
        presence.run(messages).await;
    });
    Ok(response)
}

/// This event was taken, and all before it.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions", params(Told),
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/subscriptions/{name}/acknowledge")]
pub(in crate::http) async fn acknowledge(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
    told: Query<Told>,
    taken: Json<Taken>,
) -> Answer {
    let reader = told.into_inner().reader.unwrap_or_default();
    let position = taken.position;
    ok(operator
        .acknowledge(&context, &name, &reader, position)
        .await?)
}

/// This event cannot be taken; the others go on.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions", params(Told),
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/subscriptions/{name}/park")]
pub(in crate::http) async fn park(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
    told: Query<Told>,
    aside: Json<SetAside>,
) -> Answer {
    let reader = told.into_inner().reader.unwrap_or_default();
    ok(operator.park(&context, &name, &reader, &aside).await?)
}

/// Deliver what is parked again.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/subscriptions/{name}/replay")]
pub(in crate::http) async fn replay(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
    again: Json<Again>,
) -> Answer {
    ok(operator.replay(&context, &name, again.position).await?)
}
