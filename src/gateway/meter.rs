//! Reads what a provider says about tokens off its answer while that passes through untouched: from
//! the events of a stream, or from a body in one piece.
//!
//! Sources: the API references of Anthropic Messages (`message_start`, `message_delta`), OpenAI
//! Responses (`response.completed`) and Chat Completions (`usage` of the last chunk), Gemini
//! `generateContent` (`usageMetadata`).

use actors::ports::models::Protocol;
use events::usage::Usage;
use serde_json::Value;

use super::glance::{Glance, each};

/// Most bytes of a line, or of a body in one piece, that are looked at.
const LOOKED_AT_MAX: usize = 16 * 1024 * 1024;

/// Tokens that one answer may have used of a kind, as far as that is believed: more than any model
/// reads or writes at once.
const TOKENS_MAX: u64 = 50_000_000;

/// Where the numbers are, and what is around them.
const FIELDS: &[&str] = &[
    "message",
    "response",
    "usage",
    "usageMetadata",
    "model",
    "modelVersion",
];

/// The first of these numbers that is said and believed.
fn tokens(usage: &Value, paths: &[&str]) -> u64 {
    for path in paths {
        let said = usage.pointer(path).and_then(Value::as_u64);
        if let Some(tokens) = said
            && tokens <= TOKENS_MAX
        {
            return tokens;
        }
    }
    0
}

/// Later events repeat earlier numbers or complete them; none takes anything back.
fn raise(field: &mut u64, value: u64) {
    *field = value.max(*field);
}

/// Reads one answer.
#[derive(Debug)]
pub(super) struct Meter {
    protocol: Protocol,
    streamed: bool,
    /// The line, or the body, so far.
    kept: Vec<u8>,
    /// It grew too long and is not looked at.
    skipped: bool,
    model: Option<String>,
    usage: Usage,
}

impl Meter {
    /// A meter for an answer of this content type.
    pub(super) fn new(protocol: Protocol, content_type: &str) -> Self {
        let streamed = content_type.trim_start().starts_with("text/event-stream");
        Self {
            protocol,
            streamed,
            kept: Vec::new(),
            skipped: false,
            model: None,
            usage: Usage::default(),
        }
    }

    /// Takes the next bytes of the answer.
    pub(super) fn take(&mut self, mut bytes: &[u8]) {
        if !self.streamed {
            return self.keep(bytes);
        }
        while let Some(at) = bytes.iter().position(|b| *b == b'\n') {
            self.keep(&bytes[..at]);
            self.line();
            bytes = &bytes[at + 1..];
        }
        self.keep(bytes);
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.kept.len() + bytes.len() > LOOKED_AT_MAX {
            self.skipped = true;
            self.kept.clear();
        }
        if !self.skipped {
            self.kept.extend_from_slice(bytes);
        }
    }

    fn line(&mut self) {
        let line = std::mem::take(&mut self.kept);
        if !std::mem::take(&mut self.skipped)
            && let Some(data) = line.strip_prefix(b"data:")
        {
            self.read(data);
        }
    }

    /// What was used, and of which model, at the end of the answer or where it was cut.
    pub(super) fn end(mut self) -> (Option<String>, Usage) {
        if self.streamed {
            self.line();
        } else {
            let body = std::mem::take(&mut self.kept);
            each(&body, |part| self.read(part));
        }
        (self.model, self.usage)
    }

    fn read(&mut self, value: &[u8]) {
        let Some(outer) = Glance::at(value, FIELDS) else {
            return;
        };
        // What surrounds the numbers differs, and each protocol has one place for them.
        let (inside, field) = match self.protocol {
            Protocol::Anthropic => (outer.raw("message"), "usage"),
            Protocol::Openai => (outer.raw("response"), "usage"),
            Protocol::Gemini => (None, "usageMetadata"),
        };
        let holder = match inside {
            Some(inside) => Glance::at(inside.as_bytes(), FIELDS).unwrap_or_default(),
            None => outer,
        };

        let model = holder.text("model").or_else(|| holder.text("modelVersion"));
        if let Some(model) = model
            && !model.is_empty()
        {
            self.model = Some(model.chars().take(events::agent::AGENT_NAME_MAX).collect());
        }
        if let Some(usage) = holder.built(field) {
            self.count(&usage);
        }
    }

