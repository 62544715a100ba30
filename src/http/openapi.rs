//! The API's description, OpenAPI 3.1, made from the handlers and shapes. `docs/openapi.json` is the same text, held in step by a test.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::routes;

#[derive(OpenApi)]
#[openapi(
    info(title = "Supercargo", description = "A fleet of coding agents on one append-only log."),
    paths(
        routes::projects::list_projects,
        routes::projects::add_project,
        routes::projects::show_project,
        routes::projects::show_usage,
        routes::beads::export_beads,
        routes::beads::import_beads,
        routes::beads::publish_beads,
        routes::beads::sync_beads,
        routes::beads::adopt,
        routes::trunk::show_trunk,
        routes::trunk::approve_change,
        routes::trunk::refuse_change,
        routes::trunk::undo_feature,
        routes::trunk::show_conflicts,
        routes::trunk::scaffold,
        routes::upstream::show_upstream,
        routes::upstream::fetch_upstream,
        routes::upstream::accept_upstream,
        routes::upstream::forget_host_keys,
        routes::upstream::show_hook,
        routes::projects::change_project,
        routes::projects::delete_project,
        routes::projects::set_target,
        routes::projects::start_project,
        routes::projects::drain_project,
        routes::projects::stop_project,
        routes::projects::initialize_project,
        routes::projects::show_board,
        routes::features::list_features,
        routes::features::add_feature,
        routes::features::add_backlog,
        routes::features::show_feature,
        routes::features::change_feature,
        routes::features::withdraw_feature,
        routes::features::comment,
        routes::features::answer,
        routes::features::close,
        routes::features::reopen,
        routes::features::requeue,
        routes::features::depend,
        routes::claims::claim_next,
        routes::claims::claim_one,
        routes::claims::heartbeat,
        routes::claims::release,
        routes::claims::submit,
        routes::containers::list_containers,
        routes::containers::show_container,
        routes::containers::stop_container,
        routes::containers::restart_container,
        routes::sessions::show_session,
        routes::sessions::show_transcript,
        routes::sessions::find_transcripts,
        routes::sessions::show_stats,
        routes::events::list_events,
        routes::events::show_event,
        routes::subscriptions::list_subscriptions,
        routes::subscriptions::subscribe,
        routes::subscriptions::show_subscription,
        routes::subscriptions::unsubscribe,
        routes::subscriptions::deliver,
        routes::subscriptions::acknowledge,
        routes::subscriptions::park,
        routes::subscriptions::replay,
        routes::live::live
    ),
    security(("token" = [])),
    modifiers(&Token)
)]
struct Api;

/// Every route wants the bearer token.
struct Token;

impl Modify for Token {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme =
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        api.components
            .get_or_insert_default()
            .security_schemes
            .insert("token".to_owned(), scheme.into());
    }
}

/// The description as JSON, one member a line.
pub fn document() -> String {
    let mut text = Api::openapi()
        .to_pretty_json()
        .expect("the description is plain data");
    text.push('\n');
    text
}
