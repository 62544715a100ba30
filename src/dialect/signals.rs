//! What an agent's output means: each line becomes signals, whatever tool printed it.

use events::settings::Dialect;
use serde_json::Value;

use super::fields::cut;
use super::{claude, codex, gemini, opencode};

/// One thing that an agent said or did, or that was done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// It said something.
    Text(String),
    /// It thought.
    Thinking(String),
    /// It used a tool.
    ToolCall {
        /// The name of the tool.
        name: String,
        /// With what, as JSON.
        input: String,
    },
    /// A tool answered.
    ToolResult {
        /// Whether the tool called it a success.
        ok: bool,
        /// The text that the tool answered.
        text: String,
    },
    /// Tokens, as the agent counts them; the gateway's count is the one that is kept.
    Usage {
        /// Read.
        input: u64,
        /// Written.
        output: u64,
    },
    /// Its provider makes it wait.
    Limit(String),
    /// Something went wrong for which it goes on.
    Trouble(String),
    /// It says that it is at its end.
    Result {
        /// Whether it calls that a failure.
        is_error: bool,
        /// In its words.
        text: String,
    },
}

/// What a line of the agent's standard output means; nothing, when it means nothing that is known.
pub fn signals(dialect: Dialect, line: &str) -> Vec<Signal> {
    let read: fn(&Value) -> Vec<Signal> = match dialect {
        Dialect::Claude => claude::signals,
        Dialect::Codex => codex::signals,
        Dialect::Opencode => opencode::signals,
        Dialect::Gemini => gemini::signals,
        Dialect::Unset | Dialect::Script | Dialect::Command => return plain(line),
    };
    match serde_json::from_str::<Value>(line) {
        Ok(value) if value.is_object() => read(&value),
        _ => plain(line),
    }
}

fn plain(line: &str) -> Vec<Signal> {
    if line.trim().is_empty() {
        vec![]
    } else {
        vec![Signal::Text(cut(line))]
    }
}

/// What all lines of a transcript mean. A message that a tool prints in several parts says in each
/// what the whole of it used: that is counted once.
pub fn transcript(dialect: Dialect, printed: &str) -> Vec<Signal> {
    let mut signals = Vec::new();
    let mut counted: Option<String> = None;

    for line in printed.lines() {
        let message = message_of(dialect, line);
        let again = message.is_some() && message == counted;
        for signal in self::signals(dialect, line) {
            let counts = matches!(signal, Signal::Usage { .. });
            if counts && again {
                continue;
            }
            if counts {
                counted.clone_from(&message);
            }
            signals.push(signal);
        }
    }

    signals
}

/// The id of the message that a line is a part of, where the tool prints messages in parts.
fn message_of(dialect: Dialect, line: &str) -> Option<String> {
    match dialect {
        Dialect::Claude => {
            let value: Value = serde_json::from_str(line).ok()?;
            let id = value.pointer("/message/id")?;
            id.as_str().map(str::to_owned)
        }
        Dialect::Codex
        | Dialect::Gemini
        | Dialect::Opencode
        | Dialect::Command
        | Dialect::Script
        | Dialect::Unset => None,
    }
}