    /// Takes the numbers of a usage object.
    fn count(&mut self, usage: &Value) {
        let used = &mut self.usage;

        match self.protocol {
            Protocol::Anthropic => {
                raise(&mut used.input, tokens(usage, &["/input_tokens"]));
                raise(&mut used.output, tokens(usage, &["/output_tokens"]));
                raise(
                    &mut used.cache_read,
                    tokens(usage, &["/cache_read_input_tokens"]),
                );
                raise(
                    &mut used.cache_write,
                    tokens(usage, &["/cache_creation_input_tokens"]),
                );
            }
            Protocol::Openai => {
                let cached = tokens(
                    usage,
                    &[
                        "/input_tokens_details/cached_tokens",
                        "/prompt_tokens_details/cached_tokens",
                    ],
                );
                let all = tokens(usage, &["/input_tokens", "/prompt_tokens"]);
                raise(&mut used.input, all.saturating_sub(cached));
                raise(
                    &mut used.output,
                    tokens(usage, &["/output_tokens", "/completion_tokens"]),
                );
                raise(&mut used.cache_read, cached);
            }
            Protocol::Gemini => {
                let cached = tokens(usage, &["/cachedContentTokenCount"]);
                let all = tokens(usage, &["/promptTokenCount"]);
                let written = tokens(usage, &["/candidatesTokenCount"]);
                let thought = tokens(usage, &["/thoughtsTokenCount"]);
                raise(&mut used.input, all.saturating_sub(cached));
                raise(&mut used.output, written + thought);
                raise(&mut used.cache_read, cached);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metered(protocol: Protocol, content_type: &str, answer: &str) -> (Option<String>, [u64; 4]) {
        let shape = |(model, u): (Option<String>, Usage)| {
            (model, [u.input, u.output, u.cache_read, u.cache_write])
        };
        let mut whole = Meter::new(protocol, content_type);
        whole.take(answer.as_bytes());
        let mut split = Meter::new(protocol, content_type);

        answer
            .as_bytes()
            .chunks(7)
            .for_each(|part| split.take(part));
        let (whole, split) = (shape(whole.end()), shape(split.end()));
        assert_eq!(whole, split, "where the answer is cut makes no difference");

        whole
    }

    #[test]
    fn each_protocol_has_its_place_for_the_numbers() {
        const SSE: &str = "text/event-stream; charset=utf-8";
        const JSON: &str = "application/json";
        let claude = "event: message_start\ndata: \
                      {\"type\":\"message_start\",\"message\":{\"model\":\"claude-x\",\"usage\":{\"input_tokens\":10,\
                      \"cache_read_input_tokens\":5,\"cache_creation_input_tokens\":3,\"output_tokens\":1}}}\r\n\n\
                      data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":42}}\n\n";
        assert_eq!(
            metered(Protocol::Anthropic, SSE, claude),
            (Some("claude-x".into()), [10, 42, 5, 3])
        );
        let whole = r#"{"model":"claude-x","usage":{"input_tokens":7,"output_tokens":2}}"#;
        assert_eq!(
            metered(Protocol::Anthropic, JSON, whole),
            (Some("claude-x".into()), [7, 2, 0, 0])
        );
        let responses = "data: {\"type\":\"response.created\",\"response\":{\"model\":\"gpt-x\",\"usage\":null}}\n\
                         data: \
                         {\"type\":\"response.completed\",\"response\":{\"model\":\"gpt-x\",\"usage\":{\"input_tokens\":100,\
                         \"input_tokens_details\":{\"cached_tokens\":60},\"output_tokens\":9}}}\n";
        assert_eq!(
            metered(Protocol::Openai, SSE, responses),
            (Some("gpt-x".into()), [40, 9, 60, 0])
        );
        let chat = "data: {\"model\":\"m\",\"choices\":[]}\ndata: \
                    {\"model\":\"m\",\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":4}}\n\
                    data: [DONE]";
        assert_eq!(
            metered(Protocol::Openai, SSE, chat),
            (Some("m".into()), [8, 4, 0, 0])
        );
        let gemini = "data: {\"modelVersion\":\"g\",\"usageMetadata\":{\"promptTokenCount\":20,\"cachedContentTokenCount\":5,\
                      \"candidatesTokenCount\":3,\"thoughtsTokenCount\":2}}";
        assert_eq!(
            metered(Protocol::Gemini, SSE, gemini),
            (Some("g".into()), [15, 5, 5, 0])
        );
        let array = r#"[{"usageMetadata":{"promptTokenCount":2}},{"modelVersion":"g","usageMetadata":{"candidatesTokenCount":3}}]"#;
        assert_eq!(
            metered(Protocol::Gemini, JSON, array),
            (Some("g".into()), [2, 3, 0, 0])
        );

        for odd in [
            "",
            "{",
            "null",
            "data: {",
            "{\"usage\":7}",
            "{\"usage\":{\"input_tokens\":-1}}",
            "{\"usage\":{\"input_tokens\":18446744073709551615,\"output_tokens\":50000001}}",
        ] {
            assert_eq!(metered(Protocol::Anthropic, JSON, odd).1, [0; 4], "{odd}");
            assert_eq!(metered(Protocol::Openai, SSE, odd).1, [0; 4], "{odd}");
        }
    }

    #[test]
    fn a_line_without_end_is_passed_over_and_the_next_one_counts() {
        let mut meter = Meter::new(Protocol::Openai, "text/event-stream");
        for _ in 0..20 {
            meter.take(&vec![b'x'; 1024 * 1024]);
        }
        assert!(meter.kept.len() <= LOOKED_AT_MAX);
        meter.take(b"\ndata: {\"usage\":{\"prompt_tokens\":8}}\n");
        assert_eq!(meter.end().1.input, 8);
    }
}
