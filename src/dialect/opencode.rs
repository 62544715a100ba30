//! OpenCode: `opencode run --format json`, one JSON object a line. Its provider is ours, by
//! configuration in its environment; that of the repository, and plugins, are not loaded.

use serde_json::{Value, json};

use super::{Launch, NO_KEY, Signal, Surroundings, number, text};

pub(super) fn launch(model: &str, around: &Surroundings<'_>) -> Result<Launch, String> {
    let name = model.split_once('/').map_or(model, |(_, name)| name);
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
        "tool_use" => {
            let (name, input) = (
                text(line, "/part/tool"),
                super::json(line.pointer("/part/state/input")),
            );
            let status = text(line, "/part/state/status");
            let exit = line
                .pointer("/part/state/metadata/exit")
                .and_then(Value::as_i64);
            let ok = status == "completed" && exit.is_none_or(|exit| exit == 0);
            vec![
                Signal::ToolCall { name, input },
                Signal::ToolResult {
                    ok,
                    text: text(line, "/part/state/output"),
                },
            ]
        }
        "step_finish" => {
            let usage = Signal::Usage {
                input: number(line, "/part/tokens/input"),
                output: number(line, "/part/tokens/output"),
            };
            match text(line, "/part/reason").as_str() {
                "stop" => vec![
                    usage,
                    Signal::Result {
                        is_error: false,
                        text: String::new(),
                    },
                ],
                _ => vec![usage],
            }
        }
        "error" => {
            let status = number(line, "/error/data/statusCode");
            let told = format!(
                "{} {}",
                text(line, "/error/name"),
                text(line, "/error/data/message")
            );
            let limit =
                matches!(status, 429 | 529).then(|| Signal::Limit(format!("status {status}")));
            limit
                .into_iter()
                .chain([Signal::Result {
                    is_error: true,
                    text: told.trim().to_owned(),
                }])
                .collect()
        }
        _ => vec![],
    }
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
