//! Envelopes as people and JSON readers see them.

use events::envelope::Envelope;
use serde_json::{Value, json};

/// Characters of the data on a line.
const DATA_SHOWN: usize = 160;

/// A recorded time as RFC 3339, with microseconds.
pub fn time(at: events::id::Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.0)
        .map_or_else(|_| at.0.to_string(), |t| t.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())
}

/// The payload as JSON; undecodable bytes as their hexadecimal text.
pub fn data(envelope: &Envelope) -> Value {
    rmp_serde::from_slice(&envelope.payload)
        .unwrap_or_else(|_| json!({ "undecodable": data_encoding::HEXLOWER.encode(&envelope.payload) }))
}

/// An envelope with everything in it.
pub fn event(envelope: &Envelope) -> Value {
    json!({
        "position": envelope.position.0,
        "stream": envelope.stream.to_string(),
        "version": envelope.version.0,
        "type": envelope.kind,
        "schema": envelope.schema,
        "at": time(envelope.at),
        "principal": envelope.cause.principal.to_string(),
        "correlation": envelope.cause.correlation.to_string(),
        "causation": envelope.cause.causation.map(|p| p.0),
        "command": envelope.command.to_string(),
        "trace": envelope.trace,
        "digest": envelope.digest.to_string(),
        "data": data(envelope),
    })
}

/// An envelope on one line.
pub fn line(envelope: &Envelope) -> String {
    line_of(&event(envelope))
}

/// What [`event`] made, on one line.
pub fn line_of(event: &Value) -> String {
    let text = |field: &str| event[field].as_str().unwrap_or_default();
    let data: String = event["data"].to_string().chars().take(DATA_SHOWN).collect();
    format!(
        "{:>7}  {:<27}  {:<28} {:<34} {data}",
        event["position"].as_u64().unwrap_or_default(),
        text("at"),
        text("type"),
        text("stream")
    )
}
