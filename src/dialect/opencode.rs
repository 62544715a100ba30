//! OpenCode: `opencode run --format json`, one JSON object a line. Its provider is ours, by
//! configuration in its environment; that of the repository, and plugins, are not loaded.

use serde_json::{Value, json};

use super::{Launch, NO_KEY, Signal, Surroundings, number, text};

pub(super) fn launch(model: &str, around: &Surroundings<'_>) -> Result<Launch, String> {
    let name = match model.split_once('/') {
        Some((_, name)) => name,
        None => model,
    };
    let config = json!({
        "$schema": "https://opencode.ai/config.json",
        "autoupdate": false,
        "share": "disabled",
        "permission": {"edit": "allow", "bash": "allow", "webfetch": "allow"},
        "model": format!("supercargo/{name}"),
        "small_model": format!("supercargo/{name}"),
        "mcp": {"supercargo": {"type": "remote", "url": around.tools_url(), "enabled": true}},
        "provider": {"supercargo": {
            "npm": "@ai-sdk/openai-compatible",
            "name": "supercargo",
            "options": {"baseURL": around.model_url()?, "apiKey": NO_KEY},
            "models": {name: {"name": name, "tool_call": true}},
        }},
    });
    let arguments = ["run", "--format", "json", "--pure", "--auto", "-m"].map(str::to_owned);
    let arguments = arguments
        .into_iter()
        .chain([format!("supercargo/{name}")])
        .collect();
    let on = || "1".to_owned();
    let environment = vec![
        ("OPENCODE_CONFIG_CONTENT", config.to_string()),
        ("OPENCODE_DISABLE_PROJECT_CONFIG", on()),
        ("OPENCODE_DISABLE_MODELS_FETCH", on()),
        ("OPENCODE_DISABLE_AUTOUPDATE", on()),
        ("OPENCODE_DISABLE_LSP_DOWNLOAD", on()),
        ("OPENCODE_DISABLE_DEFAULT_PLUGINS", on()),
        ("OPENCODE_DISABLE_CLAUDE_CODE", on()),
        ("OPENCODE_DISABLE_SHARE", on()),
        ("OPENCODE_DISABLE_TERMINAL_TITLE", on()),
        (
            "XDG_DATA_HOME",
            around.home.join(".local/share").display().to_string(),
        ),
    ];

    Ok(Launch {
        program: "opencode".to_owned(),
        arguments,
        environment,
        files: vec![],
    })
}

pub(super) fn signals(line: &Value) -> Vec<Signal> {
    match text(line, "/type").as_str() {
        "text" => vec![Signal::Text(text(line, "/part/text"))],
        "reasoning" => vec![Signal::Thinking(text(line, "/part/text"))],
        "tool_use" => tool_use(line),
        "step_finish" => {
            let mut said = vec![Signal::Usage {
                input: number(line, "/part/tokens/input"),
                output: number(line, "/part/tokens/output"),
            }];
            if text(line, "/part/reason") == "stop" {
                said.push(Signal::Result {
                    is_error: false,
                    text: String::new(),
                });
            }
            said
        }
        "error" => error(line),
        _ => vec![],
    }
}

/// A tool that was called and is over.
fn tool_use(line: &Value) -> Vec<Signal> {
    let exit = line.pointer("/part/state/metadata/exit");
    // Tools that are no program end without an exit code.
    let failed = match exit.and_then(Value::as_i64) {
        Some(exit) => exit != 0,
        None => false,
    };

    vec![
        Signal::ToolCall {
            name: text(line, "/part/tool"),
            input: super::json(line.pointer("/part/state/input")),
        },
        Signal::ToolResult {
            ok: text(line, "/part/state/status") == "completed" && !failed,
            text: text(line, "/part/state/output"),
        },
    ]
}

/// What ends a session that could not go on.
fn error(line: &Value) -> Vec<Signal> {
    let mut said = vec![];
    let status = number(line, "/error/data/statusCode");
    if matches!(status, 429 | 529) {
        said.push(Signal::Limit(format!("status {status}")));
    }

    let (name, message) = (text(line, "/error/name"), text(line, "/error/data/message"));
    said.push(Signal::Result {
        is_error: true,
        text: format!("{name} {message}").trim().to_owned(),
    });
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_signals() {
        let read = |line: &str| signals(&serde_json::from_str(line).expect("JSON"));
        let tool = r#"{"type":"tool_use","part":{"tool":"bash","state":{"status":"completed","input":{"command":"ls"},"output":"x",
            "metadata":{"exit":2}}}}"#;
        let called = Signal::ToolCall {
            name: "bash".into(),
            input: r#"{"command":"ls"}"#.into(),
        };
        assert_eq!(
            read(tool),
            [
                called,
                Signal::ToolResult {
                    ok: false,
                    text: "x".into()
                }
            ]
        );
        let stop =
            r#"{"type":"step_finish","part":{"reason":"stop","tokens":{"input":5,"output":2}}}"#;
        let end = Signal::Result {
            is_error: false,
            text: String::new(),
        };

        assert_eq!(
            read(stop),
            [
                Signal::Usage {
                    input: 5,
                    output: 2
                },
                end
            ]
        );
        let more = r#"{"type":"step_finish","part":{"reason":"tool-calls","tokens":{"input":5,"output":2}}}"#;
        assert_eq!(
            read(more),
            [Signal::Usage {
                input: 5,
                output: 2
            }]
        );
        let error = r#"{"type":"error","error":{"name":"APIError","data":{"message":"slow down","statusCode":429}}}"#;
        let failed = Signal::Result {
            is_error: true,
            text: "APIError slow down".into(),
        };
        assert_eq!(read(error), [Signal::Limit("status 429".into()), failed]);
    }
}
