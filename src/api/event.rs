//! Events on the wire.

use anyhow::Context;
use events::cause::Cause;
use events::envelope::Envelope;
use events::id::Timestamp;
use events::stream::{Position, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::shown;

/// An envelope with everything in it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventShape {
    /// Place in the log.
    pub position: u64,
    /// Its stream.
    pub stream: String,
    /// Place in the stream.
    pub version: u64,
    /// Its name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its schema number.
    pub schema: u16,
    /// The time when it was recorded, RFC 3339.
    pub at: String,
    /// The principal behind it, as text.
    pub principal: String,
    /// The story it belongs to.
    pub correlation: String,
    /// Position of the event it follows from.
    pub causation: Option<u64>,
    /// The command that brought it.
    pub command: String,
    /// W3C trace id.
    pub trace: Option<String>,
    /// Its link of the chain.
    pub digest: String,
    /// The event's payload, as JSON.
    pub data: serde_json::Value,
}

impl EventShape {
    /// The envelope again, with these payload bytes.
    ///
    /// # Errors
    /// A field makes no sense; which one is said.
    pub fn envelope(&self, payload: Vec<u8>) -> anyhow::Result<Envelope> {
        let at: jiff::Timestamp = self
            .at
            .parse()
            .with_context(|| format!("at: {}", self.at))?;

        Ok(Envelope {
            position: Position(self.position),
            stream: self.stream.parse()?,
            version: Version(self.version),
            kind: self.kind.as_str().into(),
            schema: self.schema,
            at: Timestamp(at.as_microsecond()),
            cause: Cause {
                principal: self.principal.parse()?,
                correlation: self.correlation.parse()?,
                causation: self.causation.map(Position),
            },
            command: self.command.parse()?,
            trace: self.trace.clone(),
            payload,
            digest: self.digest.parse()?,
        })
    }
}

impl From<&Envelope> for EventShape {
    fn from(envelope: &Envelope) -> Self {
        Self {
            position: envelope.position.0,
            stream: envelope.stream.to_string(),
            version: envelope.version.0,
            kind: envelope.kind.to_string(),
            schema: envelope.schema,
            at: shown::time(envelope.at),
            principal: envelope.cause.principal.to_string(),
            correlation: envelope.cause.correlation.to_string(),
            causation: envelope.cause.causation.map(|p| p.0),
            command: envelope.command.to_string(),
            trace: envelope.trace.clone(),
            digest: envelope.digest.to_string(),
            data: shown::data(envelope),
        }
    }
}

/// Events in the log's order, and where to go on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventPage {
    /// Those that were asked for.
    pub events: Vec<EventShape>,
    /// The last position that was looked at: more is `after` it, or `before` it when looking back.
    pub next: u64,
    /// The newest position.
    pub head: u64,
}
