//! `/subscriptions`: readers outside of us whose place in the log we keep.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{delete, get, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ok, versioned};
use crate::http::body::Json;
use crate::http::office::{Office, Wish};
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
    /// Go on looking after this position; nothing before the checkpoint is looked at.
    from: Option<u64>,
    /// At most this many, 1 to 100.
    limit: Option<usize>,
    /// Wait until there is one.
    #[serde(default)]
    wait: bool,
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
    ok(office
        .deliver(&name, wanted.from, limit, wanted.wait)
        .await?)
}

/// This event was taken, and all before it.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/subscriptions/{name}/acknowledge")]
pub(in crate::http) async fn acknowledge(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
    taken: Json<Taken>,
) -> Answer {
    ok(office.acknowledge(&wish, &name, taken.position).await?)
}

/// This event cannot be taken; the others go on.
#[utoipa::path(context_path = "/api/v1", tag = "subscriptions",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/subscriptions/{name}/park")]
pub(in crate::http) async fn park(
    office: Data<Office>,
    wish: Wish,
    name: Path<String>,
    aside: Json<SetAside>,
) -> Answer {
    ok(office
        .park(&wish, &name, aside.position, &aside.why)
        .await?)
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
