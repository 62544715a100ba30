//! A scripted model on loopback: it speaks Anthropic Messages, OpenAI Responses and OpenAI Chat
//! Completions, streamed, and answers every conversation with one shell command and then a last
//! word. It keeps no state: the step is the number of tool results in the request.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What a request looked like.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    /// What was shown as a key, under whatever name.
    pub(crate) keys: Vec<String>,
    pub(crate) status: u16,
    /// The tools it offered, as JSON.
    pub(crate) tools: String,
}

/// How the model answers; made for one test.
pub(crate) type Script = dyn Fn(&str) -> Answer + Send + Sync;

/// What the model does next, given all that was said so far.
pub(crate) enum Answer {
    /// Runs this in a shell.
    Run(String),
    /// Fails with this status.
    Fail(u16),
}

/// The endpoint, until it is dropped.
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Tokens that every answer says it used: read, written.
pub(crate) const TOKENS: (u64, u64) = (100, 20);

impl Endpoint {
    pub(crate) fn start(script: Box<Script>) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (told, address) = std::sync::mpsc::channel();
        let (seen, script): (_, Arc<Script>) = (asked.clone(), script.into());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
                told.send(listener.local_addr().expect("an address"))
                    .expect("the test waits");
                tokio::select! {
                    () = serve(listener, seen, script) => {}
                    _ = stopped => {}
                }
            });
        });
        let address = address.recv().expect("listening");

        Self {
            address,
            asked,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("asked").clone()
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the endpoint ended well");
        }
    }
}

async fn serve(listener: TcpListener, asked: Arc<Mutex<Vec<Asked>>>, script: Arc<Script>) {
    loop {
        let (stream, _) = listener.accept().await.expect("accepted");
        let (asked, script) = (asked.clone(), script.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let (asked, script) = (asked.clone(), script.clone());
                async move { Ok::<_, Infallible>(answer(request, &asked, &*script).await) }
            });
            // A client that goes away is its own business.
            drop(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await,
            );
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    asked: &Mutex<Vec<Asked>>,
    script: &Script,
) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();

    if request.method() == Method::GET
        && let Some(answer) = catalogue(&path)
    {
        return answer;
    }
    let names = ["authorization", "x-api-key", "x-goog-api-key"];
    let keys = names
        .iter()
        .filter_map(|name| request.headers().get(*name))
        .map(|v| v.to_str().expect("text").to_owned());
    let keys = keys.collect();
    let body = request
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let speak: Option<fn(&Value, &str, Said<'_>) -> String> = match path.as_str() {
        "/v1/messages" => Some(anthropic),
        "/v1/responses" => Some(responses),
        "/v1/chat/completions" => Some(chat),
        _ => None,
    };
    let (status, text) = match speak {
        None => (404, json!({"error": {"message": "not known"}}).to_string()),
        Some(speak) => match next(&path, &body, script) {
            Next::Fail(status) => (
                status,
                json!({"error": {"type": "scripted", "message": "scripted"}}).to_string(),
            ),
            Next::Call(tool, arguments) => (
                200,
                speak(&body, "call", Said::Call(&tool, &arguments.to_string())),
            ),
            Next::Say(text) => (200, speak(&body, "say", Said::Text(text))),
        },
    };
    let tools = body["tools"].to_string();

    asked.lock().expect("asked").push(Asked {
        path,
        keys,
        status,
        tools,
    });
    let kind = if text.starts_with("event:") || text.starts_with("data:") {
        "text/event-stream"
    } else {
        "application/json"
    };

    let response = Response::builder()
        .status(StatusCode::from_u16(status).expect("a status"))
        .header("content-type", kind);
    response
        .body(Full::new(Bytes::from(text)))
        .expect("an answer")
}

/// The models that it says it has; none of the other vendors' lists are kept here.
pub(crate) const MODELS: [&str; 4] = [
    "claude-sonnet-4-5-20250929",
    "claude-opus-4-5",
    "gpt-5-codex",
    "glm-4.7",
];

/// What a vendor answers who is asked for its models: for one of them, by a short name too, and for
/// all.
fn catalogue(path: &str) -> Option<Response<Full<Bytes>>> {
    let rest = path.strip_prefix("/v1/models")?;
    let (status, body) = match rest.strip_prefix('/') {
        None => {
            let all = MODELS.map(|id| json!({"type": "model", "id": id}));
            (200, json!({"data": all, "has_more": false}))
        }
        Some(asked) => match MODELS.iter().find(|id| id.starts_with(asked)) {
            Some(id) => (200, json!({"type": "model", "id": id})),
            None => (404, json!({"error": {"type": "not_found_error"}})),
        },
    };
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    let body = Full::new(Bytes::from(body.to_string()));

    Some(response.body(body).expect("an answer"))
}

