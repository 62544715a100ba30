//! The agent's verbs as tools of the Model Context Protocol, over Streamable HTTP at `/mcp` of the
//! agent's voice. A session is offered the tools of its role; what they may touch is decided where
//! every other request of a session is decided.

use std::sync::{Arc, LazyLock};

use actors::sessions::Sessions;
use actors::sessions::wire::{Problem, Say};
use events::id::SessionId;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Request, Response};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
    JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::serve::{Answer, denied, problem, speech_max};
use super::{Behind, features};

/// What every session is told about the tools.
const INSTRUCTIONS: &str = "These tools speak for the session you run in: its claim, its project. \
                            What they record is final.";

/// A tool as the table has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Row {
    name: String,
    roles: Vec<String>,
    description: String,
    input_schema: Arc<JsonObject>,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../templates/tools.json"))
        .expect("a test reads templates/tools.json")
});

/// Serves one request. Nothing is kept between two of them: a server that starts anew goes on where
/// the last one ended.
pub(super) async fn serve(behind: &Behind, request: Request<Incoming>) -> Answer {
    let tools = Tools {
        sessions: behind.sessions.clone(),
        session: behind.session.clone(),
    };
    let max = speech_max(behind)?;
    let _turn = behind.room.speech(&request, max).await?;
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(max);
    let service = StreamableHttpService::new(
        move || Ok(tools.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    let answer: Response<_> = service.handle(request).await;

    Ok(answer.map(|body| body.map_err(|never| match never {}).boxed()))
}

/// The tools of one session.
#[derive(Clone)]
struct Tools {
    sessions: Sessions,
    session: SessionId,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListArguments {
    status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShowArguments {
    id: Option<String>,
}

/// What a tool says on success: JSON, which models read well enough.
fn told<T: Serialize>(value: &T) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|e| problem("internal", &e.to_string()))
}

fn arguments<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|e| {
        problem(
            "invalid",
            &format!("the arguments are not what is expected here: {e}"),
        )
    })
}

/// A verb and its arguments as what the session says.
fn say(name: &str, mut given: JsonObject) -> Result<Say, Problem> {
    given.insert("verb".to_owned(), Value::String(name.to_owned()));
    arguments(Value::Object(given))
}

impl Tools {
    fn offered(&self) -> Result<Vec<&'static Row>, Problem> {
        let role = self
            .sessions
            .look(&self.session, |_, job| job.role)
            .map_err(denied)?;
        Ok(TABLE
            .iter()
            .filter(|row| row.roles.iter().any(|name| name == role.name()))
            .collect())
    }

    async fn call(&self, name: &str, given: JsonObject) -> Result<String, Problem> {
        match name {
            "list" => {
                let wanted: ListArguments = arguments(Value::Object(given))?;
                told(&features::list(
                    &self.sessions,
                    &self.session,
                    wanted.status.as_deref(),
                )?)
            }
            "show" => {
                let wanted: ShowArguments = arguments(Value::Object(given))?;
                told(&features::show(
                    &self.sessions,
                    &self.session,
                    wanted.id.as_deref(),
                )?)
            }
            verb => told(
                &self
                    .sessions
                    .say(&self.session, say(verb, given)?)
                    .await
                    .map_err(denied)?,
            ),
        }
    }
}

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("supercargo", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let offered = self
            .offered()
            .map_err(|problem| ErrorData::invalid_request(problem.detail, None))?;

        let tools = offered.iter().map(|row| {
            Tool::new(
                row.name.as_str(),
                row.description.as_str(),
                row.input_schema.clone(),
            )
        });
        Ok(ListToolsResult::with_all_items(tools.collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let offered = self
            .offered()
            .map_err(|problem| ErrorData::invalid_request(problem.detail, None))?;
        if !offered.iter().any(|row| row.name == request.name) {
            let names: Vec<&str> = offered.iter().map(|row| row.name.as_str()).collect();
            let why = format!(
                "there is no tool \"{}\" for this session; there are: {}",
                request.name,
                names.join(", ")
            );
            return Err(ErrorData::invalid_params(why, None));
        }

        let answer = self
            .call(&request.name, request.arguments.unwrap_or_default())
            .await;

        // A refusal is the tool's answer: the model has to read it.
        Ok(CallToolResponse::Complete(match answer {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Err(problem) => CallToolResult::error(vec![ContentBlock::text(format!(
                "{}: {}",
                problem.code, problem.detail
            ))]),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a model that follows a schema sends: every property, the least that is allowed.
    fn example(schema: &Value) -> Value {
        if let Some(first) = schema.pointer("/enum/0") {
            return first.clone();
        }

        match schema["type"].as_str() {
            Some("object") => {
                let properties = schema["properties"].as_object().expect("properties");
                Value::Object(
                    properties
                        .iter()
                        .map(|(name, schema)| (name.clone(), example(schema)))
                        .collect(),
                )
            }
            Some("array") => Value::Array(vec![example(&schema["items"])]),
            Some("integer") => 1.into(),
            Some("string") if schema.get("pattern").is_some() => {
                "0123456789abcdef0123456789abcdef01234567".into()
            }
            other => {
                assert_eq!(other, Some("string"), "{schema}");
                "text".into()
            }
        }
    }

    #[test]
    fn what_a_schema_allows_is_understood_and_what_it_does_not_is_refused() {
        let verbs = TABLE
            .iter()
            .filter(|row| row.name != "list" && row.name != "show");
        for row in verbs {
            let schema = Value::Object((*row.input_schema).clone());
            let Value::Object(given) = example(&schema) else {
                panic!("{} takes no object", row.name)
            };
            say(&row.name, given.clone())
                .unwrap_or_else(|why| panic!("{}: {}", row.name, why.detail));
            let mut more = given.clone();
            more.insert("unheard_of".to_owned(), Value::Null);
            assert!(say(&row.name, more).is_err(), "{}", row.name);
            for needed in schema["required"]
                .as_array()
                .expect("required")
                .iter()
                .filter_map(Value::as_str)
            {
                let mut less = given.clone();
                less.remove(needed);
                assert!(
                    say(&row.name, less).is_err(),
                    "{} without {needed}",
                    row.name
                );
            }
        }

        let roles = ["coder", "reviewer", "overseer", "initializer"];
        assert!(
            TABLE
                .iter()
                .all(|row| row.roles.iter().all(|role| roles.contains(&role.as_str())))
        );
    }

    #[test]
    fn every_verb_of_a_session_is_a_tool() {
        // The verbs as serde itself names them when it is given one that is none.
        let said = say("none", JsonObject::new()).expect_err("no verb").detail;
        let verbs = said.split('`').skip(3).step_by(2);
        let missing: Vec<&str> = verbs
            .filter(|verb| !TABLE.iter().any(|row| row.name == *verb))
            .collect();
        assert!(
            missing.is_empty() && said.matches('`').count() > 8,
            "{missing:?}: {said}"
        );
    }
}
