//! The API's description, OpenAPI 3.1, made from the handlers and shapes. `docs/openapi.json` is
//! the same text, held in step by a test.

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, Ref, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::routes;
use crate::api::PROBLEM_JSON;
use crate::replay::{AboutKind, DeedKind, View};

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
        routes::past::show_timeline,
        routes::integrity::show_log,
        routes::integrity::verify_log,
        routes::integrity::audit_log,
        routes::past::show_position,
        routes::replay::show_state,
        routes::replay::show_changes,
        routes::replay::show_why,
        routes::replay::show_why_not,
        routes::report::show_report,
        routes::report::show_report_of_all,
        routes::session::open_session,
        routes::session::show_session_of_browser,
        routes::session::close_session,
        routes::session::make_link,
        routes::beads::publish_beads,
        routes::beads::sync_beads,
        routes::beads::adopt,
        routes::merge_queue::show_queue,
        routes::merge_queue::show_entry_diff,
        routes::merge_queue::approve_change,
        routes::merge_queue::refuse_change,
        routes::merge_queue::resume_queue,
        routes::merge_queue::undo_feature,
        routes::merge_queue::show_conflicts,
        routes::merge_queue::scaffold,
        routes::upstream::show_upstream,
        routes::upstream::fetch_upstream,
        routes::upstream::accept_upstream,
        routes::upstream::follow_branch,
        routes::upstream::move_upstream,
        routes::upstream::forget_host_keys,
        routes::upstream::show_hook,
        routes::projects::change_project,
        routes::projects::delete_project,
        routes::projects::set_target,
        routes::projects::start_project,
        routes::projects::drain_project,
        routes::projects::stop_project,
        routes::projects::initialize_project,
        routes::projects::retry_project,
        routes::projects::show_board,
        routes::features::list_features,
        routes::features::add_feature,
        routes::features::add_backlog,
        routes::features::show_feature,
        routes::features::show_diff,
        routes::features::change_feature,
        routes::features::withdraw_feature,
        routes::features::comment,
        routes::features::answer,
        routes::features::close,
        routes::features::reopen,
        routes::features::requeue,
        routes::features::requeue_all,
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
        routes::sessions::list_sessions,
        routes::sessions::show_session,
        routes::sessions::show_transcript,
        routes::sessions::find_transcripts,
        routes::sessions::show_stats,
        routes::events::list_events,
        routes::events::show_event,
        routes::evidence::list_evidence,
        routes::evidence::show_evidence,
        routes::subscriptions::list_subscriptions,
        routes::subscriptions::subscribe,
        routes::subscriptions::show_subscription,
        routes::subscriptions::unsubscribe,
        routes::subscriptions::deliver,
        routes::subscriptions::hold,
        routes::subscriptions::acknowledge,
        routes::subscriptions::park,
        routes::subscriptions::replay,
        routes::live::live
    ),
    // Named by parameters alone.
    components(schemas(View, AboutKind, DeedKind)),
    security(("token" = [])),
    modifiers(&Token, &Errors)
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

/// Every route may answer these, each as a problem.
struct Errors;

/// Errors of every route; bodies are only sent where there is one.
const EVERYWHERE: [(&str, &str); 3] = [
    ("401", "the token is missing or wrong"),
    ("408", "the request or its body did not come in time"),
    ("503", "not possible right now; try again"),
];
/// Errors of routes with a body.
const OF_BODIES: [(&str, &str); 2] = [
    ("413", "the body is larger than what is taken"),
    ("415", "the body is not JSON"),
];

fn problem(description: &str) -> Response {
    let shape = Ref::from_schema_name("ProblemShape");
    ResponseBuilder::new()
        .description(description)
        .content(PROBLEM_JSON, Content::new(Some(shape)))
        .build()
}

impl Errors {
    fn describe(operation: &mut Operation) {
        let responses = &mut operation.responses.responses;
        if let Some(refused) = responses.get_mut("4XX") {
            *refused = problem("refused; `code` says why").into();
        }
        let bodies = match operation.request_body {
            Some(_) => &OF_BODIES[..],
            None => &[],
        };
        for (status, description) in EVERYWHERE.iter().chain(bodies) {
            let response = problem(description).into();
            responses.insert((*status).to_owned(), response);
        }
    }
}

impl Modify for Errors {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        for path in api.paths.paths.values_mut() {
            let operations = [
                &mut path.get,
                &mut path.put,
                &mut path.post,
                &mut path.delete,
                &mut path.patch,
            ];
            operations.into_iter().flatten().for_each(Self::describe);
        }
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
