//! Gemini CLI: `gemini --output-format stream-json`, one JSON object a line.

use serde_json::{Value, json};

use super::{Launch, NO_KEY, Signal, Surroundings, number, text};

pub(super) fn launch(model: &str, around: &Surroundings<'_>) -> Result<Launch, String> {
    let settings = json!({
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "general": {"disableAutoUpdate": true, "disableUpdateNag": true},
        "privacy": {"usageStatisticsEnabled": false},
        "telemetry": {"enabled": false},
        "mcpServers": {"supercargo": {"httpUrl": around.tools_url(), "trust": true}},
    });
    // The prompt comes on standard input; an empty one asks for nothing more.
    let arguments = [
        "--yolo",
        "--output-format",
        "stream-json",
        "--model",
        model,
        "--prompt",
        "",
    ]
    .map(str::to_owned)
    .to_vec();
    let environment = vec![
        ("GOOGLE_GEMINI_BASE_URL", around.model_url()?),
        ("GEMINI_API_KEY", NO_KEY.to_owned()),
        // Without it the tool silently asks before every step, and nobody is there to answer.
        ("GEMINI_CLI_TRUST_WORKSPACE", "true".to_owned()),
    ];
    let files = vec![(
        around.home.join(".gemini/settings.json"),
        settings.to_string(),
    )];

    Ok(Launch {
        program: "gemini".to_owned(),
        arguments,
        environment,
        files,
    })
}

pub(super) fn signals(line: &Value) -> Vec<Signal> {
    match text(line, "/type").as_str() {
        "message" if text(line, "/role") == "assistant" => {
            vec![Signal::Text(text(line, "/content"))]
        }
        "tool_use" => {
            vec![Signal::ToolCall {
                name: text(line, "/tool_name"),
                input: super::json(line.get("parameters")),
            }]
        }
        "tool_result" => vec![Signal::ToolResult {
            ok: text(line, "/status") == "success",
            text: text(line, "/output"),
        }],
        "error" => vec![Signal::Trouble(text(line, "/message"))],
        "result" => {
            let usage = Signal::Usage {
                input: number(line, "/stats/input_tokens"),
                output: number(line, "/stats/output_tokens"),
            };
            let is_error = text(line, "/status") != "success";
            vec![
                usage,
                Signal::Result {
                    is_error,
                    text: text(line, "/error/message"),
                },
            ]
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
        let said = r#"{"type":"message","role":"assistant","content":"done","delta":true}"#;
        assert_eq!(read(said), [Signal::Text("done".into())]);
        assert_eq!(
            read(r#"{"type":"message","role":"user","content":"do"}"#),
            []
        );
        let called =
            r#"{"type":"tool_use","tool_name":"run_shell_command","parameters":{"command":"ls"}}"#;
        assert_eq!(
            read(called),
            [Signal::ToolCall {
                name: "run_shell_command".into(),
                input: r#"{"command":"ls"}"#.into()
            }]
        );
        let failed = r#"{"type":"result","status":"error","error":{"message":"no"},"stats":{"input_tokens":1,"output_tokens":2}}"#;

        assert_eq!(
            read(failed),
            [
                Signal::Usage {
                    input: 1,
                    output: 2
                },
                Signal::Result {
                    is_error: true,
                    text: "no".into()
                }
            ]
        );
    }
}
