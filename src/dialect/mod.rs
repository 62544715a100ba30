//! Dialects: how each agent CLI is launched, and what its output means. Pure: a launch is a value,
//! a line of output becomes signals.
//!
//! What an agent says about itself decides nothing but its own failure: whether work was done is
//! read off what was handed in.

mod claude;
mod codex;
mod gemini;
mod opencode;

use std::path::{Path, PathBuf};

use actors::ports::models::Protocol;
use actors::sessions::wire::ModelApi;
use events::settings::{AgentSpec, Dialect};
use serde_json::Value;

/// What stands where a tool insists on a key: the server adds the real one.
pub const NO_KEY: &str = "supercargo-adds-it";
/// Longest text of one signal, in characters; the transcript has all of it.
const TEXT_MAX: usize = 4_000;

/// How an agent is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The program; found on the container's path.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What it needs in its environment beside what every agent gets.
    pub environment: Vec<(&'static str, String)>,
    /// Files that have to be there before it starts, with their content.
    pub files: Vec<(PathBuf, String)>,
}

/// Where an agent finds things in its container.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Its home folder.
    pub home: &'a Path,
    /// The tree it works on.
    pub tree: &'a Path,
    /// The runner's loopback, `http://127.0.0.1:PORT`.
    pub url: &'a str,
    /// Where its model is asked, when it has one.
    pub models: Option<&'a ModelApi>,
}

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

impl Surroundings<'_> {
    /// The address at which this provider's models are asked.
    fn model_url(&self) -> Result<String, String> {
        let models = self.models.ok_or("the agent has a model and no provider")?;
        Ok(format!("{}{}", self.url, models.path()))
    }

    /// The address of our tools: the verbs of the session, for agents that speak the Model Context
    /// Protocol.
    fn tools_url(&self) -> String {
        format!("{}/mcp", self.url)
    }
}

/// How the agent is launched; none for dialects that are not a vendor's tool.
pub fn launch(spec: &AgentSpec, around: &Surroundings<'_>) -> Result<Option<Launch>, String> {
    let model = || {
        spec.model
            .as_deref()
            .ok_or_else(|| format!("the dialect {} needs a model", spec.dialect.name()))
    };
    Ok(match spec.dialect {
        Dialect::Unset | Dialect::Script | Dialect::Command => None,
        Dialect::Claude => Some(claude::launch(model()?, around)?),
        Dialect::Codex => Some(codex::launch(model()?, around)?),
        Dialect::Opencode => Some(opencode::launch(model()?, around)?),
        Dialect::Gemini => Some(gemini::launch(model()?, around)?),
    })
}