enum Next {
    Call(String, Value),
    Say(&'static str),
    Fail(u16),
}

#[derive(Clone, Copy)]
enum Said<'a> {
    Call(&'a str, &'a str),
    Text(&'a str),
}

/// The step of a conversation, and what comes there. A request that offers no shell asks for a
/// title or the like.
fn next(path: &str, body: &Value, script: &Script) -> Next {
    let Some((tool, schema)) = shell(body) else {
        return Next::Say("A title");
    };

    let parts = |pointer: &str| {
        body.pointer(pointer)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };

    let done = match path {
        "/v1/messages" => {
            let contents = parts("/messages")
                .into_iter()
                .filter_map(|m| m["content"].as_array().cloned())
                .flatten();
            contents
                .filter(|block| block["type"] == "tool_result")
                .count()
        }
        "/v1/responses" => parts("/input")
            .iter()
            .filter(|i| {
                i["type"]
                    .as_str()
                    .is_some_and(|t| t.ends_with("_call_output"))
            })
            .count(),
        _ => parts("/messages")
            .iter()
            .filter(|message| message["role"] == "tool")
            .count(),
    };
    if done > 0 {
        return Next::Say("That was it.");
    }

    match script(&body.to_string()) {
        Answer::Fail(status) => Next::Fail(status),
        Answer::Run(command) => Next::Call(tool, arguments(&schema, &command)),
    }
}

/// The tool that runs commands, by its name, with the schema of what it takes.
fn shell(body: &Value) -> Option<(String, Value)> {
    const NAMES: [&str; 6] = [
        "Bash",
        "bash",
        "exec_command",
        "shell_command",
        "shell",
        "run_shell_command",
    ];

    body["tools"].as_array()?.iter().find_map(|tool| {
        let function = tool.get("function").unwrap_or(tool);
        let name = function["name"]
            .as_str()
            .filter(|name| NAMES.contains(name))?;
        let schema = function
            .get("input_schema")
            .or_else(|| function.get("parameters"))?;
        Some((name.to_owned(), schema.clone()))
    })
}

fn arguments(schema: &Value, command: &str) -> Value {
    let mut arguments = serde_json::Map::new();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for name in required.iter().filter_map(Value::as_str) {
        arguments.insert(name.to_owned(), json!("as scripted"));
    }

    let name = ["command", "cmd"]
        .into_iter()
        .find(|name| schema["properties"].get(name).is_some())
        .unwrap_or("command");
    let listed = schema["properties"][name]["type"] == "array";

    arguments.insert(
        name.to_owned(),
        if listed {
            json!(["sh", "-c", command])
        } else {
            json!(command)
        },
    );
    Value::Object(arguments)
}

fn events(events: &[Value]) -> String {
    events
        .iter()
        .map(|event| {
            format!(
                "event: {}\ndata: {event}\n\n",
                event["type"].as_str().unwrap_or("message")
            )
        })
        .collect()
}

fn anthropic(body: &Value, id: &str, said: Said<'_>) -> String {
    let (input, output) = TOKENS;
    let (block, delta, reason) = match said {
        Said::Call(name, arguments) => (
            json!({"type": "tool_use", "id": format!("toolu_{id}"), "name": name, "input": {}}),
            json!({"type": "input_json_delta", "partial_json": arguments}),
            "tool_use",
        ),
        Said::Text(text) => (
            json!({"type": "text", "text": ""}),
            json!({"type": "text_delta", "text": text}),
            "end_turn",
        ),
    };
    let model = body["model"].clone();
    let message = |content: Value, reason: Value, used: Value| {
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": content, "stop_reason": reason,
               "stop_sequence": null, "usage": used})
    };

    if body["stream"] != json!(true) {
        let content = match said {
            Said::Text(text) => json!([{"type": "text", "text": text}]),
            Said::Call(..) => json!([block]),
        };
        return message(
            content,
            json!(reason),
            json!({"input_tokens": input, "output_tokens": output}),
        )
        .to_string();
    }

    let began = json!({"input_tokens": input, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 1});

    events(&[
        json!({"type": "message_start", "message": message(json!([]), Value::Null, began)}),
        json!({"type": "content_block_start", "index": 0, "content_block": block}),
        json!({"type": "content_block_delta", "index": 0, "delta": delta}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null}, "usage": {"output_tokens": output}}),
        json!({"type": "message_stop"}),
    ])
}

fn responses(body: &Value, id: &str, said: Said<'_>) -> String {
    let (input, output) = TOKENS;
    let item = match said {
        Said::Call(name, arguments) => {
            json!({"type": "function_call", "id": format!("fc_{id}"), "call_id": format!("call_{id}"), "name": name, "arguments": arguments})
        }
        Said::Text(text) => {
            json!({"type": "message", "id": format!("msg_{id}"), "role": "assistant", "content": [{"type": "output_text", "text": text}]})
        }
    };
    let usage = json!({"input_tokens": input, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": output,
                       "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": input + output});

    events(&[
        json!({"type": "response.created", "response": {"id": "resp_1", "model": body["model"]}}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
        json!({"type": "response.completed", "response": {"id": "resp_1", "model": body["model"], "usage": usage}}),
    ])
}

fn chat(body: &Value, id: &str, said: Said<'_>) -> String {
    let (input, output) = TOKENS;
    let (delta, reason) = match said {
        Said::Call(name, arguments) => (
            json!({"role": "assistant", "tool_calls": [{"index": 0, "id": format!("call_{id}"), "type": "function",
                   "function": {"name": name, "arguments": arguments}}]}),
            "tool_calls",
        ),
        Said::Text(text) => (json!({"role": "assistant", "content": text}), "stop"),
    };
    let chunk = |choices: Value| json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": choices});
    let mut last = chunk(json!([]));
    last["usage"] = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output});
    let mut chunks = vec![
        chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}])),
        chunk(json!([{"index": 0, "delta": {}, "finish_reason": reason}])),
    ];

    if body.pointer("/stream_options/include_usage") == Some(&json!(true)) {
        chunks.push(last);
    }

    let lines: String = chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\n\n"))
        .collect();
    format!("{lines}data: [DONE]\n\n")
}
