//! Envelopes as people and JSON readers see them.

use events::envelope::Envelope;
use serde_json::{Value, json};

use crate::api::EventShape;

/// Characters of the data on a line.
const DATA_SHOWN: usize = 160;

/// A recorded time as RFC 3339, with microseconds.
pub fn time(at: events::id::Timestamp) -> String {
    match jiff::Timestamp::from_microsecond(at.0) {
        Ok(at) => at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        Err(_) => at.0.to_string(),
    }
}

/// The payload as JSON; undecodable bytes as their hexadecimal text.
pub fn data(envelope: &Envelope) -> Value {
    rmp_serde::from_slice(&envelope.payload).unwrap_or_else(
        |_| json!({ "undecodable": data_encoding::HEXLOWER.encode(&envelope.payload) }),
    )
}

/// An event on one line.
pub fn line(event: &EventShape) -> String {
    let data: String = event.data.to_string().chars().take(DATA_SHOWN).collect();
    format!(
        "{:>7}  {:<27}  {:<28} {:<34} {data}",
        event.position, event.at, event.kind, event.stream
    )
}