/// Where tools find the model, for commands that were given a provider: the names that the field's
/// libraries read.
pub fn model_environment(around: &Surroundings<'_>) -> Result<Vec<(&'static str, String)>, String> {
    let Some(models) = around.models else {
        return Ok(Vec::new());
    };
    let url = around.model_url()?;
    let key = NO_KEY.to_owned();
    Ok(match models.protocol {
        Protocol::Anthropic => vec![("ANTHROPIC_BASE_URL", url), ("ANTHROPIC_API_KEY", key)],
        Protocol::Openai => vec![("OPENAI_BASE_URL", url), ("OPENAI_API_KEY", key)],
        Protocol::Gemini => vec![("GOOGLE_GEMINI_BASE_URL", url), ("GEMINI_API_KEY", key)],
    })
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

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

/// The text below a path of keys, or nothing.
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

fn text(value: &Value, path: &str) -> String {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .map(cut)
        .unwrap_or_default()
}

fn number(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or(0)
}

/// A value in one line of JSON.
fn json(value: Option<&Value>) -> String {
    cut(&value.cloned().unwrap_or(Value::Null).to_string())
}

/// Collects what an agent said about its own end, line by line.
#[derive(Debug)]
pub struct Listener {
    dialect: Dialect,
    line: Vec<u8>,
    too_long: bool,
    failure: Option<String>,
}

/// Longest line that is read for its meaning; longer ones are in the transcript.
const LINE_MAX: usize = 4 * 1024 * 1024;

impl Listener {
    /// Listens to an agent of this dialect.
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            line: Vec::new(),
            too_long: false,
            failure: None,
        }
    }

    /// Takes the next bytes of its standard output.
    pub fn take(&mut self, mut bytes: &[u8]) {
        if !self.dialect.needs_model() {
            return;
        }
        while let Some(at) = bytes.iter().position(|b| *b == b'\n') {
            self.keep(&bytes[..at]);
            self.end_line();
            bytes = &bytes[at + 1..];
        }
        self.keep(bytes);
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.too_long |= self.line.len() + bytes.len() > LINE_MAX;
        if self.too_long {
            self.line.clear();
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.too_long) {
            return;
        }
        for signal in signals(self.dialect, &String::from_utf8_lossy(&line)) {
            if let Signal::Result { is_error, text } = signal {
                self.failure = is_error.then(|| text.chars().take(500).collect());
            }
        }
    }

    /// What it called a failure at its end, if it did.
    pub fn failure(mut self) -> Option<String> {
        self.end_line();
        self.failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_failure_when_the_agent_says_so() {
        let ok = br#"{"type":"result","subtype":"success","is_error":false,"result":"done"}"#;
        // Providers' errors come under the subtype "success": that word says nothing.
        let bad =
            br#"{"type":"result","subtype":"success","is_error":true,"result":"API Error: 400"}"#;

        let hear = |parts: &[&[u8]]| {
            let mut listener = Listener::new(Dialect::Claude);
            parts.iter().for_each(|part| listener.take(part));
            listener.failure()
        };
        assert_eq!(hear(&[ok]), None);
        assert_eq!(
            hear(&[&bad[..20], &bad[20..], b"\n"]),
            Some("API Error: 400".to_owned())
        );
        assert_eq!(hear(&[bad, b"\n", ok]), None, "the last word counts");
        let endless = vec![b'x'; LINE_MAX];
        assert_eq!(
            hear(&[&endless, &endless, b"\n", bad]),
            Some("API Error: 400".to_owned())
        );
        assert_eq!(hear(&[b"\xff\xfe{\n", b"null\n", b"[]"]), None);
    }

    #[test]
    fn every_launch_names_the_door_and_no_key() {
        let models = |protocol| ModelApi {
            provider: "p".into(),
            protocol,
        };
        let (home, tree) = (Path::new("/work/home"), Path::new("/work/tree"));

        for (model, protocol) in [
            ("claude-x", Protocol::Anthropic),
            ("gpt-x", Protocol::Openai),
            ("glm-4.7", Protocol::Openai),
            ("gemini-x", Protocol::Gemini),
        ] {
            let spec = AgentSpec::for_model(model).expect("a spec");
            let models = models(protocol);
            let around = Surroundings {
                home,
                tree,
                url: "http://127.0.0.1:9",
                models: Some(&models),
            };
            let launch = launch(&spec, &around).expect("a launch").expect("a tool");
            let all = format!("{launch:?}");
            assert!(all.contains("http://127.0.0.1:9/model/p"), "{all}");
            let told = launch
                .arguments
                .iter()
                .chain(launch.environment.iter().map(|(_, value)| value));
            let told = told.chain(launch.files.iter().map(|(_, content)| content));
            assert!(
                told.into_iter()
                    .any(|text| text.contains("http://127.0.0.1:9/mcp")),
                "{all}"
            );
            assert!(
                launch.files.iter().all(|(path, _)| path.starts_with(home)),
                "{all}"
            );
            let bare = Surroundings {
                models: None,
                ..around
            };
            assert!(
                super::launch(&spec, &bare).is_err(),
                "no provider, no launch"
            );
        }
    }
}
