//! The routes, one file a noun.

mod about;
mod answers;
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
pub(super) mod replay;
pub(super) mod report;
pub(super) mod session;
pub(super) mod sessions;
pub(super) mod subscriptions;
pub(super) mod upstream;

use actix_web::HttpResponse;
use actix_web::web::{ServiceConfig, scope};

use super::problem::ApiProblem;

use answers::{Seen, ok, versioned, within_log};
pub(super) use bridge::is_of_interface;
pub use live::LIVE_PROTOCOL;
pub(super) use session::SIGN_IN;

pub(super) type Answer = Result<HttpResponse, ApiProblem>;

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
        .configure(replay::configure)
        .configure(report::configure)
        .configure(integrity::configure)
        .configure(live::configure);

    config
        .service(api)
        .configure(git::configure)
        .configure(hooks::configure)
        .configure(about::configure)
        .configure(bridge::configure);
}
