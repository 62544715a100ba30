//! The events of the benchmarks: the size and the shape of those that the fleet records, about 150
//! bytes of payload.

use std::io::Cursor;
use std::path::Path;

use events::cause::{Cause, Principal};
use events::codec::Kind;
use events::envelope::Envelope;
use events::feature::{self, Content, event};
use events::id::{CommandId, Digest, Timestamp};
use events::log::{Append, Head, NewEvent};
use events::stream::{Position, StreamId, Version};
use supercargo::log::SqliteLog;
use supercargo::log::archive::{Header, Reader, Record, Writer};

/// The n-th event of a stream: its feature comes first.
pub(crate) fn event(n: u64) -> NewEvent {
    if n == 0 {
        let created = event::Created {
            content: Content::titled("a feature"),
            batch: Digest::of(b"batch"),
            blockers: vec![],
        };
        return NewEvent::of(&feature::Event::from(created));
    }

    let text = format!(
        "a comment of the length that comments have when an agent says in a sentence or two what \
         it found, {n:>12}"
    );

    NewEvent::of(&feature::Event::from(event::Commented {
        by: "agent".into(),
        text,
    }))
}

/// The n-th stream.
pub(crate) fn stream(n: u64) -> StreamId {
    format!("feature-bench/f{n}").parse().expect("a name")
}

/// An append of `count` events to a stream at `expected`.
pub(crate) fn append(on: u64, expected: u64, count: u64) -> Append {
    let command = CommandId::derived(&["bench", &on.to_string(), &expected.to_string()]);
    Append {
        stream: stream(on),
        expected: Version(expected),
        also_expect: vec![],
        events: (0..count).map(|n| event(expected + n)).collect(),
        command,
        body: Digest::of(&command.0),
        cause: Cause::first(Principal::Policy("bench".into()), command),
        trace: None,
        at: Timestamp(1_700_000_000_000_000),
    }
}

/// Makes a log of `count` events in `streams` streams, in turns.
pub(crate) async fn make(path: &Path, count: u64, streams: u64) -> anyhow::Result<()> {
    let id = "log-bench";
    let mut head = Head {
        position: Position(0),
        digest: events::envelope::genesis(id),
    };
    let mut bytes = Vec::new();
    let mut writer = Writer::Segment(&mut bytes);
    writer.header(&Header::of(id))?;
    for n in 0..count {
        let append = append(n % streams, n / streams, 1);
        let envelope: Envelope = append.envelopes(head, append.at).remove(0);
        head = Head {
            position: envelope.position,
            digest: envelope.digest,
        };
        writer.record(&Record {
            envelope,
            answers: Some(append.body),
        })?;
    }

    writer.finish()?;
    SqliteLog::import(path, Reader::open(Cursor::new(bytes))?).await?;

    Ok(())
}

/// The kind of nearly every event here.
pub(crate) fn kind() -> Kind {
    event(1).kind
}
