//! Claude Code: `claude -p`, one JSON object a line.
//!
//! Started bare, with the settings of its own empty home alone: hooks, settings, plugins and MCP
//! servers that a repository brings are not loaded. Bare is not enough: an address for the model in
//! a repository's settings was obeyed. Its CLAUDE.md is: that is text, and the prompt is not more
//! trusted than what the agent reads in the tree anyway.

use serde_json::{Value, json as object};

use super::{Launch, NO_KEY, Signal, Surroundings, cut, json, number, text};

/// The tool's own tries before it gives up on its provider; what is behind that is the session's
/// end and the next one's beginning.
const RETRIES: &str = "6";

pub(super) fn launch(model: &str, around: &Surroundings<'_>) -> Result<Launch, String> {
    let mut arguments: Vec<String> = [
        "-p",
        "--output-format",
        "stream-json",
        "--verbose",
        "--bare",
        "--strict-mcp-config",
        "--dangerously-skip-permissions",
        "--setting-sources",
        "user",
    ]
    .map(str::to_owned)
    .to_vec();

    arguments.extend([
        "--model".to_owned(),
        model.to_owned(),
        "--add-dir".to_owned(),
        around.tree.display().to_string(),
    ]);
    let tools =
        object!({"mcpServers": {"supercargo": {"type": "http", "url": around.tools_url()}}});
    arguments.extend(["--mcp-config".to_owned(), tools.to_string()]);
    let on = || "1".to_owned();
    let environment = vec![
        ("ANTHROPIC_BASE_URL", around.model_url()?),
        ("ANTHROPIC_API_KEY", NO_KEY.to_owned()),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", on()),
        ("DISABLE_AUTOUPDATER", on()),
        ("DISABLE_TELEMETRY", on()),
        ("DISABLE_ERROR_REPORTING", on()),
        ("CLAUDE_CODE_MAX_RETRIES", RETRIES.to_owned()),
        (
            "CLAUDE_CONFIG_DIR",
            around.home.join(".claude").display().to_string(),
        ),
    ];

    Ok(Launch {
        program: "claude".to_owned(),
        arguments,
        environment,
        files: vec![],
    })
}

pub(super) fn signals(line: &Value) -> Vec<Signal> {
    match (
        text(line, "/type").as_str(),
        text(line, "/subtype").as_str(),
    ) {
        ("assistant", _) => {
            let mut said: Vec<Signal> = blocks(line).filter_map(said).collect();
            let (input, output) = (
                number(line, "/message/usage/input_tokens"),
                number(line, "/message/usage/output_tokens"),
            );
            if output > 0 {
                said.push(Signal::Usage { input, output });
            }
            said
        }
        ("user", _) => blocks(line).filter_map(heard).collect(),
        ("system", "api_retry") => match number(line, "/error_status") {
            429 | 529 => vec![Signal::Limit(retry(line))],
            _ => vec![Signal::Trouble(retry(line))],
        },
        ("result", subtype) => {
            // Errors of the provider come as a "success" that is an error: the flag counts, and no
            // flag is a failure too.
            let is_error = line
                .get("is_error")
                .and_then(Value::as_bool)
                .unwrap_or(true);
            let said = text(line, "/result");
            let text = if said.is_empty() {
                format!("{subtype} {}", text(line, "/terminal_reason"))
            } else {
                said
            };
            vec![Signal::Result { is_error, text }]
        }
        _ => vec![],
    }
}

fn retry(line: &Value) -> String {
    format!(
        "status {}, try {}",
        number(line, "/error_status"),
        number(line, "/attempt")
    )
}

fn blocks(line: &Value) -> impl Iterator<Item = &Value> {
    line.pointer("/message/content")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn said(block: &Value) -> Option<Signal> {
    match text(block, "/type").as_str() {
        "text" => Some(Signal::Text(text(block, "/text"))),
        "thinking" => Some(Signal::Thinking(text(block, "/thinking"))),
        "tool_use" => Some(Signal::ToolCall {
            name: text(block, "/name"),
            input: json(block.get("input")),
        }),
        _ => None,
    }
}

fn heard(block: &Value) -> Option<Signal> {
    if text(block, "/type") != "tool_result" {
        return None;
    }

    let said = match block.get("content") {
        Some(Value::Array(parts)) if !parts.is_empty() => {
            let parts: Vec<String> = parts.iter().map(|part| text(part, "/text")).collect();
            cut(&parts.join("\n"))
        }
        Some(_) | None => text(block, "/content"),
    };
    Some(Signal::ToolResult {
        ok: block.get("is_error") != Some(&Value::Bool(true)),
        text: said,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_signals() {
        let read = |line: &str| signals(&serde_json::from_str(line).expect("JSON"));
        let said = r#"{"type":"assistant","message":{"content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"I do"},
            {"type":"tool_use","name":"Bash","input":{"command":"ls"}}],"usage":{"input_tokens":3,"output_tokens":4}}}"#;

        assert_eq!(
            read(said),
            [
                Signal::Thinking("hm".into()),
                Signal::Text("I do".into()),
                Signal::ToolCall {
                    name: "Bash".into(),
                    input: r#"{"command":"ls"}"#.into()
                },
                Signal::Usage {
                    input: 3,
                    output: 4
                },
            ]
        );
        let heard = r#"{"type":"user","message":{"content":[{"type":"tool_result","is_error":true,"content":"no"}]}}"#;
        assert_eq!(
            read(heard),
            [Signal::ToolResult {
                ok: false,
                text: "no".into()
            }]
        );
        let parts = r#"{"type":"user","message":{"content":[{"type":"tool_result","content":[{"type":"text","text":"a"}]}]}}"#;
        assert_eq!(
            read(parts),
            [Signal::ToolResult {
                ok: true,
                text: "a".into()
            }]
        );
        let retry = r#"{"type":"system","subtype":"api_retry","attempt":2,"error_status":529}"#;
        assert_eq!(read(retry), [Signal::Limit("status 529, try 2".into())]);
        let turns = r#"{"type":"result","subtype":"error_max_turns","is_error":true,"terminal_reason":"max_turns"}"#;
        assert_eq!(
            read(turns),
            [Signal::Result {
                is_error: true,
                text: "error_max_turns max_turns".into()
            }]
        );
        assert_eq!(read(r#"{"type":"result"}"#).len(), 1);
        assert_eq!(read(r#"{"type":"system","subtype":"init"}"#), []);
    }

    #[test]
    fn a_message_in_parts_is_counted_once() {
        let part = |id: &str, block: Value| {
            let usage = object!({"input_tokens": 7, "output_tokens": 3});
            let message = object!({"id": id, "content": [block], "usage": usage});
            object!({"type": "assistant", "message": message}).to_string()
        };
        let said = |text: &str| object!({"type": "text", "text": text});

        let lines = [
            part("m1", said("one")),
            part("m1", said("two")),
            part("m2", said("three")),
        ];
        let signals = super::super::transcript(events::agent::Dialect::Claude, &lines.join("\n"));
        let used = Signal::Usage {
            input: 7,
            output: 3,
        };
        assert_eq!(signals.iter().filter(|signal| **signal == used).count(), 2);
        assert_eq!(signals.len(), 5);
    }
}
