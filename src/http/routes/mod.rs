//! The routes, one file a noun.

mod about;
pub(super) mod beads;
pub(super) mod bridge;
pub(super) mod claims;
pub(super) mod containers;
mod diff;
pub(super) mod events;
pub(super) mod evidence;
pub(super) mod features;
pub(super) mod git;
mod hooks;
pub(super) mod integrity;
pub(super) mod live;
pub(super) mod merge_queue;
mod overviews;
pub(super) mod past;
mod presence;
pub(super) mod projects;
pub(super) mod session;
pub(super) mod sessions;
pub(super) mod subscriptions;
pub(super) mod upstream;

use std::time::Duration;

use ::events::stream::Position;
use actix_web::HttpResponse;
use actix_web::http::header::{ETAG, HeaderValue};
use actix_web::web::{ServiceConfig, scope};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::problem::ApiProblem;
use crate::operator::Operator;

pub(super) use bridge::is_of_interface;
pub use live::LIVE_PROTOCOL;
pub(super) use session::SIGN_IN;

pub(super) type Answer = Result<HttpResponse, ApiProblem>;

/// A read that names a position waits until that is folded, at most this long.
const SEEN_WITHIN: Duration = Duration::from_secs(10);

/// Every route of the server.
pub(super) fn configure(config: &mut ServiceConfig) {
    let api = scope("/api/v1")
        .configure(projects::configure)
        .configure(upstream::configure)
        .configure(beads::configure)
        .configure(merge_queue::configure)
        .configure(features::configure)
        .configure(claims::configure)
        .configure(containers::configure)
        .configure(session::configure)
        .configure(sessions::configure)
        .configure(events::configure)
        .configure(evidence::configure)
        .configure(subscriptions::configure)
        .configure(past::configure)
        .configure(integrity::configure)
        .configure(live::configure);

    config
        .service(api)
        .configure(git::configure)
        .configure(hooks::configure)
        .configure(about::configure)
        .configure(bridge::configure);
}

/// A read may name a position that it has to have seen: the answer of a write.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Seen {
    /// Wait until this position is folded.
    after: u64,
    /// Answer as it was after this position, or at this time (RFC 3339).
    at: Option<String>,
}

impl Seen {
    /// The operator whose reads answer this: as of now, or as of then.
    async fn look(&self, operator: &Operator) -> Result<Operator, ApiProblem> {
        self.wait(operator).await?;
        match &self.at {
            None => Ok(operator.clone()),
            Some(when) => {
                let position = operator.position_of(when).await?;
                Ok(operator.as_of(position).await?)
            }
        }
    }

    async fn wait(&self, operator: &Operator) -> Result<(), ApiProblem> {
        within_log(operator, self.after).await?;
        let seen = operator.core.projector.wait_for(Position(self.after));
        tokio::time::timeout(SEEN_WITHIN, seen).await.map_err(|_| {
            let detail = format!("position {} is not folded yet; ask again", self.after);
            ApiProblem::unavailable("not_there_yet", &detail)
        })
    }
}

/// Refuses a position that the log does not hold: waiting for it could take for ever.
async fn within_log(operator: &Operator, position: u64) -> Result<(), ApiProblem> {
    let kernel = operator.core.directory.kernel();
    let head = kernel.feed.newest();
    if position <= head.0 {
        return Ok(());
    }

    // Whoever reads the log's file may know of an event before the feed tells of it.
    let before = Position(position.saturating_sub(1));
    let recorded = kernel.log.read_all(before, 1).await;
    let recorded = recorded.map_err(|e| ApiProblem::unavailable("log", &e.to_string()))?;
    if !recorded.is_empty() {
        return Ok(());
    }
    Err(ApiProblem::invalid(format!(
        "position {position} is beyond the head of the log, which is {head}: no answer named it"
    )))
}

fn ok<T: Serialize>(shape: T) -> Answer {
    Ok(HttpResponse::Ok().json(shape))
}

/// A shape with the version of its stream as its ETag.
fn versioned<T: Serialize>(shape: T, version: u64) -> Answer {
    let mut response = HttpResponse::Ok().json(shape);
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}
