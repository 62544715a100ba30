//! What is in a log, counted in one pass.

use std::collections::{BTreeMap, BTreeSet};

use events::log::{EventLog, ReadError};
use events::stream::Position;
use serde::Serialize;

use super::verify::BATCH;
use crate::adapters::clock::now;
use crate::api::shown;

/// Counts of some events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The number of the events.
    pub events: u64,
    /// Their payloads, in bytes.
    pub bytes: u64,
}

/// Counts of a log.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Stats {
    /// The log's own id.
    pub log: String,
    /// Newest position.
    pub head: u64,
    /// Streams that have an event, by category.
    pub streams: BTreeMap<String, u64>,
    /// When the first event was recorded, RFC 3339.
    pub first_at: Option<String>,
    /// When the last one was.
    pub last_at: Option<String>,
    /// Milliseconds that this machine's clock is behind the newest event, when it was set back:
    /// events carry that time until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_behind_ms: Option<u64>,
    /// All events.
    pub total: Count,
    /// By name.
    pub kinds: BTreeMap<String, Count>,
}

/// Counts.
pub async fn stats(log: &dyn EventLog) -> Result<Stats, ReadError> {
    let mut stats = Stats {
        log: log.id(),
        ..Stats::default()
    };
    let mut streams = BTreeSet::new();

    loop {
        let batch = log.read_all(Position(stats.head), BATCH).await?;
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else {
            break;
        };
        stats.first_at.get_or_insert_with(|| shown::time(first.at));
        stats.last_at = Some(shown::time(last.at));
        let behind = last.at.ms_since(now());
        stats.clock_behind_ms = (behind > 0).then_some(behind);
        stats.head = last.position.0;
        for envelope in batch {
            let bytes = envelope.payload.len() as u64;
            let of_kind = stats.kinds.entry(envelope.kind.into()).or_default();
            for count in [&mut stats.total, of_kind] {
                count.events += 1;
                count.bytes += bytes;
            }
            streams.insert(envelope.stream);
        }
    }

    for stream in streams {
        *stats
            .streams
            .entry(stream.category().to_owned())
            .or_default() += 1;
    }

    Ok(stats)
}
