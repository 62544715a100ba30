//! Codex: `codex exec --json`, one JSON object a line. It has no cost and no word of its own for
//! success: a turn that completed is one.

use serde_json::Value;

use super::{Launch, NO_KEY, Signal, Surroundings, json, number, text};

pub(super) fn launch(model: &str, around: &Surroundings<'_>) -> Result<Launch, String> {
    let url = around.model_url()?;
    let provider = format!(
        "model_providers.supercargo={{name=\"supercargo\",base_url=\"{url}\",env_key=\"SUPERCARGO_MODEL_KEY\",wire_api=\"responses\"}}"
    );
    let tools = format!("mcp_servers.supercargo.url=\"{}\"", around.tools_url());
    let settings = [
        "model_provider=supercargo",
        &provider,
        &tools,
        "analytics.enabled=false",
        "check_for_update_on_startup=false",
        "features.plugins=false",
        "features.apps=false",
    ];
    let mut arguments: Vec<String> = [
        "exec",
        "--json",
        "--skip-git-repo-check",
        // The container is the sandbox.
        "--dangerously-bypass-approvals-and-sandbox",
        "--ignore-user-config",
        "--ignore-rules",
        "--ephemeral",
        "-m",
        model,
    ]
    .map(str::to_owned)
    .to_vec();

    arguments.extend(
        settings
            .iter()
            .flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]),
    );

    // The prompt is on standard input.
    arguments.push("-".to_owned());
    let home = around.home.join(".codex");
    let environment = vec![
        ("SUPERCARGO_MODEL_KEY", NO_KEY.to_owned()),
        ("CODEX_HOME", home.display().to_string()),
    ];
    let files = vec![(home.join(".keep"), String::new())];

    Ok(Launch {
        program: "codex".to_owned(),
        arguments,
        environment,
        files,
    })
}

pub(super) fn signals(line: &Value) -> Vec<Signal> {
    match text(line, "/type").as_str() {
        "item.started" if text(line, "/item/type") == "command_execution" => {
            vec![Signal::ToolCall {
                name: "command_execution".to_owned(),
                input: json(line.pointer("/item/command")),
            }]
        }
        "item.completed" => completed(line).into_iter().collect(),
        "turn.completed" => {
            let (input, output) = (
                number(line, "/usage/input_tokens"),
                number(line, "/usage/output_tokens"),
            );
            vec![
                Signal::Usage { input, output },
                Signal::Result {
                    is_error: false,
                    text: String::new(),
                },
            ]
        }
        "turn.failed" => vec![Signal::Result {
            is_error: true,
            text: text(line, "/error/message"),
        }],
        "error" => vec![Signal::Trouble(text(line, "/message"))],
        _ => vec![],
    }
}

fn completed(line: &Value) -> Option<Signal> {
    match text(line, "/item/type").as_str() {
        "agent_message" => Some(Signal::Text(text(line, "/item/text"))),
        "reasoning" => Some(Signal::Thinking(text(line, "/item/text"))),
        "command_execution" => Some(Signal::ToolResult {
            ok: line.pointer("/item/exit_code").and_then(Value::as_i64) == Some(0),
            text: text(line, "/item/aggregated_output"),
        }),
        "error" => Some(Signal::Trouble(text(line, "/item/message"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_signals() {
        let read = |line: &str| signals(&serde_json::from_str(line).expect("JSON"));
        let started =
            r#"{"type":"item.started","item":{"type":"command_execution","command":"ls"}}"#;
        assert_eq!(
            read(started),
            [Signal::ToolCall {
                name: "command_execution".into(),
                input: "\"ls\"".into()
            }]
        );
        let done = r#"{"type":"item.completed","item":{"type":"command_execution","aggregated_output":"x","exit_code":1}}"#;
        assert_eq!(
            read(done),
            [Signal::ToolResult {
                ok: false,
                text: "x".into()
            }]
        );
        let said = r#"{"type":"item.completed","item":{"type":"agent_message","text":"done"}}"#;
        assert_eq!(read(said), [Signal::Text("done".into())]);
        let failed = r#"{"type":"turn.failed","error":{"message":"401"}}"#;
        assert_eq!(
            read(failed),
            [Signal::Result {
                is_error: true,
                text: "401".into()
            }]
        );

        // A model whose name is not known to the tool is an item of type error, and harmless.
        let odd = r#"{"type":"item.completed","item":{"type":"error","message":"unknown model"}}"#;
        assert_eq!(read(odd), [Signal::Trouble("unknown model".into())]);
        let end = r#"{"type":"turn.completed","usage":{"input_tokens":5,"output_tokens":2}}"#;
        assert_eq!(
            read(end),
            [
                Signal::Usage {
                    input: 5,
                    output: 2
                },
                Signal::Result {
                    is_error: false,
                    text: String::new()
                }
            ]
        );
    }
}
