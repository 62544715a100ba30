//! `/subscriptions`: readers outside of us whose place in the log we keep.

use ::events::id::ReaderId;
use ::events::stream::Position;
use actix_web::web::{Data, Path, Payload, Query, ServiceConfig};
use actix_web::{HttpRequest, delete, get, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::live::{Subscribers, upgrade};
use super::presence::Presence;
use super::{Answer, ok, versioned};
use crate::http::body::Json;
use crate::http::office::{Asked, Office, Wish};
use crate::http::problem::{ApiProblem, ProblemShape};
use crate::http::shapes::{
    Again, Delivery, NewSubscription, SetAside, SubscriptionShape, Taken, Written,
};

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
pub(in crate::http) async fn list_subscriptions(office: Data<Office>) -> Answer {
    ok(office.subscriptions())
}

/// Give a reader a name and a place.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/subscriptions")]
pub(in crate::http) async fn subscribe(
    office: Data<Office>,
    wish: Wish,
    new: Json<NewSubscription>,
) -> Answer {
    ok(office.subscribe(&wish, &new).await?)
}

/// One subscription.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions",
    responses((status = 200, body = SubscriptionShape), (status = "4XX", body = ProblemShape)))]
#[get("/subscriptions/{name}")]
pub(in crate::http) async fn show_subscription(office: Data<Office>, name: Path<String>) -> Answer {
    let shape = office.subscription(&name)?;
    let version = shape.version;
    versioned(shape, version)
}

/// End a subscription.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[delete("/subscriptions/{name}")]
pub(in crate::http) async fn unsubscribe(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
) -> Answer {
    ok(office.unsubscribe(&wish, &name).await?)
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
    office: Data<Office>,
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
    ok(office.deliver(&name, asked).await?)
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
    office: Data<Office>,
    subscribers: Data<Subscribers>,
    name: Path<String>,
    told: Query<Told>,
) -> Answer {
    office.subscription(&name)?;
    let seat = subscribers.seat()?;
    let (response, session, messages) = upgrade(&request, body)?;
    let presence = Presence {
        office: office.get_ref().clone(),
        name: Office::name(&name)?,
        reader: told.into_inner().reader.unwrap_or_default(),
        session,
    };
    actix_web::rt::spawn(async move {
        let _seat = seat;
        presence.run(messages).await;
    });
    Ok(response)
}

/// This event was taken, and all before it.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions", params(Told),
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/subscriptions/{name}/acknowledge")]
pub(in crate::http) async fn acknowledge(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
    told: Query<Told>,
    taken: Json<Taken>,
) -> Answer {
    let reader = told.into_inner().reader.unwrap_or_default();
    let position = taken.position;
    ok(office.acknowledge(&wish, &name, &reader, position).await?)
}

/// This event cannot be taken; the others go on.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions", params(Told),
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/subscriptions/{name}/park")]
pub(in crate::http) async fn park(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
    told: Query<Told>,
    aside: Json<SetAside>,
) -> Answer {
    let reader = told.into_inner().reader.unwrap_or_default();
    ok(office.park(&wish, &name, &reader, &aside).await?)
}

/// Deliver what is parked again.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/subscriptions/{name}/replay")]
pub(in crate::http) async fn replay(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
    again: Json<Again>,
) -> Answer {
    ok(office.replay(&wish, &name, again.position).await?)
}
