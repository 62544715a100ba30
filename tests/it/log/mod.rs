//! The log: one conformance suite for every implementation, and what only a file can go through.

mod archive;
mod conformance;
mod evolution;
mod faults;
mod model;
mod postgres;
mod retention;
mod server;
mod sqlite;

use events::cause::{Cause, Principal};
use events::codec::Kind;
use events::id::{CommandId, Digest, Timestamp};
use events::log::{Append, NewEvent};
use events::stream::{StreamId, Version};

/// The URL of a database that is empty and nobody else's; skips the test, loudly, when there is no
/// server to be had.
pub(crate) async fn database(test: &str) -> Option<String> {
    match server::empty().await {
        Ok(url) => Some(url),
        Err(why) => {
            crate::docker::skip(test, &why);
            None
        }
    }
}

fn stream(name: &str) -> StreamId {
    name.parse().expect("stream")
}

fn command(n: u64) -> CommandId {
    CommandId::derived(&["test", &n.to_string()])
}

/// An append of `count` events to a stream at `expected`, under command `n`.
pub(crate) fn append(name: &str, expected: u64, count: usize, n: u64) -> Append {
    let event = NewEvent {
        kind: Kind {
            name: "feature.commented",
            schema: 1,
        },
        payload: vec![0x81, 0xa1, b'a', n as u8],
    };

    Append {
        stream: stream(name),
        expected: Version(expected),
        also_expect: vec![],
        events: vec![event; count],
        command: command(n),
        body: Digest::of(&n.to_le_bytes()),
        cause: Cause::first(Principal::Operator("me".into()), command(n)),
        trace: Some("00-trace".into()),
        at: Timestamp(1_000 + i64::try_from(n).expect("small")),
    }
}
